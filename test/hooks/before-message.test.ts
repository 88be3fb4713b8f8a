/** The backend is asked before a message is stored: it allows, refuses, or changes what was said. */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import {
  HOOK_SECRET,
  type HookReply,
  type HookRequest,
  hookServer,
  withHook,
} from '../support/hook-server.ts';
import { everySpeaker, hears, isStored, messagesHeard, speakers } from '../support/speakers.ts';
import { chat, connectStomp, nextCommand, stomp } from '../support/stomp-wire.ts';
import { between, storedContents } from '../support/store-view.ts';

const ASKED = 'events: [before_message], onFailure: closed';

/** Refuses "bad", masks "damn", turns "plain" into markup. */
function moderate({ body }: HookRequest): HookReply {
  const content = body.data.content ?? '';
  if (content.includes('bad'))
    return { body: { action: 'refuse', code: 'forbidden', text: 'no advertising' } };
  if (content.includes('damn'))
    return { body: { action: 'change', content: content.replace('damn', '****') } };
  if (content === 'plain') return { body: { action: 'change', contentType: 'markup' } };
  return content.includes('silent') ? { status: 204 } : { body: { action: 'allow', more: 'is ignored' } };
}

describe('what is asked', () => {
  it('says who wants to say what to whom, signed as Standard Webhooks are', async () => {
    await using backend = await hookServer(() => ({ status: 204 }));
    await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
    const alice = await speakers.json.enter(gateway, 'alice');
    const words = { user: 'alice', id: 'm-1', content: 'hello' };
    speakers.json.say(alice, words);
    await isStored(speakers.json, alice, words);
    const [asked] = backend.requests as [HookRequest];
    expect(asked.body).toEqual({
      type: 'before_message',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      attempt: 1,
      data: {
        endpoint: '/ws/json',
        from: expect.objectContaining({ namespace: 'main', id: 'alice', name: 'Alice' }),
        to: { type: 'group', id: 'lobby' },
        clientId: 'm-1',
        content: 'hello',
        contentType: 'text',
      },
    });
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = asked.headers;
    const key = Buffer.from(HOOK_SECRET.slice('whsec_'.length), 'base64');
    expect(signature).toBe(
      `v1,${createHmac('sha256', key).update(`${id}.${at}.${asked.text}`).digest('base64')}`,
    );
    expect(Math.abs(Number(at) - Date.now() / 1000)).toBeLessThan(60);
  });

  it('is nothing about a message that is refused anyway', async () => {
    await using backend = await hookServer(() => ({ status: 204 }));
    await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
    const frank = await speakers.json.enter(gateway, 'frank');
    frank.send({
      type: 'message',
      data: { id: 'm', toId: 'staff', chatType: 'group', content: 'let me in' },
    });
    expect(await frank.nextJson()).toMatchObject({ type: 'error', data: { messageId: 'm' } });
    expect(backend.requests).toEqual([]);
  });

  it('is nothing at endpoints that the hook is not for', async () => {
    await using backend = await hookServer(() => ({ body: { action: 'refuse', code: 'forbidden' } }));
    await using gateway = await startGateway({
      edit: withHook(backend.url, `${ASKED}, endpoints: [/ws/json]`),
    });
    const alice = await speakers.socket.enter(gateway, 'alice');
    const words = { user: 'alice', id: 'm-1', content: 'unasked' };
    speakers.socket.say(alice, words);
    await isStored(speakers.socket, alice, words);
    expect(backend.requests).toEqual([]);
  });
});

describe('a refusal', () => {
  const said = { user: 'alice', id: 'm-1', content: 'a bad word' };

  it.each([
    ['json', { type: 'error', data: { message: '没有权限', messageId: 'm-1' } }],
    ['room', { status: 0, msg: '没有权限', resultBody: '' }],
    ['socket', { event: 'error', data: { code: 'forbidden', messageId: 'm-1' } }],
    ['ourchat', { type: 'ERROR', code: 1012, message: '没有权限' }],
  ] as const)('comes in the words of %s, and nothing is stored', async (dialect, words) => {
    await using backend = await hookServer(moderate);
    await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
    const alice = await speakers[dialect].enter(gateway, 'alice');
    speakers[dialect].say(alice, said);
    const isRefusal = ({ type, event, status }: Record<string, unknown>): boolean =>
      type === 'error' || type === 'ERROR' || event === 'error' || status === 0;
    expect(await alice.nextJson(isRefusal)).toMatchObject(words);
    expect(await storedContents(gateway)).toEqual([]);
    const next = { user: 'alice', id: 'm-2', content: 'a good one' };
    speakers[dialect].say(alice, next);
    await isStored(speakers[dialect], alice, next);
    expect(await storedContents(gateway)).toEqual(['a good one']);
  });

  it('comes in the words of stomp, with the text of the backend', async () => {
    await using backend = await hookServer(moderate);
    await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
    const alice = await connectStomp(gateway, 'alice', ['/user/queue/errors', '/topic/group/lobby']);
    alice.send(chat('send', { messageId: 'm-1', toId: 'lobby', chatType: 'GROUP', content: 'a bad word' }));
    const { body } = await nextCommand(alice, 'MESSAGE');
    expect(JSON.parse(body)).toMatchObject({ code: 'forbidden', messageId: 'm-1' });
    expect(body).toContain('no advertising');
    expect(await storedContents(gateway)).toEqual([]);
  });

  it('of one message of a transaction is one of all', async () => {
    await using backend = await hookServer(moderate);
    await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
    const alice = await connectStomp(gateway, 'alice', ['/topic/group/lobby']);
    const send = (content: string, transaction: string, id: string) =>
      alice.send(chat('send', { messageId: id, toId: 'lobby', chatType: 'GROUP', content }, { transaction }));
    alice.send(stomp('BEGIN', { transaction: 't1' }));
    send('damn good', 't1', 'm-1');
    send('fine', 't1', 'm-2');
    alice.send(stomp('COMMIT', { transaction: 't1', receipt: 'r-1' }));
    expect((await nextCommand(alice, 'RECEIPT')).headers).toMatchObject({ 'receipt-id': 'r-1' });
    expect(await storedContents(gateway)).toEqual(['**** good', 'fine']);
    alice.send(stomp('BEGIN', { transaction: 't2' }));
    send('one', 't2', 'm-3');
    send('bad', 't2', 'm-4');
    alice.send(stomp('COMMIT', { transaction: 't2', receipt: 'r-2' }));
    expect((await nextCommand(alice, 'ERROR')).headers).toMatchObject({
      'receipt-id': 'r-2',
      code: 'forbidden',
    });
    expect(await storedContents(gateway)).toEqual(['**** good', 'fine']);
  });

  it('never ends the connection, whatever its code does elsewhere', async () => {
    await using backend = await hookServer(({ body }) =>
      body.data.content === 'go' ? { body: { action: 'refuse', code: 'token_expired' } } : { status: 204 },
    );
    await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
    const alice = await speakers.socket.enter(gateway, 'alice');
    speakers.socket.say(alice, { user: 'alice', id: 'm-1', content: 'go' });
    expect(await alice.nextJson(({ event }) => event === 'error')).toMatchObject({
      data: { code: 'token_expired' },
    });
    const next = { user: 'alice', id: 'm-2', content: 'still here' };
    speakers.socket.say(alice, next);
    await isStored(speakers.socket, alice, next);
  });
});

describe('a change', () => {
  it.each(everySpeaker)('of what $dialect says is what everybody hears', async (speaker) => {
    await using backend = await hookServer(moderate);
    await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
    const bob = await speakers.json.enter(gateway, 'bob');
    const alice = await speaker.enter(gateway, 'alice');
    speaker.say(alice, { user: 'alice', id: 'm-1', content: 'damn' });
    await hears(speakers.json, bob, '****');
    expect(await storedContents(gateway)).toEqual(['****']);
  });

  it('is made of direct messages and of the content type too', async () => {
    await using backend = await hookServer(moderate);
    await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
    const bob = await speakers.json.enter(gateway, 'bob');
    const alice = await speakers.json.enter(gateway, 'alice');
    speakers.json.tell?.(alice, 'bob', { user: 'alice', id: 'm-1', content: 'damn you' });
    await hears(speakers.json, bob, '**** you');
    speakers.json.tell?.(alice, 'bob', { user: 'alice', id: 'm-2', content: 'plain' });
    expect(await bob.nextJson(({ type }) => type === 'message')).toMatchObject({
      data: { contentType: 'markup' },
    });
    expect(await storedContents(gateway, between('alice', 'bob'))).toEqual(['**** you', 'plain']);
  });

  it('makes a repeat a repeat: it is known by what the client said', async () => {
    let masks = 0;
    await using backend = await hookServer(({ body }) => {
      const { content = '' } = body.data;
      return content === 'damn'
        ? { body: { action: 'change', content: `${++masks} ****` } }
        : { status: 204 };
    });
    await using gateway = await startGateway({ edit: withHook(backend.url, ASKED) });
    const bob = await speakers.json.enter(gateway, 'bob');
    const alice = await speakers.json.enter(gateway, 'alice');
    const once = { user: 'alice', id: 'm-1', content: 'damn' };
    for (let count = 0; count < 3; count++) {
      speakers.json.say(alice, once);
      await isStored(speakers.json, alice, once);
    }
    for (const content of ['something else', '1 ****']) {
      speakers.json.say(alice, { ...once, content });
      expect(await alice.nextJson()).toMatchObject({ type: 'error', data: { messageId: 'm-1' } });
    }
    speakers.json.say(alice, { user: 'alice', id: 'm-2', content: 'last' });
    await hears(speakers.json, bob, 'last');
    expect(messagesHeard(speakers.json, bob).map(({ content }) => content)).toEqual(['1 ****', 'last']);
    expect(await storedContents(gateway)).toEqual(['1 ****', 'last']);
  });
});
