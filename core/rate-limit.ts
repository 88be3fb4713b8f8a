/** A token bucket: `perSecond` in the long run, `burst` at once after a pause. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(limits: { readonly perSecond: number; readonly burst: number }, now: number) {
    this.#perMs = limits.perSecond / 1000;
    this.#burst = limits.burst;
    this.#tokens = limits.burst;
    this.#at = now;
  }

  /** Takes `cost` tokens if they are there. `now` is monotonic ms. */
  take(now: number, cost = 1): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#tokens < cost) return false;
    this.#tokens -= cost;
    return true;
  }
}
