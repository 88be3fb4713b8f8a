import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SmallSet } from './small-set.ts';

it('holds what a set holds, in its order, whatever is done to it', () => {
  const items = [{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }] as const;
  const step = fc.record({ what: fc.constantFrom('add', 'delete'), item: fc.constantFrom(...items) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const small = new SmallSet<object>();
      const set = new Set<object>();
      for (const { what, item } of steps) {
        if (what === 'add') expect(small.add(item)).toBe(small);
        else expect(small.delete(item)).toBe(set.has(item));
        if (what === 'add') set.add(item);
        else set.delete(item);
        expect([...small]).toEqual([...set]);
        expect(small.size).toBe(set.size);
        for (const one of items) expect(small.has(one)).toBe(set.has(one));
      }
    }),
  );
});

it('lets items go while it is walked through', () => {
  for (const count of [1, 2, 3]) {
    const items = Array.from({ length: count }, (_, n) => ({ n }));
    const small = new SmallSet<object>();
    for (const item of items) small.add(item);
    const seen: object[] = [];
    for (const item of small) {
      seen.push(item);
      small.delete(item);
    }
    expect(seen).toEqual(items);
    expect(small.size).toBe(0);
  }
});
