import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PairMap } from './pair-map.ts';

it('holds what a map by both strings would', () => {
  const name = fc.constantFrom('', 'a', 'b', 'ab');
  const step = fc.record({
    kind: fc.constantFrom('get', 'get', 'get', 'set', 'delete', 'clear'),
    first: name,
    second: name,
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pairs = new PairMap<number>();
      const model = new Map<string, number>();
      for (const [number, { kind, first, second }] of steps.entries()) {
        const key = JSON.stringify([first, second]);
        if (kind === 'set') {
          pairs.set(first, second, number);
          model.set(key, number);
        } else if (kind === 'delete') expect(pairs.delete(first, second)).toBe(model.delete(key));
        else if (kind === 'clear' && number % 5 === 0) {
          pairs.clear();
          model.clear();
        }
        expect(pairs.get(first, second)).toBe(model.get(key));
        expect(pairs.size).toBe(model.size);
        const under = [...model]
          .filter(([known]) => JSON.parse(known)[0] === first)
          .map(([, value]) => value);
        expect([...pairs.values(first)]).toEqual(under);
      }
    }),
  );
});
