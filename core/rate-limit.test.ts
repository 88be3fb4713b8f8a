import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TokenBucket } from './rate-limit.ts';

const taken = (bucket: TokenBucket, now: number, times: number): number =>
  Array.from({ length: times }, () => bucket.take(now)).filter((ok) => ok).length;

it('gives its burst at once and then its rate', () => {
  const bucket = new TokenBucket({ perSecond: 50, burst: 100 }, 0);
  expect(taken(bucket, 0, 200)).toBe(100);
  expect(taken(bucket, 19, 5)).toBe(0);
  expect(taken(bucket, 20, 5)).toBe(1);
  expect(taken(bucket, 1020, 200)).toBe(50);
});

it('saves up no more than its burst', () => {
  const bucket = new TokenBucket({ perSecond: 50, burst: 100 }, 0);
  expect(taken(bucket, 3_600_000, 200)).toBe(100);
});

it('takes the whole cost of a batch or none of it', () => {
  const bucket = new TokenBucket({ perSecond: 1, burst: 10 }, 0);
  expect(bucket.take(0, 7)).toBe(true);
  expect(bucket.take(0, 4)).toBe(false);
  expect(bucket.take(0, 3)).toBe(true);
  expect(bucket.take(0, 11)).toBe(false);
});

it('never gives more than burst and rate allow over any time', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(500), fc.integer({ min: 1, max: 5 })), { maxLength: 200 }),
      (attempts) => {
        const bucket = new TokenBucket({ perSecond: 20, burst: 30 }, 0);
        let now = 0;
        let given = 0;
        for (const [wait, cost] of attempts) {
          now += wait;
          if (bucket.take(now, cost)) given += cost;
          expect(given).toBeLessThanOrEqual(30 + (now * 20) / 1000 + 1e-6);
        }
      },
    ),
  );
});
