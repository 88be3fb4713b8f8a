/** What the gateway's thread and the thread of the database say to each other. */
import type { Message } from '../../schemas/model.ts';
import type { ErrorCode } from '../errors.ts';
import type { DirectoryEntry } from './directory.ts';
import type { ConfirmedRange, HistoryQuery, MissedQuery, StoreLimits, Waits } from './port.ts';
import type { AppendRow, RawOperation } from './sqlite-append.ts';
import type { DatabaseFileOptions } from './sqlite-database.ts';

/** Given to the thread at its start. */
export interface DatabaseOptions extends DatabaseFileOptions {
  readonly limits: StoreLimits;
  /** After so many messages the tables of places follow: see `sqlite-places.ts`. */
  readonly indexStep: number;
}

export interface IdentityRow {
  readonly namespace: string;
  readonly user: string;
  readonly integer: number;
}

/** What can be asked of the database. */
export interface Requests {
  readonly commit: { readonly operations: readonly RawOperation[] };
  readonly enroll: {
    readonly namespace: string;
    readonly conversation: string;
    readonly users: readonly string[];
  };
  readonly withdraw: {
    readonly namespace: string;
    readonly conversation: string;
    readonly users: readonly string[];
  };
  readonly confirm: { readonly ranges: readonly ConfirmedRange[]; readonly waits: Waits };
  readonly dequeue: { readonly namespace: string; readonly queue: string; readonly id: string };
  readonly assign: {
    readonly namespace: string;
    readonly users: readonly { readonly id: string; readonly integer?: number | undefined }[];
  };
  readonly save_directory: { readonly entries: readonly DirectoryEntry[] };
  /** Time has passed: remove what is too old, and see whether a sick database is well again. */
  readonly tick: Readonly<Record<never, never>>;
  readonly missed: MissedQuery;
  readonly history: HistoryQuery;
  /** `conversation`: only there. */
  readonly find: {
    readonly namespace: string;
    readonly id: string;
    readonly author: string;
    readonly conversation: string | undefined;
  };
  readonly queued: {
    readonly namespace: string;
    readonly queue: string;
    readonly after?: string | undefined;
    readonly limit: number;
  };
}

export type RequestKind = keyof Requests;
export type RequestOf<Kind extends RequestKind> = Requests[Kind] & { readonly kind: Kind };
export type DatabaseRequest = { readonly [Kind in RequestKind]: RequestOf<Kind> }[RequestKind];

/** A request on its way. A row alone: a commit of that one message; nearly all are that. */
export type SentRequest = DatabaseRequest | AppendRow;

export function receivedRequest(sent: SentRequest): DatabaseRequest {
  return isRow(sent) ? { kind: 'commit', operations: [{ kind: 'append', row: sent }] } : sent;
}

export const isRow = (sent: SentRequest): sent is AppendRow => Array.isArray(sent);

/** A message as it lies in the file. `said`: fingerprint of what the client said, where the message is not that. */
export type StoredBody = Message & { readonly said?: string };

/** The place of an appended message; for a duplicate, the message stored before, as JSON. */
export type RawResult =
  | { readonly kind: 'append'; readonly sequence: number; readonly earlier: string | undefined }
  | { readonly kind: 'revoke'; readonly message: string }
  | { readonly kind: 'enqueue' };

/** An entry as JSON without its body, if the body is bytes. */
export interface QueueRow {
  readonly entry: string;
  readonly bytes: Uint8Array | null;
}

/** Answers as they cross between the threads; messages travel as JSON. */
export interface RawAnswers {
  readonly commit: readonly RawResult[];
  readonly enroll: undefined;
  readonly withdraw: undefined;
  readonly confirm: undefined;
  readonly dequeue: undefined;
  readonly assign: readonly IdentityRow[];
  readonly save_directory: undefined;
  /** Whether more is due to be removed. */
  readonly tick: boolean;
  readonly missed: { readonly messages: readonly string[]; readonly next: string | undefined };
  readonly history: readonly string[];
  readonly find: string | undefined;
  readonly queued: readonly QueueRow[];
}
export type RawAnswer = RawAnswers[RequestKind];

/** A `GatewayError` in a form that can cross. */
export interface RawError {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly messageId: string | undefined;
  /** For the log. */
  readonly cause: string | undefined;
}

export type RawOutcome<Value = RawAnswer> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: RawError };

/** An outcome on its way. A number: a commit of one message was stored, with this sequence; nearly all are that. */
export type SentOutcome = RawOutcome | number;

export function sentOutcome(outcome: RawOutcome): SentOutcome {
  if (!outcome.ok || !Array.isArray(outcome.value) || outcome.value.length !== 1) return outcome;
  const [result] = outcome.value as readonly Partial<RawResult>[];
  return result?.kind === 'append' && result.earlier === undefined && result.sequence !== undefined
    ? result.sequence
    : outcome;
}

export const receivedOutcome = (sent: SentOutcome): RawOutcome =>
  typeof sent === 'number'
    ? { ok: true, value: [{ kind: 'append', sequence: sent, earlier: undefined }] }
    : sent;

/** Counters since the start of the thread. */
export interface DatabaseStats {
  /** Transactions that reached the disk. */
  readonly transactions: number;
  /** Writing requests in them: with many at once, more than one per transaction. */
  readonly writes: number;
  /** How long those transactions took, from the first statement to the end of the sync, ms. */
  readonly commitMs: number;
}

export interface RequestBatch {
  readonly kind: 'requests';
  /** Epoch ms. */
  readonly now: number;
  readonly requests: readonly SentRequest[];
}

export type ToDatabase = RequestBatch | { readonly kind: 'close' };

/** What is kept in the gateway's memory from the start on. */
export interface OpenedDatabase {
  readonly identities: readonly IdentityRow[];
  /** Entries of the directory as JSON. */
  readonly directory: readonly string[];
}

export type FromDatabase =
  | ({ readonly kind: 'opened' } & OpenedDatabase)
  | { readonly kind: 'refused'; readonly message: string }
  | {
      readonly kind: 'answers';
      readonly outcomes: readonly SentOutcome[];
      readonly stats: DatabaseStats;
      /** Why the database cannot be written; undefined: it can. */
      readonly fault: string | undefined;
    };
