import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { MissedPage, QueueEntry, StoreLimits, StoreOperation, StoreResult } from './port.ts';
import { openSqliteStore, type SqliteStore } from './sqlite.ts';
import { answer, append, by, DAY, LIMITS, START, storeSuite, toGroup } from './store-suite.ts';

const root = mkdtempSync(join(tmpdir(), 'dragoman-store-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directories = 0;
const freshDirectory = (): string => join(root, `deep/${++directories}`);

const WIDE: StoreLimits = {
  ...LIMITS,
  backlogMessages: 1e6,
  backlogBytes: 1e9,
  queueEntries: 1e6,
  queueNames: 1e6,
};
const now = (): number => START;

storeSuite('the store in SQLite', (options) => openSqliteStore({ directory: freshDirectory(), ...options }));
for (const indexStep of [1, 3]) {
  storeSuite(`the store in SQLite whose tables of places follow after ${indexStep}`, (options) =>
    openSqliteStore({ directory: freshDirectory(), indexStep, ...options }),
  );
}

const missedBy = async (store: SqliteStore, user: string): Promise<readonly string[]> => {
  const query = { namespace: 'main', user, limit: 1e6 };
  const page = await answer<MissedPage>((done) => store.messages.missed(query, done));
  return page.messages.map((message) => message.content);
};

describe('a SQLite store that is opened again', () => {
  it('has everything that was answered', async () => {
    const directory = freshDirectory();
    const first = await openSqliteStore({ directory, limits: LIMITS, now });
    await answer<void>((done) => first.messages.enroll('main', 'group:lobby', ['bob'], done));
    const operations = [
      append({ content: '1' }),
      append({ content: '2' }),
      append({ ...toGroup('lobby'), content: '3' }),
    ];
    await answer((done) => first.messages.commit(operations, done));
    const range = { namespace: 'main', user: 'bob', conversation: 'direct:["alice","bob"]', from: 1, to: 1 };
    await answer<void>((done) => first.messages.confirm([range], done));
    const users = [{ id: 'x\u0000y' }, { id: 'bob', integer: 7 }];
    await answer<void>((done) => first.identities.assign('main', users, done));
    await first.close();

    const second = await openSqliteStore({ directory, limits: LIMITS, now });
    expect(await missedBy(second, 'bob')).toEqual(['2', '3']);
    expect(second.identities.integerOf('main', 'x\u0000y')).toBe(1);
    expect(second.identities.userOf('main', 1)).toBe('x\u0000y');
    expect(second.identities.userOf('main', 7)).toBe('bob');
    const [next] = await answer<readonly StoreResult[]>((done) => second.messages.commit([append()], done));
    expect(next).toMatchObject({ message: { sequence: 3 } });
    await second.close();
  });

  it('continues the sequence of a conversation whose messages are all too old', async () => {
    const directory = freshDirectory();
    const first = await openSqliteStore({ directory, limits: LIMITS, now });
    await answer((done) => first.messages.commit([append(), append()], done));
    await first.close();
    const later = START + LIMITS.retentionMs;
    const second = await openSqliteStore({ directory, limits: LIMITS, now: () => later });
    const [next] = await answer<readonly StoreResult[]>((done) =>
      second.messages.commit([append({ sentAt: later })], done),
    );
    expect(next).toMatchObject({ message: { sequence: 3 } });
    await second.close();
    const database = new DatabaseSync(join(directory, 'dragoman.db'));
    expect(database.prepare('SELECT count(*) AS count FROM message').get()).toEqual({ count: 1 });
    database.close();
  });
});

it('a SQLite store that is opened again knows how many queues there are', async () => {
  const directory = freshDirectory();
  const put = (store: SqliteStore, queue: string) => {
    const entry = {
      namespace: 'main',
      queue,
      name: 'job',
      headers: [],
      body: '',
      from: undefined,
      at: START,
    };
    return answer((done) =>
      store.messages.commit([{ kind: 'enqueue', entry: { ...entry, id: `01-${queue}` } }], done),
    );
  };
  const first = await openSqliteStore({ directory, limits: LIMITS, now });
  for (const queue of ['a', 'b']) await put(first, queue);
  await first.close();
  const second = await openSqliteStore({ directory, limits: LIMITS, now });
  await answer<void>((done) => second.messages.dequeue('main', 'a', '01-a', done));
  for (const queue of ['c', 'd']) await put(second, queue);
  await expect(put(second, 'e')).rejects.toMatchObject({ code: 'recipient_queue_full' });
  await second.close();
});

describe('the group commit', () => {
  it('lets many commits share few transactions, each refused alone', async () => {
    const store = await openSqliteStore({ directory: freshDirectory(), limits: WIDE, now });
    const commits = Array.from({ length: 500 }, (_, index) => {
      const operations: StoreOperation[] = [append({ content: String(index), clientId: `c-${index}` })];
      if (index % 10 === 9) {
        operations.push({ kind: 'revoke', namespace: 'main', message: 'none', author: 'alice' });
      }
      return answer((done) => store.messages.commit(operations, done));
    });
    const settled = await Promise.allSettled(commits);
    expect(settled.filter((result) => result.status === 'fulfilled')).toHaveLength(450);
    const good = Array.from({ length: 500 }, (_, index) => index).filter((index) => index % 10 !== 9);
    expect(await missedBy(store, 'bob')).toEqual(good.map(String));
    expect(store.stats().writes).toBe(500);
    expect(store.stats().transactions).toBeLessThan(10);
    await store.close();
  });

  it('takes any number at once, in transactions that the tables of places can follow', async () => {
    const store = await openSqliteStore({ directory: freshDirectory(), limits: WIDE, now, indexStep: 1024 });
    const commits = Array.from({ length: 10_000 }, (_, index) =>
      answer((done) => store.messages.commit([append({ content: String(index) })], done)),
    );
    const settled = await Promise.allSettled(commits);
    expect(settled.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(store.stats().transactions).toBeGreaterThanOrEqual(10_000 / 512);
    await store.close();
  });

  it('counts for those who wait their turn from when they asked', async () => {
    const store = await openSqliteStore({ directory: freshDirectory(), limits: WIDE, now });
    const waited: number[] = [];
    vi.spyOn(store.metrics, 'answered').mockImplementation((ms) => void waited.push(ms));
    const before = store.stats().commitMs;
    const commits = Array.from({ length: 10_000 }, (_, index) =>
      answer((done) => store.messages.commit([append({ content: String(index) })], done)),
    );
    await Promise.all(commits);
    // All of them were asked before the first transaction, and the last answer came after the last one.
    expect(waited.at(-1)).toBeGreaterThanOrEqual(store.stats().commitMs - before);
    await store.close();
  });

  it('answers everybody in order, however commits, logins and confirmations are mixed, over turns and a close', async () => {
    const store = await openSqliteStore({ directory: freshDirectory(), limits: WIDE, now });
    const answered: number[] = [];
    let asked = 0;
    const note = (number: number) => () => void answered.push(number);
    const range = { namespace: 'main', user: 'bob', conversation: 'direct:["alice","bob"]', from: 1, to: 1 };
    for (let turns = 0; turns < 40; turns++) {
      for (let count = 0; count < (turns * 7) % 300; count++) {
        const number = asked++;
        if (turns % 3 === 0) store.messages.confirm([range], note(number));
        else if (count % 5 === 0) store.messages.enroll('main', 'group:lobby', ['bob'], note(number));
        else store.messages.commit([append({ content: `${number}` })], note(number));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await store.close();
    expect(answered).toEqual(Array.from({ length: asked }, (_, index) => index));
  });

  it('takes confirmations along with what somebody waits for, and all together where there is nothing', async () => {
    const store = await openSqliteStore({ directory: freshDirectory(), limits: WIDE, now });
    onTestFinished(() => store.close());
    await answer((done) => store.messages.commit([append(), append(), append()], done));
    const confirm = (sequence: number): Promise<void> => {
      const range = { namespace: 'main', user: 'bob', conversation: 'direct:["alice","bob"]' };
      return answer((done) => store.messages.confirm([{ ...range, from: sequence, to: sequence }], done));
    };
    const before = store.stats().transactions;
    const first = confirm(1);
    await new Promise((resolve) => setImmediate(resolve));
    const second = confirm(2);
    await new Promise((resolve) => setImmediate(resolve));
    await answer((done) => store.messages.commit([append()], done));
    await Promise.all([first, second]);
    expect(store.stats().transactions).toBe(before + 1);
    await Promise.all([confirm(3), confirm(4)]);
    expect(store.stats().transactions).toBe(before + 2);
    expect(await missedBy(store, 'bob')).toEqual([]);
  });

  it('isolates a commit that the database itself refuses', async () => {
    const store = await openSqliteStore({ directory: freshDirectory(), limits: WIDE, now });
    const again = append({ content: 'first' });
    const results = await Promise.allSettled([
      answer((done) => store.messages.commit([again], done)),
      answer((done) => store.messages.commit([again], done)),
      answer((done) => store.messages.commit([append({ content: 'last' })], done)),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await missedBy(store, 'bob')).toEqual(['first', 'last']);
    expect(store.health()).toEqual({ ok: true });
    await store.close();
  });
});

describe('opening', () => {
  it('refuses a directory that is in use, by name, until it is free', async () => {
    const directory = freshDirectory();
    const first = await openSqliteStore({ directory, limits: LIMITS });
    await expect(openSqliteStore({ directory, limits: LIMITS })).rejects.toThrow(
      `the data directory ${directory} is in use by another process`,
    );
    await first.close();
    const second = await openSqliteStore({ directory, limits: LIMITS });
    await second.close();
  });

  it('refuses a file that is no database, by name', async () => {
    const directory = mkdtempSync(join(root, 'bad-'));
    writeFileSync(join(directory, 'dragoman.db'), 'no database '.repeat(100));
    await expect(openSqliteStore({ directory, limits: LIMITS })).rejects.toThrow(
      `the database dragoman.db in the data directory ${directory} cannot be opened`,
    );
  });

  it('refuses a directory that cannot be made', async () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    await expect(openSqliteStore({ directory: join(file, 'x'), limits: LIMITS })).rejects.toThrow(
      join(file, 'x'),
    );
  });

  it('refuses the schema of a newer release', async () => {
    const directory = mkdtempSync(join(root, 'newer-'));
    const database = new DatabaseSync(join(directory, 'dragoman.db'));
    database.exec('PRAGMA user_version = 999');
    database.close();
    await expect(openSqliteStore({ directory, limits: LIMITS })).rejects.toThrow('newer release');
  });
});

describe('a full disk', () => {
  const entry = (id: number): QueueEntry => ({
    id: String(id).padStart(9, '0'),
    namespace: 'main',
    queue: 'work',
    name: 'job',
    headers: [],
    body: 'x'.repeat(20_000),
    from: undefined,
    at: START,
  });

  it('gives store_unavailable, keeps what was acknowledged readable, and takes writes again once there is room', async () => {
    const store = await openSqliteStore({ directory: freshDirectory(), limits: WIDE, now, maxPages: 200 });
    const put = (id: number) =>
      answer((done) => store.messages.commit([{ kind: 'enqueue', entry: entry(id) }], done));
    const stored: number[] = [];
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) => put(index).then(() => stored.push(index))),
    );
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(stored.length).toBeGreaterThan(0);
    for (const result of refused) expect(result.reason).toMatchObject({ code: 'store_unavailable' });
    expect(store.health()).toMatchObject({ ok: false, error: expect.stringContaining('full') });

    const query = { namespace: 'main', queue: 'work', limit: 1000 };
    const kept = await answer<readonly QueueEntry[]>((done) => store.messages.queued(query, done));
    expect(kept.map((item) => Number(item.id))).toEqual(stored);

    for (const { id } of kept.slice(0, 5))
      await answer<void>((done) => store.messages.dequeue('main', 'work', id, done));
    expect(store.health()).toEqual({ ok: true });
    await put(1000);
    await store.close();
  });
});

describe('a process that is killed under load', () => {
  it('has stored every commit that it acknowledged', async () => {
    const directory = freshDirectory();
    const store = JSON.stringify(new URL('./sqlite.ts', import.meta.url).href);
    const script = `
      import { openSqliteStore } from ${store};
      const store = await openSqliteStore({ directory: ${JSON.stringify(directory)}, limits: ${JSON.stringify(WIDE)} });
      let count = 0;
      const send = () => {
        const id = String(++count);
        const draft = { id, namespace: 'main', from: { namespace: 'main', id: 'alice', name: '' },
          to: { type: 'user', id: 'bob' }, content: id, contentType: 'text', sentAt: Date.now() };
        store.messages.commit([{ kind: 'append', draft }], (outcome) => {
          if (outcome.ok) process.stdout.write(id + '\\n');
          send();
        });
      };
      for (let index = 0; index < 50; index += 1) send();
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--no-warnings', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const acknowledged: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line);
      if (acknowledged.length === 2000) child.kill('SIGKILL');
    }
    await exited;
    expect(acknowledged.length).toBeGreaterThanOrEqual(2000);
    const again = await openSqliteStore({ directory, limits: WIDE });
    const stored = await missedBy(again, 'bob');
    const there = new Set(stored);
    expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
    expect(stored).toEqual(stored.toSorted((a, b) => Number(a) - Number(b)));
    await again.close();
  });
});

it('removes what is old by itself, without any call', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  let time = START;
  const directory = freshDirectory();
  const limits = { ...WIDE, retentionMs: DAY, deduplicationMs: DAY };
  const store = await openSqliteStore({ directory, limits, now: () => time });
  const operations = Array.from({ length: 1200 }, () => append(by('carol')));
  await answer((done) => store.messages.commit(operations, done));
  time += DAY;
  for (let step = 0; step < 3; step += 1) {
    vi.advanceTimersByTime(5_000);
    expect(await missedBy(store, 'bob')).toEqual([]);
  }
  await store.close();
  const database = new DatabaseSync(join(directory, 'dragoman.db'));
  expect(database.prepare('SELECT count(*) AS count FROM message').get()).toEqual({ count: 0 });
  expect(database.prepare('SELECT messages, bytes FROM backlog').get()).toEqual({ messages: 0, bytes: 0 });
  database.close();
});
