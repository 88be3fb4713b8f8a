/** Asks one server of the business: signed, bounded, at most so many at a time, repeated with jitter, or not at all. */
import type { Logger } from 'pino';
import { type BoundedAnswer, FetchError, HttpClient } from '../auth/bounded-fetch.ts';
import { NoRoom, Slots } from '../auth/slots.ts';
import { Breaker, type BreakerState } from '../circuit-breaker.ts';
import type { AddressGuard } from './addresses.ts';
import { fetchFailure, HookFailure } from './failure.ts';
import type { HookMetrics, MeteredHook } from './metrics.ts';
import { signer } from './signature.ts';

/** Least time between two log lines about questions that were not asked, ms. */
const COMPLAIN_EVERY_MS = 10_000;

export interface CallerOptions {
  readonly url: string;
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

export interface CallerParts {
  readonly name: string;
  readonly options: CallerOptions;
  readonly guard: AddressGuard;
  readonly metrics?: HookMetrics | undefined;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** More headers, made of the body. */
  readonly headers?: (body: string) => Readonly<Record<string, string>>;
  /** Epoch ms. */
  readonly now: () => number;
}

export interface Question<Answer> {
  readonly event: string;
  /** The same in each attempt: by it a receiver knows a repeat. */
  readonly id: string;
  /** Says which attempt it is: no two requests are equal, so an equal one is somebody's replay. */
  body(): string;
  /** @throws HookFailure for what is no answer */
  read(answer: BoundedAnswer): Answer;
}

export class HookCaller implements MeteredHook {
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

  constructor(parts: CallerParts) {
    const { name, options, guard, metrics } = parts;
    this.name = name;
    this.#parts = parts;
    this.#options = options;
    this.#client = new HttpClient(guard);
    this.#breaker = new Breaker(options.breaker, (state) => this.#changed(state));
    this.#slots = new Slots(options.concurrency, options.waiting);
    this.#sign = options.secrets.length === 0 ? undefined : signer(options.secrets);
    metrics?.add(this);
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
   * @throws HookFailure
   */
  async ask<Answer>(question: Question<Answer>, deadlineMs?: number): Promise<Answer> {
    const signal = deadlineMs === undefined ? undefined : AbortSignal.timeout(deadlineMs);
    try {
      return await this.#slots.take(() => this.#askRepeatedly(question, signal), signal);
    } catch (error) {
      if (error instanceof HookFailure) throw error;
      const failure =
        error instanceof NoRoom
          ? new HookFailure('overloaded', error.message)
          : new HookFailure('timeout', `no answer within ${deadlineMs} ms`, { cause: error });
      this.#complain(question.event, failure);
      throw failure;
    }
  }

  /** Of questions that were never asked there may be thousands: one stands for all of a while. */
  #complain(event: string, { fault, message }: HookFailure): void {
    const now = performance.now();
    if (now - this.#complainedAt < COMPLAIN_EVERY_MS) return;
    this.#complainedAt = now;
    this.#parts.log.warn(
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
        if (isLast || !(error instanceof HookFailure) || !error.mayPass) throw error;
        await pause(this.pauseAfter(attempt), signal);
      }
    }
  }

  /** Full jitter, ms: those who failed together do not come back together. */
  pauseAfter(attempt: number): number {
    const { first, most } = this.#options.backoff;
    return Math.random() * Math.min(most, first * 2 ** Math.min(attempt - 1, 30));
  }

  /** One attempt, now. @throws HookFailure; `breaker_open` without having asked */
  async attempt<Answer>(question: Question<Answer>, signal?: AbortSignal): Promise<Answer> {
    const passage = this.#breaker.enter();
    if (passage === undefined) throw new HookFailure('breaker_open', 'the circuit breaker is open');
    const startedAt = performance.now();
    try {
      const answer = question.read(await this.#exchange(question, signal));
      passage.succeeded();
      return answer;
    } catch (error) {
      passage.failed();
      const failure = asFailure(error);
      const { fault, message } = failure;
      this.#parts.log.warn(
        { hook: this.name, event: question.event, id: question.id, fault, reason: message },
        'a hook gave no usable answer',
      );
      throw failure;
    } finally {
      this.#parts.metrics?.took(this.name, question.event, performance.now() - startedAt);
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
    return this.#client.fetch(this.#options.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': 'dragoman',
        ...this.#parts.headers?.(body),
        ...this.#sign?.(question.id, body, this.#parts.now()),
      },
      body,
      timeoutMs: this.#options.timeout,
      maxBytes: this.#options.maxBytes,
      signal,
    });
  }

  #changed(state: BreakerState): void {
    const { log } = this.#parts;
    if (state === 'open') log.warn({ hook: this.name }, 'the circuit breaker of a hook has opened');
    if (state === 'closed') log.info({ hook: this.name }, 'the circuit breaker of a hook has closed');
    this.breakerChanged();
  }

  /** Ends what is under way. */
  close(): void {
    this.#client.close();
  }
}

const asFailure = (error: unknown): HookFailure => {
  if (error instanceof HookFailure) return error;
  if (error instanceof FetchError) return fetchFailure(error);
  return new HookFailure('invalid_answer', error instanceof Error ? error.message : String(error), {
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
