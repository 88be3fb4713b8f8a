import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Integers, type LendingLimits } from './integers.ts';
import { assignInteger } from './numbering.ts';
import { MemoryIdentityMap } from './store/memory-identity.ts';
import type { IdentityMap, StoreOutcome } from './store/port.ts';

type Assigned = readonly { readonly id: string; readonly integer?: number }[];

function setup(limits: LendingLimits = { keep: 1000, entries: 100 }, startedAt = 0) {
  const map = new MemoryIdentityMap();
  // As on a disk: nothing is so before it is answered.
  const durable: IdentityMap = {
    assign: (...asked) => setImmediate(() => map.assign(...asked)),
    integerOf: (...asked) => map.integerOf(...asked),
    userOf: (...asked) => map.userOf(...asked),
  };
  const clock = { now: 0 };
  const mayShow = (user: string): boolean => !user.startsWith('guest:');
  const parts = { durable, limits: () => limits, mayShow, now: () => clock.now, startedAt };
  const integers = new Integers(parts);
  const assign = (...users: Assigned) =>
    new Promise<StoreOutcome<void>>((resolve) => integers.assign('main', users, resolve));
  const of = (user: string) => integers.integerOf('main', user);
  return { durable, integers, clock, assign, of };
}

const taken = { ok: false, error: expect.objectContaining({ code: 'duplicate_conflict' }) };

describe('an integer that is lent', () => {
  it('is far from the durable ones, fits into 32 bits, is found both ways and is not written down', () => {
    const { integers, durable } = setup();
    const lent = integers.lend('main', 'mallory');
    expect(lent).toBeGreaterThanOrEqual(1_000_000_000);
    expect(lent).toBeLessThan(2 ** 31);
    expect([integers.integerOf('main', 'mallory'), integers.userOf('main', lent)]).toEqual([lent, 'mallory']);
    expect(integers.lend('main', 'mallory')).toBe(lent);
    expect([durable.integerOf('main', 'mallory'), integers.isDurable('main', 'mallory')]).toEqual([
      undefined,
      false,
    ]);
    expect(integers.integerOf('other', 'mallory')).toBeUndefined();
  });

  it('is the one that the guest is called by, where nobody has it', async () => {
    const { integers, assign } = setup();
    await assign({ id: 'zoe', integer: 7 });
    expect(integers.lend('main', '4711', 4711)).toBe(4711);
    expect(integers.lend('main', '7', 7)).not.toBe(7);
    expect(integers.lend('main', 'zoe')).toBe(7);
  });

  it('stays the same for who comes back soon, and is nobody else’s meanwhile', () => {
    const { integers, clock, of } = setup();
    const lent = integers.lend('main', 'mallory');
    integers.gone('main', 'mallory');
    clock.now = 999;
    expect(integers.userOf('main', lent)).toBe('mallory');
    expect(integers.lend('main', 'mallory')).toBe(lent);
    clock.now = 5000;
    integers.gone('main', 'nobody');
    expect(of('mallory')).toBe(lent);
  });

  it('is given back some time after the guest was last here or named', () => {
    const { integers, clock, of } = setup();
    const [first, second] = [integers.lend('main', 'mallory'), integers.lend('main', 'trudy')];
    integers.gone('main', 'mallory');
    integers.gone('main', 'trudy');
    clock.now = 900;
    expect(of('trudy')).toBe(second);
    clock.now = 1500;
    integers.lend('main', 'eve');
    integers.gone('main', 'eve');
    expect([integers.userOf('main', first), of('trudy')]).toEqual([undefined, second]);
    expect(integers).toMatchObject({ lent: 2, forgotten: 0 });
    expect(integers.lend('main', 'mallory')).not.toBe(first);
  });

  it('is given back early where too many have gone: whoever has been away longest, and it is counted', () => {
    const { integers, of } = setup({ keep: 1000, entries: 2 });
    const names = ['a', 'b', 'c'];
    for (const name of [...names, 'here']) integers.lend('main', name);
    for (const name of names) integers.gone('main', name);
    expect(names.map((name) => of(name) !== undefined)).toEqual([false, true, true]);
    expect(integers).toMatchObject({ lent: 3, forgotten: 1 });
    expect(of('here')).toBeDefined();
  });

  it('is no other’s before, after a restart', () => {
    const before = setup(undefined, 1_765_679_400_000).integers;
    const after = setup(undefined, 1_765_679_460_000).integers;
    const lent = new Set(Array.from({ length: 5000 }, (_, n) => before.lend('main', `before ${n}`)));
    for (let n = 0; n < 5000; n++) expect(lent.has(after.lend('main', `after ${n}`))).toBe(false);
  });

  it('comes from the beginning again after the last one', () => {
    // One second before the clock has come around.
    const around = Math.ceil((2 ** 31 - 1_000_000_000) / 100);
    const { integers } = setup(undefined, (around - 1) * 1000);
    const lent = Array.from({ length: 200 }, (_, n) => integers.lend('main', `guest ${n}`));
    expect(new Set(lent).size).toBe(200);
    expect([Math.min(...lent), Math.max(...lent)]).toEqual([1_000_000_000, 2_147_483_647]);
  });
});

describe('what a guest has said', () => {
  it('can be shown after the guest and the integer have gone', () => {
    const { integers, clock } = setup();
    const first = integers.lend('main', 'mallory');
    integers.gone('main', 'mallory');
    clock.now = 1000;
    integers.gone('main', 'mallory');
    expect(integers.integerOf('main', 'mallory')).toBe(first);
    clock.now = 3000;
    integers.lend('main', 'trudy');
    integers.gone('main', 'trudy');
    const second = integers.shown('main', 'mallory');
    expect(second).toBeDefined();
    expect(second).not.toBe(first);
    expect(integers.userOf('main', second ?? 0)).toBe('mallory');
    // And for a while only.
    clock.now = 5000;
    integers.shown('main', 'somebody else');
    expect(integers.integerOf('main', 'mallory')).toBeUndefined();
  });

  it('lends nothing to those who are shown otherwise', () => {
    const { integers } = setup();
    expect(integers.shown('main', 'guest:zoe')).toBeUndefined();
    expect(integers.lent).toBe(0);
  });
});

describe('a durable integer', () => {
  it('is the smallest that nobody has, not even a guest', async () => {
    const { integers, assign, of } = setup();
    integers.lend('main', '1', 1);
    integers.lend('main', '3', 3);
    expect(await assign({ id: 'a' }, { id: 'b', integer: 5 }, { id: 'c' }, { id: 'd' })).toMatchObject({
      ok: true,
    });
    expect(['a', 'b', 'c', 'd'].map(of)).toEqual([2, 5, 4, 6]);
  });

  it('is what the guest was lent, who is known from then on', async () => {
    const { integers, assign, of, durable } = setup();
    const lent = integers.lend('main', 'mallory');
    await assign({ id: 'mallory' });
    expect([of('mallory'), durable.integerOf('main', 'mallory'), integers.lent]).toEqual([lent, lent, 0]);
    integers.gone('main', 'mallory');
    expect(of('mallory')).toBe(lent);
  });

  it('can not be what is lent to somebody else', async () => {
    const { integers, assign, of } = setup();
    integers.lend('main', '7', 7);
    expect(await assign({ id: 'zoe', integer: 7 }, { id: 'bob' })).toEqual(taken);
    expect([of('zoe'), of('bob')]).toEqual([undefined, undefined]);
    expect(await assign({ id: '7', integer: 7 })).toMatchObject({ ok: true });
  });

  it('that is being written down is lent to nobody, and asked for twice is the same', async () => {
    const { integers, assign, of } = setup();
    const both = Promise.all([assign({ id: 'zoe' }), assign({ id: 'zoe' })]);
    expect(integers.lend('main', '1', 1)).not.toBe(1);
    expect(integers.lend('main', 'zoe')).toBe(1);
    expect(await both).toMatchObject([{ ok: true }, { ok: true }]);
    expect([of('zoe'), integers.lent]).toEqual([1, 1]);
  });

  it('that the configuration gives is nobody’s either while it is being written down', async () => {
    const { integers, assign, of } = setup();
    const all = Promise.all([
      assign({ id: 'zoe', integer: 1 }),
      assign({ id: 'bob' }),
      assign({ id: 'zoe' }),
    ]);
    expect(integers.lend('main', '1', 1)).not.toBe(1);
    expect(await all).toMatchObject([{ ok: true }, { ok: true }, { ok: true }]);
    expect([of('zoe'), of('bob')]).toEqual([1, 2]);
  });

  it('that could not be written down is free again', async () => {
    const { integers, assign, of } = setup();
    await assign({ id: 'zoe', integer: 9 });
    expect(await assign({ id: 'bob' }, { id: 'eve', integer: 9 })).toEqual(taken);
    expect(integers.lend('main', '1', 1)).toBe(1);
    await assign({ id: 'bob' });
    expect(of('bob')).toBe(2);
  });
});

it('logins at the same time all get one, also who is called by what another is about to have', async () => {
  const { integers, of } = setup();
  const endpoints = [{ namespace: 'main', config: { identity: 'integer' } }] as never;
  const users = ['a', '1', '3', 'b', '2', '1'];
  await Promise.all(users.map((user) => assignInteger({ endpoints, identities: integers }, 'main', user)));
  expect(users.map(of)).toEqual([1, 2, 3, 4, 5, 2]);
});

it('nobody is lent what was asked for on their behalf and is another’s', async () => {
  const { integers, assign } = setup();
  await assign({ id: 'a', integer: 3 });
  const refused = [
    assign({ id: 'b', integer: 3 }),
    assign({ id: 'c', integer: 4 }),
    assign({ id: 'd', integer: 4 }),
  ];
  expect(new Set(['a', 'b', 'c', 'd'].map((user) => integers.lend('main', user))).size).toBe(4);
  await Promise.all(refused);
  expect(new Set(['a', 'b', 'c', 'd'].map((user) => integers.integerOf('main', user))).size).toBe(4);
});

it('no two users ever have the same integer', async () => {
  const user = fc.constantFrom('a', 'b', 'c', '1', '2', '3');
  const step = fc.oneof(
    fc.record({ kind: fc.constantFrom('lend', 'gone', 'assign', 'shown'), user }),
    fc.record({ kind: fc.constant('seed'), user, integer: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant('wait'), ms: fc.integer({ min: 0, max: 1500 }) }),
    fc.constant({ kind: 'settle' }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { integers, clock, assign } = setup({ keep: 1000, entries: 2 });
      const underWay: Promise<unknown>[] = [];
      for (const one of steps as { kind: string; user: string; integer: number; ms: number }[]) {
        const own = /^\d$/.test(one.user) ? Number(one.user) : undefined;
        if (one.kind === 'lend') integers.lend('main', one.user, own);
        if (one.kind === 'gone') integers.gone('main', one.user);
        if (one.kind === 'shown') integers.shown('main', one.user);
        if (one.kind === 'assign') underWay.push(assign({ id: one.user }));
        if (one.kind === 'seed') underWay.push(assign({ id: one.user, integer: one.integer }));
        if (one.kind === 'wait') clock.now += one.ms;
        if (one.kind === 'settle') await Promise.all(underWay.splice(0));
        const shown = ['a', 'b', 'c', '1', '2', '3']
          .map((id) => [id, integers.integerOf('main', id)] as const)
          .filter(([, integer]) => integer !== undefined);
        expect(new Set(shown.map(([, integer]) => integer)).size).toBe(shown.length);
        for (const [id, integer] of shown) expect(integers.userOf('main', integer ?? 0)).toBe(id);
      }
      await Promise.all(underWay);
    }),
    { numRuns: 300 },
  );
});
