import { setImmediate } from 'node:timers/promises';
import { Counter, Gauge, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { exposition } from './exposition.ts';

function registryOf(metrics: number, collected: () => void): Registry {
  const registry = new Registry();
  for (let index = 0; index < metrics; index++)
    new Gauge({
      name: `some_${index}`,
      help: `Help of ${index}.`,
      labelNames: ['which'],
      registers: [registry],
      collect() {
        collected();
        this.set({ which: 'one' }, index);
      },
    });
  return registry;
}

it('says what the registry itself would say', async () => {
  const registry = registryOf(20, () => {});
  new Counter({ name: 'all_total', help: 'All.', registers: [registry] }).inc(3);
  expect(await exposition(registry)).toBe(await registry.metrics());
  expect(await exposition(new Registry())).toBe(await new Registry().metrics());
});

it('lets others have their turn while it looks', async () => {
  let collected = 0;
  const registry = registryOf(40, () => collected++);
  const seen: number[] = [];
  const text = exposition(registry);
  while (collected < 40) {
    seen.push(collected);
    await setImmediate();
  }
  await text;
  expect(seen.length).toBeGreaterThan(3);
  expect(seen.every((count, index) => count - (seen[index - 1] ?? 0) <= 8)).toBe(true);
});
