import { expect, it } from 'vitest';
import { SessionTimers } from './session-timers.ts';
import { TimerWheel } from './timer-wheel.ts';

function fixture() {
  let now = 0;
  const wheel = new TimerWheel(10, () => now);
  const expired: string[] = [];
  const timers = new SessionTimers(wheel, { expire: (name) => expired.push(`${name} at ${now}`) });
  const to = (time: number): void => {
    while (now < time) {
      now += 10;
      wheel.turn();
    }
  };
  return { wheel, timers, expired, to };
}

it('expires once, after its time, whatever the traffic, when nothing restarts it', () => {
  const { timers, expired, to } = fixture();
  timers.set('plain', 100, undefined);
  to(50);
  for (const what of ['received', 'received_or_pong', 'sent'] as const) timers.touch(what);
  to(500);
  expect(expired).toEqual(['plain at 100']);
});

it('starts over when it is set again under its name, and ends when it is set to null', () => {
  const { wheel, timers, expired, to } = fixture();
  timers.set('again', 100, undefined);
  timers.set('never', 100, undefined);
  to(50);
  timers.set('again', 100, undefined);
  timers.set('never', null, undefined);
  expect(wheel.size).toBe(1);
  to(500);
  expect(expired).toEqual(['again at 150']);
});

it.each([
  ['received', ['received'], 400],
  ['received', ['received_or_pong', 'sent'], 300],
  ['received_or_pong', ['received'], 400],
  ['received_or_pong', ['received_or_pong'], 400],
  ['received_or_pong', ['sent'], 300],
  ['sent', ['sent'], 400],
  ['sent', ['received', 'received_or_pong'], 300],
] as const)('with restart %s and traffic %j after 100 ms it expires at %i', (restart, traffic, at) => {
  const { timers, expired, to } = fixture();
  timers.set('silence', 300, restart);
  to(100);
  for (const what of traffic) timers.touch(what);
  to(1000);
  expect(expired).toEqual([`silence at ${at}`]);
});

it('counts from its arming, not from traffic before that', () => {
  const { timers, expired, to } = fixture();
  timers.touch('received');
  to(200);
  timers.set('silence', 300, 'received');
  to(1000);
  expect(expired).toEqual(['silence at 500']);
});

it('stands still for silence while reading is paused, and has its whole time afterwards', () => {
  const { timers, expired, to } = fixture();
  timers.set('silence', 300, 'received_or_pong');
  to(290);
  timers.pause();
  to(5000);
  expect(expired).toEqual([]);
  timers.resume();
  to(6000);
  expect(expired).toHaveLength(1);
  expect(Number(expired[0]?.split(' ').at(-1))).toBeGreaterThanOrEqual(5300);
});

it('goes on while reading is paused where it times our own sending', () => {
  const { timers, expired, to } = fixture();
  timers.set('beat', 300, 'sent');
  timers.pause();
  to(1000);
  expect(expired).toEqual(['beat at 300']);
});

it('may be set again by what its expiry leads to', () => {
  let now = 0;
  const wheel = new TimerWheel(10, () => now);
  let expiries = 0;
  const timers: SessionTimers = new SessionTimers(wheel, {
    expire: (name) => {
      if (++expiries < 3) timers.set(name, 100, 'sent');
    },
  });
  timers.set('beat', 100, 'sent');
  while (now < 1000) {
    now += 10;
    wheel.turn();
  }
  expect(expiries).toBe(3);
  expect(wheel.size).toBe(0);
});

it('never expires once all are stopped, even if it is set later', () => {
  const { wheel, timers, expired, to } = fixture();
  timers.set('before', 100, undefined);
  timers.stop();
  timers.set('after', 100, undefined);
  expect(wheel.size).toBe(0);
  to(1000);
  expect(expired).toEqual([]);
});
