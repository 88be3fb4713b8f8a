/**
 * What an acknowledgement to the server means: with STOMP's client-individual mode, that the client has the message.
 * A client that answers no ping has not been heard to have it.
 */
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { everySpeaker, hears, roomFrame, type Speaker, speakers } from '../support/speakers.ts';
import { framesOf, nextCommand, stomp } from '../support/stomp-wire.ts';
import { hasConfirmedAll, missedBy } from '../support/store-view.ts';
import { bridgePath, startBridge } from './bridge-kit.ts';

let hub: TestGateway;
let bridge: TestGateway;
let bob: RawClient;

const DIALECTS = everySpeaker.map(({ dialect }) => dialect);
const speakerOf = (dialect: string): Speaker =>
  everySpeaker.find((each) => each.dialect === dialect) as Speaker;

const startWith = async (options: string): Promise<void> => {
  bridge = await startBridge({
    server: hub.ws,
    pairs: DIALECTS.map((from) => [from, 'stomp'] as const),
    upstream: `options: { upstream: ${options} }`,
    endpoint: 'heartbeat: { confirm: 50ms }',
  });
};

beforeEach(async () => {
  hub = await startGateway();
  bob = await speakers.json.enter(hub, 'bob');
});
afterEach(async () => {
  await bridge.stop();
  await hub.stop();
});

/** What each dialect's client says to be in the lobby. */
const openings: Readonly<Record<string, (client: RawClient, ack: string) => Promise<unknown>>> = {
  json: (client) => client.nextJson(({ type }) => type === 'auth_success'),
  ourchat: (client) => client.nextJson(({ type }) => type === 'USER_LIST'),
  room: (client) => {
    client.send(roomFrame(2, 1, { roomNumber: 'lobby' }));
    return client.nextJson(({ msg }) => msg === 'Join successfully');
  },
  socket: (client) => {
    client.send({ event: 'socket:subscribe', data: { channel: 'group:lobby' } });
    return client.nextJson(({ event }) => event === 'socket:subscribed');
  },
  stomp: async (client, ack) => {
    client.send(stomp('CONNECT', { 'accept-version': '1.2', host: 'x' }));
    await nextCommand(client, 'CONNECTED');
    client.send(
      stomp('SUBSCRIBE', { id: 's', destination: '/topic/group/lobby', ack, receipt: 'subscribed' }),
    );
    return nextCommand(client, 'RECEIPT', 'subscribed');
  },
};

/** Logged in and in the lobby; pings are answered by the test alone. */
async function enterSilently(dialect: string, ack = 'auto'): Promise<RawClient> {
  const url = await bridge.url(bridgePath(dialect, 'stomp'), 'alice');
  const client = await connectRaw(url, [], { autoPong: false });
  await openings[dialect]?.(client, ack);
  return client;
}

const says = (content: string): void => speakers.json.say(bob, { user: 'bob', id: `b-${content}`, content });

describe('client-individual: the server hears of a delivery', () => {
  beforeEach(() => startWith('{ acknowledge: client-individual }'));

  test.each(DIALECTS)('once the %s client has answered a ping, and not before', async (dialect) => {
    const alice = await enterSilently(dialect);
    says('hello');
    await hears(speakerOf(dialect), alice, 'hello');
    // The ping that comes after the message.
    const [data] = (await once(alice.socket, 'ping')) as [Buffer];
    says('more');
    await hears(speakerOf(dialect), alice, 'more');
    expect(await missedBy(hub, 'alice')).toEqual(['hello', 'more']);
    const again = once(alice.socket, 'ping');
    alice.socket.pong(data);
    const [next] = (await again) as [Buffer];
    alice.socket.pong(next);
    await hasConfirmedAll(hub, 'alice');
  });

  test('once a STOMP client has acknowledged it itself, and by no ping', async () => {
    const alice = await enterSilently('stomp', 'client-individual');
    says('hello');
    await hears(speakers.stomp, alice, 'hello');
    expect(await missedBy(hub, 'alice')).toEqual(['hello']);
    const [message] = framesOf(alice, 'MESSAGE');
    alice.send(stomp('ACK', { id: message?.headers.ack ?? '', receipt: 'acked' }));
    await nextCommand(alice, 'RECEIPT', 'acked');
    await hasConfirmedAll(hub, 'alice');
  });

  test('never, if the client goes before it has confirmed', async () => {
    const alice = await enterSilently('json');
    says('hello');
    await hears(speakers.json, alice, 'hello');
    alice.terminate();
    await alice.closed;
    const again = await speakers.json.enter(bridge, 'alice', bridgePath('json', 'stomp'));
    expect(await hears(speakers.json, again, 'hello')).toEqual({ from: 'bob', content: 'hello' });
    await hasConfirmedAll(hub, 'alice');
  });
});

describe('auto: the server hears of nothing', () => {
  test('what has gone to the gateway is taken, whatever the client does', async () => {
    await startWith('{ acknowledge: auto }');
    const alice = await enterSilently('json');
    says('hello');
    await hears(speakers.json, alice, 'hello');
    await hasConfirmedAll(hub, 'alice');
  });
});

describe('receipts: false', () => {
  test.each(DIALECTS)('a %s client is told what nobody has confirmed', async (dialect) => {
    await startWith('{ receipts: false }');
    const speaker = speakerOf(dialect);
    const alice = await speaker.enter(bridge, 'alice', bridgePath(dialect, 'stomp'));
    const words = { user: 'alice', id: 'm-1', content: 'hello' };
    speaker.say(alice, words);
    await alice.next((wire) =>
      speaker.acknowledges ? speaker.isAck(wire, 'm-1') : speaker.read(wire)?.content === 'hello',
    );
    await hears(speakers.json, bob, 'hello');
  });
});
