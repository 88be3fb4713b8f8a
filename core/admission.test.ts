import { describe, expect, it } from 'vitest';
import type { AdmissionLimits } from '../schemas/config.ts';
import { Admission, addressKey } from './admission.ts';

const LIMITS: AdmissionLimits = {
  connectionsPerAddress: 2,
  connectionsPerUser: 1,
  commandsPerUser: { perSecond: 1, burst: 2 },
  failedLogins: { attempts: 3, window: 1000, ban: 5000, addresses: 100 },
  handshake: 1000,
  request: 1000,
  keepAlive: 1000,
  told: 64,
};

function admissionAt(limits: Partial<AdmissionLimits> = {}) {
  const clock = { now: 0 };
  return { clock, admission: new Admission({ ...LIMITS, ...limits }, () => clock.now) };
}

describe('an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1::192.0.2.1', '2001:db8:1:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['nonsense', 'nonsense'],
    ['', ''],
  ])('%s counts as %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it('may have so many connections at a time, and more once some are over', () => {
    const { admission } = admissionAt();
    expect(admission.enter('192.0.2.1')).toBeUndefined();
    expect(admission.enter('::ffff:192.0.2.1')).toBeUndefined();
    expect(admission.enter('192.0.2.1')).toBe('connections_per_address');
    expect(admission.enter('192.0.2.2')).toBeUndefined();
    for (let n = 0; n < 2; n++) admission.leave('192.0.2.1');
    expect(admission.enter('192.0.2.1')).toBeUndefined();
  });

  it('is told so a bounded number of times at a time', () => {
    const { admission } = admissionAt();
    let told = 0;
    while (!admission.isFlooding('192.0.2.1')) {
      admission.enter('192.0.2.1');
      told++;
    }
    expect(told).toBe(66);
    admission.leave('192.0.2.1');
    expect(admission.isFlooding('192.0.2.1')).toBe(false);
  });

  it('leaves nothing behind', () => {
    const { admission } = admissionAt();
    for (let n = 0; n < 1000; n++) admission.enter(`10.0.${n >> 8}.${n & 255}`);
    expect(admission.addresses).toBe(1000);
    for (let n = 0; n < 1000; n++) admission.leave(`10.0.${n >> 8}.${n & 255}`);
    expect(admission.addresses).toBe(0);
  });
});

describe('connections of an address over its limit', () => {
  it.each([0, 3])('are opened to be told so, %i at a time', (told) => {
    const { admission } = admissionAt({ told });
    for (let open = 0; open < LIMITS.connectionsPerAddress + told; open++) {
      expect(admission.isFlooding('192.0.2.1')).toBe(false);
      admission.enter('192.0.2.1');
    }
    expect(admission.isFlooding('192.0.2.1')).toBe(true);
  });
});

describe('failed logins', () => {
  const fail = (admission: Admission, times: number): readonly boolean[] =>
    Array.from({ length: times }, () => admission.failed('192.0.2.1'));

  it('ban an address for a while, and then count anew', () => {
    const { admission, clock } = admissionAt();
    expect(fail(admission, 3)).toEqual([false, false, true]);
    expect(admission.isBanned('192.0.2.1')).toBe(true);
    expect(admission.isBanned('192.0.2.2')).toBe(false);
    expect(admission.enter('192.0.2.1')).toBe('failed_logins');
    expect(admission.banned).toBe(1);
    clock.now = 4999;
    expect(admission.isBanned('192.0.2.1')).toBe(true);
    clock.now = 5000;
    expect(admission.isBanned('192.0.2.1')).toBe(false);
    expect(fail(admission, 3)).toEqual([false, false, true]);
  });

  it('are forgotten after the window', () => {
    const { admission, clock } = admissionAt();
    fail(admission, 2);
    clock.now = 1001;
    expect(fail(admission, 2)).toEqual([false, false]);
  });

  it('do not make a ban longer while it lasts', () => {
    const { admission, clock } = admissionAt();
    fail(admission, 3);
    clock.now = 4000;
    fail(admission, 100);
    clock.now = 5000;
    expect(admission.isBanned('192.0.2.1')).toBe(false);
  });

  it('of a whole /64 count together', () => {
    const { admission } = admissionAt();
    for (const end of ['1', '2', '3']) admission.failed(`2001:db8::${end}`);
    expect(admission.isBanned('2001:db8::ffff')).toBe(true);
  });

  it('of endlessly many addresses take bounded room', () => {
    const failedLogins = { attempts: 1, window: 1000, ban: 5000, addresses: 1000 };
    const { admission, clock } = admissionAt({ failedLogins });
    for (let n = 0; n < 1500; n++) admission.failed(`10.0.${n >> 8}.${n & 255}`);
    expect(admission).toMatchObject({ banned: 1000, failing: 1000, forgotten: 500 });
    expect([admission.isBanned('10.0.0.1'), admission.isBanned('10.0.5.1')]).toEqual([false, true]);
    clock.now = 6000;
    admission.failed('10.9.0.1');
    // Whose time was over are not forgotten for the sake of others.
    expect(admission).toMatchObject({ failing: 1, forgotten: 500 });
  });
});

it("a user's rate is one for all connections, however often they come back", () => {
  const { admission, clock } = admissionAt();
  const user = {};
  expect([1, 2, 3].map(() => admission.rateOf(user).take(clock.now))).toEqual([true, true, false]);
  clock.now = 1000;
  expect(admission.rateOf(user).take(clock.now)).toBe(true);
});
