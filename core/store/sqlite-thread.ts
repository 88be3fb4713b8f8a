/** One life of the thread of the database: what it has been sent, what it has answered of that, and its end. */
import { Worker } from 'node:worker_threads';
import type { StoreMetrics } from './metrics.ts';
import type {
  DatabaseOptions,
  DatabaseStats,
  FromDatabase,
  OpenedDatabase,
  RequestBatch,
  ToDatabase,
} from './sqlite-protocol.ts';

/** The thread's file beside this one: `.ts` in a source checkout, `.js` in a build. */
const extension = new URL(import.meta.url).pathname.endsWith('.ts') ? '.ts' : '.js';
const THREAD = new URL(`./sqlite-worker${extension}`, import.meta.url);

/** The thread is not available: why, for health and for the log. */
export const GONE = 'the thread of the database has ended';

export const NO_STATS: DatabaseStats = { transactions: 0, writes: 0, commitMs: 0 };

export type DatabaseAnswers = Extract<FromDatabase, { kind: 'answers' }>;

export interface ThreadOwner {
  readonly metrics: StoreMetrics;
  /** The database is open. */
  opened(): void;
  /** To the oldest requests that have no answer yet, in order. */
  answered(answers: DatabaseAnswers): void;
  /** What has no answer yet gets none. Called once, and nothing after it. */
  lost(reason: string): void;
}

/** Requests that are sent together: how many have been sent with it, and since when the first waits (monotonic ms). */
interface SentBatch {
  readonly upTo: number;
  readonly at: number;
}

export class DatabaseThread {
  readonly worker: Worker;
  /** Rejects with an Error that says what is wrong with the data directory. */
  readonly contents: Promise<OpenedDatabase>;
  private readonly owner: ThreadOwner;
  private sent = 0;
  private received = 0;
  /** Those without an answer. */
  private batches: SentBatch[] = [];
  private stats = NO_STATS;
  private isLost = false;

  constructor(options: DatabaseOptions, owner: ThreadOwner) {
    this.owner = owner;
    const opening = Promise.withResolvers<OpenedDatabase>();
    this.contents = opening.promise;
    this.worker = new Worker(THREAD, { workerData: options, name: 'dragoman-store', execArgv: [] });
    this.worker.on('message', (message: FromDatabase) => {
      switch (message.kind) {
        case 'opened':
          owner.opened();
          opening.resolve(message);
          break;
        case 'refused':
          opening.reject(new Error(message.message));
          this.lose(message.message);
          void this.worker.terminate();
          break;
        case 'answers':
          this.measure(message);
          owner.answered(message);
          break;
        default:
          message satisfies never;
      }
    });
    this.worker.on('error', (error) => {
      opening.reject(error);
      this.lose(error instanceof Error ? error.message : String(error));
    });
    this.worker.on('exit', () => {
      opening.reject(new Error(GONE));
      this.lose(GONE);
    });
  }

  /** Requests that it has and has not answered. */
  get underWay(): number {
    return this.sent - this.received;
  }

  /** Whether it has answered all that it was sent. */
  get isFree(): boolean {
    return this.batches.length === 0;
  }

  /**
   * `since`: when the first of them was asked, monotonic ms.
   *
   * @throws Error for what can't be cloned: none of the requests has been sent then
   */
  send(batch: RequestBatch, since: number): void {
    this.post(batch);
    this.sent += batch.requests.length;
    this.batches.push({ upTo: this.sent, at: since });
  }

  /** It ends once it has answered all that it was sent. */
  close(): void {
    this.post({ kind: 'close' });
  }

  private post(message: ToDatabase): void {
    this.worker.postMessage(message);
  }

  private measure({ stats, outcomes }: DatabaseAnswers): void {
    const { metrics } = this.owner;
    const transactions = stats.transactions - this.stats.transactions;
    if (transactions > 0) {
      const ms = stats.commitMs - this.stats.commitMs;
      metrics.committed({ transactions, rows: stats.writes - this.stats.writes, ms });
    }
    this.stats = stats;
    this.received += outcomes.length;
    const now = performance.now();
    const open = this.batches.findIndex(({ upTo }) => upTo > this.received);
    const answered = this.batches.splice(0, open < 0 ? this.batches.length : open);
    for (const { at } of answered) metrics.answered(now - at);
  }

  private lose(reason: string): void {
    if (this.isLost) return;
    this.isLost = true;
    this.owner.lost(reason);
  }
}
