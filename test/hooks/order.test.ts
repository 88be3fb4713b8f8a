/** What one connection says stays in order while the backend answers out of order; nobody else waits for it. */
import { describe, expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { type HookReply, hookServer, withHook } from '../support/hook-server.ts';
import { hears, isStored, messagesHeard, speakers } from '../support/speakers.ts';
import { connectStomp, nextCommand, stomp } from '../support/stomp-wire.ts';
import { storedContents } from '../support/store-view.ts';

const ASKED = 'events: [before_message], onFailure: closed, timeout: 1min, deadline: 5min';
const ALLOW: HookReply = { status: 204 };

/** A backend that answers each message when the test says so. */
async function patientBackend() {
  const answers = new Map<string, (reply: HookReply) => void>();
  const server = await hookServer(
    ({ body }) => new Promise((resolve) => answers.set(body.data.content ?? '', resolve)),
  );
  return {
    server,
    url: server.url,
    answer: (content: string, reply: HookReply = ALLOW): void => answers.get(content)?.(reply),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe.each([speakers.json, speakers.socket, speakers.stomp, speakers.ourchat])('$dialect', (speaker) => {
  it('keeps the order of a connection under answers in any order', async () => {
    const count = 40;
    await using backend = await hookServer(async ({ body }) => {
      const turns = Math.floor(Math.random() * 20);
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      const { content = '' } = body.data;
      return content.endsWith('7') ? { body: { action: 'change', content: `${content}!` } } : ALLOW;
    });
    await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
    const bob = await speakers.json.enter(gateway, 'bob');
    const alice = await speaker.enter(gateway, 'alice');
    const contents = Array.from({ length: count }, (_, index) => `number ${index}`);
    for (const content of contents) speaker.say(alice, { user: 'alice', id: content, content });
    await hears(speakers.json, bob, `number ${count - 1}`);
    const expected = contents.map((content) => (content.endsWith('7') ? `${content}!` : content));
    expect(messagesHeard(speakers.json, bob).map(({ content }) => content)).toEqual(expected);
    expect(await storedContents(gateway)).toEqual(expected);
  });
});

it('an answer that comes first waits for those before it', async () => {
  await using backend = await patientBackend();
  await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
  const alice = await speakers.socket.enter(gateway, 'alice');
  for (const content of ['first', 'second', 'third']) {
    speakers.socket.say(alice, { user: 'alice', id: content, content });
  }
  await backend.server.count(3);
  backend.answer('third');
  backend.answer('second', { body: { action: 'refuse', code: 'forbidden' } });
  backend.answer('first');
  const isAnswer = ({ event }: Record<string, unknown>): boolean => event === 'ack' || event === 'error';
  const answers = [
    await alice.nextJson(isAnswer),
    await alice.nextJson(isAnswer),
    await alice.nextJson(isAnswer),
  ];
  // A refusal needs no disk and may overtake the acknowledgement of what was stored before it.
  expect(answers).toContainEqual(
    expect.objectContaining({ event: 'error', data: expect.objectContaining({ messageId: 'second' }) }),
  );
  const acknowledged = answers.filter(({ event }) => event === 'ack');
  expect(acknowledged).toMatchObject([{ data: { id: 'first' } }, { data: { id: 'third' } }]);
  expect(await storedContents(gateway)).toEqual(['first', 'third']);
});

it('other connections do not wait', async () => {
  await using backend = await patientBackend();
  await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
  const alice = await speakers.socket.enter(gateway, 'alice');
  const bob = await speakers.socket.enter(gateway, 'bob');
  speakers.socket.say(alice, { user: 'alice', id: 'a', content: 'slow' });
  const quick = { user: 'bob', id: 'b', content: 'quick' };
  speakers.socket.say(bob, quick);
  await backend.server.count(2);
  backend.answer('quick');
  await isStored(speakers.socket, bob, quick);
  expect(await storedContents(gateway)).toEqual(['quick']);
  backend.answer('slow');
  await isStored(speakers.socket, alice, { user: 'alice', id: 'a', content: 'slow' });
});

it('a goodbye comes after what was said before it', async () => {
  await using backend = await patientBackend();
  await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
  const alice = await connectStomp(gateway, 'alice', []);
  speakers.stomp.say(alice, { user: 'alice', id: 'm-1', content: 'last words' });
  await backend.server.count(1);
  alice.send(stomp('DISCONNECT', { receipt: 'bye' }));
  backend.answer('last words');
  expect((await nextCommand(alice, 'RECEIPT')).headers).toMatchObject({ 'receipt-id': 'r-m-1' });
  expect((await nextCommand(alice, 'RECEIPT')).headers).toMatchObject({ 'receipt-id': 'bye' });
  expect(await storedContents(gateway)).toEqual(['last words']);
});

describe('a connection that ends while the backend is asked', () => {
  it('has said what it said, if it left by itself', async () => {
    await using backend = await patientBackend();
    await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
    const bob = await speakers.json.enter(gateway, 'bob');
    const alice = await speakers.json.enter(gateway, 'alice');
    speakers.json.say(alice, { user: 'alice', id: 'm-1', content: 'gone already' });
    await backend.server.count(1);
    await alice.close();
    backend.answer('gone already');
    await hears(speakers.json, bob, 'gone already');
    expect(await storedContents(gateway)).toEqual(['gone already']);
  });

  it('has said nothing, if the gateway ended it', async () => {
    await using backend = await patientBackend();
    await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
    const bob = await speakers.json.enter(gateway, 'bob');
    const alice = await speakers.json.enter(gateway, 'alice');
    speakers.json.say(alice, { user: 'alice', id: 'm-1', content: 'thrown out' });
    await backend.server.count(1);
    const [connection] = gateway.gateway.hub.directory.find('main', 'alice')?.connections ?? [];
    connection?.end('policy', 'thrown out');
    await alice.closed;
    backend.answer('thrown out');
    speakers.json.say(bob, { user: 'bob', id: 'm-2', content: 'peace' });
    await backend.server.count(2);
    backend.answer('peace');
    await isStored(speakers.json, bob, { user: 'bob', id: 'm-2', content: 'peace' });
    expect(await storedContents(gateway)).toEqual(['peace']);
  });

  it('is checked again: who was muted meanwhile says nothing', async () => {
    await using backend = await patientBackend();
    await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
    const alice = await speakers.socket.enter(gateway, 'alice');
    speakers.socket.say(alice, { user: 'alice', id: 'm-1', content: 'hello' });
    await backend.server.count(1);
    const { groups, directory } = gateway.gateway.hub;
    const user = directory.userOf('main', 'alice');
    groups.find('main', 'lobby')?.muted.add(`${user.namespace}\u0000${user.id}`);
    backend.answer('hello');
    expect(await alice.nextJson(({ event }) => event === 'error')).toMatchObject({
      data: { code: 'muted', messageId: 'm-1' },
    });
    expect(await storedContents(gateway)).toEqual([]);
  });
});

it('a gateway that stops waits for the answer and acknowledges what it stored', async () => {
  await using backend = await patientBackend();
  const gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
  const alice = await speakers.json.enter(gateway, 'alice');
  speakers.json.say(alice, { user: 'alice', id: 'm-1', content: 'in time' });
  await backend.server.count(1);
  const stopped = gateway.gateway.close();
  backend.answer('in time');
  await isStored(speakers.json, alice, { user: 'alice', id: 'm-1', content: 'in time' });
  expect(await alice.closed).toMatchObject({ code: 1012 });
  await stopped;
  await gateway.stop();
});
