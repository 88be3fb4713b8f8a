/**
 * All timers of all connections on one wheel: arming and cancelling are O(1), and one Node timer turns it.
 *
 * Times are milliseconds on a monotonic clock, so that a jump of the wall clock fires nothing early or late.
 * A timer fires at the first tick at or after its deadline: up to `tickMs` late, never early.
 */

const SLOTS = 1024;

export interface WheelTimer {
  /** Monotonic ms. */
  deadline: number;
  slot: number;
  readonly fire: () => void;
}

export class TimerWheel {
  readonly #tickMs: number;
  readonly #now: () => number;
  readonly #slots: Set<WheelTimer>[] = Array.from({ length: SLOTS }, () => new Set());
  #turning: NodeJS.Timeout | undefined;
  /** The tick up to which all slots have been looked at. */
  #tick: number;
  #size = 0;
  #stopped = false;

  constructor(tickMs = 50, now: () => number = () => performance.now()) {
    this.#tickMs = tickMs;
    this.#now = now;
    this.#tick = Math.floor(now() / tickMs);
  }

  /** Timers that are armed. */
  get size(): number {
    return this.#size;
  }

  /** Monotonic ms, as deadlines are counted. */
  now(): number {
    return this.#now();
  }

  arm(afterMs: number, fire: () => void): WheelTimer {
    const timer: WheelTimer = { deadline: this.#now() + afterMs, slot: -1, fire };
    this.#place(timer);
    return timer;
  }

  /** Moves an armed or fired timer to a new deadline. */
  rearm(timer: WheelTimer, afterMs: number): void {
    this.cancel(timer);
    timer.deadline = this.#now() + afterMs;
    this.#place(timer);
  }

  /** Cancelling twice, or after the timer has fired, changes nothing. */
  cancel(timer: WheelTimer): void {
    if (timer.slot < 0) return;
    (this.#slots[timer.slot] as Set<WheelTimer>).delete(timer);
    timer.slot = -1;
    this.#size--;
  }

  /** Stops for good; neither timers that are armed nor those armed later ever fire. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#turning);
    this.#turning = undefined;
    for (const slot of this.#slots) {
      for (const timer of slot) timer.slot = -1;
      slot.clear();
    }
    this.#size = 0;
  }

  /**
   * Fires what is due. Called by the wheel's own Node timer; tests call it with a clock of their own. A callback
   * that throws keeps no other from its turn; its error is thrown at the end.
   */
  turn(): void {
    if (this.#stopped) return;
    const now = this.#now();
    const last = Math.floor(now / this.#tickMs);
    const first = Math.max(this.#tick, last - SLOTS + 1);
    const due: WheelTimer[] = [];
    for (let tick = first; tick <= last; tick++) {
      for (const timer of this.#slots[tick % SLOTS] as Set<WheelTimer>) {
        if (timer.deadline <= now) due.push(timer);
      }
    }
    this.#tick = last;
    const thrown: unknown[] = [];
    for (const timer of due) {
      // One timer's callback may have cancelled another that was due in the same turn, or put it off.
      if (timer.slot < 0 || timer.deadline > now) continue;
      this.cancel(timer);
      try {
        timer.fire();
      } catch (error) {
        thrown.push(error);
      }
    }
    if (this.#size === 0) {
      clearInterval(this.#turning);
      this.#turning = undefined;
    }
    if (thrown.length > 0) throw thrown[0];
  }

  #place(timer: WheelTimer): void {
    if (this.#stopped) return;
    timer.slot = Math.ceil(timer.deadline / this.#tickMs) % SLOTS;
    (this.#slots[timer.slot] as Set<WheelTimer>).add(timer);
    this.#size++;
    if (this.#turning === undefined) {
      this.#tick = Math.floor(this.#now() / this.#tickMs);
      this.#turning = setInterval(() => this.turn(), this.#tickMs);
      this.#turning.unref();
    }
  }
}
