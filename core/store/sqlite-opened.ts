/** Everything that belongs to one opening of the file: its statements, and what is kept of it in memory. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Backlogs } from './sqlite-backlogs.ts';
import { Conversations } from './sqlite-conversations.ts';
import { openDatabase } from './sqlite-database.ts';
import { DirectoryEntries } from './sqlite-directory.ts';
import { Identities } from './sqlite-identities.ts';
import { Memberships } from './sqlite-memberships.ts';
import { Messages } from './sqlite-messages.ts';
import { Places } from './sqlite-places.ts';
import type { DatabaseOptions } from './sqlite-protocol.ts';
import { Queues } from './sqlite-queues.ts';
import { Retention } from './sqlite-retention.ts';

export interface Opened {
  readonly database: DatabaseSync;
  readonly conversations: Conversations;
  readonly backlogs: Backlogs;
  readonly memberships: Memberships;
  readonly messages: Messages;
  readonly places: Places;
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

/** Throws what `openDatabase` throws. */
export function open(options: DatabaseOptions): Opened {
  const { limits } = options;
  const database = openDatabase(options);
  const conversations = new Conversations(database);
  const backlogs = new Backlogs(database);
  const places = new Places(database, options.indexStep);
  const memberships = new Memberships(database, limits, { conversations, backlogs, places });
  return {
    database,
    conversations,
    backlogs,
    memberships,
    messages: new Messages(database, limits, { conversations, backlogs, memberships, places }),
    places,
    queues: new Queues(database, limits),
    identities: new Identities(database),
    directory: new DirectoryEntries(database),
    retention: new Retention(database, limits, { memberships, places }),
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    savepoint: database.prepare('SAVEPOINT request'),
    release: database.prepare('RELEASE request'),
    undo: database.prepare('ROLLBACK TO request'),
    beat: database.prepare('INSERT OR REPLACE INTO heartbeat (id, at) VALUES (1, ?)'),
  };
}

/** What is kept in memory of the transaction goes to the file: before anything reads it there, or may be undone. */
export function save({ conversations, backlogs }: Opened): void {
  conversations.save();
  backlogs.save();
}

/** Something was undone: what is kept in memory may be wrong. */
export function forget({ conversations, backlogs, identities }: Opened): void {
  conversations.forget();
  backlogs.forget();
  identities.forgetHints();
}
