/** Asks one server of the business: signed, bounded, at most so many at a time, repeated with jitter, or not at all. */
import type { Logger } from 'pino';
import { Breaker, type BreakerState } from '../circuit-breaker.ts';
import { type AddressGuard, addressGuard } from './addresses.ts';
import { type BoundedAnswer, FetchError, HttpClient } from './bounded-fetch.ts';
import { CallFailure, fetchFailure } from './failure.ts';
import type { MeteredCaller, OutboundMetrics } from './metrics.ts';
import type { Question } from './question.ts';
import { signer } from './signature.ts';
import { NoRoom, Slots } from './slots.ts';

/** Least time between two log lines about questions that were not asked, ms. */
const COMPLAIN_EVERY_MS = 10_000;

export interface CallerOptions {
  readonly url: string;
  readonly allowPrivate: boolean | readonly string[];
  /** For `Authorization`. */
  readonly bearer?: string | undefined;
  /** None: requests are not signed. */
  readonly secrets: readonly string[];
  /** Of one attempt, ms. */
  readonly timeout: number;
  readonly retries: number;
  /** Longest pauses between attempts, ms. */
  readonly backoff: { readonly first: number; readonly most: number };
  readonly breaker: { readonly failures: number; readonly openFor: number };
  readonly concurrency: number;
  readonly waiting: number;
  readonly maxBytes: number;
}

/** What all callers of a gateway have in common. */
export interface Outbound {
  readonly metrics?: OutboundMetrics | undefined;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** Epoch ms. */
  readonly now: () => number;
  /** Tests give one with their own name service. */
  readonly guard?: ((allowPrivate: CallerOptions['allowPrivate']) => AddressGuard) | undefined;
}

export interface CallerParts {
  /** For metrics and log. */
  readonly name: string;
  readonly options: CallerOptions;
  readonly outbound: Outbound;
  /** More headers, made of the body. */
  readonly headers?: (body: string) => Readonly<Record<string, string>>;
}

export class Caller implements MeteredCaller {
  readonly name: string;
  /** Of notifications; set by whoever sends them. */
  queueLength: () => number = () => 0;
  /** Called after each change of the breaker. */
  breakerChanged: () => void = () => {};
  readonly #options: CallerOptions;
  readonly #client: HttpClient;
  readonly #breaker: Breaker;
  readonly #slots: Slots;
  readonly #sign: ReturnType<typeof signer> | undefined;
  readonly #parts: CallerParts;
  #complainedAt = Number.NEGATIVE_INFINITY;
  /** Attempts under way. */
  #attempts = 0;
  #isRetired = false;

  constructor(parts: CallerParts) {
    const { name, options, outbound } = parts;
    const { guard = addressGuard } = outbound;
    this.name = name;
    this.#parts = parts;
    this.#options = options;
    this.#client = new HttpClient(guard(options.allowPrivate));
    this.#breaker = new Breaker(options.breaker, (state) => this.#changed(state));
    this.#slots = new Slots(options.concurrency, options.waiting);
    this.#sign = options.secrets.length === 0 ? undefined : signer(options.secrets);
  }

  get breakerState(): BreakerState {
    return this.#breaker.state;
  }

  /** ms until an attempt may be made; undefined: when the one that is under way has been answered. */
  get opensInMs(): number | undefined {
    return this.#breaker.opensInMs;
  }

  get waiting(): number {
    return this.#slots.waiting;
  }

  get queued(): number {
    return this.queueLength();
  }

  /**
   * Asks in its turn, and again as the options say. `deadlineMs` is for all of it; undefined: as long as it takes.
   *
   * @throws CallFailure
   */
  async ask<Answer>(question: Question<Answer>, deadlineMs?: number): Promise<Answer> {
    const signal = deadlineMs === undefined ? undefined : AbortSignal.timeout(deadlineMs);
    try {
      return await this.#slots.take(() => this.#askRepeatedly(question, signal), signal);
    } catch (error) {
      if (error instanceof CallFailure) throw error;
      const failure =
        error instanceof NoRoom
          ? new CallFailure('overloaded', error.message)
          : new CallFailure('timeout', `no answer within ${deadlineMs} ms`, { cause: error });
      this.#complain(question.event, failure);
      throw failure;
    }
  }

  /** Of questions that were never asked there may be thousands: one stands for all of a while. */
  #complain(event: string, { fault, message }: CallFailure): void {
    const now = performance.now();
    if (now - this.#complainedAt < COMPLAIN_EVERY_MS) return;
    this.#complainedAt = now;
    this.#parts.outbound.log.warn(
      { hook: this.name, event, fault, reason: message },
      'a hook is asked more than it answers',
    );
  }

  async #askRepeatedly<Answer>(question: Question<Answer>, signal: AbortSignal | undefined): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(question, signal);
      } catch (error) {
        const isLast = attempt > this.#options.retries || signal?.aborted === true || this.opensInMs !== 0;
        if (isLast || !(error instanceof CallFailure) || !error.mayPass) throw error;
        await pause(this.pauseAfter(attempt), signal);
      }
    }
  }

  /** Full jitter, ms: those who failed together do not come back together. */
  pauseAfter(attempt: number): number {
    const { first, most } = this.#options.backoff;
    return Math.random() * Math.min(most, first * 2 ** Math.min(attempt - 1, 30));
  }

  /** One attempt, now. @throws CallFailure; `breaker_open` without having asked */
  async attempt<Answer>(question: Question<Answer>, signal?: AbortSignal): Promise<Answer> {
    const passage = this.#breaker.enter();
    if (passage === undefined) throw new CallFailure('breaker_open', 'the circuit breaker is open');
    const startedAt = performance.now();
    this.#attempts++;
    try {
      const answer = question.read(await this.#exchange(question, signal));
      passage.succeeded();
      return answer;
    } catch (error) {
      passage.failed();
      const failure = asFailure(error);
      const { fault, message } = failure;
      this.#parts.outbound.log.warn(
        { hook: this.name, event: question.event, id: question.id, fault, reason: message },
        'a hook gave no usable answer',
      );
      throw failure;
    } finally {
      this.#attempts--;
      this.#closeIdle();
      this.#parts.outbound.metrics?.took(this.name, question.event, performance.now() - startedAt);
    }
  }

  /** A socket that the server had closed already is no attempt that failed: the next one is new. */
  async #exchange(question: Question<unknown>, signal: AbortSignal | undefined): Promise<BoundedAnswer> {
    try {
      return await this.#post(question, signal);
    } catch (error) {
      if (!(error instanceof FetchError) || !error.stale) throw error;
      return this.#post(question, signal);
    }
  }

  #post(question: Question<unknown>, signal: AbortSignal | undefined): Promise<BoundedAnswer> {
    const body = question.body();
    const { bearer } = this.#options;
    return this.#client.fetch(this.#options.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': 'dragoman',
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...this.#parts.headers?.(body),
        ...this.#sign?.(question.id, body, this.#parts.outbound.now()),
      },
      body,
      timeoutMs: this.#options.timeout,
      maxBytes: this.#options.maxBytes,
      signal,
    });
  }

  #changed(state: BreakerState): void {
    const { log } = this.#parts.outbound;
    if (state === 'open') log.warn({ hook: this.name }, 'the circuit breaker of a hook has opened');
    if (state === 'closed') log.info({ hook: this.name }, 'the circuit breaker of a hook has closed');
    this.breakerChanged();
  }

  /**
   * Something else has taken its place: it keeps no socket once nothing is under way. Whoever still holds it may ask
   * as before.
   */
  retire(): void {
    this.#isRetired = true;
    this.#closeIdle();
  }

  #closeIdle(): void {
    if (this.#isRetired && this.#attempts === 0) this.#client.close();
  }

  /** Ends what is under way. */
  close(): void {
    this.#client.close();
  }
}

const asFailure = (error: unknown): CallFailure => {
  if (error instanceof CallFailure) return error;
  if (error instanceof FetchError) return fetchFailure(error);
  return new CallFailure('invalid_answer', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
};

/** @throws the signal's reason when it comes first */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const leave = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', leave);
      resolve();
    }, ms);
    signal?.addEventListener('abort', leave, { once: true });
  });
}
