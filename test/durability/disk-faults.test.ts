/** What a sick disk may do: no message is acknowledged that is not kept, and everybody can see what is wrong. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { storeLimits } from '../../core/cli/store.ts';
import { openSqliteStore, type SqliteStoreOptions } from '../../core/store/sqlite.ts';
import { startGateway, type TestGateway, testConfig } from '../support/gateway.ts';
import type { RawClient } from '../support/raw-client.ts';
import {
  type Door,
  freshDirectory,
  type GatewayProcess,
  PRODUCT,
  StartFailure,
  startProcess,
} from './gateway-process.ts';
import { Ledger, Remains } from './ledger.ts';
import { json, READERS, SPEAKERS, type Voice, voices, withReaders } from './voices.ts';

const READER = READERS[0];
/** What the error table says for a message that could not be stored, by the locale of the dialect. */
const NOT_STORED = /消息保存失败，请重试|could not be stored; try again/;

async function gatewayOn(
  options: Omit<SqliteStoreOptions, 'limits'>,
): Promise<TestGateway & { readonly restart: () => Promise<void> }> {
  const store = await openSqliteStore({ ...options, limits: storeLimits(testConfig()) });
  const gateway = await startGateway({ store, edit: withReaders });
  const restart = async (): Promise<void> => {
    await gateway.stop();
    await store.close();
  };
  onTestFinished(restart);
  return { ...gateway, restart };
}

const readiness = async (gateway: { readonly http: string }): Promise<{ status: number; body: unknown }> => {
  const response = await fetch(`${gateway.http}/readyz`);
  return { status: response.status, body: await response.json() };
};

/** Says something and gives what comes of it: `stored`, or the text of the refusal. */
async function attempt(
  voice: Voice,
  client: RawClient,
  words: { user: string; content: string },
): Promise<string> {
  voice.say(client, words);
  for (;;) {
    const wire = await client.next();
    if (voice.acknowledged(wire, words.user) === words.content) return 'stored';
    const refusal = voice.refused(wire);
    if (refusal !== undefined) return refusal.text;
  }
}

/** Each dialect's client is refused in its words, and none is told that its message is stored. */
async function allAreRefused(door: Door, clients: readonly RawClient[]): Promise<void> {
  for (const [index, voice] of voices.entries()) {
    const client = clients[index] as RawClient;
    const content = `refused-${voice.dialect}`.padEnd(250, '-');
    expect([
      voice.dialect,
      await attempt(voice, client, { user: SPEAKERS[index] as string, content }),
    ]).toEqual([voice.dialect, expect.stringMatching(NOT_STORED)]);
  }
  const reader = await json.enter(door, READER);
  reader.send({ type: 'ping' });
  await reader.nextJson(({ type }) => type === 'pong');
  expect(reader.received.filter((wire) => wire.includes('refused-'))).toEqual([]);
}

/** All are stored again; a dialect whose error ends the connection has come back for it. */
async function allAreServed(door: Door, clients: readonly RawClient[], name: string): Promise<void> {
  for (const [index, voice] of voices.entries()) {
    const user = SPEAKERS[index] as string;
    const old = clients[index] as RawClient;
    const client = old.socket.readyState === old.socket.OPEN ? old : await voice.enter(door, user);
    const content = `${name}-${voice.dialect}`;
    expect([voice.dialect, await attempt(voice, client, { user, content })]).toEqual([
      voice.dialect,
      'stored',
    ]);
  }
}

const enterAll = (door: Door): Promise<RawClient[]> =>
  Promise.all(voices.map((voice, index) => voice.enter(door, SPEAKERS[index] as string)));

/** Overwrites the root page of a table in a closed database; gives what puts it right again. */
function spoil(directory: string, table: string): () => void {
  const file = join(directory, 'dragoman.db');
  const good = readFileSync(file);
  const database = new DatabaseSync(file, { readOnly: true });
  const schema = database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table);
  database.close();
  const bad = Buffer.from(good);
  const offset = (Number(schema?.rootpage) - 1) * 4096;
  bad.fill(0xa5, offset, offset + 4096);
  writeFileSync(file, bad);
  return () => writeFileSync(file, good);
}

describe('a full database', () => {
  it('refuses in the words of each dialect, turns readiness red, and takes messages again when there is room', async () => {
    const store = await openSqliteStore({
      directory: freshDirectory(),
      limits: storeLimits(testConfig()),
      maxPages: 150,
    });
    const gateway = await startGateway({ store, edit: withReaders });
    onTestFinished(async () => {
      await gateway.stop();
      await store.close();
    });
    const clients = await enterAll(gateway);
    await allAreServed(gateway, clients, 'before');
    expect(await readiness(gateway)).toEqual({ status: 200, body: { status: 'ready' } });

    const filler = (id: number, size: number) =>
      new Promise<boolean>((resolve) => {
        const entry = {
          id: `${id}`,
          namespace: 'x',
          queue: 'x',
          name: 'x',
          headers: [],
          from: undefined,
          at: 0,
        };
        const operation = { kind: 'enqueue', entry: { ...entry, body: 'x'.repeat(size) } } as const;
        store.messages.commit([operation], ({ ok }) => resolve(ok));
      });
    let count = 0;
    for (const size of [50_000, 5000, 500, 50]) while (await filler(count, size)) count += 1;
    // What is left is room for short messages, not for longer ones.
    const frank = await json.enter(gateway, 'frank');
    let short = 0;
    while ((await attempt(json, frank, { user: 'frank', content: `${short}` })) === 'stored') short += 1;

    await allAreRefused(gateway, clients);
    expect(await readiness(gateway)).toEqual({
      status: 503,
      body: { status: 'store unavailable', error: expect.stringContaining('full') },
    });
    // What was acknowledged before can still be read.
    const reader = await json.enter(gateway, READERS[1]);
    for (const voice of voices) await reader.next((wire) => wire.includes(`before-${voice.dialect}`));

    for (let id = 0; id < count; id += 1)
      await new Promise<void>((resolve) => store.messages.dequeue('x', 'x', `${id}`, () => resolve()));
    await allAreServed(gateway, clients, 'after');
    expect(await readiness(gateway)).toEqual({ status: 200, body: { status: 'ready' } });
  });
});

/** Sends until something is refused, then until something is stored again; all that was acknowledged. */
async function throughFault(
  gateway: GatewayProcess,
  ledger: Ledger,
  { size, heal = () => {} }: { readonly size: number; readonly heal?: () => void },
): Promise<void> {
  const alice = await json.enter(gateway, 'alice');
  let count = 0;
  const say = async (): Promise<string> => {
    const id = `message-${count++}`;
    const content = id.padEnd(size, '界');
    ledger.send({ content, user: 'alice', to: undefined });
    alice.send({ type: 'message', data: { id, fromId: 'alice', toId: 'lobby', chatType: 'group', content } });
    const wire = await alice.next((text) => text.includes(`"${id}"`));
    const refusal = json.refused(wire);
    if (refusal !== undefined) return refusal.text;
    expect(json.acknowledged(wire, 'alice')).toBe(id);
    ledger.acknowledged.add(content);
    return 'stored';
  };
  while ((await say()) === 'stored');
  expect(ledger.acknowledged.size).toBeGreaterThan(0);
  expect(await say()).toMatch(NOT_STORED);
  expect(await readiness(gateway)).toMatchObject({ status: 503, body: { status: 'store unavailable' } });
  heal();
  const before = ledger.acknowledged.size;
  while (ledger.acknowledged.size < before + 5) await say();
  expect(await readiness(gateway)).toEqual({ status: 200, body: { status: 'ready' } });
}

/** Each message that was acknowledged is stored once. */
function checkRemains(data: string, ledger: Ledger): void {
  const contents = new Remains(data).rows.map(({ content }) => content);
  expect([...ledger.acknowledged].filter((content) => !contents.includes(content))).toEqual([]);
  expect(contents).toHaveLength(new Set(contents).size);
}

const works = (command: string, ...args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const isCi = process.env.CI === 'true';
const canLimit = works('prlimit', '--version');

describe.skipIf(!canLimit && !isCi)(
  `a limit on the size of files${canLimit ? '' : ' (SKIPPED: no prlimit)'}`,
  () => {
    it('is refused at the limit, and is over without a restart when the limit is lifted', async () => {
      const data = freshDirectory();
      // In blocks of 512 bytes or of 1 KiB, as the shell likes: more than the log grows to before it is emptied.
      const around = ['sh', '-c', 'ulimit -S -f 10000; exec "$@"', 'sh'];
      const gateway = await startProcess({ data, around, edit: withReaders });
      const ledger = new Ledger();
      await throughFault(gateway, ledger, {
        // Large enough that the file, not only its log, comes to the limit.
        size: 10_000,
        heal: () => expect(works('prlimit', '--pid', String(gateway.pid), '--fsize=unlimited')).toBe(true),
      });
      await gateway.kill();
      checkRemains(data, ledger);
    });
  },
);

const canInject = works('strace', '-f', '-e', 'inject=fsync:error=EIO', 'true');

describe.skipIf(!canInject && !isCi)(
  `a disk that fails${canInject ? '' : ' (SKIPPED: strace is not installed or may not trace here)'}`,
  () => {
    it.each([
      ['to sync', 'fsync,fdatasync:error=EIO'],
      ['to write', 'pwrite64:error=EIO'],
      ['to find room', 'pwrite64:error=ENOSPC'],
    ])(
      '%s is answered without an ack, and is over without a restart',
      async (_what, fault) => {
        const data = freshDirectory();
        const calls = fault.slice(0, fault.indexOf(':'));
        // From the 120th call of the thread on, for 40 calls: long after the start.
        const inject = ['-e', `trace=${calls}`, '-e', `inject=${fault}:when=120..160`];
        const around = ['strace', '-f', '-o', '/dev/null', ...inject];
        const gateway = await startProcess({ data, around, edit: withReaders });
        const ledger = new Ledger();
        await throughFault(gateway, ledger, { size: 100 });
        await gateway.kill();
        checkRemains(data, ledger);
      },
      60_000,
    );
  },
);

const canMount = works('unshare', '-rm', 'true');

describe.skipIf(!canMount && !isCi)(
  `a read-only directory${canMount ? '' : ' (SKIPPED: no user namespaces)'}`,
  () => {
    it('ends the start with a message that names it', async () => {
      const data = freshDirectory();
      const script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
      const around = ['unshare', '-rm', 'sh', '-c', script, data];
      const start = startProcess({ data, around, program: PRODUCT });
      const failure: unknown = await start.catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StartFailure);
      expect(failure).toMatchObject({ exitCode: 1, message: expect.stringContaining(data) });
      expect((failure as StartFailure).message).not.toContain('    at ');
    });
  },
);

it('a data directory that cannot be made ends the start with a message that names it', async () => {
  const file = join(freshDirectory(), 'file');
  writeFileSync(file, '');
  const data = join(file, 'data');
  const failure: unknown = await startProcess({ data }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ exitCode: 1, message: expect.stringContaining(data) });
});

describe('a write-ahead log', () => {
  /** A killed gateway's directory with some acknowledged messages that are in the log only. */
  async function killed(): Promise<{ readonly data: string; readonly ledger: Ledger; readonly log: string }> {
    const data = freshDirectory();
    const gateway = await startProcess({ data, edit: withReaders });
    const alice = await json.enter(gateway, 'alice');
    const ledger = new Ledger();
    for (let count = 0; count < 20; count += 1) {
      const content = `message-${count}`;
      ledger.send({ content, user: 'alice', to: undefined });
      expect(await attempt(json, alice, { user: 'alice', content })).toBe('stored');
      ledger.acknowledged.add(content);
    }
    await gateway.kill();
    const log = join(data, 'dragoman.db-wal');
    expect(existsSync(log)).toBe(true);
    return { data, ledger, log };
  }

  it('with a torn transaction at its end, as a power cut leaves one, loses nothing', async () => {
    const { data, ledger, log } = await killed();
    const bytes = readFileSync(log);
    // A frame that begins as the last one did and ends in the middle.
    writeFileSync(log, Buffer.concat([bytes, bytes.subarray(bytes.length - 4120, bytes.length - 2000)]));
    const gateway = await gatewayOn({ directory: data });
    const reader = await json.enter(gateway, READER);
    for (const content of ledger.acknowledged)
      await reader.next((wire) => json.heard(wire)?.content === content);
    await allAreServed(gateway, await enterAll(gateway), 'after');
  });

  it('that has lost its end starts with what is left: the oldest messages, in order, and goes on', async () => {
    const { data, ledger, log } = await killed();
    truncateSync(log, Math.floor(statSync(log).size * 0.7));
    const all = [...ledger.acknowledged];
    const gateway = await gatewayOn({ directory: data });
    await allAreServed(gateway, await enterAll(gateway), 'after');
    const reader = await json.enter(gateway, READER);
    await reader.next((wire) => wire.includes('after-stomp'));
    const heard = reader.received.flatMap((wire) => json.heard(wire)?.content ?? []);
    const left = heard.filter((content) => content.startsWith('message-'));
    expect(left.length).toBeLessThan(all.length);
    expect(left).toEqual(all.slice(0, left.length));
  });
});

describe('a garbage page', () => {
  it('is refused in the words of each dialect, turns readiness red, and is over without a restart when it is right again', async () => {
    const directory = freshDirectory();
    const first = await gatewayOn({ directory });
    await first.restart();
    const repair = spoil(directory, 'sqlite_autoindex_message_1');
    const gateway = await gatewayOn({ directory });
    const clients = await enterAll(gateway);
    await allAreRefused(gateway, clients);
    expect(await readiness(gateway)).toEqual({
      status: 503,
      body: { status: 'store unavailable', error: expect.stringContaining('malformed') },
    });
    repair();
    await allAreServed(gateway, clients, 'after');
    expect(await readiness(gateway)).toEqual({ status: 200, body: { status: 'ready' } });
  });

  it('that the start needs ends it with a message that names the directory', async () => {
    const directory = freshDirectory();
    const first = await gatewayOn({ directory });
    await first.restart();
    for (const table of ['identity', 'message']) {
      const repair = spoil(directory, table);
      const failure: unknown = await startProcess({ data: directory }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ exitCode: 1, message: expect.stringContaining(directory) });
      expect((failure as StartFailure).message).toContain('malformed');
      repair();
    }
  });
});
