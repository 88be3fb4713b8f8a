/** Acknowledged means stored [ARCHITECTURE, 5]: while the store refuses, nothing is acknowledged or delivered. */
import { describe, expect, it } from 'vitest';
import { storeLimits } from '../../core/cli/store.ts';
import { GatewayError } from '../../core/errors.ts';
import { MemoryMessageStore } from '../../core/store/memory.ts';
import { MemoryIdentityMap } from '../../core/store/memory-identity.ts';
import type {
  MissedPage,
  MissedQuery,
  StoreCallback,
  StoreOperation,
  StoreResult,
} from '../../core/store/port.ts';
import { startGateway, testConfig } from '../support/gateway.ts';
import type { RawClient } from '../support/raw-client.ts';
import { everySpeaker, hears, isStored, messagesHeard, type Speaker, speakers } from '../support/speakers.ts';
import { chat, connectStomp, nextCommand } from '../support/stomp-wire.ts';

/** A store that can be out of order for a while. */
class FailingStore extends MemoryMessageStore {
  failing = false;

  override commit(operations: readonly StoreOperation[], done: StoreCallback<readonly StoreResult[]>): void {
    if (this.failing) setImmediate(() => done({ ok: false, error: new GatewayError('store_unavailable') }));
    else super.commit(operations, done);
  }

  override missed(query: MissedQuery, done: StoreCallback<MissedPage>): void {
    if (this.failing) setImmediate(() => done({ ok: false, error: new GatewayError('store_unavailable') }));
    else super.missed(query, done);
  }
}

async function start() {
  const store = new FailingStore({ limits: storeLimits(testConfig()) });
  const gateway = await startGateway({ store: { messages: store, identities: new MemoryIdentityMap() } });
  return { store, gateway, [Symbol.asyncDispose]: () => gateway.stop() };
}

/** How each dialect says it; stomp's other way, with a receipt, has a test of its own. */
const WORDS: Readonly<Record<string, object>> = {
  json: { type: 'error', data: { message: '消息保存失败，请重试', messageId: 'm1' } },
  room: { status: 0, msg: '消息保存失败，请重试', resultBody: '' },
  socket: {
    event: 'error',
    data: {
      code: 'store_unavailable',
      message: 'the message could not be stored; try again',
      messageId: 'm1',
    },
  },
  ourchat: { type: 'ERROR', code: 1028, message: '消息保存失败，请重试' },
  stomp: {
    code: 'store_unavailable',
    message: 'the message could not be stored; try again',
    messageId: 'm1',
  },
};

const enter = (gateway: Awaited<ReturnType<typeof startGateway>>, speaker: Speaker): Promise<RawClient> =>
  speaker.dialect === 'stomp'
    ? connectStomp(gateway, 'alice', ['/user/queue/errors', '/topic/group/lobby'])
    : speaker.enter(gateway, 'alice');

function say(speaker: Speaker, client: RawClient, id: string): void {
  if (speaker.dialect !== 'stomp') speaker.say(client, { user: 'alice', id, content: `say ${id}` });
  else {
    const body = { messageId: id, toId: 'lobby', chatType: 'GROUP', msgType: 'TEXT', content: `say ${id}` };
    client.send(chat('send', body));
  }
}

describe.each(everySpeaker)('while the store refuses, a $dialect client', (speaker) => {
  it('gets no ack but an error, nobody gets the message, and all is well again with the store', async () => {
    await using started = await start();
    const { store, gateway } = started;
    const bob = await speakers.json.enter(gateway, 'bob');
    const alice = await enter(gateway, speaker);
    store.failing = true;
    say(speaker, alice, 'm1');
    const wire =
      speaker.dialect === 'stomp'
        ? (await nextCommand(alice, 'MESSAGE')).body
        : await alice.next((text) => /"error"|"ERROR"|"status":0/.test(text));
    expect(JSON.parse(wire)).toEqual(WORDS[speaker.dialect]);
    store.failing = false;
    say(speaker, alice, 'm2');
    expect(await hears(speakers.json, bob, 'say m2')).toMatchObject({ from: 'alice' });
    // The same id again: it was never stored, so it is no duplicate.
    say(speaker, alice, 'm1');
    await hears(speakers.json, bob, 'say m1');
    expect(messagesHeard(speakers.json, bob).map(({ content }) => content)).toEqual(['say m2', 'say m1']);
    expect(alice.received.filter((text) => speaker.isAck(text, 'm1')).length).toBeLessThanOrEqual(1);
  });
});

describe('while the store refuses', () => {
  it('a stomp SEND with a receipt is answered with ERROR and the receipt id, and no RECEIPT', async () => {
    await using started = await start();
    const { store, gateway } = started;
    const alice = await connectStomp(gateway, 'alice');
    store.failing = true;
    speakers.stomp.say(alice, { user: 'alice', id: 'm1', content: 'hi' });
    const { headers } = await nextCommand(alice, 'ERROR');
    expect(headers).toMatchObject({ 'receipt-id': 'r-m1', code: 'store_unavailable' });
    expect((await alice.closed).code).toBe(1002);
  });

  it('a client can log in all the same, is told that what it missed could not be read, and hears what is live', async () => {
    await using started = await start();
    const { store, gateway } = started;
    store.failing = true;
    const bob = await speakers.json.enter(gateway, 'bob');
    expect(await bob.nextJson()).toEqual({ type: 'error', data: { message: '消息保存失败，请重试' } });
    store.failing = false;
    const alice = await speakers.json.enter(gateway, 'alice');
    const words = { user: 'alice', id: 'm1', content: 'hello' };
    speakers.json.tell?.(alice, 'bob', words);
    await isStored(speakers.json, alice, words);
    await hears(speakers.json, bob, 'hello');
  });
});
