/** after_message and presence: told without anybody waiting, at least once while the queue holds. */
import { Writable } from 'node:stream';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { type HookReply, hookServer, withHook } from '../support/hook-server.ts';
import { isStored, type Speaker, speakers } from '../support/speakers.ts';

const TOLD = 'events: [after_message]';
const NO_CONTENT: HookReply = { status: 204 };

async function say(gateway: TestGateway, speaker: Speaker, user: string, ...contents: readonly string[]) {
  const client = await speaker.enter(gateway, user);
  for (const content of contents) {
    const words = { user, id: content, content };
    speaker.say(client, words);
    await isStored(speaker, client, words);
  }
  return client;
}

/** How often notifications of an event ended in some way. */
async function counted(gateway: TestGateway, event: string, outcome: string): Promise<number> {
  const text = await gateway.gateway.metrics.metrics();
  const line = `dragoman_hook_outcomes_total{hook="it",event="${event}",outcome="${outcome}"}`;
  const found = text.split('\n').find((each) => each.startsWith(line));
  return found === undefined ? 0 : Number(found.slice(line.length));
}

describe('after_message', () => {
  it.each([speakers.json, speakers.stomp, speakers.ourchat])(
    'tells what $dialect has stored',
    async (speaker) => {
      await using backend = await hookServer(() => NO_CONTENT);
      await using gateway = await startGateway({ edit: withHook(backend.url, TOLD) });
      await say(gateway, speaker, 'alice', 'hello');
      const { body } = await backend.request();
      expect(body).toMatchObject({
        type: 'after_message',
        attempt: 1,
        data: {
          endpoint: expect.stringMatching('^/ws/'),
          message: {
            id: expect.any(String),
            namespace: 'main',
            sequence: 1,
            from: { id: 'alice', name: 'Alice' },
            to: { type: 'group', id: 'lobby' },
            content: 'hello',
          },
        },
      });
    },
  );

  it('tells a repeated message once', async () => {
    await using backend = await hookServer(() => NO_CONTENT);
    await using gateway = await startGateway({ edit: withHook(backend.url, TOLD) });
    await say(gateway, speakers.json, 'alice', 'once', 'once', 'last');
    await backend.request(({ body }) => body.data.message?.content === 'last');
    expect(backend.requests.map(({ body }) => body.data.message?.content).sort()).toEqual(['last', 'once']);
  });

  it('nobody waits for a backend that never answers', async () => {
    await using backend = await hookServer(() => new Promise(() => {}));
    await using gateway = await startGateway({
      edit: withHook(backend.url, `${TOLD}, concurrency: 2, timeout: 1min, drain: 0ms`),
    });
    await say(gateway, speakers.json, 'alice', 'one', 'two', 'three', 'four');
    await backend.count(2);
    expect(backend.requests).toHaveLength(2);
    expect(await gateway.gateway.metrics.metrics()).toContain(
      'dragoman_hook_queue_length{hook="it",queue="notifications"} 2',
    );
  });

  it('tells again until it is taken, under the same id', async () => {
    await using backend = await hookServer(({ body }) => ({ status: body.attempt < 4 ? 500 : 204 }));
    await using gateway = await startGateway({
      edit: withHook(backend.url, `${TOLD}, breaker: { failures: 2, openFor: 10ms }`),
    });
    await say(gateway, speakers.json, 'alice', 'hello');
    const { headers } = await backend.request(({ body }) => body.attempt === 4);
    expect(new Set(backend.requests.map((request) => request.headers['webhook-id']))).toEqual(
      new Set([headers['webhook-id']]),
    );
  });

  it('reaches a backend that comes late', async () => {
    const early = await hookServer(() => NO_CONTENT);
    const port = Number(new URL(early.url).port);
    await early[Symbol.asyncDispose]();
    await using gateway = await startGateway({
      edit: withHook(early.url, `${TOLD}, breaker: { failures: 2, openFor: 10ms }`),
    });
    const contents = ['one', 'two', 'three'];
    await say(gateway, speakers.json, 'alice', ...contents);
    await using late = await hookServer(() => NO_CONTENT, port);
    for (const content of contents) await late.request(({ body }) => body.data.message?.content === content);
  });

  it('gives up what is refused for good, and what nobody took in time', async () => {
    const lines: string[] = [];
    const sink = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(JSON.parse(String(chunk)).msg));
        done();
      },
    });
    await using backend = await hookServer(({ body }) => ({
      status: body.data.message?.content === 'refused' ? 400 : 500,
    }));
    const gateway = await startGateway({
      edit: withHook(backend.url, `${TOLD}, keep: 0ms, drain: 1min`),
      log: pino({ level: 'info' }, sink),
    });
    await say(gateway, speakers.json, 'alice', 'refused', 'late');
    await gateway.gateway.hub.hooks?.close();
    expect(await counted(gateway, 'after_message', 'status')).toBe(1);
    expect(await counted(gateway, 'after_message', 'given_up')).toBe(1);
    expect(lines.filter((text) => text === 'a notification of a hook is given up')).toHaveLength(2);
    await gateway.stop();
  });

  it('drops the oldest of a full queue, counts them and says so', async () => {
    const lines: Record<string, unknown>[] = [];
    const sink = new Writable({
      write(chunk, _encoding, done) {
        lines.push(JSON.parse(String(chunk)));
        done();
      },
    });
    let open: (reply: HookReply) => void = () => {};
    const opened = new Promise<HookReply>((resolve) => {
      open = resolve;
    });
    await using backend = await hookServer(() => opened);
    await using gateway = await startGateway({
      edit: withHook(backend.url, `${TOLD}, concurrency: 1, queue: { entries: 2 }, timeout: 1min`),
      log: pino({ level: 'info' }, sink),
    });
    await say(gateway, speakers.json, 'alice', 'under way', 'dropped 1', 'dropped 2', 'kept 1', 'kept 2');
    expect(await counted(gateway, 'after_message', 'dropped')).toBe(2);
    open(NO_CONTENT);
    await backend.request(({ body }) => body.data.message?.content === 'kept 2');
    expect(backend.requests.map(({ body }) => body.data.message?.content)).toEqual([
      'under way',
      'kept 1',
      'kept 2',
    ]);
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 40,
        hook: 'it',
        msg: 'the queue of a hook is full: its oldest notifications are dropped',
      }),
    );
  });

  it('is told what still waits when the gateway stops', async () => {
    let answer: (reply: HookReply) => void = () => {};
    await using backend = await hookServer(({ body }) =>
      body.data.message?.content === 'one' ? new Promise((resolve) => (answer = resolve)) : NO_CONTENT,
    );
    const gateway = await startGateway({
      edit: withHook(backend.url, `${TOLD}, concurrency: 1, timeout: 1min, drain: 1min`),
    });
    const alice = await say(gateway, speakers.json, 'alice', 'one', 'two', 'three');
    const stopped = gateway.stop();
    await alice.closed;
    answer(NO_CONTENT);
    await stopped;
    expect(backend.requests.map(({ body }) => body.data.message?.content)).toEqual(['one', 'two', 'three']);
  });
});

describe('presence', () => {
  it("tells a user's first connection and the end of the last", async () => {
    await using backend = await hookServer(() => NO_CONTENT);
    await using gateway = await startGateway({
      edit: withHook(backend.url, 'events: [presence], concurrency: 1'),
    });
    const first = await speakers.json.enter(gateway, 'frank');
    const second = await speakers.socket.enter(gateway, 'frank');
    await first.close();
    await second.close();
    await backend.count(2);
    expect(backend.requests.map(({ body }) => body)).toMatchObject([
      {
        type: 'presence',
        data: { endpoint: '/ws/json', user: { id: 'frank' }, online: true, at: expect.any(Number) },
      },
      { type: 'presence', data: { endpoint: '/ws/socket', user: { id: 'frank' }, online: false } },
    ]);
    expect(backend.requests).toHaveLength(2);
  });

  it('is told of the endpoints that the hook is for', async () => {
    await using backend = await hookServer(() => NO_CONTENT);
    await using gateway = await startGateway({
      edit: withHook(backend.url, 'events: [presence], endpoints: [/ws/socket]'),
    });
    await speakers.json.enter(gateway, 'alice');
    await speakers.socket.enter(gateway, 'bob');
    const { body } = await backend.request();
    expect(body.data.user?.id).toBe('bob');
    expect(backend.requests).toHaveLength(1);
  });
});
