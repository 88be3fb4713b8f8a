/** Questions whether a peer is still there, which any sign of life answers. */
import type { TimerWheel } from './timer-wheel.ts';

export class LifeSigns {
  readonly #asking = new Set<(isAlive: boolean) => void>();

  /** Tells whether a sign came within so many ms. */
  await(wheel: TimerWheel, withinMs: number, answer: (isAlive: boolean) => void): void {
    const timer = wheel.arm(withinMs, () => settle(false));
    const settle = (isAlive: boolean): void => {
      wheel.cancel(timer);
      this.#asking.delete(settle);
      answer(isAlive);
    };
    this.#asking.add(settle);
  }

  /** A sign came, or none will come any more. */
  settle(isAlive: boolean): void {
    for (const settle of [...this.#asking]) settle(isAlive);
  }
}
