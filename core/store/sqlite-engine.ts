/**
 * Executes batches of requests on the database: one transaction for all writes of a batch, a savepoint for
 * each, answers only after the commit.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { GatewayError } from '../errors.ts';
import { closeQuietly, isFault, needsReopening, openDatabase, openProblem } from './sqlite-database.ts';
import { DirectoryEntries } from './sqlite-directory.ts';
import { Identities } from './sqlite-identities.ts';
import { Memberships } from './sqlite-memberships.ts';
import { Messages } from './sqlite-messages.ts';
import type {
  DatabaseOptions,
  DatabaseRequest,
  DatabaseStats,
  OpenedDatabase,
  RawAnswer,
  RawOutcome,
  RawResult,
} from './sqlite-protocol.ts';
import { Queues } from './sqlite-queues.ts';
import { Retention } from './sqlite-retention.ts';

/** Least and per-request number of old messages that a transaction removes. */
const SWEEP_LEAST = 64;
const SWEEP_PER_REQUEST = 2;
/** Most old messages removed at a tick. */
const SWEEP_TICK = 512;

/** Everything that belongs to one opening of the file. */
interface Opened {
  readonly database: DatabaseSync;
  readonly memberships: Memberships;
  readonly messages: Messages;
  readonly queues: Queues;
  readonly identities: Identities;
  readonly directory: DirectoryEntries;
  readonly retention: Retention;
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly savepoint: StatementSync;
  readonly release: StatementSync;
  readonly undo: StatementSync;
  readonly beat: StatementSync;
}

export class DatabaseEngine {
  private readonly options: DatabaseOptions;
  private opened: Opened | undefined;
  private transactions = 0;
  private writes = 0;
  /** Why the last write failed; undefined: it did not. */
  fault: string | undefined;

  /** Throws what `openDatabase` throws. */
  constructor(options: DatabaseOptions) {
    this.options = options;
    this.opened = open(options);
  }

  get stats(): DatabaseStats {
    return { transactions: this.transactions, writes: this.writes };
  }

  /** What the gateway keeps in memory. Throws an Error that names the directory. */
  contents(): OpenedDatabase {
    try {
      const { identities, directory } = this.ready();
      return { identities: identities.all(), directory: directory.all() };
    } catch (error) {
      this.close();
      throw new Error(openProblem(this.options.directory, error), { cause: error });
    }
  }

  close(): void {
    closeQuietly(this.opened?.database);
    this.opened = undefined;
  }

  /** Answers each request, in order. */
  run(requests: readonly DatabaseRequest[], now: number): readonly RawOutcome[] {
    if (!requests.some(isWrite)) return requests.map((request) => this.attempt(request, now));
    let opened: Opened | undefined;
    try {
      opened = this.ready();
      return this.transact(opened, requests, now);
    } catch (error) {
      const reopen = opened === undefined || this.abandon(opened, error);
      if (opened === undefined || isFault(error)) this.fault = messageOf(error);
      if (!reopen && requests.length > 1) return requests.flatMap((request) => this.run([request], now));
      return requests.map((request) => (isWrite(request) ? unavailable(error) : this.attempt(request, now)));
    }
  }

  /** Throws if the transaction as a whole failed: then nothing of it took effect. */
  private transact(opened: Opened, requests: readonly DatabaseRequest[], now: number): readonly RawOutcome[] {
    opened.begin.run();
    const outcomes: RawOutcome[] = [];
    let writes = 0;
    const sweep = Math.max(SWEEP_LEAST, requests.length * SWEEP_PER_REQUEST);
    opened.retention.step(now, requests.some((request) => request.kind === 'tick') ? SWEEP_TICK : sweep);
    for (const request of requests) {
      if (!isWrite(request)) {
        outcomes.push({ ok: true, value: execute(opened, request, now) });
        continue;
      }
      writes += 1;
      opened.savepoint.run();
      try {
        outcomes.push({ ok: true, value: execute(opened, request, now) });
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        opened.undo.run();
        opened.identities.forgetHints();
        outcomes.push({ ok: false, error: rawError(error) });
      }
      opened.release.run();
    }
    if (this.fault !== undefined) opened.beat.run(now);
    opened.commit.run();
    opened.retention.committed();
    this.transactions += 1;
    this.writes += writes;
    this.fault = undefined;
    return outcomes;
  }

  /** After a failed transaction. Returns whether the file has to be opened anew. */
  private abandon(opened: Opened, error: unknown): boolean {
    opened.identities.forgetHints();
    try {
      if (opened.database.isTransaction) opened.database.exec('ROLLBACK');
    } catch {
      this.close();
      return true;
    }
    if (!needsReopening(error)) return false;
    this.close();
    return true;
  }

  /** A read by itself. */
  private attempt(request: DatabaseRequest, now: number): RawOutcome {
    try {
      return { ok: true, value: execute(this.ready(), request, now) };
    } catch (error) {
      if (error instanceof GatewayError) return { ok: false, error: rawError(error) };
      this.fault = messageOf(error);
      if (needsReopening(error)) this.close();
      return unavailable(error);
    }
  }

  private ready(): Opened {
    this.opened ??= open(this.options);
    return this.opened;
  }
}

function open(options: DatabaseOptions): Opened {
  const { limits } = options;
  const database = openDatabase(options);
  const memberships = new Memberships(database, limits);
  return {
    database,
    memberships,
    messages: new Messages(database, limits, memberships),
    queues: new Queues(database, limits),
    identities: new Identities(database),
    directory: new DirectoryEntries(database),
    retention: new Retention(database, limits, memberships),
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    savepoint: database.prepare('SAVEPOINT request'),
    release: database.prepare('RELEASE request'),
    undo: database.prepare('ROLLBACK TO request'),
    beat: database.prepare('INSERT OR REPLACE INTO heartbeat (id, at) VALUES (1, ?)'),
  };
}

function isWrite(request: DatabaseRequest): boolean {
  switch (request.kind) {
    case 'commit':
    case 'enroll':
    case 'withdraw':
    case 'confirm':
    case 'dequeue':
    case 'assign':
    case 'save_directory':
    case 'tick':
      return true;
    case 'missed':
    case 'history':
    case 'find':
    case 'queued':
      return false;
    default:
      request satisfies never;
      return false;
  }
}

function execute(opened: Opened, request: DatabaseRequest, now: number): RawAnswer {
  switch (request.kind) {
    case 'commit':
      return request.operations.map((operation): RawResult => {
        switch (operation.kind) {
          case 'append':
            return opened.messages.append(operation.draft, now);
          case 'revoke':
            return opened.messages.revoke(operation, now);
          case 'enqueue':
            return opened.queues.add(operation.entry);
          default:
            operation satisfies never;
            throw new GatewayError('internal');
        }
      });
    case 'enroll':
      return opened.memberships.enroll(request.namespace, request.conversation, request.users);
    case 'withdraw':
      return opened.memberships.withdraw(request.namespace, request.conversation, request.users);
    case 'confirm':
      for (const range of request.ranges) opened.memberships.confirm(range);
      return undefined;
    case 'dequeue':
      return opened.queues.delete(request.namespace, request.queue, request.id);
    case 'assign':
      return opened.identities.assign(request.namespace, request.users);
    case 'save_directory':
      return opened.directory.save(request.entries);
    case 'tick':
      return opened.retention.isBehind;
    case 'missed': {
      const { items, next } = opened.memberships.missed(request, now);
      return { messages: items.map((row) => row.body), next };
    }
    case 'history':
      return opened.messages.history(request, now);
    case 'find':
      return opened.messages.find(request, now);
    case 'queued':
      return opened.queues.after(request);
    default:
      request satisfies never;
      throw new GatewayError('internal');
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function rawError(error: GatewayError): Extract<RawOutcome, { readonly ok: false }>['error'] {
  const { code, detail, messageId } = error;
  return { code, detail, messageId, cause: undefined };
}

function unavailable(error: unknown): RawOutcome {
  const cause = messageOf(error);
  return { ok: false, error: { code: 'store_unavailable', detail: undefined, messageId: undefined, cause } };
}
