import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

it('does work of one key in order, one at a time, and that of other keys meanwhile', async () => {
  const turns = new Turns();
  const log: string[] = [];
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const work = (name: string, gate: Promise<void>) => async () => {
    log.push(`${name} begins`);
    await gate;
    log.push(`${name} ends`);
    return name;
  };
  const results = [
    turns.take('a', work('first', gates[0].promise)),
    turns.take('a', work('second', gates[1].promise)),
    turns.take('b', work('other', Promise.resolve())),
  ];
  expect(await results[2]).toBe('other');
  expect(log).toEqual(['first begins', 'other begins', 'other ends']);
  gates[1].resolve();
  gates[0].resolve();
  expect(await Promise.all(results)).toEqual(['first', 'second', 'other']);
  expect(log.slice(3)).toEqual(['first ends', 'second begins', 'second ends']);
  expect(turns.size).toBe(0);
});

it('goes on after work that failed, and passes its error on', async () => {
  const turns = new Turns();
  const failing = turns.take('a', () => Promise.reject(new Error('no')));
  const next = turns.take('a', async () => 'yes');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('yes');
  expect(turns.size).toBe(0);
});
