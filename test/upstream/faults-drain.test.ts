/** The bridge shuts down: each client hears its dialect's goodbye, the server is left politely, nothing stays open. */
import { describe, expect, it } from 'vitest';
import type { Voice } from '../durability/voices.ts';
import { json } from '../durability/voices.ts';
import type { RawClient } from '../support/raw-client.ts';
import { jsonWords, startScriptedServer } from './false-server.ts';
import {
  CLIENTS,
  doorTo,
  SERVERS,
  startFaultyBridge,
  startHub,
  toldOf,
  until,
  upstreamMetrics,
} from './faults-kit.ts';
import { faultyNetworkTo } from './faulty-network.ts';

const USERS = ['alice', 'bob', 'carol', 'dave'];

/** Each dialect's words for it; STOMP has none but the close code. */
const GOODBYE: Readonly<Record<string, string>> = {
  json: '服务器正在关闭，请重新连接',
  room: '服务器正在关闭，请重新连接',
  ourchat: '"code":1090',
};

/** Sockets of the process. */
const sockets = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

describe.each(SERVERS)('in front of a %s server', (server) => {
  it('every client hears the goodbye of its dialect, and the server is left', async () => {
    await using hub = await startHub();
    const before = sockets();
    const bridge = await startFaultyBridge({ to: hub.ws, servers: [server] });
    const clients: { readonly voice: Voice; readonly client: RawClient }[] = [];
    for (const [index, voice] of CLIENTS.entries()) {
      const client = await voice.enter(doorTo(bridge, server), USERS[index] ?? '');
      clients.push({ voice, client });
    }
    await bridge.stop();
    for (const { voice, client } of clients) {
      expect((await client.closed).code).toBe(1012);
      const words = GOODBYE[voice.dialect];
      if (words !== undefined) expect(client.received.at(-1)).toContain(words);
    }
    await until(() => hub.gateway.hub.connections.size === 0);
    await until(() => sockets() <= before);
    const closes = hub.gateway.hub.endpoints.flatMap(({ metrics }) => [...metrics.closes.keys()]);
    // Nobody had to be ended for silence or a fault.
    expect(closes.filter((reason) => reason !== 'normal')).toEqual([]);
    expect(bridge.gateway.hub.wheel.size).toBe(0);
  });
});

it('the connections to the server are closed with 1000', async () => {
  const codes: number[] = [];
  const server = await startScriptedServer({
    opened: (socket) => socket.on('close', (code) => codes.push(code)),
    said: (socket, { type }) => {
      if (type === 'auth') jsonWords.letIn(socket, 'alice');
    },
  });
  const bridge = await startFaultyBridge({ to: server.ws, servers: ['json'], clients: ['json'] });
  const clients = [];
  for (const user of USERS) clients.push(await json.enter(doorTo(bridge, 'json'), user));
  await bridge.stop();
  await until(() => server.open === 0);
  expect(codes).toEqual([1000, 1000, 1000, 1000]);
  for (const client of clients) expect((await client.closed).code).toBe(1012);
});

it('what the server still answers is acknowledged before the goodbye', async () => {
  const answers: (() => void)[] = [];
  const server = await startScriptedServer({
    said: (socket, { type, data }) => {
      if (type === 'auth') jsonWords.letIn(socket, 'alice');
      if (type === 'message') answers.push(() => jsonWords.ack(socket, data?.id));
    },
  });
  const bridge = await startFaultyBridge({ to: server.ws, servers: ['json'], clients: ['json'] });
  const alice = await json.enter(doorTo(bridge, 'json'), 'alice');
  json.say(alice, { user: 'alice', content: 'last' });
  await until(() => answers.length === 1);
  const stopped = bridge.stop();
  for (const answer of answers) answer();
  expect((await alice.closed).code).toBe(1012);
  expect(toldOf(json, alice, 'alice').acknowledged).toEqual(['last']);
  await stopped;
});

it('a server that is gone or silent holds nobody up for long', async () => {
  await using hub = await startHub();
  const network = await faultyNetworkTo(hub);
  const bridge = await startFaultyBridge({
    to: network.ws,
    servers: ['json'],
    clients: ['json'],
    upstream: ['reconnect: { min: 1ms, max: 10ms }', 'breaker: { failures: 100000 }'],
    endpoint: ['limits: { closeTimeout: 100ms }'],
  });
  const alice = await json.enter(doorTo(bridge, 'json'), 'alice');
  network.refuse();
  network.cut();
  await until(() => upstreamMetrics(bridge, 'json', 'json').connected === 0);
  json.say(alice, { user: 'alice', content: 'waits' });
  await until(() => upstreamMetrics(bridge, 'json', 'json').spoolCommands === 1);
  network.allow();
  network.holdNext();
  await network.whenAccepted(network.accepted + 1);
  await bridge.stop();
  expect((await alice.closed).code).toBe(1012);
  expect(bridge.gateway.hub.wheel.size).toBe(0);
  expect(upstreamMetrics(bridge, 'json', 'json')).toMatchObject({ spoolCommands: 0, connected: 0 });
  // The hub would wait for what it never hears of.
  network.cut();
  await until(() => network.open === 0);
});
