/**
 * All timers of all connections on one wheel: arming and cancelling are O(1), and one Node timer turns it.
 *
 * Times are milliseconds on a monotonic clock, so that a jump of the wall clock fires nothing early or late.
 * A timer fires at the first tick at or after its deadline: up to `tickMs` late, never early.
 */

const SLOTS = 1024;
/** Multiples of it, cut to their fractions, are spread evenly however many there are. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

export interface WheelTimer {
  /** Monotonic ms. */
  deadline: number;
  /** Its neighbours in its slot, in a ring; undefined while it is not armed. The wheel's own. */
  next: WheelTimer | undefined;
  previous: WheelTimer | undefined;
  fire(): void;
}

/** A slot: the ring's beginning and end, and no timer itself. */
interface Slot extends WheelTimer {
  next: WheelTimer;
  previous: WheelTimer;
}

function makeSlot(): Slot {
  const slot = { deadline: Number.POSITIVE_INFINITY, next: undefined, previous: undefined, fire: () => {} };
  return Object.assign(slot as WheelTimer, { next: slot, previous: slot });
}

export class TimerWheel {
  readonly #tickMs: number;
  readonly #now: () => number;
  readonly #slots: readonly Slot[] = Array.from({ length: SLOTS }, makeSlot);
  #turning: NodeJS.Timeout | undefined;
  /** The tick up to which all slots have been looked at. */
  #tick: number;
  #size = 0;
  #stopped = false;
  #staggered = 0;

  /** Whole milliseconds by default: times that are kept for each connection take no room of their own then. */
  constructor(tickMs = 50, now: () => number = () => Math.floor(performance.now())) {
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
    const timer = { deadline: this.#now() + afterMs, next: undefined, previous: undefined, fire };
    this.#place(timer);
    return timer;
  }

  /** From 0 to below 1, another one each time and evenly spread: what begins at once for many need not be due at once. */
  stagger(): number {
    const next = this.#staggered;
    this.#staggered = (next + GOLDEN) % 1;
    return next;
  }

  /** Moves an armed or fired timer to a new deadline. */
  rearm(timer: WheelTimer, afterMs: number): void {
    this.cancel(timer);
    timer.deadline = this.#now() + afterMs;
    this.#place(timer);
  }

  /** Cancelling twice, or after the timer has fired, changes nothing. */
  cancel(timer: WheelTimer): void {
    const { next, previous } = timer;
    if (next === undefined || previous === undefined) return;
    previous.next = next;
    next.previous = previous;
    timer.next = undefined;
    timer.previous = undefined;
    this.#size--;
  }

  /** Stops for good; neither timers that are armed nor those armed later ever fire. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#turning);
    this.#turning = undefined;
    for (const slot of this.#slots) while (slot.next !== slot) this.cancel(slot.next);
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
      const slot = this.#slots[tick % SLOTS] as Slot;
      for (let timer = slot.next; timer !== slot; timer = timer.next as WheelTimer) {
        if (timer.deadline <= now) due.push(timer);
      }
    }
    this.#tick = last;
    const thrown: unknown[] = [];
    for (const timer of due) {
      // One timer's callback may have cancelled another that was due in the same turn, or put it off.
      if (timer.next === undefined || timer.deadline > now) continue;
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
    const slot = this.#slots[Math.ceil(timer.deadline / this.#tickMs) % SLOTS] as Slot;
    const last = slot.previous;
    timer.previous = last;
    timer.next = slot;
    last.next = timer;
    slot.previous = timer;
    this.#size++;
    if (this.#turning === undefined) {
      this.#tick = Math.floor(this.#now() / this.#tickMs);
      this.#turning = setInterval(() => this.turn(), this.#tickMs);
      this.#turning.unref();
    }
  }
}
