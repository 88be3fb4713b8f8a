import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Pending } from './session-kit.ts';

it('gives back what was remembered of each command, once, in whatever order they are settled', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 100 }), (steps) => {
      const pending = new Pending<string>();
      const waiting: number[] = [];
      for (const step of steps) {
        if (step > 8 || waiting.length === 0) {
          const ref = pending.add(`command ${step}`);
          expect(waiting).not.toContain(ref);
          waiting.push(ref);
          const [context] = [pending.take(ref)];
          expect(context).toBe(`command ${step}`);
          expect(pending.take(ref)).toBeUndefined();
          waiting[waiting.length - 1] = pending.add(`command ${step}, again`);
        } else {
          const [ref] = waiting.splice(step % waiting.length, 1) as [number];
          expect(pending.take(ref)).toMatch(/again$/);
          expect(pending.take(ref)).toBeUndefined();
        }
        expect(pending.size).toBe(waiting.length);
      }
    }),
  );
});

it('knows no ref that it has not given', () => {
  const pending = new Pending<string>();
  expect(pending.take(1)).toBeUndefined();
  const ref = pending.add('one');
  expect(pending.take(ref + 1)).toBeUndefined();
  expect(pending.take(0)).toBeUndefined();
  expect(pending.take(ref)).toBe('one');
});
