/** What one client does, or its server, counts for that connection alone, and gets round no limit. */
import { expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { json, room } from '../durability/voices.ts';
import type { TestGateway } from '../support/gateway.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { stomp } from '../support/stomp-wire.ts';
import {
  jsonMessage,
  jsonWords,
  type Said,
  type ScriptedServer,
  startScriptedServer,
} from './false-server.ts';
import { type BridgeSettings, startFaultyBridge, startHub, until, upstreamMetrics } from './faults-kit.ts';
import { faultyNetworkTo } from './faulty-network.ts';

const JSON_ONLY = { servers: ['json'], clients: ['json'] };

const bridgeTo = (server: ScriptedServer, settings: Partial<BridgeSettings> = {}): Promise<TestGateway> =>
  startFaultyBridge({ to: server.ws, ...JSON_ONLY, ...settings });

const enter = async (bridge: TestGateway, server = 'json', options = {}): Promise<RawClient> => {
  const client = await connectRaw(await bridge.url(`/to/${server}/ws/json`, 'alice'), [], options);
  await client.nextJson(({ type }) => type === 'auth_success');
  return client;
};

/** Lets everybody in; `said` is told the rest. */
const welcoming = (said: (socket: WebSocket, words: Said) => void = () => {}): Promise<ScriptedServer> =>
  startScriptedServer({
    said: (socket, words) => {
      if (words.type === 'auth') jsonWords.letIn(socket, 'alice');
      else said(socket, words);
    },
  });

const typesOf = ({ received }: RawClient): readonly unknown[] =>
  received.map((wire) => (JSON.parse(wire) as { type: string }).type);

it('what one client of a user confirms is not confirmed for another of the same user', async () => {
  const acknowledged: string[] = [];
  const sockets: WebSocket[] = [];
  const server = await startScriptedServer({
    opened: (socket) => {
      sockets.push(socket);
      socket.on('message', (data: Buffer) => {
        const wire = data.toString();
        const header = (name: string): string =>
          wire
            .split('\n')
            .find((line) => line.startsWith(`${name}:`))
            ?.slice(name.length + 1) ?? '';
        if (wire.startsWith('CONNECT\n')) socket.send(stomp('CONNECTED', { version: '1.2' }));
        else if (wire.startsWith('ACK\n')) acknowledged.push(header('id'));
        if (header('receipt') !== '') socket.send(stomp('RECEIPT', { 'receipt-id': header('receipt') }));
      });
    },
  });
  await using bridge = await bridgeTo(server, {
    servers: ['stomp'],
    endpoint: ['heartbeat: { confirm: 50ms }', 'singleSession: false'],
    upstream: ['options: { upstream: { acknowledge: client-individual } }'],
  });
  const talking = await enter(bridge, 'stomp');
  const silent = await enter(bridge, 'stomp', { autoPong: false });
  const say = async (to: number, client: RawClient, id: string): Promise<void> => {
    const body = { id, fromId: 'bob', toId: 'alice', chatType: 'SINGLE', msgType: 'TEXT', content: id };
    const headers = { destination: '/user/queue/messages', 'message-id': id, ack: id, subscription: 'sub-1' };
    sockets[to]?.send(stomp('MESSAGE', headers, JSON.stringify(body)));
    await client.nextJson(({ type }) => type === 'message');
  };
  await say(1, silent, 'to the silent one');
  await say(0, talking, 'first');
  await until(() => acknowledged.length > 0);
  await say(0, talking, 'second');
  await until(() => acknowledged.includes('second'));
  expect(acknowledged).toEqual(['first', 'second']);
  await Promise.all([talking.close(), silent.close()]);
});

it('frames that no codec knows count against the rate, too', async () => {
  let passed = 0;
  const server = await welcoming((_socket, { type }) => {
    if (type === 'odd') passed++;
  });
  await using bridge = await bridgeTo(server, {
    top: '',
    endpoint: ['limits: { rate: { perSecond: 1, burst: 5 } }'],
  });
  const alice = await enter(bridge);
  for (let index = 0; index < 100; index++) alice.send({ type: 'odd', index });
  await until(() => passed + typesOf(alice).filter((type) => type === 'error').length === 100);
  expect(passed).toBeGreaterThanOrEqual(5);
  expect(passed).toBeLessThan(30);
  await alice.close();
});

it('frames that no codec knows wait for a slow client, in their place among the others', async () => {
  const server = await welcoming();
  await using bridge = await bridgeTo(server, { endpoint: ['limits: { sendBuffer: 256KiB, frame: 64KiB }'] });
  const alice = await enter(bridge);
  alice.socket.pause();
  const padding = 'x'.repeat(10_000);
  const said = Array.from({ length: 2000 }, (_, index) =>
    index % 2 === 0 ? JSON.stringify({ type: 'odd', index, padding }) : jsonMessage(`m${index}`),
  );
  for (const wire of said) server.sockets[0]?.send(wire);
  await until(() => upstreamMetrics(bridge, 'json', 'json').serverPauses > 0);
  alice.socket.resume();
  await until(() => alice.received.length === said.length + 1 || alice.socket.readyState !== 1);
  expect(alice.received.slice(1)).toEqual(said);
  await alice.close();
});

it('a login that is revoked while the server is asked is none', async () => {
  const server = await startScriptedServer({});
  await using bridge = await bridgeTo(server);
  const alice = await connectRaw(await bridge.url('/to/json/ws/json', 'alice'));
  await server.whenAccepted(1);
  bridge.gateway.hub.revokeUser('main', 'alice');
  jsonWords.letIn(server.sockets[0] as WebSocket, 'alice');
  await alice.closed;
  expect(typesOf(alice)).toEqual(['auth_error']);
  await until(() => server.open === 0);
});

it('the commands and connections of a user are counted over all endpoints', async () => {
  const server = await welcoming((socket, { data }) => jsonWords.ack(socket, data?.id));
  await using bridge = await bridgeTo(server, {
    clients: ['json', 'room'],
    top: '\nlimits: { admission: { commandsPerUser: { perSecond: 1, burst: 5 }, connectionsPerUser: 1 } }\n',
  });
  const alice = await enter(bridge);
  for (let index = 0; index < 50; index++) {
    const data = { id: `m${index}`, fromId: 'alice', toId: 'lobby', chatType: 'group', content: 'x' };
    alice.send({ type: 'message', data });
  }
  await until(() => alice.received.length === 51);
  const acknowledged = typesOf(alice).filter((type) => type === 'ack').length;
  expect(acknowledged).toBeGreaterThanOrEqual(5);
  expect(acknowledged).toBeLessThan(25);
  const other = await connectRaw(await bridge.url('/to/json/ws/room', 'alice'));
  expect((await other.closed).code).toBe(1008);
  await alice.close();
});

it('a newer token is what the next connection shows', async () => {
  const shown: unknown[] = [];
  const server = await startScriptedServer({
    said: (socket, { type, data }) => {
      if (type !== 'auth') return;
      shown.push((data as { token?: unknown }).token);
      jsonWords.letIn(socket, 'alice');
    },
  });
  await using bridge = await bridgeTo(server, { upstream: ['reconnect: { min: 1ms, max: 10ms }'] });
  const alice = await enter(bridge);
  const newer = await bridge.token('alice', { jti: 'newer' });
  alice.send({ type: 'auth', data: { token: newer } });
  await alice.nextJson(({ type }) => type === 'auth_success');
  server.sockets[0]?.terminate();
  await until(() => shown.length === 2);
  expect(shown[0]).not.toBe(newer);
  expect(shown[1]).toBe(newer);
  await alice.close();
});

it('a place that the server still holds for the lost connection is asked for until it is had', async () => {
  await using hub = await startHub();
  const network = await faultyNetworkTo(hub);
  await using bridge = await startFaultyBridge({
    to: network.ws,
    servers: ['room'],
    clients: ['json'],
    upstream: ['reconnect: { min: 1ms, max: 10ms }'],
  });
  const alice = await enter(bridge, 'room');
  network.refuse();
  network.cut();
  await until(() => upstreamMetrics(bridge, 'room', 'json').connected === 0);
  const rival = await room.enter(hub, 'alice');
  network.allow();
  await until(() => (upstreamMetrics(bridge, 'room', 'json').failures.get('closed') ?? 0) > 1);
  await rival.close();
  const lobby = hub.gateway.hub.groups.find('main', 'lobby');
  await until(() => [...(lobby?.attending.values() ?? [])].some(({ user }) => user.id === 'alice'));
  const bob = await json.enter(hub, 'bob');
  json.say(bob, { user: 'bob', content: 'after' });
  await alice.nextJson(({ type }) => type === 'message');
  await Promise.all([alice.close(), bob.close()]);
});
