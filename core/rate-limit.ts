/** `perSecond` in the long run, `burst` at once after a pause. */
export interface RateLimits {
  readonly perSecond: number;
  readonly burst: number;
}

/** Tokens that come back at the rate of the limits. */
export class TokenBucket {
  readonly #limits: RateLimits;
  #tokens: number;
  #at: number;

  constructor(limits: RateLimits, now: number) {
    this.#limits = limits;
    this.#tokens = limits.burst;
    this.#at = now;
  }

  /** Takes `cost` tokens if they are there. `now` is monotonic ms. */
  take(now: number, cost = 1): boolean {
    const { perSecond, burst } = this.#limits;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) * perSecond) / 1000);
    this.#at = now;
    if (this.#tokens < cost) return false;
    this.#tokens -= cost;
    return true;
  }
}
