/** Stored means delivered: nothing unsent is ever confirmed, and what is unconfirmed comes again [ARCHITECTURE, 5]. */
import { describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { isStored, messagesHeard, speakers } from '../support/speakers.ts';
import { chat, connectStomp, framesOf, nextCommand, nextStomp, stomp } from '../support/stomp-wire.ts';
import { hasConfirmedAll, missedBy } from '../support/store-view.ts';

const INBOX = '/user/queue/messages';

/** Pings soon after each delivery, so that confirmation needs no waiting. */
const start = (): Promise<TestGateway> =>
  startGateway({
    edit: (yaml) => yaml.replaceAll('auth: demo\n', 'auth: demo\n    heartbeat: { confirm: 0ms }\n'),
  });

async function tellBob(alice: RawClient, ...contents: readonly string[]): Promise<void> {
  for (const content of contents) {
    const words = { user: 'alice', id: content, content };
    speakers.json.tell?.(alice, 'bob', words);
    await isStored(speakers.json, alice, words);
  }
}

const heardByStomp = (client: RawClient): readonly string[] =>
  messagesHeard(speakers.stomp, client).map(({ content }) => content);

async function sync(client: RawClient, receipt: string): Promise<void> {
  client.send(chat('sync', {}, { receipt }));
  await nextCommand(client, 'RECEIPT', receipt);
}

describe('a recipient that crashes', () => {
  it('before it confirms gets the same message with the same id again; after that it does not', async () => {
    await using gateway = await start();
    const alice = await speakers.json.enter(gateway, 'alice');
    const ids: unknown[] = [];
    for (const autoPong of [false, false, true]) {
      const bob = await connectRaw(await gateway.url('/ws/json', 'bob'), [], { autoPong });
      if (ids.length === 0) await tellBob(alice, 'hello');
      const { data } = (await bob.nextJson(({ type }) => type === 'message')) as { data: { id: string } };
      ids.push(data.id);
      if (autoPong) await hasConfirmedAll(gateway, 'bob');
      bob.terminate();
      await bob.closed;
    }
    expect(ids).toEqual(['hello', 'hello', 'hello']);
    const bob = await speakers.json.enter(gateway, 'bob');
    await tellBob(alice, 'next');
    expect(await bob.nextJson()).toMatchObject({ type: 'message', data: { content: 'next' } });
  });
});

describe('a stomp client that asks for what it missed only after it has heard something live', () => {
  it('gets all of it, in order, each once', async () => {
    await using gateway = await start();
    const alice = await speakers.json.enter(gateway, 'alice');
    await tellBob(alice, '1', '2', '3');
    const bob = await connectStomp(gateway, 'bob', [INBOX]);
    await tellBob(alice, '4', '5');
    await nextStomp(bob, ({ body }) => body.includes('"content":"5"'));
    await sync(bob, 'synced');
    expect(heardByStomp(bob)).toEqual(['4', '5', '1', '2', '3']);
    await hasConfirmedAll(gateway, 'bob');
  });

  it('has confirmed nothing of it before', async () => {
    await using gateway = await start();
    const alice = await speakers.json.enter(gateway, 'alice');
    await tellBob(alice, '1', '2', '3');
    const bob = await connectStomp(gateway, 'bob', [INBOX]);
    await tellBob(alice, '4');
    while ((await missedBy(gateway, 'bob')).includes('4'))
      await new Promise((resolve) => setImmediate(resolve));
    expect(await missedBy(gateway, 'bob')).toEqual(['1', '2', '3']);
    bob.terminate();
  });
});

describe('what comes while a stomp client is not subscribed', () => {
  it.each([
    ['to its own queue', INBOX, 'SINGLE', 'bob'],
    ['to the group', '/topic/group/lobby', 'GROUP', 'lobby'],
  ])('%s is missed, whatever it confirms afterwards', async (_where, destination, chatType, toId) => {
    await using gateway = await start();
    const alice = await connectStomp(gateway, 'alice');
    const write = async (content: string): Promise<void> => {
      const body = { messageId: content, toId, chatType, msgType: 'TEXT', content };
      alice.send(chat('send', body, { receipt: content }));
      await nextCommand(alice, 'RECEIPT', content);
    };
    const bob = await connectStomp(gateway, 'bob', [destination]);
    await write('before');
    await nextStomp(bob, ({ body }) => body.includes('before'));
    bob.send(stomp('UNSUBSCRIBE', { id: 'sub-0', receipt: 'out' }));
    await nextCommand(bob, 'RECEIPT', 'out');
    await write('meanwhile');
    bob.send(stomp('SUBSCRIBE', { id: 'again', destination, receipt: 'in' }));
    await nextCommand(bob, 'RECEIPT', 'in');
    await write('afterwards');
    await nextStomp(bob, ({ body }) => body.includes('afterwards'));
    while ((await missedBy(gateway, 'bob')).includes('afterwards')) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await missedBy(gateway, 'bob')).toEqual(['meanwhile']);
  });
});

describe('a stomp client that acknowledges by itself', () => {
  const SUBSCRIBE = { id: 'in', ack: 'client-individual', receipt: 'in' };

  it('may refuse one message and accept those around it; the refused one comes again', async () => {
    await using gateway = await start();
    const alice = await speakers.json.enter(gateway, 'alice');
    const bob = await connectStomp(gateway, 'bob');
    bob.send(stomp('SUBSCRIBE', { ...SUBSCRIBE, destination: INBOX }));
    await nextCommand(bob, 'RECEIPT', 'in');
    await tellBob(alice, '1', '2', '3');
    await nextStomp(bob, ({ body }) => body.includes('"content":"3"'));
    for (const [index, { headers }] of framesOf(bob, 'MESSAGE').entries()) {
      const command = index === 1 ? 'NACK' : 'ACK';
      bob.send(stomp(command, { id: headers.ack ?? '', receipt: `settled-${index}` }));
      await nextCommand(bob, 'RECEIPT', `settled-${index}`);
    }
    expect(await missedBy(gateway, 'bob')).toEqual(['2']);
    await sync(bob, 'synced');
    expect(heardByStomp(bob)).toEqual(['1', '2', '3', '2']);
  });

  it('may acknowledge what it hears in an open group that it is no member of', async () => {
    await using gateway = await start();
    const alice = await speakers.json.enter(gateway, 'alice');
    const frank = await connectStomp(gateway, 'frank');
    frank.send(stomp('SUBSCRIBE', { ...SUBSCRIBE, destination: '/topic/group/lobby' }));
    await nextCommand(frank, 'RECEIPT', 'in');
    speakers.json.say(alice, { user: 'alice', id: 'm', content: 'hello' });
    const { headers } = await nextCommand(frank, 'MESSAGE');
    frank.send(stomp('ACK', { id: headers.ack ?? '', receipt: 'acked' }));
    await nextCommand(frank, 'RECEIPT', 'acked');
  });
});
