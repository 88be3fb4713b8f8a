/** The database file: where it lies, how it is opened, and how its schema changes from version to version. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export const DATABASE_FILE = 'dragoman.db';

/** The write-ahead log is cut back to this size after a checkpoint, bytes. */
const LOG_BYTES = 64 * 1024 * 1024;

/**
 * The log is carried over into the file when it has so many pages of 4 KiB: SQLite's own default. More gains nothing,
 * because messages and the tables of places are written at their ends, and a page is seldom logged twice.
 */
const CHECKPOINT_PAGES = 1000;

/** Result codes of SQLite (sqlite.org/rescode.html); the low byte is the primary code. */
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const CANNOT_OPEN = 14;
const TOO_BIG = 18;
const CONSTRAINT = 19;
const NOT_A_DATABASE = 26;

/**
 * Schema changes in order; `PRAGMA user_version` counts those applied. What is here is released: add, never edit.
 *
 * A message's `state`: 0 stored, 1 revoked, 2 older than the retention and kept for de-duplication only.
 * `AUTOINCREMENT`: a place must not come again after the newest message was removed. Bodies are JSON.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE conversation (
     id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, key TEXT NOT NULL, last INTEGER NOT NULL,
     UNIQUE (namespace, key)
   ) STRICT;
   CREATE TABLE message (
     place INTEGER PRIMARY KEY AUTOINCREMENT, conversation INTEGER NOT NULL, sequence INTEGER NOT NULL,
     id TEXT NOT NULL UNIQUE, namespace TEXT NOT NULL, author TEXT NOT NULL, recipient TEXT, client_id TEXT,
     state INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL
   ) STRICT;
   CREATE UNIQUE INDEX message_sequence ON message (conversation, sequence);
   CREATE INDEX message_place ON message (conversation);
   CREATE INDEX message_client ON message (author, client_id, namespace) WHERE client_id IS NOT NULL;
   CREATE TABLE membership (
     namespace TEXT NOT NULL, user TEXT NOT NULL, conversation INTEGER NOT NULL,
     floor INTEGER NOT NULL, ranges TEXT NOT NULL DEFAULT '[]',
     PRIMARY KEY (namespace, user, conversation)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE backlog (
     namespace TEXT NOT NULL, user TEXT NOT NULL, messages INTEGER NOT NULL, bytes INTEGER NOT NULL,
     PRIMARY KEY (namespace, user)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE queue_entry (
     namespace TEXT NOT NULL, queue TEXT NOT NULL, id TEXT NOT NULL, entry TEXT NOT NULL, bytes BLOB,
     PRIMARY KEY (namespace, queue, id)
   ) STRICT;
   CREATE TABLE queue_size (
     namespace TEXT NOT NULL, queue TEXT NOT NULL, entries INTEGER NOT NULL,
     PRIMARY KEY (namespace, queue)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE identity (
     namespace TEXT NOT NULL, user TEXT NOT NULL, integer INTEGER NOT NULL,
     PRIMARY KEY (namespace, user), UNIQUE (namespace, integer)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE heartbeat (id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;`,
  // `place` keeps the order in which the keys were first saved; `other` is '' where a kind has none.
  `CREATE TABLE directory (
     place INTEGER PRIMARY KEY, kind TEXT NOT NULL, namespace TEXT NOT NULL, id TEXT NOT NULL,
     other TEXT NOT NULL, entry TEXT NOT NULL,
     UNIQUE (kind, namespace, id, other)
   ) STRICT;`,
  // What it was for is found by `message_sequence`: places and sequences of a conversation ascend together.
  'DROP INDEX IF EXISTS message_place;',
  // Tables that follow the messages in large steps take the place of indexes: `sqlite-places.ts` says why. They are
  // filled in the order of the indexes that they replace, so nothing has to be sorted.
  `CREATE TABLE place_by_sequence (
     conversation INTEGER NOT NULL, sequence INTEGER NOT NULL, place INTEGER NOT NULL,
     PRIMARY KEY (conversation, sequence)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE place_by_client (
     author TEXT NOT NULL, client_id TEXT NOT NULL, namespace TEXT NOT NULL, place INTEGER NOT NULL,
     PRIMARY KEY (author, client_id, namespace, place)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE place_indexed (id INTEGER PRIMARY KEY, place INTEGER NOT NULL) STRICT;
   INSERT INTO place_by_sequence SELECT conversation, sequence, place FROM message
     ORDER BY conversation, sequence;
   INSERT INTO place_by_client SELECT author, client_id, namespace, place FROM message
     WHERE client_id IS NOT NULL ORDER BY author, client_id, namespace, place;
   INSERT INTO place_indexed SELECT 1, coalesce(max(place), 0) FROM message;
   DROP INDEX message_sequence;
   DROP INDEX message_client;`,
];

export interface DatabaseFileOptions {
  readonly directory: string;
  /** Bounds the database file, in pages of 4 KiB; undefined: only the disk does. */
  readonly maxPages: number | undefined;
  /** `off` breaks the store's promise: for the test that shows that a missing sync is found. */
  readonly synchronous: 'full' | 'off';
}

/**
 * Opens the database of a data directory for this process alone, and brings its schema up to date.
 *
 * The lock is the operating system's on the open file (`locking_mode=EXCLUSIVE`): it ends with the process,
 * however that ends. Throws an Error whose message names the directory and what to do.
 */
export function openDatabase({ directory, maxPages, synchronous }: DatabaseFileOptions): DatabaseSync {
  const file = join(directory, DATABASE_FILE);
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(directory, { recursive: true });
    database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec(`PRAGMA synchronous = ${synchronous === 'off' ? 'OFF' : 'FULL'}`);
    database.exec(`PRAGMA journal_size_limit = ${LOG_BYTES}`);
    database.exec('PRAGMA temp_store = MEMORY');
    database.exec('PRAGMA cache_size = -65536');
    database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    if (maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${Math.trunc(maxPages)}`);
    migrate(database);
    // After a sync that failed, the log may hold what only the cache of the operating system has: it is written
    // to the file and synced before anything is built on it.
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return database;
  } catch (error) {
    closeQuietly(database);
    throw new Error(openProblem(directory, error), { cause: error });
  }
}

/** Closing a broken database may fail too; there is nothing more to do about it then. */
export function closeQuietly(database: DatabaseSync | undefined): void {
  try {
    database?.close();
  } catch {
    // The error that made us close is the one to report.
  }
}

/** SQLite's primary result code, undefined for errors of another kind. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  return error.errcode & 0xff;
}

/** Whether the connection to the file can't be trusted after this error and must be opened anew. */
export function needsReopening(error: unknown): boolean {
  const code = resultCode(error);
  if (code === undefined) return false;
  return [READONLY, IO_ERROR, CORRUPT, CANNOT_OPEN, NOT_A_DATABASE].includes(code);
}

/** Whether the error says that the database is sick, rather than that one request cannot be stored. */
export function isFault(error: unknown): boolean {
  const code = resultCode(error);
  return code !== undefined && code !== TOO_BIG && code !== CONSTRAINT;
}

function migrate(database: DatabaseSync): void {
  // In exclusive mode the lock that this takes is kept until the database is closed.
  database.exec('BEGIN IMMEDIATE');
  const row = database.prepare('PRAGMA user_version').get() as { readonly user_version: number } | undefined;
  const version = row?.user_version ?? 0;
  if (version > MIGRATIONS.length) {
    throw new Error(
      `it was written by a newer release (schema ${version}; this one knows ${MIGRATIONS.length})`,
    );
  }
  for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
  database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  database.exec('COMMIT');
}

/** What is wrong with the data directory, for whoever starts the gateway. */
export function openProblem(directory: string, error: unknown): string {
  const code = resultCode(error);
  if (code === BUSY || code === LOCKED) {
    return `the data directory ${directory} is in use by another process; stop it, or give this one a directory of its own`;
  }
  const reason = error instanceof Error ? error.message : String(error);
  return `the database ${DATABASE_FILE} in the data directory ${directory} cannot be opened: ${reason}`;
}
