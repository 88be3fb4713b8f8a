/** Servers that never let anybody in: each client is told so in its own words, and nothing is left behind. */
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { UpstreamFailure } from '../../core/upstream/metrics.ts';
import type { TestGateway } from '../support/gateway.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { stomp } from '../support/stomp-wire.ts';
import { hubPath } from './bridge-kit.ts';
import { deadEnd, startBareServer, startScriptedServer } from './false-server.ts';
import { CLIENTS, endpointOf, startFaultyBridge, startHub, until, upstreamMetrics } from './faults-kit.ts';
import { faultyNetworkTo } from './faulty-network.ts';

const DIALECTS = [...CLIENTS.map(({ dialect }) => dialect), 'socket'];

const TEXT = 'the server behind this gateway cannot be reached; try again';

/** What each dialect says of a server that can't be reached. */
const UNAVAILABLE: Readonly<Record<string, string>> = {
  json: '{"type":"error","data":{"message":"后端服务暂不可用，请重试"}}',
  room: '{"status":0,"msg":"后端服务暂不可用，请重试","resultBody":""}',
  stomp: `ERROR\nmessage:upstream_unavailable\ncode:upstream_unavailable\ncontent-type:text/plain\ncontent-length:${TEXT.length}\n\n${TEXT}\0`,
  ourchat: '{"type":"ERROR","code":1029,"message":"后端服务暂不可用，请重试"}',
  socket: `{"event":"error","data":{"code":"upstream_unavailable","message":"${TEXT}"}}`,
};

/** What each dialect says of a login that the server refuses. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  json: /^\{"type":"auth_error","data":\{"message":"令牌无效或已过期"\}\}$/,
  room: /^\{"status":0,"msg":"令牌无效或已过期","resultBody":""\}$/,
  stomp: /^ERROR\nmessage:Unauthorized\ncode:token_invalid\n/,
  ourchat: /^\{"type":"ERROR","code":1003,"message":"令牌无效或已过期"\}$/,
  socket: /^\{"event":"error","data":\{"code":"token_invalid",/,
};

/** Connects, and says what its dialect says to log in. */
async function knock(bridge: TestGateway, server: string, client: string): Promise<RawClient> {
  const token = await bridge.token('alice');
  const path = `/to/${server}${hubPath(client)}`;
  if (client !== 'stomp') return connectRaw(`${bridge.ws}${path}?token=${token}`);
  const raw = await connectRaw(`${bridge.ws}${path}`, 'v12.stomp');
  raw.send(stomp('CONNECT', { 'accept-version': '1.2', host: 'x', Authorization: `Bearer ${token}` }));
  return raw;
}

/** One byte after the other, for as long as anybody listens. */
function drip(socket: Socket): void {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nX-Slow: ');
  const dripping = setInterval(() => socket.write('x'), 5);
  socket.on('close', () => clearInterval(dripping));
}

interface Fault {
  readonly what: string;
  readonly failure: UpstreamFailure;
  readonly isRefusal?: boolean;
  server(): Promise<{ readonly ws: string; readonly open?: number }>;
}

const answering = (head: string) => () =>
  startBareServer((socket) => socket.write(`HTTP/1.1 ${head}\r\nContent-Length: 0\r\n\r\n`));

const FAULTS: readonly Fault[] = [
  {
    what: 'a port that nobody listens on',
    failure: 'connect_failed',
    server: async () => ({ ws: await deadEnd() }),
  },
  {
    what: 'a connection that is reset',
    failure: 'connect_failed',
    server: () => startBareServer((socket) => socket.resetAndDestroy()),
  },
  {
    what: 'a port without TLS where TLS is expected',
    failure: 'connect_failed',
    server: async () => {
      const server = await startScriptedServer({});
      return { ws: server.ws.replace('ws:', 'wss:') };
    },
  },
  {
    what: 'no HTTP',
    failure: 'connect_failed',
    server: () => startBareServer((socket) => socket.write('220 mail.example.com ESMTP\r\n')),
  },
  { what: 'HTTP 401', failure: 'login_refused', isRefusal: true, server: answering('401 Unauthorized') },
  { what: 'HTTP 403', failure: 'login_refused', isRefusal: true, server: answering('403 Forbidden') },
  { what: 'HTTP 500', failure: 'connect_failed', server: answering('500 Internal Server Error') },
  { what: 'HTTP 200', failure: 'connect_failed', server: answering('200 OK') },
  { what: 'silence', failure: 'connect_timeout', server: () => startBareServer(() => {}) },
  { what: 'a handshake that never ends', failure: 'connect_timeout', server: () => startBareServer(drip) },
];

/** Nobody is connected any more, nothing is timed any more. */
async function isClean(bridge: TestGateway): Promise<void> {
  const { hub } = bridge.gateway;
  await until(() => hub.connections.size === 0);
  await until(() => hub.wheel.size === 0);
  for (const { bridge: found } of hub.endpoints) {
    expect(found?.upstream.metrics).toMatchObject({ connected: 0, spoolCommands: 0, spoolBytes: 0 });
  }
}

describe.each(FAULTS)('$what', ({ failure, isRefusal = false, server }) => {
  it.each(DIALECTS)('is told to a %s client in its own words, and leaves nothing behind', async (client) => {
    const found = await server();
    await using bridge = await startFaultyBridge({
      to: found.ws,
      upstream: ['connectTimeout: 150ms'],
      servers: ['json'],
      clients: [client],
    });
    const raw = await knock(bridge, 'json', client);
    const { code } = await raw.closed;
    expect(code).toBe(isRefusal ? (client === 'stomp' ? 1002 : 4001) : 1014);
    if (isRefusal) expect(raw.received.at(-1)).toMatch(REFUSED[client] ?? '');
    else expect(raw.received.at(-1)).toBe(UNAVAILABLE[client]);
    expect([...upstreamMetrics(bridge, 'json', client).failures]).toEqual([[failure, 1]]);
    expect(upstreamMetrics(bridge, 'json', client).opened).toBe(0);
    await until(() => (found.open ?? 0) === 0);
    await isClean(bridge);
  });
});

it('a redirection is not followed: the host of the server is the configuration’s', async () => {
  const elsewhere = await startScriptedServer({});
  const server = await startBareServer((socket) =>
    socket.write(
      `HTTP/1.1 302 Found\r\nLocation: ${elsewhere.ws.replace('ws', 'http')}/\r\nContent-Length: 0\r\n\r\n`,
    ),
  );
  await using bridge = await startFaultyBridge({ to: server.ws, servers: ['json'], clients: ['json'] });
  const raw = await knock(bridge, 'json', 'json');
  expect((await raw.closed).code).toBe(1014);
  expect([...upstreamMetrics(bridge, 'json', 'json').failures]).toEqual([['connect_failed', 1]]);
  expect(elsewhere.accepted).toBe(0);
});

describe.each(['json', 'stomp', 'socket'])('a %s server that opens and says nothing', (server) => {
  it.each(DIALECTS)('is given up for a %s client', async (client) => {
    const silent = await startScriptedServer({}, { handleProtocols: ([first]) => first ?? false });
    await using bridge = await startFaultyBridge({
      to: silent.ws,
      upstream: ['loginTimeout: 100ms'],
      servers: [server],
      clients: [client],
    });
    const raw = await knock(bridge, server, client);
    expect((await raw.closed).code).toBe(1014);
    expect(raw.received.at(-1)).toBe(UNAVAILABLE[client]);
    expect([...upstreamMetrics(bridge, server, client).failures]).toEqual([['login_timeout', 1]]);
    await until(() => silent.open === 0);
    await isClean(bridge);
  });
});

it('a room server, which says nothing at a login, is given up when it answers no join', async () => {
  const silent = await startScriptedServer({});
  await using bridge = await startFaultyBridge({
    to: silent.ws,
    upstream: ['answerTimeout: 100ms'],
    servers: ['room'],
    clients: ['json'],
  });
  const raw = await knock(bridge, 'room', 'json');
  expect((await raw.closed).code).toBe(1014);
  expect(raw.received.at(-1)).toBe(UNAVAILABLE.json);
  expect([...upstreamMetrics(bridge, 'room', 'json').failures]).toEqual([['no_answer', 1]]);
  await until(() => silent.open === 0);
  await isClean(bridge);
});

it('a client that leaves while its server is silent leaves nothing behind', async () => {
  const silent = await startBareServer(() => {});
  await using bridge = await startFaultyBridge({ to: silent.ws, servers: ['json'], clients: ['json'] });
  const raw = await knock(bridge, 'json', 'json');
  await silent.whenAccepted(1);
  await raw.close();
  await until(() => silent.open === 0);
  await isClean(bridge);
  expect(endpointOf(bridge, 'json', 'json').bridge?.upstream.breaker.state).toBe('closed');
});

it('one client whose server is gone changes nothing for another client', async () => {
  const dead = await deadEnd();
  await using hub = await startHub();
  const network = await faultyNetworkTo(hub);
  await using bridge = await startFaultyBridge({ to: network.ws, servers: ['json'], clients: ['json'] });
  const bob = await knock(bridge, 'json', 'json');
  await bob.nextJson(({ type }) => type === 'auth_success');
  network.lead({ ws: dead });
  const alice = await knock(bridge, 'json', 'json');
  expect((await alice.closed).code).toBe(1014);
  bob.send({
    type: 'message',
    data: { id: 'm1', fromId: 'alice', toId: 'lobby', chatType: 'group', content: 'hi' },
  });
  await bob.nextJson(({ type }) => type === 'ack');
  expect(upstreamMetrics(bridge, 'json', 'json').connected).toBe(1);
});
