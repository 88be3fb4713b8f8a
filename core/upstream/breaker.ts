/**
 * A circuit breaker: after so many failures in a row nobody tries for a while, then one may; if that one gets
 * through, all may again.
 */
export interface BreakerTimes {
  /** In a row, of all who try. */
  readonly failures: number;
  /** ms */
  readonly openFor: number;
}

/** How somebody was let in: with all others, or alone, for all others. */
export type Entry = 'one of many' | 'probe';

export class Breaker {
  readonly #times: BreakerTimes;
  /** Monotonic ms. */
  readonly #now: () => number;
  #failed = 0;
  #openUntil = 0;
  #probing = false;

  constructor(times: BreakerTimes, now: () => number) {
    this.#times = times;
    this.#now = now;
  }

  get state(): 'closed' | 'open' | 'half_open' {
    if (this.#failed < this.#times.failures) return 'closed';
    return this.#now() < this.#openUntil ? 'open' : 'half_open';
  }

  /** Leave to try now, to be given back by how it went: `succeeded`, `failed` or `abandoned`. Undefined: not now. */
  enter(): Entry | undefined {
    const { state } = this;
    if (state === 'closed') return 'one of many';
    if (state === 'open' || this.#probing) return undefined;
    this.#probing = true;
    return 'probe';
  }

  succeeded(): void {
    this.#failed = 0;
    this.#probing = false;
  }

  failed(entry: Entry): void {
    this.#failed++;
    this.abandoned(entry);
    if (this.#failed >= this.#times.failures) this.#openUntil = this.#now() + this.#times.openFor;
  }

  /** It was not found out: whoever tried went away. */
  abandoned(entry: Entry): void {
    if (entry === 'probe') this.#probing = false;
  }
}
