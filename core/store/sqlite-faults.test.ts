import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { MissedPage, StoreResult } from './port.ts';
import { openSqliteStore, type SqliteStore } from './sqlite.ts';
import { rawOperation } from './sqlite-append.ts';
import { DATABASE_FILE } from './sqlite-database.ts';
import { DatabaseLink } from './sqlite-link.ts';
import { answer, append, LIMITS, START } from './store-suite.ts';

const root = mkdtempSync(join(tmpdir(), 'dragoman-faults-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directories = 0;
const freshDirectory = (): string => join(root, String(++directories));
const limits = { ...LIMITS, backlogMessages: 1000, backlogBytes: 1e6 };
const now = (): number => START;

const put = (store: SqliteStore, content: string): Promise<readonly StoreResult[]> =>
  answer((done) => store.messages.commit([append({ content })], done));
const missed = async (store: SqliteStore): Promise<readonly string[]> => {
  const query = { namespace: 'main', user: 'bob', limit: 1000 };
  const page = await answer<MissedPage>((done) => store.messages.missed(query, done));
  return page.messages.map((message) => message.content);
};

/** Overwrites the root page of a table of a closed database; gives what puts it right again. */
function spoil(directory: string, table: string): () => void {
  const file = join(directory, DATABASE_FILE);
  const good = readFileSync(file);
  const database = new DatabaseSync(file, { readOnly: true });
  const schema = database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table);
  const { page_size: size } = database.prepare('PRAGMA page_size').get() as { readonly page_size: number };
  database.close();
  const bad = Buffer.from(good);
  const offset = (Number(schema?.rootpage) - 1) * size;
  bad.fill(0xa5, offset, offset + size);
  writeFileSync(file, bad);
  return () => writeFileSync(file, good);
}

/** A closed database with one message for bob. */
async function withOneMessage(): Promise<string> {
  const directory = freshDirectory();
  const store = await openSqliteStore({ directory, limits, now });
  await put(store, 'kept');
  await store.close();
  return directory;
}

describe('a garbage page', () => {
  it('is refused as store_unavailable, and the file is opened anew until it is right again', async () => {
    const directory = await withOneMessage();
    const repair = spoil(directory, 'message');
    const store = await openSqliteStore({ directory, limits, now });
    for (const attempt of ['once', 'twice'])
      await expect(put(store, attempt)).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(missed(store)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(store.health()).toMatchObject({ ok: false, error: expect.stringContaining('malformed') });
    repair();
    await put(store, 'after');
    expect(store.health()).toEqual({ ok: true });
    expect(await missed(store)).toEqual(['kept', 'after']);
    await store.close();
  });

  it('is noticed to be right again by the tick, without any call', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const directory = await withOneMessage();
    const repair = spoil(directory, 'message');
    const store = await openSqliteStore({ directory, limits, now });
    await expect(put(store, 'refused')).rejects.toMatchObject({ code: 'store_unavailable' });
    vi.advanceTimersByTime(5_000);
    await expect(put(store, 'refused')).rejects.toMatchObject({ code: 'store_unavailable' });
    repair();
    expect(store.health()).toMatchObject({ ok: false });
    vi.advanceTimersByTime(5_000);
    // A read goes through the same queue as the tick, and is answered after it.
    expect(await missed(store)).toEqual(['kept']);
    expect(store.health()).toEqual({ ok: true });
    await store.close();
  });

  it('in what is read at the start refuses the start, by name', async () => {
    const directory = await withOneMessage();
    spoil(directory, 'directory');
    await expect(openSqliteStore({ directory, limits })).rejects.toThrow(directory);
  });
});

describe('a file that cannot be opened again', () => {
  it('is refused as store_unavailable until it can', async () => {
    const directory = await withOneMessage();
    const file = join(directory, DATABASE_FILE);
    const repair = spoil(directory, 'message');
    const store = await openSqliteStore({ directory, limits, now });
    await expect(put(store, 'garbage')).rejects.toMatchObject({ code: 'store_unavailable' });
    repair();
    renameSync(file, `${file}.away`);
    mkdirSync(file);
    await expect(put(store, 'no file')).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(store.health()).toMatchObject({ ok: false, error: expect.stringContaining(directory) });
    rmSync(file, { recursive: true });
    renameSync(`${file}.away`, file);
    await put(store, 'after');
    expect(await missed(store)).toEqual(['kept', 'after']);
    expect(store.health()).toEqual({ ok: true });
    await store.close();
  });
});

describe('a thread that ends by itself', () => {
  const options = (directory: string) =>
    ({ directory, limits, maxPages: undefined, synchronous: 'full', indexStep: 100 }) as const;
  const commit = (link: DatabaseLink, content: string) =>
    answer((done) =>
      link.ask(
        { kind: 'commit', operations: [rawOperation(append({ content }))] },
        done,
        (results) => results.length,
      ),
    );
  const contents = (link: DatabaseLink) =>
    answer<readonly string[]>((done) =>
      link.ask({ kind: 'missed', namespace: 'main', user: 'bob', limit: 99 }, done, ({ messages }) =>
        messages.map((json) => (JSON.parse(json) as { readonly content: string }).content),
      ),
    );

  it('answers what it was asked as store_unavailable, and a new one takes over with all that was acknowledged', async () => {
    const link = new DatabaseLink(options(freshDirectory()), now);
    await link.open();
    await commit(link, 'before');
    const first = link.thread;
    const lost = commit(link, 'lost');
    await Promise.all([
      expect(lost).rejects.toMatchObject({ code: 'store_unavailable' }),
      first?.terminate(),
    ]);
    expect(link.fault).toBe('the thread of the database has ended');
    await commit(link, 'after');
    expect(link.fault).toBeUndefined();
    expect(link.thread).not.toBe(first);
    expect(await contents(link)).toEqual(['before', 'after']);
    await link.close();
  });

  it('is replaced only when its file can be opened again', async () => {
    const directory = freshDirectory();
    const link = new DatabaseLink(options(directory), now);
    await link.open();
    await commit(link, 'before');
    await link.thread?.terminate();
    const file = join(directory, DATABASE_FILE);
    renameSync(file, `${file}.away`);
    mkdirSync(file);
    await expect(commit(link, 'no file')).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(link.fault).toContain(directory);
    rmSync(file, { recursive: true });
    renameSync(`${file}.away`, file);
    await commit(link, 'after');
    expect(await contents(link)).toEqual(['before', 'after']);
    await link.close();
  });
});
