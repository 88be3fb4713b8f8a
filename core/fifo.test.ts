import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Fifo } from './fifo.ts';

it('gives what was pushed, in order, whatever comes and goes', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), count: fc.integer({ min: 1, max: 1500 }) }),
    fc.record({ kind: fc.constant('shift' as const), count: fc.integer({ min: 1, max: 1500 }) }),
    fc.constant({ kind: 'clear' as const, count: 0 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const fifo = new Fifo<number>();
      let first = 0;
      let next = 0;
      for (const { kind, count } of steps) {
        if (kind === 'clear') {
          fifo.clear();
          first = next;
        }
        for (let left = count; left > 0; left--) {
          if (kind === 'push') fifo.push(next++);
          else if (fifo.shift() !== (first < next ? first++ : undefined)) return false;
        }
        if (fifo.size !== next - first) return false;
      }
      return true;
    }),
    { numRuns: 200 },
  );
});

it('gives undefined as long as nothing waits, and goes on', () => {
  const fifo = new Fifo<string>();
  expect([fifo.shift(), fifo.shift(), fifo.size]).toEqual([undefined, undefined, 0]);
  fifo.push('a');
  expect([fifo.size, fifo.shift(), fifo.shift(), fifo.size]).toEqual([1, 'a', undefined, 0]);
});

it('keeps its order where it is never empty', () => {
  const fifo = new Fifo<number>();
  for (let count = 0; count < 10; count++) fifo.push(count);
  for (let count = 10; count < 100_000; count++) {
    fifo.push(count);
    if (fifo.shift() !== count - 10) throw new Error(`out of order at ${count}`);
  }
  expect(fifo.size).toBe(10);
});
