/**
 * Executes batches of requests on the database: one transaction for all writes of a batch, a savepoint for
 * each, answers only after the commit.
 */
import { GatewayError } from '../errors.ts';
import { closeQuietly, isFault, needsReopening, openProblem } from './sqlite-database.ts';
import { forget, type Opened, open, save } from './sqlite-opened.ts';
import type {
  DatabaseOptions,
  DatabaseRequest,
  DatabaseStats,
  OpenedDatabase,
  RawOutcome,
} from './sqlite-protocol.ts';
import { execute, isWrite, refusesUntouched } from './sqlite-requests.ts';

/** Least and per-request number of old messages that a transaction removes. */
const SWEEP_LEAST = 64;
const SWEEP_PER_REQUEST = 2;
/** Most old messages removed at a tick. */
const SWEEP_TICK = 512;

export class DatabaseEngine {
  private readonly options: DatabaseOptions;
  private opened: Opened | undefined;
  private transactions = 0;
  private writes = 0;
  private commitMs = 0;
  private writeFault: string | undefined;
  /** Why the tables of places could not follow the messages; undefined: they could. */
  private stepFault: string | undefined;
  private isStepWanted = false;

  /** Throws what `openDatabase` throws. */
  constructor(options: DatabaseOptions) {
    this.options = options;
    this.opened = open(options);
  }

  /** Why the last write failed; undefined: it did not. */
  get fault(): string | undefined {
    return this.writeFault ?? this.stepFault;
  }

  get stats(): DatabaseStats {
    return { transactions: this.transactions, writes: this.writes, commitMs: this.commitMs };
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
      if (opened === undefined || isFault(error)) this.writeFault = messageOf(error);
      if (!reopen && requests.length > 1) return requests.flatMap((request) => this.run([request], now));
      return requests.map((request) => (isWrite(request) ? unavailable(error) : this.attempt(request, now)));
    }
  }

  /**
   * What nobody waits for: call it when the answers have been given. The tables of places follow the messages, in a
   * transaction of its own: what is stored does not depend on it.
   */
  rest(): void {
    const { opened } = this;
    const isWanted = this.isStepWanted;
    this.isStepWanted = false;
    if (opened === undefined || this.writeFault !== undefined) return;
    if (!isWanted && !(opened.places.isStepDue && this.stepFault === undefined)) return;
    try {
      opened.begin.run();
      const done = opened.places.step();
      opened.commit.run();
      done?.();
      this.stepFault = undefined;
    } catch (error) {
      this.stepFault = messageOf(error);
      this.abandon(opened, error);
    }
  }

  /** Throws if the transaction as a whole failed: then nothing of it took effect. */
  private transact(opened: Opened, requests: readonly DatabaseRequest[], now: number): readonly RawOutcome[] {
    const begun = performance.now();
    opened.begin.run();
    const outcomes: RawOutcome[] = [];
    let writes = 0;
    const sweep = Math.max(SWEEP_LEAST, requests.length * SWEEP_PER_REQUEST);
    const isTick = requests.some((request) => request.kind === 'tick');
    if (isTick) this.isStepWanted = true;
    opened.retention.step(now, isTick ? SWEEP_TICK : sweep);
    for (const request of requests) {
      if (isWrite(request)) writes += 1;
      else save(opened);
      outcomes.push(
        refusesUntouched(request) ? attempt(opened, request, now) : guarded(opened, request, now),
      );
    }
    save(opened);
    if (this.writeFault !== undefined) opened.beat.run(now);
    opened.commit.run();
    opened.retention.committed();
    this.transactions += 1;
    this.writes += writes;
    this.commitMs += performance.now() - begun;
    this.writeFault = undefined;
    return outcomes;
  }

  /** After a failed transaction. Returns whether the file has to be opened anew. */
  private abandon(opened: Opened, error: unknown): boolean {
    forget(opened);
    opened.places.forget();
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
      return attempt(this.ready(), request, now);
    } catch (error) {
      this.writeFault = messageOf(error);
      if (needsReopening(error)) this.close();
      return unavailable(error);
    }
  }

  private ready(): Opened {
    this.opened ??= open(this.options);
    return this.opened;
  }
}

/** A refusal is an answer; whatever else is thrown is not. */
function attempt(opened: Opened, request: DatabaseRequest, now: number): RawOutcome {
  try {
    return { ok: true, value: execute(opened, request, now) };
  } catch (error) {
    if (error instanceof GatewayError) return { ok: false, error: rawError(error) };
    throw error;
  }
}

/** Undoes what a refused request has done so far. */
function guarded(opened: Opened, request: DatabaseRequest, now: number): RawOutcome {
  save(opened);
  opened.savepoint.run();
  const mark = opened.places.mark();
  const outcome = attempt(opened, request, now);
  if (!outcome.ok) {
    opened.undo.run();
    opened.places.undo(mark);
    forget(opened);
  }
  opened.release.run();
  return outcome;
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
