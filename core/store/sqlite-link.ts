/** The gateway's end of the line to the database thread: batches what is asked, answers in order. */
import { Worker } from 'node:worker_threads';
import { StoreMetrics } from './metrics.ts';
import type { AppendOperation, StoreCallback, StoreOutcome } from './port.ts';
import { appendRow } from './sqlite-append.ts';
import { type Asker, failure, type Sender, tell } from './sqlite-askers.ts';
import { isPatient, isUnasked } from './sqlite-haste.ts';
import type {
  DatabaseOptions,
  DatabaseRequest,
  DatabaseStats,
  FromDatabase,
  OpenedDatabase,
  RawAnswers,
  RequestKind,
  RequestOf,
  SentOutcome,
  SentRequest,
  ToDatabase,
} from './sqlite-protocol.ts';

/** The thread's file beside this one: `.ts` in a source checkout, `.js` in a build. */
const extension = new URL(import.meta.url).pathname.endsWith('.ts') ? '.ts' : '.js';
const THREAD = new URL(`./sqlite-worker${extension}`, import.meta.url);

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

/** The thread is not available: why, for health and for the log. */
const GONE = 'the thread of the database has ended';

const NO_STATS: DatabaseStats = { transactions: 0, writes: 0, commitMs: 0 };

/** Requests that are sent together: how many have been sent with it, and since when the first waits (monotonic ms). */
interface SentBatch {
  readonly upTo: number;
  readonly at: number;
}

export class DatabaseLink {
  private readonly options: DatabaseOptions;
  private readonly now: () => number;
  private worker: Worker | undefined;
  /** Asked, not sent yet; and since when somebody waits for one of them, monotonic ms. */
  private unsent: SentRequest[] = [];
  private unsentSince = 0;
  /** One for each request sent or unsent, in order. */
  private waiting: (Asker | Sender)[] = [];
  private answered = 0;
  /** Whether the end of this turn sends what is unsent, and what sends it a little later. */
  private due = false;
  private later: NodeJS.Timeout | undefined;
  /** Whether somebody waits for what is unsent, and whether it may not even wait for the thread. */
  private asks = false;
  private hurries = false;
  /** When the newest batch was sent, monotonic ms, and whether it was one of several requests. */
  private sentAt = Number.NEGATIVE_INFINITY;
  private areMany = false;
  private ticks: NodeJS.Timeout | undefined;
  private ticking = false;
  private closing: PromiseWithResolvers<void> | undefined;
  /** Requests sent to this thread and answered by it, and the batches that have no answer yet. */
  private sent = 0;
  private received = 0;
  private batches: SentBatch[] = [];
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

  /** The thread that is at work; undefined: none, until something is asked. */
  get thread(): Worker | undefined {
    return this.worker;
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
    if (this.worker === undefined) this.closing.resolve();
    else this.post({ kind: 'close' });
    return this.closing.promise;
  }

  private start(): Promise<OpenedDatabase> {
    const opening = Promise.withResolvers<OpenedDatabase>();
    const worker = new Worker(THREAD, { workerData: this.options, name: 'dragoman-store', execArgv: [] });
    this.worker = worker;
    worker.on('message', (message: FromDatabase) => {
      switch (message.kind) {
        case 'opened':
          this.fault = undefined;
          this.stats = NO_STATS;
          opening.resolve(message);
          break;
        case 'refused':
          opening.reject(new Error(message.message));
          this.lose(worker, message.message);
          void worker.terminate();
          break;
        case 'answers':
          this.measure(message.stats, message.outcomes.length);
          this.fault = message.fault;
          this.settle(message.outcomes);
          this.schedule();
          break;
        default:
          message satisfies never;
      }
    });
    worker.on('error', (error) => {
      opening.reject(error);
      this.lose(worker, error instanceof Error ? error.message : String(error));
    });
    worker.on('exit', () => {
      opening.reject(new Error(GONE));
      this.lose(worker, GONE);
    });
    return opening.promise;
  }

  private send(request: SentRequest, asker: Asker | Sender): void {
    if (!isPatient(request)) this.hurries = true;
    if (!this.asks && !isUnasked(request)) {
      this.asks = true;
      this.unsentSince = performance.now();
      clearTimeout(this.later);
      this.later = undefined;
    }
    this.unsent.push(request);
    this.waiting.push(asker);
    this.schedule();
  }

  /** Sends at the end of the turn, or when one of the batches before has been answered. */
  private schedule(): void {
    if (this.due || this.unsent.length === 0) return;
    if (this.hurries ? this.underWay >= MOST_UNDER_WAY : this.batches.length > 0) return;
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
    if (this.hurries) return 0;
    if (!this.asks) return UNASKED_WAIT_MS;
    return this.areMany ? this.sentAt + PAUSE_MS - performance.now() : 0;
  }

  private get underWay(): number {
    return this.sent - this.received;
  }

  private flush(most = MOST_UNDER_WAY - this.underWay): void {
    this.due = false;
    clearTimeout(this.later);
    this.later = undefined;
    if (this.unsent.length === 0) return;
    if (!this.asks) this.unsentSince = performance.now();
    if (this.worker === undefined && this.closing === undefined) this.restart();
    if (this.worker === undefined) {
      this.asks = this.unsent.length > most;
      this.hurries = this.asks;
      this.settle(this.unsent.splice(0, most).map(() => failure(this.fault ?? GONE)));
    } else {
      // What is not sent yet stays among the unsent, so that it is known whose a batch is.
      for (let left = Math.min(most, this.unsent.length); left > 0; left -= MOST_IN_BATCH)
        this.sendBatch(this.unsent.splice(0, Math.min(left, MOST_IN_BATCH)));
      if (this.unsent.length === 0) {
        this.asks = false;
        this.hurries = false;
      }
    }
    this.schedule();
  }

  private sendBatch(requests: readonly SentRequest[]): void {
    this.sent += requests.length;
    this.sentAt = performance.now();
    this.areMany = requests.length > 1;
    this.batches.push({ upTo: this.sent, at: this.unsentSince });
    this.post({ kind: 'requests', now: this.now(), requests });
  }

  private post(message: ToDatabase): void {
    try {
      this.worker?.postMessage(message);
    } catch (error) {
      // What cannot be cloned is a fault of the caller's, and none of the requests has been sent.
      if (message.kind === 'requests') this.settleUncloneable(message.requests, error);
    }
  }

  private settleUncloneable(requests: readonly SentRequest[], error: unknown): void {
    this.sent -= requests.length;
    this.batches.pop();
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

  private measure(stats: DatabaseStats, answers: number): void {
    const transactions = stats.transactions - this.stats.transactions;
    if (transactions > 0) {
      const ms = stats.commitMs - this.stats.commitMs;
      this.metrics.committed({ transactions, rows: stats.writes - this.stats.writes, ms });
    }
    this.stats = stats;
    this.received += answers;
    const now = performance.now();
    const open = this.batches.findIndex(({ upTo }) => upTo > this.received);
    const answered = this.batches.splice(0, open < 0 ? this.batches.length : open);
    for (const { at } of answered) this.metrics.answered(now - at);
  }

  private settle(outcomes: readonly SentOutcome[]): void {
    for (const outcome of outcomes) {
      if (typeof outcome !== 'number' && !outcome.ok && outcome.error.code === 'store_unavailable')
        this.metrics.failures++;
      const asker = this.waiting[this.answered];
      this.answered += 1;
      if (asker !== undefined) tell(asker, outcome);
    }
    this.waiting = this.waiting.slice(this.answered);
    this.answered = 0;
  }

  /** All that was sent to this thread stays without an answer from it. */
  private lose(worker: Worker, reason: string): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    this.batches = [];
    this.sent = this.received;
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
