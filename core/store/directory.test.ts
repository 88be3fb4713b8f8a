import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { type DirectoryEntry, type DirectoryStore, MemoryDirectoryStore } from './directory.ts';
import { openSqliteStore } from './sqlite.ts';
import { answer, append, LIMITS, START } from './store-suite.ts';

const root = mkdtempSync(join(tmpdir(), 'dragoman-directory-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directories = 0;
const freshDirectory = (): string => join(root, String(++directories));

const user = (id: string, name = id): DirectoryEntry => ({
  kind: 'user',
  namespace: 'main',
  id,
  value: { id, name },
});
const group = (id: string, name = id): DirectoryEntry => ({
  kind: 'group',
  namespace: 'main',
  id,
  value: { name, description: '', open: true, createdAt: 1 },
});
const relation = (
  kind: 'member' | 'muted' | 'blocked' | 'contact',
  id: string,
  other: string,
  value = true,
): DirectoryEntry => ({ kind, namespace: 'main', id, other, value });

interface Opened {
  readonly directory: DirectoryStore;
  close(): Promise<void>;
}

const kinds: readonly [string, () => Promise<Opened>][] = [
  ['in memory', async () => ({ directory: new MemoryDirectoryStore(), close: async () => {} })],
  ['in SQLite', () => openSqliteStore({ directory: freshDirectory(), limits: LIMITS })],
];

const save = (store: DirectoryStore, ...entries: DirectoryEntry[]): Promise<void> =>
  answer<void>((done) => store.save(entries, done));

describe.each(kinds)('the directory %s', (_where, open) => {
  it('gives the newest entry of each key, in the order in which the keys were first saved', async () => {
    const { directory, close } = await open();
    expect(directory.entries()).toEqual([]);
    await save(directory, user('bob'), group('g'), relation('member', 'g', 'bob'));
    await save(directory, user('alice'), relation('member', 'g', 'bob', false));
    await save(directory, user('bob', 'Robert'), { kind: 'group', namespace: 'main', id: 'g', value: null });
    expect(directory.entries()).toEqual([
      user('bob', 'Robert'),
      { kind: 'group', namespace: 'main', id: 'g', value: null },
      relation('member', 'g', 'bob', false),
      user('alice'),
    ]);
    await close();
  });

  it('mixes up no kinds, namespaces, ids or others', async () => {
    const { directory, close } = await open();
    const entries = [
      ...(['member', 'muted', 'blocked', 'contact'] as const).map((kind) => relation(kind, 'a', 'b')),
      relation('member', 'b', 'a'),
      relation('member', 'a","b', ''),
      relation('member', 'a', 'b\u0000'),
      { ...relation('member', 'a', 'b'), namespace: 'other' },
      user('a'),
      group('a'),
    ];
    await save(directory, ...entries);
    expect(directory.entries()).toEqual(entries);
    await close();
  });

  it('takes the last of two entries with one key that are saved together', async () => {
    const { directory, close } = await open();
    await save(directory, relation('member', 'g', 'bob'), relation('member', 'g', 'bob', false));
    expect(directory.entries()).toEqual([relation('member', 'g', 'bob', false)]);
    await close();
  });
});

describe('the directory in SQLite', () => {
  it('is there when the data directory is opened again', async () => {
    const directory = freshDirectory();
    const first = await openSqliteStore({ directory, limits: LIMITS });
    const entries = [
      user('x\u0000y', '\u{1f600}'),
      group('g'),
      relation('member', 'g', 'x\u0000y'),
      relation('muted', 'g', 'bob', false),
    ];
    await save(first.directory, ...entries);
    await save(first.directory, user('x\u0000y', 'renamed'));
    await first.close();
    const second = await openSqliteStore({ directory, limits: LIMITS });
    expect(second.directory.entries()).toEqual([user('x\u0000y', 'renamed'), ...entries.slice(1)]);
    await second.close();
  });

  it('shares its transaction with the messages of the same moment', async () => {
    const store = await openSqliteStore({ directory: freshDirectory(), limits: LIMITS });
    await Promise.all([
      save(store.directory, user('bob')),
      answer((done) => store.messages.commit([append()], done)),
      save(store.directory, user('carol')),
    ]);
    expect(store.stats()).toMatchObject({ transactions: 1, writes: 3 });
    await store.close();
  });

  it('has nothing of what it refused', async () => {
    const directory = freshDirectory();
    const store = await openSqliteStore({ directory, limits: LIMITS, maxPages: 60 });
    const large = Array.from({ length: 1000 }, (_, index) => user(`user-${index}`, 'x'.repeat(1000)));
    await expect(save(store.directory, ...large)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(store.directory.entries()).toEqual([]);
    expect(store.health()).toMatchObject({ ok: false });
    await save(store.directory, user('small'));
    await store.close();
    const again = await openSqliteStore({ directory, limits: LIMITS });
    expect(again.directory.entries()).toEqual([user('small')]);
    await again.close();
  });

  it('is added to a database of the first schema', async () => {
    const directory = freshDirectory();
    const now = (): number => START;
    const store = await openSqliteStore({ directory, limits: LIMITS, now });
    await answer((done) => store.messages.commit([append()], done));
    await store.close();
    const database = new DatabaseSync(join(directory, 'dragoman.db'));
    database.exec(
      `DROP TABLE directory; DROP TABLE place_by_sequence; DROP TABLE place_by_client; DROP TABLE place_indexed;
       CREATE UNIQUE INDEX message_sequence ON message (conversation, sequence);
       CREATE INDEX message_client ON message (author, client_id, namespace) WHERE client_id IS NOT NULL;
       PRAGMA user_version = 1`,
    );
    database.close();
    const again = await openSqliteStore({ directory, limits: LIMITS, now });
    await save(again.directory, user('bob'));
    const history = await answer<readonly unknown[]>((done) =>
      again.messages.history({ namespace: 'main', conversation: 'direct:["alice","bob"]', limit: 9 }, done),
    );
    expect(history).toHaveLength(1);
    await again.close();
  });
});
