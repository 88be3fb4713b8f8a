import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimerWheel } from './timer-wheel.ts';

const TICK_MS = 50;

/** A wheel on a clock that only `advance` moves; the wheel's own Node timer has no say in it. */
function fixture(start = 1_000_003) {
  let now = start;
  const wheel = new TimerWheel(TICK_MS, () => now);
  const turnAt = (time: number): void => {
    now = time;
    wheel.turn();
  };
  return {
    wheel,
    start,
    now: () => now,
    turnAt,
    /** Turns at every tick up to and including `ms` from now. */
    advance: (ms: number): void => {
      const end = now + ms;
      for (let time = (Math.floor(now / TICK_MS) + 1) * TICK_MS; time <= end; time += TICK_MS) turnAt(time);
      turnAt(end);
    },
    jump: (ms: number): void => turnAt(now + ms),
  };
}

describe('a timer on the wheel', () => {
  it('fires at the first tick at or after its deadline: never early, at most a tick late', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 0, max: 60 }),
        (delays, offset) => {
          const { wheel, start, now, advance } = fixture(1_000_000 + offset);
          const firedAt = new Map<number, number>();
          for (const [index, delay] of delays.entries()) wheel.arm(delay, () => firedAt.set(index, now()));
          advance(201_000);
          for (const [index, delay] of delays.entries()) {
            const late = (firedAt.get(index) ?? Number.NaN) - (start + delay);
            expect(late).toBeGreaterThanOrEqual(0);
            expect(late).toBeLessThanOrEqual(TICK_MS);
          }
          expect(wheel.size).toBe(0);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('waits for its own rotation when its deadline is several rotations away', () => {
    const { wheel, advance } = fixture();
    const rotation = 1024 * TICK_MS;
    let fired = 0;
    wheel.arm(3.5 * rotation, () => fired++);
    for (let turn = 0; turn < 3; turn++) advance(rotation);
    expect(fired).toBe(0);
    advance(rotation / 2 + TICK_MS);
    expect(fired).toBe(1);
  });

  it('fires once, late, after the process has stood still for longer than a rotation', () => {
    const { wheel, jump } = fixture();
    let fired = 0;
    for (const delay of [0, 10, 51_000, 60_000, 119_999]) wheel.arm(delay, () => fired++);
    wheel.arm(120_001, () => expect.unreachable());
    jump(120_000);
    expect(fired).toBe(5);
    expect(wheel.size).toBe(1);
  });

  it('does not fire when it was cancelled, and cancelling again changes nothing', () => {
    const { wheel, advance } = fixture();
    const timer = wheel.arm(100, () => expect.unreachable());
    wheel.cancel(timer);
    wheel.cancel(timer);
    expect(wheel.size).toBe(0);
    advance(1000);
  });

  it('does not fire when the callback of another one due in the same turn cancels it', () => {
    const { wheel, jump } = fixture();
    const fired: string[] = [];
    wheel.arm(10, () => {
      fired.push('first');
      wheel.cancel(second);
    });
    const second = wheel.arm(20, () => fired.push('second'));
    jump(1000);
    expect(fired).toEqual(['first']);
    expect(wheel.size).toBe(0);
  });

  it('keeps its new deadline when the callback of another one due in the same turn puts it off', () => {
    const { wheel, jump } = fixture();
    const fired: string[] = [];
    wheel.arm(10, () => wheel.rearm(second, 5000));
    const second = wheel.arm(20, () => fired.push('second'));
    jump(1000);
    expect(fired).toEqual([]);
    jump(4900);
    expect(fired).toEqual([]);
    jump(100 + TICK_MS);
    expect(fired).toEqual(['second']);
  });

  it('may be armed again by its own callback, for now too', () => {
    const { wheel, advance } = fixture();
    let fired = 0;
    const timer = wheel.arm(0, () => {
      if (++fired < 5) wheel.rearm(timer, 0);
    });
    advance(10 * TICK_MS);
    expect(fired).toBe(5);
    expect(wheel.size).toBe(0);
  });

  it('fires although the callback of another one throws, whose error surfaces at the end of the turn', () => {
    const { wheel, jump } = fixture();
    let fired = 0;
    wheel.arm(10, () => {
      throw new Error('of this one only');
    });
    wheel.arm(20, () => fired++);
    expect(() => jump(1000)).toThrow('of this one only');
    expect(fired).toBe(1);
    expect(wheel.size).toBe(0);
  });
});

describe('the wheel', () => {
  it('serves 10,000 timers, armed, moved and cancelled at will, each exactly as often as it should', () => {
    const { wheel, advance } = fixture();
    const fired = new Uint8Array(10_000);
    const timers = Array.from({ length: 10_000 }, (_, index) =>
      wheel.arm((index * 7919) % 90_000, () => {
        fired[index] = (fired[index] ?? 0) + 1;
      }),
    );
    for (const [index, timer] of timers.entries()) {
      if (index % 3 === 0) wheel.cancel(timer);
      else if (index % 3 === 1) wheel.rearm(timer, 90_000 + (index % 30_000));
    }
    expect(wheel.size).toBe(10_000 - 3334);
    advance(90_000 - TICK_MS);
    for (const [index, times] of fired.entries()) if (index % 3 !== 2) expect(times).toBe(0);
    advance(31_000);
    for (const [index, times] of fired.entries()) expect(times).toBe(index % 3 === 0 ? 0 : 1);
    expect(wheel.size).toBe(0);
  });

  it('fires nothing once it is stopped, whether armed before or after, and counts nothing', () => {
    const { wheel, advance } = fixture();
    const before = wheel.arm(10, () => expect.unreachable());
    wheel.stop();
    wheel.arm(10, () => expect.unreachable());
    wheel.cancel(before);
    advance(1000);
    expect(wheel.size).toBe(0);
  });

  it('does not keep the process alive', () => {
    const wheel = new TimerWheel();
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    wheel.arm(60_000, () => {});
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBe(before);
    wheel.stop();
  });
});
