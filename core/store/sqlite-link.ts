/** The gateway's end of the line to the database thread: batches what is asked, answers in order. */
import { Worker } from 'node:worker_threads';
import { GatewayError } from '../errors.ts';
import { runSafely } from './answers.ts';
import type { StoreCallback, StoreOutcome } from './port.ts';
import type {
  DatabaseOptions,
  DatabaseRequest,
  DatabaseStats,
  FromDatabase,
  OpenedDatabase,
  RawAnswer,
  RawAnswers,
  RawError,
  RawOutcome,
  RequestKind,
  RequestOf,
  ToDatabase,
} from './sqlite-protocol.ts';

/** The thread's file beside this one: `.ts` in a source checkout, `.js` in a build. */
const extension = new URL(import.meta.url).pathname.endsWith('.ts') ? '.ts' : '.js';
const THREAD = new URL(`./sqlite-worker${extension}`, import.meta.url);

/** How often the database is given time to clean up, and a sick one is tried again, ms. */
const TICK_MS = 5_000;

/** The thread is not available: why, for health and for the log. */
const GONE = 'the thread of the database has ended';

type Answer = (outcome: RawOutcome) => void;

export class DatabaseLink {
  private readonly options: DatabaseOptions;
  private readonly now: () => number;
  private worker: Worker | undefined;
  /** Asked in this turn of the event loop, not sent yet. */
  private unsent: DatabaseRequest[] = [];
  /** One for each request sent or unsent, in order. */
  private waiting: Answer[] = [];
  private answered = 0;
  private ticks: NodeJS.Timeout | undefined;
  private ticking = false;
  private closing: PromiseWithResolvers<void> | undefined;
  stats: DatabaseStats = { transactions: 0, writes: 0 };
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
    this.send(request as DatabaseRequest, (outcome) => {
      done(outcomeOf(outcome, (value) => finish(value as RawAnswers[Kind])));
    });
  }

  /** Resolves when all is answered and the file is closed. */
  close(): Promise<void> {
    if (this.closing !== undefined) return this.closing.promise;
    this.closing = Promise.withResolvers<void>();
    clearInterval(this.ticks);
    this.flush();
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
          opening.resolve(message);
          break;
        case 'refused':
          opening.reject(new Error(message.message));
          this.lose(worker, message.message);
          void worker.terminate();
          break;
        case 'answers':
          this.stats = message.stats;
          this.fault = message.fault;
          this.settle(message.outcomes);
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

  private send(request: DatabaseRequest, answer: Answer): void {
    if (this.unsent.length === 0) setImmediate(() => this.flush());
    this.unsent.push(request);
    this.waiting.push(answer);
  }

  private flush(): void {
    if (this.unsent.length === 0) return;
    const requests = this.unsent;
    this.unsent = [];
    if (this.worker === undefined && this.closing === undefined) this.restart();
    if (this.worker === undefined) this.settle(requests.map(() => failure(this.fault ?? GONE)));
    else this.post({ kind: 'requests', now: this.now(), requests });
  }

  private post(message: ToDatabase): void {
    try {
      this.worker?.postMessage(message);
    } catch (error) {
      // What cannot be cloned is a fault of the caller's, and none of the requests has been sent.
      if (message.kind === 'requests') this.settleUncloneable(message.requests, error);
    }
  }

  private settleUncloneable(requests: readonly DatabaseRequest[], error: unknown): void {
    const outcome = failure(error instanceof Error ? error.message : String(error));
    const answers = this.waiting.splice(this.waiting.length - requests.length);
    for (const answer of answers) runSafely(() => answer(outcome));
  }

  /** The thread ended without being asked to: a new one takes over, and refuses if it can't. */
  private restart(): void {
    this.start().catch((error: unknown) => {
      this.fault = error instanceof Error ? error.message : String(error);
    });
  }

  private settle(outcomes: readonly RawOutcome[]): void {
    for (const outcome of outcomes) {
      const answer = this.waiting[this.answered];
      this.answered += 1;
      if (answer !== undefined) runSafely(() => answer(outcome));
    }
    this.waiting = this.waiting.slice(this.answered);
    this.answered = 0;
  }

  /** All that was sent to this thread stays without an answer from it. */
  private lose(worker: Worker, reason: string): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    if (this.closing === undefined) this.fault = reason;
    const sent = this.waiting.length - this.unsent.length;
    this.settle(Array.from({ length: sent }, () => failure(reason)));
    this.closing?.resolve();
  }

  private tick(): void {
    if (this.ticking || this.closing !== undefined) return;
    this.ticking = true;
    this.send({ kind: 'tick' }, (outcome) => {
      this.ticking = false;
      if (outcome.ok && outcome.value === true) this.tick();
    });
  }
}

function failure(cause: string): RawOutcome {
  return { ok: false, error: { code: 'store_unavailable', detail: undefined, messageId: undefined, cause } };
}

function outcomeOf<Value>(outcome: RawOutcome, finish: (value: RawAnswer) => Value): StoreOutcome<Value> {
  if (!outcome.ok) return { ok: false, error: errorOf(outcome.error) };
  try {
    return { ok: true, value: finish(outcome.value) };
  } catch (error) {
    return { ok: false, error: new GatewayError('store_unavailable', { cause: error }) };
  }
}

function errorOf({ code, detail, messageId, cause }: RawError): GatewayError {
  return new GatewayError(code, {
    ...(detail === undefined ? {} : { detail }),
    ...(messageId === undefined ? {} : { messageId }),
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
  });
}
