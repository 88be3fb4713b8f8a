/**
 * Tells one server of the business what has happened: nobody waits for it. Told at least once while the queue
 * holds: a notification is tried again until it is taken, for as long as `keep` says. What would exceed the queue
 * drops the oldest, counted and logged.
 */
import type { Logger } from 'pino';
import type { HookConfig, HookEvent } from '../../schemas/config.ts';
import type { BoundedAnswer } from '../outbound/bounded-fetch.ts';
import type { Caller } from '../outbound/caller.ts';
import { CallFailure, statusFailure } from '../outbound/failure.ts';
import type { OutboundMetrics } from '../outbound/metrics.ts';
import type { Question } from '../outbound/question.ts';
import { enveloped } from './envelope.ts';

interface Notification {
  readonly question: Question<void>;
  readonly bytes: number;
  /** Monotonic ms. */
  readonly since: number;
  failures: number;
  /** Runs while it rests between two attempts. */
  rest: NodeJS.Timeout | undefined;
}

export interface NotifierParts {
  readonly caller: Caller;
  readonly config: Pick<HookConfig, 'concurrency' | 'queue' | 'keep'>;
  readonly metrics: OutboundMetrics;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** Epoch ms. */
  readonly now: () => number;
}

export class Notifier {
  readonly #parts: NotifierParts;
  /** All that is not under way, oldest first. */
  readonly #waiting = new Set<Notification>();
  /** Those of them that may be told now, oldest first. */
  readonly #due = new Set<Notification>();
  #bytes = 0;
  #underWay = 0;
  /** Dropped since the queue was last below its bounds. */
  #dropped = 0;
  #wake: NodeJS.Timeout | undefined;
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(parts: NotifierParts) {
    this.#parts = parts;
    const { caller } = parts;
    caller.queueLength = () => this.length;
    caller.breakerChanged = () => this.#pump();
  }

  get length(): number {
    return this.#waiting.size;
  }

  /** `data` is JSON text. */
  tell(event: HookEvent, data: string): void {
    const { now, config } = this.#parts;
    if (this.#stopped) {
      this.#count(event, 'given_up');
      return;
    }
    const notification: Notification = {
      question: enveloped(event, data, now(), taken),
      bytes: Buffer.byteLength(data),
      since: performance.now(),
      failures: 0,
      rest: undefined,
    };
    this.#wait(notification);
    this.#due.add(notification);
    this.#pump();
    const { entries, bytes } = config.queue;
    while (this.#waiting.size > entries || (this.#bytes > bytes && this.#waiting.size > 0))
      this.#dropOldest();
  }

  /** Goes on for at most `ms`; what is not told then is given up. Afterwards nothing is told any more. */
  async drain(ms: number): Promise<void> {
    if (this.#underWay > 0 || this.#waiting.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, ms);
      this.#idle = resolve;
      await promise;
      clearTimeout(timer);
    }
    this.#stopped = true;
    clearTimeout(this.#wake);
    const left = this.#waiting.size;
    for (const notification of [...this.#waiting]) {
      this.#leave(notification);
      this.#count(notification.question.event, 'given_up');
    }
    if (left > 0)
      this.#parts.log.warn(
        { hook: this.#parts.caller.name, left },
        'notifications of a hook are given up at the end',
      );
  }

  #wait(notification: Notification): void {
    this.#waiting.add(notification);
    this.#bytes += notification.bytes;
  }

  #leave(notification: Notification): void {
    if (!this.#waiting.delete(notification)) return;
    this.#bytes -= notification.bytes;
    this.#due.delete(notification);
    clearTimeout(notification.rest);
  }

  #dropOldest(): void {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    this.#leave(oldest);
    this.#count(oldest.question.event, 'dropped');
    this.#dropped++;
    if (this.#dropped > 1) return;
    const { caller, log, config } = this.#parts;
    log.warn(
      { hook: caller.name, ...config.queue },
      'the queue of a hook is full: its oldest notifications are dropped',
    );
  }

  /** Said once for each time that the queue was full. */
  #noteRoom(): void {
    const { caller, log, config } = this.#parts;
    if (this.#dropped === 0 || this.#waiting.size > config.queue.entries / 2) return;
    log.warn({ hook: caller.name, dropped: this.#dropped }, 'the queue of a hook has room again');
    this.#dropped = 0;
  }

  /** Begins as many as may be under way; while the breaker is open, one when it lets one through. */
  #pump(): void {
    const { caller, config } = this.#parts;
    for (const notification of this.#due) {
      if (this.#stopped || this.#underWay >= config.concurrency) return;
      const opensIn = caller.opensInMs;
      if (opensIn !== 0) {
        if (opensIn !== undefined) this.#pumpAfter(opensIn);
        return;
      }
      this.#leave(notification);
      this.#underWay++;
      void this.#attempt(notification).finally(() => {
        this.#underWay--;
        this.#noteRoom();
        this.#pump();
        if (this.#underWay === 0 && this.#waiting.size === 0) this.#idle?.();
      });
    }
  }

  #pumpAfter(ms: number): void {
    clearTimeout(this.#wake);
    this.#wake = setTimeout(() => this.#pump(), Math.ceil(ms)).unref();
  }

  async #attempt(notification: Notification): Promise<void> {
    const { event } = notification.question;
    try {
      await this.#parts.caller.attempt(notification.question);
      this.#count(event, 'told');
    } catch (error) {
      this.#failed(notification, error);
    }
  }

  #failed(notification: Notification, error: unknown): void {
    const { caller, config, log } = this.#parts;
    const { question, since } = notification;
    const failure = error instanceof CallFailure ? error : undefined;
    const mayPass = failure?.fault === 'breaker_open' || failure?.mayPass === true;
    if (mayPass && !this.#stopped && performance.now() - since < config.keep) {
      if (failure?.fault !== 'breaker_open') notification.failures++;
      this.#wait(notification);
      this.#rest(notification);
      return;
    }
    this.#count(question.event, mayPass ? 'given_up' : (failure?.fault ?? 'invalid_answer'));
    log.warn(
      { hook: caller.name, event: question.event, id: question.id, fault: failure?.fault },
      'a notification of a hook is given up',
    );
  }

  #rest(notification: Notification): void {
    const pause = this.#parts.caller.pauseAfter(Math.max(1, notification.failures));
    notification.rest = setTimeout(() => {
      this.#due.add(notification);
      this.#pump();
    }, pause).unref();
  }

  #count(event: string, outcome: Parameters<OutboundMetrics['count']>[2]): void {
    this.#parts.metrics.count(this.#parts.caller.name, event, outcome);
  }
}

/** Any success will do, whatever the body says. */
function taken({ status }: BoundedAnswer): void {
  if (status < 200 || status >= 300) throw statusFailure(status);
}
