/** Who does not read holds up who writes, through the bridge, in both directions: bounded, and nothing is lost. */
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { json } from '../durability/voices.ts';
import { connectRaw } from '../support/raw-client.ts';
import { shakeHands } from '../support/raw-tcp.ts';
import { storedContents } from '../support/store-view.ts';
import { jsonMessage, jsonWords, startScriptedServer } from './false-server.ts';
import {
  doorTo,
  endpointOf,
  startFaultyBridge,
  startHub,
  toldOf,
  until,
  upstreamMetrics,
} from './faults-kit.ts';
import { faultyNetworkTo } from './faulty-network.ts';

const FILLER = 'x'.repeat(8000);
/** More than the kernel's buffers of all sockets between hold. */
const MESSAGES = 6000;
const SEND_BUFFER = 64 * 1024;

const contentsOf = (payloads: readonly string[]): readonly string[] =>
  payloads
    .filter((text) => text.startsWith('{"type":"message"'))
    .map((text) => (JSON.parse(text) as { data: { content: string } }).data.content.split(' ')[0] ?? '');

describe('a client that does not read', () => {
  it('pauses its server, is not ended for the burst, and has lost nothing when it reads on', {
    timeout: 60_000,
  }, async () => {
    const server = await startScriptedServer({
      said: (socket, { type }) => {
        if (type === 'auth') jsonWords.letIn(socket, 'alice');
      },
    });
    await using bridge = await startFaultyBridge({
      to: server.ws,
      servers: ['json'],
      clients: ['json'],
      endpoint: [`limits: { frame: 16KiB, sendBuffer: ${SEND_BUFFER}B }`],
    });
    const metrics = upstreamMetrics(bridge, 'json', 'json');
    const endpoint = endpointOf(bridge, 'json', 'json');
    const alice = await shakeHands(`${bridge.ws}/to/json/ws/json?token=${await bridge.token('alice')}`);
    await alice.next(({ payload }) => payload.includes('auth_success'));
    const bob = await json.enter(doorTo(bridge, 'json'), 'bob');
    alice.socket.pause();
    const [toAlice, toBob] = server.sockets as [WebSocket, WebSocket];
    let pending = 0;
    for (let message = 0; message < MESSAGES; message++) {
      toAlice.send(jsonMessage(`${message} ${FILLER}`));
      // What the bridge holds for her never grows beyond her buffer.
      if (message % 100 === 0) {
        await new Promise((resolve) => setImmediate(resolve));
        for (const { pendingBytes } of endpoint.connections) pending = Math.max(pending, pendingBytes);
      }
    }
    await until(() => metrics.serverPauses > 0);
    // The server feels it: what it can't get rid of piles up on its own side.
    await until(() => toAlice.bufferedAmount > 1_000_000);
    expect(pending).toBeLessThanOrEqual(SEND_BUFFER);
    // Another client of the same endpoint waits for nothing.
    jsonWords.message(toBob, 'for bob');
    await bob.nextJson(({ type }) => type === 'message');
    alice.socket.resume();
    await alice.next(({ payload }) => payload.includes(`"content":"${MESSAGES - 1} `));
    const heard = contentsOf(alice.frames.map(({ payload }) => payload.toString()));
    expect(heard).toEqual(Array.from({ length: MESSAGES }, (_, index) => String(index)));
    expect(endpoint.metrics.slowConsumers).toBe(0);
    expect(metrics).toMatchObject({ connected: 2, failures: new Map() });
    alice.socket.destroy();
  });
});

describe('a server that does not read', () => {
  it('pauses its clients; the bridge holds little, and nothing is lost when it reads on', {
    timeout: 60_000,
  }, async () => {
    await using hub = await startHub();
    const network = await faultyNetworkTo(hub);
    await using bridge = await startFaultyBridge({
      to: network.ws,
      servers: ['json'],
      clients: ['json'],
      upstream: ['limits: { buffer: 64KiB, inFlight: 100000 }', 'answerTimeout: 1h'],
      endpoint: ['limits: { inFlight: 100000, inbox: { messages: 16, bytes: 64KiB } }'],
    });
    const metrics = upstreamMetrics(bridge, 'json', 'json');
    const endpoint = endpointOf(bridge, 'json', 'json');
    const alice = await json.enter(doorTo(bridge, 'json'), 'alice');
    const bob = await json.enter(doorTo(bridge, 'json'), 'bob');
    network.stall();
    const count = 2000;
    const filler = 'y'.repeat(8000);
    for (let message = 0; message < count; message++) {
      const data = {
        id: `m${message}`,
        fromId: 'alice',
        toId: 'lobby',
        chatType: 'group',
        content: `${message} ${filler}`,
      };
      alice.send({ type: 'message', data });
    }
    await until(() => metrics.clientPauses > 0 && endpoint.metrics.pauses > 0);
    // Her own kernel's buffer is full: she feels it.
    await until(() => alice.socket.bufferedAmount > 1_000_000);
    const sent = metrics.bytesOut;
    // Everything that passes between other clients and the bridge goes on.
    bob.send('ping');
    await bob.next((text) => text === 'pong');
    expect(metrics.bytesOut - sent).toBe(0);
    network.flow();
    await until(() => toldOf(json, alice, 'alice').acknowledged.length === count);
    const stored = [];
    for (const content of await storedContents(hub)) stored.push(content.split(' ')[0]);
    expect(new Set(stored).size).toBe(stored.length);
    expect(toldOf(json, alice, 'alice').acknowledged).toEqual(
      Array.from({ length: count }, (_, index) => `m${index}`),
    );
    expect(toldOf(json, alice, 'alice').refused).toEqual([]);
  });

  it('has no more commands without an answer than it may; the next wait in the client’s own socket', async () => {
    const answers: (() => void)[] = [];
    const server = await startScriptedServer({
      said: (socket, { type, data }) => {
        if (type === 'auth') jsonWords.letIn(socket, 'alice');
        else if (type === 'message') answers.push(() => jsonWords.ack(socket, data?.id));
      },
    });
    await using bridge = await startFaultyBridge({
      to: server.ws,
      servers: ['json'],
      clients: ['json'],
      upstream: ['limits: { inFlight: 3 }'],
    });
    const alice = await json.enter(doorTo(bridge, 'json'), 'alice');
    const contents = Array.from({ length: 10 }, (_, index) => `m${index}`);
    for (const content of contents) json.say(alice, { user: 'alice', content });
    for (let answered = 0; answered < contents.length; answered++) {
      const expected = Math.min(3 + answered, contents.length);
      await until(() => answers.length >= expected);
      expect(answers.length).toBe(expected);
      answers[answered]?.();
      await until(() => toldOf(json, alice, 'alice').acknowledged.length === answered + 1);
    }
    expect(toldOf(json, alice, 'alice').acknowledged).toEqual(contents);
    expect(upstreamMetrics(bridge, 'json', 'json').clientPauses).toBeGreaterThan(0);
  });
});

it('a server that is not read for long is not taken for one that does not answer', async () => {
  const flood = Array.from({ length: MESSAGES }, (_, index) => jsonMessage(`${index} ${FILLER}`));
  const server = await startScriptedServer({
    said: (socket, { type, data }) => {
      if (type === 'auth') jsonWords.letIn(socket, 'alice');
      if (type !== 'message') return;
      // The answer is behind more than the client takes.
      for (const message of flood) socket.send(message);
      jsonWords.ack(socket, data?.id);
    },
  });
  await using bridge = await startFaultyBridge({
    to: server.ws,
    servers: ['json'],
    clients: ['json'],
    upstream: ['answerTimeout: 1s'],
    endpoint: [`limits: { frame: 16KiB, sendBuffer: ${SEND_BUFFER}B }`],
  });
  const metrics = upstreamMetrics(bridge, 'json', 'json');
  const alice = await connectRaw(`${bridge.ws}/to/json/ws/json?token=${await bridge.token('alice')}`);
  await alice.nextJson(({ type }) => type === 'auth_success');
  json.say(alice, { user: 'alice', content: 'question' });
  alice.socket.pause();
  await until(() => metrics.serverPauses > 0);
  // Longer than an answer may take, by the bridge's own clock.
  const { wheel } = bridge.gateway.hub;
  const since = wheel.now();
  await until(() => wheel.now() - since > 1500);
  expect(metrics.unanswered).toBe(0);
  alice.socket.resume();
  expect(await alice.nextJson(({ type }) => type === 'ack' || type === 'error')).toMatchObject({
    data: { id: 'question', status: 'success' },
  });
  expect(metrics).toMatchObject({ unanswered: 0, connected: 1, failures: new Map() });
});
