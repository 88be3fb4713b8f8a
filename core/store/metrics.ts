/** What is counted of the store: its transactions, and how long those who asked it waited. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** In seconds. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** Writes that share a transaction. */
const ROWS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000];

/** What can show itself in `/metrics`. */
export interface RegisteredMetrics {
  register(registry: Registry): void;
}

export class StoreMetrics implements RegisteredMetrics {
  /** Transactions that are durable, and the writes in them. */
  commits = 0;
  rows = 0;
  /** Requests that were answered with `store_unavailable`. */
  failures = 0;
  /** Requests without an answer now. */
  readonly #waiting: () => number;
  readonly #commitSeconds = new Histogram({
    name: 'dragoman_store_commit_seconds',
    help: 'How long a transaction took until it was on the disk.',
    buckets: SECONDS,
    registers: [],
  });
  readonly #commitRows = new Histogram({
    name: 'dragoman_store_commit_rows',
    help: 'Writes that shared a transaction.',
    buckets: ROWS,
    registers: [],
  });
  readonly #answerSeconds = new Histogram({
    name: 'dragoman_store_answer_seconds',
    help: 'How long requests that were sent together waited for the last of their answers, from when the first was asked.',
    buckets: SECONDS,
    registers: [],
  });

  constructor(waiting: () => number) {
    this.#waiting = waiting;
  }

  /** `rows` writes were made durable by one transaction, or by as many as are said. */
  committed({ transactions, rows, ms }: StoreCommit): void {
    this.commits += transactions;
    this.rows += rows;
    this.#commitSeconds.observe(ms / 1000);
    this.#commitRows.observe(rows / transactions);
  }

  answered(ms: number): void {
    this.#answerSeconds.observe(ms / 1000);
  }

  /** Makes them part of what `/metrics` shows. */
  register(registry: Registry): void {
    for (const metric of [this.#commitSeconds, this.#commitRows, this.#answerSeconds]) {
      registry.registerMetric(metric);
    }
    const counter = (name: string, help: string, read: () => number): void => {
      new Counter({
        name: `dragoman_store_${name}_total`,
        help,
        registers: [registry],
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    };
    counter('commits', 'Transactions that are on the disk.', () => this.commits);
    counter('rows', 'Writes in them.', () => this.rows);
    counter('failures', 'Requests that the store could not carry out.', () => this.failures);
    const waiting = this.#waiting;
    new Gauge({
      name: 'dragoman_store_waiting_requests',
      help: 'Requests that wait for an answer of the store.',
      registers: [registry],
      collect() {
        this.set(waiting());
      },
    });
  }
}

export interface StoreCommit {
  readonly transactions: number;
  readonly rows: number;
  readonly ms: number;
}
