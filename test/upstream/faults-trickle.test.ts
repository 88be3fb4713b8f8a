/** Servers that let clients in and then trickle, a byte at a time: what comes to an end is heard, what does not is given up. */
import { connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { WebSocket } from 'ws';
import { json } from '../durability/voices.ts';
import { jsonMessage, jsonWords, startScriptedServer } from './false-server.ts';
import {
  CLIENTS,
  doorTo,
  SERVERS,
  shownTo,
  startFaultyBridge,
  startHub,
  until,
  upstreamMetrics,
} from './faults-kit.ts';

const QUICK = ['reconnect: { min: 1ms, max: 10ms }', 'breaker: { failures: 1000 }'];

/** Sends bytes one by one, each in a turn of the event loop of its own; gives what stops it. */
function trickle(to: Socket, bytes: () => number | undefined): () => void {
  let isStopped = false;
  const next = (): void => {
    const byte = isStopped || to.destroyed ? undefined : bytes();
    if (byte === undefined) return;
    to.write(Uint8Array.of(byte), () => setImmediate(next));
  };
  next();
  return () => {
    isStopped = true;
  };
}

/** A frame of a length that never comes: its header, and then the same letter for ever. */
function endlessFrame(): () => number {
  const header = [0x81, 127, 0, 0, 0, 0, 0, 0x0f, 0xff, 0xff];
  return () => header.shift() ?? 0x78;
}

it.each([
  ['whose end never comes', endlessFrame],
  [
    'of which not even the header comes',
    () => {
      let sent = 0;
      return () => (sent++ === 0 ? 0x81 : undefined);
    },
  ],
])('a frame %s is given up when no pong comes, and the client stays', async (_what, frame) => {
  const server = await startScriptedServer(
    {
      said(socket: WebSocket, { type, data }, number) {
        if (type === 'auth') {
          jsonWords.letIn(socket, 'alice');
          if (number > 1) return;
          const { _socket: stream } = socket as unknown as { readonly _socket: Socket };
          // Whatever else this server would say would be in the middle of the frame.
          const stop = trickle(stream, frame());
          socket.once('close', stop);
          return;
        }
        if (type === 'ping') socket.send('{"type":"pong"}');
        if (type === 'message') jsonWords.ack(socket, data?.id);
      },
      // From the second connection on it is well.
      opened(socket, number) {
        if (number > 1) socket.on('ping', (bytes: Buffer) => socket.pong(bytes));
      },
    },
    { autoPong: false },
  );
  await using bridge = await startFaultyBridge({
    to: `${server.ws}/ws/json`,
    upstream: [...QUICK, 'heartbeat: { ping: 100ms, pongTimeout: 200ms }'],
    endpoint: ['limits: { closeTimeout: 100ms }'],
    servers: ['json'],
    clients: ['json'],
  });
  const alice = await json.enter(doorTo(bridge, 'json'), 'alice');
  const metrics = upstreamMetrics(bridge, 'json', 'json');
  await until(() => metrics.reconnected === 1);
  expect([...metrics.failures]).toEqual([['no_pong', 1]]);
  await until(() => server.sockets.length === 1);
  server.sockets[0]?.send(jsonMessage('after'));
  await until(() => shownTo(json, alice).includes('after'));
  expect(shownTo(json, alice)).toEqual(['after']);
  await alice.close();
});

/** A way to the server on which what it says comes byte by byte. */
async function tricklingWayTo(server: { readonly ws: string }): Promise<string> {
  const { hostname, port } = new URL(server.ws);
  const sockets = new Set<Socket>();
  const listener = createServer((near) => {
    const far = connect(Number(port), hostname);
    const waiting: number[] = [];
    let stop: (() => void) | undefined;
    const pump = (): void => {
      stop = trickle(near, () => {
        const byte = waiting.shift();
        if (byte === undefined) stop = undefined;
        return byte;
      });
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        for (const one of [near, far]) one.destroy();
        sockets.delete(socket);
      });
    }
    near.on('data', (data) => far.write(data));
    far.on('data', (data: Buffer) => {
      for (const byte of data) waiting.push(byte);
      if (stop === undefined) pump();
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  const { port: own } = listener.address() as { readonly port: number };
  return `ws://127.0.0.1:${own}`;
}

it.each(SERVERS)('a %s server that is heard byte by byte is heard whole', async (server) => {
  await using hub = await startHub();
  await using bridge = await startFaultyBridge({
    to: await tricklingWayTo(hub),
    upstream: [...QUICK, 'heartbeat: { ping: 100ms, pongTimeout: 10s }'],
    servers: [server],
  });
  const said = Array.from({ length: 10 }, (_, index) => `ü${index}`.padEnd(100, '界'));
  // A server may let each of them in once.
  const users = ['alice', 'carol', 'dave', 'erin'];
  const listeners = await Promise.all(
    CLIENTS.map(async (voice, index) => ({
      voice,
      client: await voice.enter(doorTo(bridge, server), users[index] as string),
    })),
  );
  const bob = await json.enter(hub, 'bob');
  for (const content of said) json.say(bob, { user: 'bob', content });
  for (const { voice, client } of listeners) {
    await until(() => shownTo(voice, client).length >= said.length);
    expect(shownTo(voice, client)).toEqual(said);
    const { failures, opened } = upstreamMetrics(bridge, server, voice.dialect);
    expect([[...failures], opened]).toEqual([[], 1]);
    await client.close();
  }
  await bob.close();
});
