/** When the next connection to a server is tried, and when no more: random waits that double, up to a limit. */
import type { TimerWheel, WheelTimer } from '../timer-wheel.ts';

export interface ReconnectTimes {
  /** Most before the first try, and most between tries; ms. */
  readonly min: number;
  readonly max: number;
  /** ms */
  readonly giveUpAfter: number;
}

/** 2 to the power of more than this is more than any limit. */
const MAX_DOUBLINGS = 30;

export class Reconnection {
  readonly #times: ReconnectTimes;
  readonly #wheel: TimerWheel;
  /** From 0 to 1. */
  readonly #random: () => number;
  #attempts = 0;
  /** Monotonic ms. */
  #downSince: number | undefined;
  #timer: WheelTimer | undefined;

  constructor(times: ReconnectTimes, wheel: TimerWheel, random: () => number) {
    this.#times = times;
    this.#wheel = wheel;
    this.#random = random;
  }

  /** The server is there and answers. */
  up(): void {
    this.#downSince = undefined;
  }

  /** A connection that was logged in since `readyAt` is gone: one that comes and goes is waited for longer and longer. */
  lost(readyAt: number): void {
    if (this.#wheel.now() - readyAt > this.#times.max) this.#attempts = 0;
  }

  /** Has the next connection tried in its time. False if the client has waited long enough. */
  schedule(connect: () => void): boolean {
    const { min, max, giveUpAfter } = this.#times;
    const now = this.#wheel.now();
    this.#downSince ??= now;
    const left = this.#downSince + giveUpAfter - now;
    if (left <= 0) return false;
    const most = Math.min(max, min * 2 ** Math.min(this.#attempts++, MAX_DOUBLINGS));
    this.#timer = this.#wheel.arm(Math.min(this.#random() * most, left), connect);
    return true;
  }

  stop(): void {
    if (this.#timer !== undefined) this.#wheel.cancel(this.#timer);
  }
}
