/**
 * The keys of an issuer as they change over time: kept for a while, loaded again when they are old or when a
 * token names one that is not there, and never more often than the cooldown allows.
 */
import type { Logger } from 'pino';
import { GatewayError } from '../errors.ts';
import type { NamedKey } from './verification-key.ts';

/** After a load that failed the next comes sooner: an issuer that restarts is soon back, ms. */
const RETRY_MS = 1000;

export interface KeySetOptions {
  /** The keys, or undefined if they have not changed since. */
  load(): Promise<readonly NamedKey[] | undefined>;
  /** How old a set may grow before it is loaded again, ms. */
  readonly maxAgeMs: number;
  /** Least time between two loads, failed ones included, ms. */
  readonly cooldownMs: number;
  /** How long beyond `maxAgeMs` an old set is used while loading fails, ms. */
  readonly maxStaleMs: number;
  readonly log: Pick<Logger, 'warn'>;
  /** Monotonic ms. */
  readonly now?: () => number;
}

export class KeySet {
  readonly #options: KeySetOptions;
  readonly #now: () => number;
  #keys: readonly NamedKey[] | undefined;
  #loadedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #failed = false;
  #loading: Promise<void> | undefined;

  constructor(options: KeySetOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * The keys that a token may be signed with: those of its key id, or all if it names none.
   *
   * @throws GatewayError upstream_unavailable when there is no set that is fresh enough
   */
  async candidates(id: string | undefined): Promise<readonly NamedKey[]> {
    if (this.#age() >= this.#options.maxAgeMs) await this.#reload();
    let found = this.#matching(id);
    if (found.length === 0) {
      await this.#reload();
      found = this.#matching(id);
    }
    return found;
  }

  #age(): number {
    return this.#now() - this.#loadedAt;
  }

  #matching(id: string | undefined): readonly NamedKey[] {
    const { maxAgeMs, maxStaleMs } = this.#options;
    if (this.#keys === undefined || this.#age() >= maxAgeMs + maxStaleMs)
      throw new GatewayError('upstream_unavailable', {
        fatal: 'upstream_unavailable',
        cause: new Error('the keys of the issuer cannot be had'),
      });
    return id === undefined ? this.#keys : this.#keys.filter((key) => key.id === id);
  }

  /** One load at a time, whoever asks; none within the cooldown. What goes wrong is logged, and the old set stays. */
  #reload(): Promise<void> {
    if (this.#loading !== undefined) return this.#loading;
    const { cooldownMs } = this.#options;
    const pause = this.#failed ? Math.min(cooldownMs, RETRY_MS) : cooldownMs;
    if (this.#now() - this.#triedAt < pause) return Promise.resolve();
    this.#triedAt = this.#now();
    this.#loading = this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    try {
      const keys = await this.#options.load();
      if (keys !== undefined) this.#keys = keys;
      this.#loadedAt = this.#now();
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      this.#options.log.warn({ err: error }, 'the keys of a token issuer could not be loaded');
    }
  }
}
