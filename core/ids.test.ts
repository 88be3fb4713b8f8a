import { decodeTime, isValid } from 'ulid';
import { describe, expect, it } from 'vitest';
import { newUlid, newUuid, pooledRandom, ulidFactory } from './ids.ts';

describe('a ULID', () => {
  it('is one as others read it, with the time in it', () => {
    const before = Date.now();
    const id = newUlid();
    expect(isValid(id)).toBe(true);
    expect(decodeTime(id)).toBeGreaterThanOrEqual(before);
    expect(decodeTime(id)).toBeLessThanOrEqual(Date.now());
  });

  it('sorts after all made before it, and comes once', () => {
    const ids = Array.from({ length: 20_000 }, () => newUlid());
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('ULIDs of one millisecond', () => {
  const MADE = 1_200_000;

  it.each([
    ['begin anywhere', undefined],
    ['begin with the lowest digits', () => 0],
    ['begin with the highest digits', () => 255 / 256],
  ])('ascend, also when more are made than one millisecond has numbers for: %s', (_, random) => {
    const make = ulidFactory(() => 1_700_000_000_000, random);
    let last = '';
    let times = 0;
    for (let count = 0; count < MADE; count++) {
      const id = make();
      if (id <= last) expect.fail(`${id} after ${last}`);
      if (id.slice(0, 10) !== last.slice(0, 10)) times++;
      last = id;
    }
    expect(isValid(last)).toBe(true);
    expect(times).toBeGreaterThan(1);
    expect(decodeTime(last) - 1_700_000_000_000).toBeLessThan(5);
  });

  it('ascend while the clock is set back', () => {
    let now = 1_700_000_000_000;
    const make = ulidFactory(() => now);
    const first = make();
    now -= 3_600_000;
    const second = make();
    now += 3_600_001;
    const third = make();
    expect([first, second, third]).toEqual([third, second, first].sort());
    expect(decodeTime(third)).toBe(1_700_000_000_001);
  });
});

describe('a ULID of a time that is known already', () => {
  it('is of that time, and still after the one before', () => {
    const make = ulidFactory(() => 1_700_000_000_000);
    const ids = [make(1_700_000_000_005), make(), make(1_700_000_000_006)];
    expect(ids.map((id) => decodeTime(id) - 1_700_000_000_000)).toEqual([5, 5, 6]);
    expect(ids).toEqual([...ids].sort());
  });
});

describe('pooled random numbers', () => {
  it('are fetched many at a time, and are from 0 to below 1', () => {
    let fetched = 0;
    const random = pooledRandom((bytes) => {
      fetched++;
      bytes.fill(fetched === 1 ? 0 : 255);
    });
    const first = Array.from({ length: 4096 }, () => random());
    expect(new Set(first)).toEqual(new Set([0]));
    expect(fetched).toBe(1);
    expect(random()).toBe(255 / 256);
    expect(fetched).toBe(2);
  });

  it('differ', () => {
    const random = pooledRandom();
    expect(new Set(Array.from({ length: 5000 }, () => random())).size).toBeGreaterThan(200);
  });
});

describe('a UUID', () => {
  it('is a random one, each time another', () => {
    expect(newUuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(newUuid()).not.toBe(newUuid());
  });
});
