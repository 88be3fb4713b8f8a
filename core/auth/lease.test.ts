/** How long a login is good is counted from what the wall clock said then, and counted by a clock that never jumps. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { GatewayError } from '../errors.ts';
import { TimerWheel } from '../timer-wheel.ts';
import { Lease } from './lease.ts';
import type { Authenticator, Identity } from './port.ts';

const HOUR = 3_600_000;
const LOGIN = 1_765_679_400_000;

function leased(
  identity: Identity,
  {
    recheck,
    ask,
  }: { readonly recheck?: Authenticator['recheck']; readonly ask?: () => Promise<Identity> } = {},
) {
  const clock = { wall: LOGIN, monotonic: 0 };
  const wheel = new TimerWheel(1000, () => clock.monotonic);
  onTestFinished(() => wheel.stop());
  const ends: string[] = [];
  const lease = new Lease({
    identity,
    recheck,
    ask: ask ?? (async () => identity),
    holder: { fault: ({ code }) => ends.push(code) },
    wheel,
    now: () => clock.wall,
  });
  return {
    clock,
    ends,
    lease,
    /** Time goes by, for both clocks. */
    pass: (ms: number): void => {
      clock.wall += ms;
      clock.monotonic += ms;
      wheel.turn();
    },
    /** Somebody sets the wall clock. */
    jump: (ms: number): void => {
      clock.wall += ms;
      wheel.turn();
    },
  };
}

describe('a login that expires in an hour', () => {
  const identity: Identity = { userId: 'alice', expiresAt: LOGIN + HOUR };

  it.each([
    ['forwards', 30 * 24 * HOUR],
    ['back', -30 * 24 * HOUR],
  ])('ends an hour later, although the wall clock jumps %s', (_where, ms) => {
    const { ends, pass, jump } = leased(identity);
    pass(HOUR / 2);
    jump(ms);
    pass(HOUR / 2 - 1000);
    expect(ends).toEqual([]);
    pass(1000);
    expect(ends).toEqual(['token_expired']);
  });

  it('goes by the wall clock of the moment when somebody vouches for it again', async () => {
    const asked = Promise.withResolvers<void>();
    const again = { userId: 'alice', expiresAt: LOGIN + 5 * HOUR };
    const ask = async (): Promise<Identity> => {
      asked.resolve();
      return again;
    };
    const { ends, pass, jump } = leased(identity, { recheck: { everyMs: HOUR / 2, graceMs: 0 }, ask });
    jump(4 * HOUR);
    pass(HOUR / 2);
    await asked.promise;
    await new Promise(setImmediate);
    // Half an hour is left by the clock as it is now, whatever was left by the one before.
    pass(HOUR / 2 - 1000);
    expect(ends).toEqual([]);
    pass(1000);
    expect(ends).toEqual(['token_expired']);
  });

  it('that is found to have expired when it is asked about ends at once', async () => {
    const asked = Promise.withResolvers<void>();
    const ask = async (): Promise<Identity> => {
      asked.resolve();
      return identity;
    };
    const { ends, pass, jump } = leased(identity, { recheck: { everyMs: HOUR / 2, graceMs: 0 }, ask });
    jump(24 * HOUR);
    pass(HOUR / 2);
    await asked.promise;
    await new Promise(setImmediate);
    pass(1000);
    expect(ends).toEqual(['token_expired']);
  });
});

it.each([-24 * HOUR, 24 * HOUR])(
  'a backend that can not be asked has its grace, although the wall clock jumps by %i ms',
  async (ms) => {
    let attempts = 0;
    const ask = async (): Promise<Identity> => {
      attempts++;
      throw new GatewayError('upstream_unavailable');
    };
    const recheck = { everyMs: HOUR, graceMs: 2 * HOUR };
    const { ends, pass, jump } = leased({ userId: 'alice' }, { recheck, ask });
    jump(ms);
    for (let hour = 1; hour <= 2; hour++) {
      pass(HOUR);
      await new Promise(setImmediate);
      expect([attempts, ends]).toEqual([hour, []]);
    }
    pass(HOUR);
    await new Promise(setImmediate);
    expect([attempts, ends]).toEqual([3, ['upstream_unavailable']]);
  },
);
