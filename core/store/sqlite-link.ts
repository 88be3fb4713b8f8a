/** The gateway's end of the line to the database thread: batches what is asked, answers in order. */
import type { Worker } from 'node:worker_threads';
import { StoreMetrics } from './metrics.ts';
import type { AppendOperation, StoreCallback, StoreOutcome } from './port.ts';
import { appendRow } from './sqlite-append.ts';
import { type Asker, failure, type Sender, tell } from './sqlite-askers.ts';
import { HASTE, type Haste, hasteOf } from './sqlite-haste.ts';
import type {
  DatabaseOptions,
  DatabaseRequest,
  OpenedDatabase,
  RawAnswers,
  RequestKind,
  RequestOf,
  SentOutcome,
  SentRequest,
} from './sqlite-protocol.ts';
import { type DatabaseAnswers, DatabaseThread, GONE, NO_STATS, type ThreadOwner } from './sqlite-thread.ts';

/** How often the database is given time to clean up, and a sick one is tried again, ms. */
const TICK_MS = 5_000;

/** Most requests that the thread has and has not answered; others wait here. */
const MOST_UNDER_WAY = 4096;
/** Most requests of a batch: the thread answers one while it has another. */
const MOST_IN_BATCH = 256;
/** How long what nobody waits for waits for something that it can go with, ms. */
const UNASKED_WAIT_MS = 10;
/**
 * How long after the batch before it goes, ms, what comes with many logins: a thread that is woken, and a sync, for each
 * cost more than what is asked. Whoever asks one thing after the other does not wait.
 */
const PAUSE_MS = 4;

export class DatabaseLink implements ThreadOwner {
  private readonly options: DatabaseOptions;
  private readonly now: () => number;
  /** The one that is at work; undefined: none, until something is asked. */
  private atWork: DatabaseThread | undefined;
  /** Asked, not sent yet; and since when somebody waits for one of them, monotonic ms. */
  private unsent: SentRequest[] = [];
  private unsentSince = 0;
  /** One for each request sent or unsent, in order. */
  private waiting: (Asker | Sender)[] = [];
  private told = 0;
  /** Whether the end of this turn sends what is unsent, and what sends it a little later. */
  private due = false;
  private later: NodeJS.Timeout | undefined;
  /** Of what is unsent and may wait the least. */
  private haste: Haste = HASTE.unasked;
  /** When the newest batch was sent, monotonic ms, and whether it was one of several requests. */
  private sentAt = Number.NEGATIVE_INFINITY;
  private areMany = false;
  private ticks: NodeJS.Timeout | undefined;
  private ticking = false;
  private closing: PromiseWithResolvers<void> | undefined;
  readonly metrics = new StoreMetrics(() => this.waiting.length);
  stats = NO_STATS;
  fault: string | undefined;

  constructor(options: DatabaseOptions, now: () => number) {
    this.options = options;
    this.now = now;
  }

  /** Rejects with an Error that says what is wrong with the data directory. */
  async open(): Promise<OpenedDatabase> {
    const contents = await this.start();
    this.ticks = setInterval(() => this.tick(), TICK_MS);
    this.ticks.unref();
    return contents;
  }

  get thread(): Worker | undefined {
    return this.atWork?.worker;
  }

  /** Asks the database. `finish` turns the answer into the caller's; it runs before the answer is given. */
  ask<Kind extends RequestKind, Value>(
    request: RequestOf<Kind>,
    done: StoreCallback<Value>,
    finish: (answer: RawAnswers[Kind]) => Value,
  ): void {
    this.send(request as DatabaseRequest, {
      done: done as StoreCallback<unknown>,
      finish: finish as Asker['finish'],
    });
  }

  /** Stores one message, which nothing else depends on. */
  append({ draft, said }: AppendOperation, done: Sender['done']): void {
    this.send(appendRow({ kind: 'append', draft, said }), { done, draft });
  }

  /** Resolves when all is answered and the file is closed. */
  close(): Promise<void> {
    if (this.closing !== undefined) return this.closing.promise;
    this.closing = Promise.withResolvers<void>();
    clearInterval(this.ticks);
    clearTimeout(this.later);
    for (let left = this.unsent.length; left > 0; left -= MOST_UNDER_WAY) this.flush(MOST_UNDER_WAY);
    if (this.atWork === undefined) this.closing.resolve();
    else this.atWork.close();
    return this.closing.promise;
  }

  private start(): Promise<OpenedDatabase> {
    this.atWork = new DatabaseThread(this.options, this);
    return this.atWork.contents;
  }

  private send(request: SentRequest, asker: Asker | Sender): void {
    const haste = hasteOf(request);
    if (haste > this.haste) {
      if (this.haste === HASTE.unasked) {
        this.unsentSince = performance.now();
        clearTimeout(this.later);
        this.later = undefined;
      }
      this.haste = haste;
    }
    this.unsent.push(request);
    this.waiting.push(asker);
    this.schedule();
  }

  /** Sends at the end of the turn, or when one of the batches before has been answered. */
  private schedule(): void {
    if (this.due || this.unsent.length === 0) return;
    const isUrgent = this.haste === HASTE.urgent;
    if (isUrgent ? this.underWay >= MOST_UNDER_WAY : this.atWork?.isFree === false) return;
    const wait = this.wait;
    if (wait > 0) {
      this.later ??= setTimeout(() => this.flush(), wait);
      return;
    }
    this.due = true;
    setImmediate(() => this.flush());
  }

  /** How long what is unsent may wait for more, ms. */
  private get wait(): number {
    if (this.haste === HASTE.unasked) return UNASKED_WAIT_MS;
    if (this.haste > HASTE.patient || !this.areMany) return 0;
    return this.sentAt + PAUSE_MS - performance.now();
  }

  private get underWay(): number {
    return this.atWork?.underWay ?? 0;
  }

  private flush(most = MOST_UNDER_WAY - this.underWay): void {
    this.due = false;
    clearTimeout(this.later);
    this.later = undefined;
    if (this.unsent.length === 0) return;
    if (this.haste === HASTE.unasked) this.unsentSince = performance.now();
    if (this.atWork === undefined && this.closing === undefined) this.restart();
    if (this.atWork === undefined) {
      this.haste = this.unsent.length > most ? HASTE.urgent : HASTE.unasked;
      this.settle(this.unsent.splice(0, most).map(() => failure(this.fault ?? GONE)));
    } else {
      // What is not sent yet stays among the unsent, so that it is known whose a batch is.
      for (let left = Math.min(most, this.unsent.length); left > 0; left -= MOST_IN_BATCH)
        this.sendBatch(this.atWork, this.unsent.splice(0, Math.min(left, MOST_IN_BATCH)));
      if (this.unsent.length === 0) this.haste = HASTE.unasked;
    }
    this.schedule();
  }

  private sendBatch(thread: DatabaseThread, requests: readonly SentRequest[]): void {
    this.sentAt = performance.now();
    this.areMany = requests.length > 1;
    try {
      thread.send({ kind: 'requests', now: this.now(), requests }, this.unsentSince);
    } catch (error) {
      // What cannot be cloned is a fault of the caller's.
      this.settleUncloneable(requests, error);
    }
  }

  private settleUncloneable(requests: readonly SentRequest[], error: unknown): void {
    this.schedule();
    const outcome = failure(error instanceof Error ? error.message : String(error));
    const sent = this.waiting.length - this.unsent.length;
    const askers = this.waiting.splice(sent - requests.length, requests.length);
    for (const asker of askers) tell(asker, outcome);
  }

  /** The thread ended without being asked to: a new one takes over, and refuses if it can't. */
  private restart(): void {
    this.start().catch((error: unknown) => {
      this.fault = error instanceof Error ? error.message : String(error);
    });
  }

  private settle(outcomes: readonly SentOutcome[]): void {
    for (const outcome of outcomes) {
      if (typeof outcome !== 'number' && !outcome.ok && outcome.error.code === 'store_unavailable')
        this.metrics.failures++;
      const asker = this.waiting[this.told];
      this.told += 1;
      if (asker !== undefined) tell(asker, outcome);
    }
    this.waiting = this.waiting.slice(this.told);
    this.told = 0;
  }

  // --- from the thread --------------------------------------------------------------------------------------

  opened(): void {
    this.fault = undefined;
    this.stats = NO_STATS;
  }

  answered({ stats, fault, outcomes }: DatabaseAnswers): void {
    this.stats = stats;
    this.fault = fault;
    this.settle(outcomes);
    this.schedule();
  }

  lost(reason: string): void {
    this.atWork = undefined;
    if (this.closing === undefined) this.fault = reason;
    const sent = this.waiting.length - this.unsent.length;
    this.settle(Array.from({ length: sent }, () => failure(reason)));
    this.schedule();
    this.closing?.resolve();
  }

  private tick(): void {
    if (this.ticking || this.closing !== undefined) return;
    this.ticking = true;
    const done = (outcome: StoreOutcome<unknown>): void => {
      this.ticking = false;
      if (outcome.ok && outcome.value === true) this.tick();
    };
    this.send({ kind: 'tick' }, { done, finish: (isBehind) => isBehind });
  }
}
