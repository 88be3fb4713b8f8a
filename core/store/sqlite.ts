/**
 * The embedded durable store: one SQLite file in a data directory, used by a thread of its own.
 *
 * An answer with `ok: true` is given after the write-ahead log was synced (`synchronous=FULL`). All that is
 * asked while a sync is under way shares the next one.
 */
import { conversationKey } from '../../schemas/conversation.ts';
import type { Message, Target } from '../../schemas/model.ts';
import { type DirectoryEntry, type DirectoryStore, directoryKey } from './directory.ts';
import { IdentityTable } from './memory-identity.ts';
import type { StoreMetrics } from './metrics.ts';
import type {
  ConfirmedRange,
  HistoryQuery,
  IdentityMap,
  MessageDraft,
  MessageStore,
  MissedPage,
  MissedQuery,
  QueueEntry,
  StoreCallback,
  StoreLimits,
  StoreOperation,
  StoreResult,
  Waits,
} from './port.ts';
import { rawOperation } from './sqlite-append.ts';
import { DatabaseLink } from './sqlite-link.ts';
import type { DatabaseStats } from './sqlite-protocol.ts';
import { messageOf, queueEntry, storeResult } from './sqlite-results.ts';

export interface SqliteStoreOptions {
  /** Made if it is not there. One process at a time can use it. */
  readonly directory: string;
  readonly limits: StoreLimits;
  /** Epoch ms. */
  readonly now?: () => number;
  /** Bounds the database file, in pages of 4 KiB; by default only the disk does. */
  readonly maxPages?: number;
  /** Never `off` where messages matter: nothing is synced then. It is for the test that shows what the sync is for. */
  readonly synchronous?: 'full' | 'off';
  /** After so many messages the tables of places follow: see `sqlite-places.ts`. Tests make it small. */
  readonly indexStep?: number;
}

/** Large enough that a page of the tables is written once for many messages, small enough to take some 20 ms. */
const INDEX_STEP = 8192;

export interface SqliteStore {
  readonly messages: MessageStore;
  readonly identities: IdentityMap;
  readonly directory: DirectoryStore;
  /** Resolves when all is answered and the file is closed. */
  close(): Promise<void>;
  /** Not ok from a failed write on until one succeeds; the store tries by itself every few seconds. */
  health(): { readonly ok: boolean; readonly error?: string };
  stats(): DatabaseStats;
  readonly metrics: StoreMetrics;
}

/** Rejects with an Error that names the directory: it is in use, not writable, or holds something else. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { directory, limits, now = Date.now, maxPages, synchronous = 'full' } = options;
  const { indexStep = INDEX_STEP } = options;
  const link = new DatabaseLink({ directory, limits, maxPages, synchronous, indexStep }, now);
  const table = new IdentityTable();
  const { identities, directory: stored } = await link.open();
  for (const { namespace, user, integer } of identities) table.set(namespace, user, integer);
  return {
    messages: new SqliteMessageStore(link),
    identities: new SqliteIdentityMap(link, table),
    directory: new SqliteDirectoryStore(link, stored),
    close: () => link.close(),
    health: () => (link.fault === undefined ? { ok: true } : { ok: false, error: link.fault }),
    stats: () => link.stats,
    metrics: link.metrics,
  };
}

class SqliteMessageStore implements MessageStore {
  private readonly link: DatabaseLink;

  constructor(link: DatabaseLink) {
    this.link = link;
  }

  commit(operations: readonly StoreOperation[], done: StoreCallback<readonly StoreResult[]>): void {
    const [first] = operations;
    if (operations.length === 1 && first?.kind === 'append') {
      this.link.append(first, done);
      return;
    }
    this.link.ask({ kind: 'commit', operations: operations.map(rawOperation) }, done, (raw) =>
      raw.map((result, index) => storeResult(result, draftOf(operations[index]))),
    );
  }

  enroll(namespace: string, conversation: string, users: readonly string[], done: StoreCallback<void>): void {
    this.link.ask({ kind: 'enroll', namespace, conversation, users }, done, nothing);
  }

  withdraw(
    namespace: string,
    conversation: string,
    users: readonly string[],
    done: StoreCallback<void>,
  ): void {
    this.link.ask({ kind: 'withdraw', namespace, conversation, users }, done, nothing);
  }

  confirm(ranges: readonly ConfirmedRange[], done: StoreCallback<void>, waits: Waits = 'nothing'): void {
    this.link.ask({ kind: 'confirm', ranges, waits }, done, nothing);
  }

  missed(query: MissedQuery, done: StoreCallback<MissedPage>): void {
    this.link.ask({ ...query, kind: 'missed' }, done, ({ messages, next }) => ({
      messages: messages.map(messageOf),
      next,
    }));
  }

  history(query: HistoryQuery, done: StoreCallback<readonly Message[]>): void {
    this.link.ask({ ...query, kind: 'history' }, done, (messages) => messages.map(messageOf));
  }

  find(
    query: {
      readonly namespace: string;
      readonly id: string;
      readonly author: string;
      readonly target?: Target | undefined;
    },
    done: StoreCallback<Message | undefined>,
  ): void {
    const { namespace, id, author, target } = query;
    const conversation = target === undefined ? undefined : conversationKey(target, author);
    this.link.ask({ kind: 'find', namespace, id, author, conversation }, done, (message) =>
      message === undefined ? undefined : messageOf(message),
    );
  }

  dequeue(namespace: string, queue: string, id: string, done: StoreCallback<void>): void {
    this.link.ask({ kind: 'dequeue', namespace, queue, id }, done, nothing);
  }

  queued(
    query: {
      readonly namespace: string;
      readonly queue: string;
      readonly after?: string | undefined;
      readonly limit: number;
    },
    done: StoreCallback<readonly QueueEntry[]>,
  ): void {
    this.link.ask({ ...query, kind: 'queued' }, done, (rows) => rows.map(queueEntry));
  }

  close(): Promise<void> {
    return this.link.close();
  }
}

class SqliteIdentityMap implements IdentityMap {
  private readonly link: DatabaseLink;
  private readonly table: IdentityTable;

  constructor(link: DatabaseLink, table: IdentityTable) {
    this.link = link;
    this.table = table;
  }

  assign(
    namespace: string,
    users: readonly { readonly id: string; readonly integer?: number | undefined }[],
    done: StoreCallback<void>,
  ): void {
    this.link.ask({ kind: 'assign', namespace, users }, done, (rows) => {
      for (const row of rows) this.table.set(row.namespace, row.user, row.integer);
    });
  }

  integerOf(namespace: string, user: string): number | undefined {
    return this.table.integerOf(namespace, user);
  }

  userOf(namespace: string, integer: number): string | undefined {
    return this.table.userOf(namespace, integer);
  }
}

class SqliteDirectoryStore implements DirectoryStore {
  private readonly link: DatabaseLink;
  private readonly byKey = new Map<string, DirectoryEntry>();

  constructor(link: DatabaseLink, stored: readonly string[]) {
    this.link = link;
    for (const json of stored) this.note(JSON.parse(json) as DirectoryEntry);
  }

  entries(): readonly DirectoryEntry[] {
    return [...this.byKey.values()];
  }

  save(entries: readonly DirectoryEntry[], done: StoreCallback<void>): void {
    this.link.ask({ kind: 'save_directory', entries }, done, () => {
      for (const entry of entries) this.note(entry);
    });
  }

  private note(entry: DirectoryEntry): void {
    this.byKey.set(JSON.stringify(directoryKey(entry)), entry);
  }
}

const draftOf = (operation: StoreOperation | undefined): MessageDraft | undefined =>
  operation?.kind === 'append' ? operation.draft : undefined;

const nothing = (): void => undefined;
