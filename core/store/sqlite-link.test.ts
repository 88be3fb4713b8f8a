/** When what is asked goes to the thread of the database. Time stands still unless a test moves it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Waits } from './port.ts';
import { rawOperation } from './sqlite-append.ts';
import { DatabaseLink } from './sqlite-link.ts';
import { answer, append, LIMITS, START } from './store-suite.ts';

let directory: string;
let link: DatabaseLink;
let batches: () => readonly number[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dragoman-link-'));
  const limits = { ...LIMITS, backlogMessages: 1000, backlogBytes: 1e6 };
  const options = { directory, limits, maxPages: undefined, synchronous: 'full', indexStep: 100 } as const;
  link = new DatabaseLink(options, () => START);
  await link.open();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const post = vi.spyOn(link.thread as NonNullable<typeof link.thread>, 'postMessage');
  batches = () => post.mock.calls.map(([{ requests }]) => requests.length);
});

afterEach(async () => {
  vi.useRealTimers();
  await link.close();
  rmSync(directory, { recursive: true, force: true });
});

/** As a login does for somebody who is new. */
const remember = (id: string): Promise<void> => {
  const entry = { kind: 'user', namespace: 'main', id, value: { id, name: id } } as const;
  return answer((done) => link.ask({ kind: 'save_directory', entries: [entry] }, done, () => undefined));
};

const store = (content: string): Promise<number> =>
  answer((done) =>
    link.ask({ kind: 'commit', operations: [rawOperation(append({ content }))] }, done, (raw) => raw.length),
  );

const confirm = (waits: Waits): Promise<void> => {
  const range = { namespace: 'main', user: 'bob', conversation: 'direct:["alice","bob"]', from: 1, to: 1 };
  return answer((done) => link.ask({ kind: 'confirm', ranges: [range], waits }, done, () => undefined));
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function turns(): Promise<void> {
  for (let left = 5; left > 0; left--) await turn();
}

/** Two at once: from then on there are many. */
const comeTogether = (): Promise<unknown> => Promise.all([remember('alice'), remember('bob')]);

it('what many logins ask waits a little for what others ask', async () => {
  await comeTogether();
  const carol = remember('carol');
  await turns();
  const dave = remember('dave');
  await turns();
  expect(batches()).toEqual([2]);
  vi.advanceTimersByTime(4);
  await Promise.all([carol, dave]);
  expect(batches()).toEqual([2, 2]);
  const erin = remember('erin');
  await turns();
  vi.advanceTimersByTime(4);
  await erin;
  expect(batches()).toEqual([2, 2, 1]);
});

it('it goes at once with what somebody waits for, in the order in which it was asked', async () => {
  await comeTogether();
  const order: string[] = [];
  const carol = remember('carol').then(() => order.push('carol'));
  await turns();
  await Promise.all([carol, store('hello').then(() => order.push('hello'))]);
  expect(order).toEqual(['carol', 'hello']);
  expect(batches()).toEqual([2, 2]);
  // Nothing is left for later.
  expect(vi.getTimerCount()).toBe(0);
});

it('whoever asks one thing after the other does not wait', async () => {
  for (const id of ['alice', 'bob', 'carol']) await remember(id);
  expect(batches()).toEqual([1, 1, 1]);
});

it('what waits is answered when the store is closed', async () => {
  await comeTogether();
  const carol = remember('carol');
  await turns();
  await link.close();
  await carol;
});

it('what waits is answered when the thread has ended meanwhile', async () => {
  await comeTogether();
  const carol = remember('carol');
  await turns();
  await link.thread?.terminate();
  vi.advanceTimersByTime(4);
  await carol;
});

it('what a client has confirmed in words is noted at once, and a pong with others or a little later', async () => {
  await confirm('answer');
  const ponged = confirm('nothing');
  await turns();
  expect(batches()).toEqual([1]);
  vi.advanceTimersByTime(10);
  await ponged;
  const another = confirm('nothing');
  await Promise.all([another, confirm('answer')]);
  expect(batches()).toEqual([1, 1, 2]);
});

it('what cannot be sent to the thread is refused alone with its batch, and what comes after is stored', async () => {
  const first = store('first');
  await turns();
  const unsendable = answer((done) =>
    link.ask({ kind: 'save_directory', entries: [(() => undefined) as never] }, done, () => undefined),
  );
  const beside = store('beside');
  await expect(unsendable).rejects.toMatchObject({ code: 'store_unavailable' });
  await expect(beside).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(await Promise.all([first, store('after')])).toEqual([1, 1]);
  expect(link.fault).toBeUndefined();
});

it('clients that can say no more until they have their answers do not wait for the pause, only for the thread', async () => {
  await comeTogether();
  const carol = remember('carol');
  const one = confirm('answer');
  await turns();
  expect(batches()).toEqual([2]);
  const two = confirm('client');
  await turn();
  const three = confirm('client');
  await Promise.all([carol, one, two, three]);
  expect(batches()).toEqual([2, 3, 1]);
  expect(vi.getTimerCount()).toBe(0);
});

it('loads no schemas in the thread, which would take longer than opening the file', () => {
  const program = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    await import(${JSON.stringify(new URL('./sqlite-engine.ts', import.meta.url))});
    await import(${JSON.stringify(new URL('./sqlite-protocol.ts', import.meta.url))});
    process.stdout.write(JSON.stringify(loaded));
  `;
  const loaded = JSON.parse(
    execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '--eval', program], {
      encoding: 'utf8',
    }),
  ) as readonly string[];
  expect(loaded.some((url) => url.endsWith('/sqlite-messages.ts'))).toBe(true);
  expect(loaded.filter((url) => url.includes('/node_modules/'))).toEqual([]);
});
