/** A circuit breaker: whom nobody has reached for some time is left in peace for a while, and so is who waits. */

export type BreakerState = 'closed' | 'open' | 'half_open';

export interface BreakerOptions {
  /** Failures one after the other that open it. */
  readonly failures: number;
  /** ms. */
  readonly openFor: number;
}

/** Given to each attempt that is let through; its end is told once. */
export interface Attempt {
  succeeded(): void;
  failed(): void;
  /** It was not found out: whoever tried went away. The next may try in its place. */
  abandoned(): void;
}

export class Breaker {
  readonly #options: BreakerOptions;
  readonly #now: () => number;
  readonly #changed: (state: BreakerState) => void;
  #state: BreakerState = 'closed';
  #failures = 0;
  #openedAt = 0;
  /** Attempts let through before the last change say nothing about the time after it. */
  #era = 0;

  /** `now` is monotonic ms. `changed` is called after each change of state. */
  constructor(
    options: BreakerOptions,
    changed: (state: BreakerState) => void = () => {},
    now: () => number = () => performance.now(),
  ) {
    this.#options = options;
    this.#changed = changed;
    this.#now = now;
  }

  /** `half_open`: one may try for all, or does. */
  get state(): BreakerState {
    return this.#state === 'open' && this.opensInMs === 0 ? 'half_open' : this.#state;
  }

  /** ms until an attempt may be let through: 0 now, undefined when the one under way has been answered. */
  get opensInMs(): number | undefined {
    if (this.#state === 'closed') return 0;
    if (this.#state === 'half_open') return undefined;
    return Math.max(0, this.#openedAt + this.#options.openFor - this.#now());
  }

  /** Leave to make one attempt; undefined: not now. */
  enter(): Attempt | undefined {
    if (this.opensInMs !== 0) return undefined;
    if (this.#state === 'open') this.#become('half_open');
    const era = this.#era;
    return {
      succeeded: () => era === this.#era && this.#succeeded(),
      failed: () => era === this.#era && this.#failed(),
      abandoned: () => era === this.#era && this.#abandoned(),
    };
  }

  #succeeded(): void {
    this.#failures = 0;
    if (this.#state !== 'closed') this.#become('closed');
  }

  #failed(): void {
    this.#failures++;
    if (this.#state === 'closed' && this.#failures < this.#options.failures) return;
    this.#openedAt = this.#now();
    this.#become('open');
  }

  /** Its time to be left in peace is over already. */
  #abandoned(): void {
    if (this.#state === 'half_open') this.#become('open');
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.#era++;
    if (state === 'closed') this.#failures = 0;
    this.#changed(state);
  }
}
