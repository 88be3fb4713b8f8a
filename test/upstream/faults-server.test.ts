/** Servers that let clients in and then go wrong: nothing of it reaches a client but what its dialect can say. */
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { CloseReason } from '../../core/close.ts';
import { isFull } from '../durability/gateway-process.ts';
import { json } from '../durability/voices.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectPeer } from '../support/peer.ts';
import { hubPath } from './bridge-kit.ts';
import { jsonMessage, jsonWords, type Said, startScriptedServer } from './false-server.ts';
import {
  CLIENTS,
  doorTo,
  endpointOf,
  PAIRS,
  SERVERS,
  shownTo,
  startFaultyBridge,
  startHub,
  toldOf,
  until,
  upstreamMetrics,
} from './faults-kit.ts';
import { faultyNetworkTo } from './faulty-network.ts';

/** The others run with DRAGOMAN_FULL: what is under test here is the bridge, and one dialect's end is much like another's. */
const SOME = CLIENTS.filter(({ dialect }) => isFull || dialect === 'json' || dialect === 'stomp');
const SOME_PAIRS = PAIRS.filter(({ client, server }) => isFull || client === server || client === 'ourchat');

const QUICK = ['reconnect: { min: 1ms, max: 10ms }', 'breaker: { failures: 1000 }'];

const FAULTS: readonly {
  readonly what: string;
  /** Whether the connection can go on. */
  readonly stays?: boolean;
  readonly fault: (socket: WebSocket) => void;
}[] = [
  { what: 'text that is no frame', stays: true, fault: (socket) => socket.send('{"type":') },
  { what: 'a frame that nobody knows', stays: true, fault: (socket) => socket.send('{"type":"surprise"}') },
  { what: 'a frame without its fields', stays: true, fault: (socket) => socket.send('{"type":"message"}') },
  { what: 'a message over the limit', fault: (socket) => socket.send(jsonMessage('x'.repeat(5000))) },
  {
    what: 'a flood of fragments over the limit',
    fault: (socket) => {
      for (let part = 0; part < 5000; part++) socket.send('x', { fin: false });
    },
  },
  { what: 'binary where text is spoken', fault: (socket) => socket.send(Buffer.from(jsonMessage('binary'))) },
  {
    what: 'text that is not UTF-8',
    fault: (socket) => socket.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]), { binary: false }),
  },
  {
    what: 'bytes that are no WebSocket frame',
    fault: (socket) => {
      const { _socket: stream } = socket as unknown as { readonly _socket: { write(bytes: Buffer): void } };
      stream.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    },
  },
];

describe.each(SOME.map((voice) => ({ voice, client: voice.dialect })))(
  'a $client client',
  ({ voice, client }) => {
    it.each(FAULTS)('stays through $what', async ({ stays = false, fault }) => {
      const server = await startScriptedServer({
        said: (socket, { type }, number) => {
          if (type !== 'auth') return;
          jsonWords.letIn(socket, 'alice');
          if (number === 1) fault(socket);
          jsonWords.message(socket, `from connection ${number}`);
        },
      });
      await using bridge = await startFaultyBridge({
        to: server.ws,
        upstream: [...QUICK, 'limits: { frame: 4KiB }'],
        servers: ['json'],
        clients: [client],
      });
      const alice = await voice.enter(doorTo(bridge, 'json'), 'alice');
      const expected = `from connection ${stays ? 1 : 2}`;
      // A client that joins for itself may join after the message.
      await until(
        () => server.accepted === (stays ? 1 : 2) && upstreamMetrics(bridge, 'json', client).connected === 1,
      );
      jsonWords.message(server.sockets.at(-1) as WebSocket, 'later');
      await until(() => shownTo(voice, alice).includes('later'));
      expect(shownTo(voice, alice).filter((content) => content !== expected)).toEqual(['later']);
      const failures = [...upstreamMetrics(bridge, 'json', client).failures.values()];
      expect(failures).toEqual(stays ? [] : [1]);
      // What could not be read is counted, with its name.
      if (stays) expect([...endpointOf(bridge, 'json', client).metrics.losses.all()]).not.toEqual([]);
      await alice.close();
    });

    it.each([1000, 1001, 1006, 1008, 1011, 1012, 1013, 3000, 4999])(
      'stays when the server closes with %d',
      async (code) => {
        const server = await startScriptedServer({
          said: (socket, { type }, number) => {
            if (type !== 'auth') return;
            jsonWords.letIn(socket, 'alice');
            if (number > 1) return;
            if (code === 1006) socket.terminate();
            else socket.close(code);
          },
        });
        await using bridge = await startFaultyBridge({
          to: server.ws,
          upstream: QUICK,
          servers: ['json'],
          clients: [client],
        });
        const alice = await voice.enter(doorTo(bridge, 'json'), 'alice');
        await until(() => upstreamMetrics(bridge, 'json', client).reconnected === 1);
        jsonWords.message(server.sockets[0] as WebSocket, 'again');
        await until(() => shownTo(voice, alice).includes('again'));
        expect(server.accepted).toBe(2);
        await alice.close();
      },
    );

    it.each([
      [4000, 'replaced'],
      [4001, 'unauthenticated'],
      [4003, 'token_expired'],
    ] as const)(
      'ends when the server closes with %d, and nobody connects again',
      async (code, reason: CloseReason) => {
        const server = await startScriptedServer({
          said: (socket, { type, data }) => {
            if (type === 'auth') jsonWords.letIn(socket, 'alice');
            if (data?.content === 'close') socket.close(code);
          },
        });
        await using bridge = await startFaultyBridge({
          to: server.ws,
          upstream: QUICK,
          servers: ['json'],
          clients: [client],
        });
        const alice = await voice.enter(doorTo(bridge, 'json'), 'alice');
        voice.say(alice, { user: 'alice', content: 'close' });
        expect((await alice.closed).code).toBe(endpointOf(bridge, 'json', client).closeCode(reason));
        const { hub } = bridge.gateway;
        await until(() => hub.connections.size === 0);
        // Nothing is timed any more, so nobody can come back.
        await until(() => hub.wheel.size === 0);
        expect(server.accepted).toBe(1);
        expect(toldOf(voice, alice, 'alice').acknowledged).toEqual([]);
      },
    );
  },
);

describe('commands that the server does not answer', () => {
  const answeringAllBut = (silent: (said: Said) => boolean) =>
    startScriptedServer({
      said: (socket, said) => {
        if (said.type === 'auth') jsonWords.letIn(socket, 'alice');
        else if (said.type === 'message' && !silent(said)) jsonWords.ack(socket, said.data?.id);
      },
    });

  it('one among others fails alone, and the connection stays', async () => {
    const server = await answeringAllBut(({ data }) => data?.id === 'm1');
    await using bridge = await startFaultyBridge({
      to: server.ws,
      upstream: [...QUICK, 'answerTimeout: 300ms'],
      servers: ['json'],
      clients: ['json'],
    });
    const alice = await json.enter(doorTo(bridge, 'json'), 'alice');
    for (const content of ['m0', 'm1', 'm2']) json.say(alice, { user: 'alice', content });
    await until(() => toldOf(json, alice, 'alice').refused.length === 1);
    const { acknowledged, refused } = toldOf(json, alice, 'alice');
    expect(acknowledged).toEqual(['m0', 'm2']);
    expect(refused.map(({ content }) => content)).toEqual(['m1']);
    expect(server.accepted).toBe(1);
    expect(upstreamMetrics(bridge, 'json', 'json')).toMatchObject({ unanswered: 1, connected: 1 });
  });

  it('a late answer changes nothing that was said', async () => {
    const late: (() => void)[] = [];
    const server = await startScriptedServer({
      said: (socket, { type, data }) => {
        if (type === 'auth') jsonWords.letIn(socket, 'alice');
        else if (data?.id === 'm0') late.push(() => jsonWords.ack(socket, 'm0'));
        else if (type === 'message') jsonWords.ack(socket, data?.id);
      },
    });
    await using bridge = await startFaultyBridge({
      to: server.ws,
      upstream: [...QUICK, 'answerTimeout: 200ms'],
      servers: ['json'],
      clients: ['json'],
    });
    const alice = await json.enter(doorTo(bridge, 'json'), 'alice');
    for (const content of ['m0', 'm1']) json.say(alice, { user: 'alice', content });
    await until(() => toldOf(json, alice, 'alice').refused.length === 1);
    for (const answer of late) answer();
    json.say(alice, { user: 'alice', content: 'm2' });
    await until(() => toldOf(json, alice, 'alice').acknowledged.includes('m2'));
    expect(toldOf(json, alice, 'alice')).toMatchObject({
      acknowledged: ['m1', 'm2'],
      refused: [{ content: 'm0' }],
    });
  });

  it('a server that answers nothing is as good as gone: another connection, and honest words', async () => {
    const server = await answeringAllBut(() => server.accepted === 1);
    await using bridge = await startFaultyBridge({
      to: server.ws,
      upstream: [...QUICK, 'answerTimeout: 100ms'],
      servers: ['json'],
      clients: ['json'],
    });
    const alice = await json.enter(doorTo(bridge, 'json'), 'alice');
    for (const content of ['m0', 'm1']) json.say(alice, { user: 'alice', content });
    await until(() => toldOf(json, alice, 'alice').refused.length === 2);
    expect(toldOf(json, alice, 'alice').refused.map(({ content }) => content)).toEqual(['m0', 'm1']);
    await until(() => upstreamMetrics(bridge, 'json', 'json').reconnected === 1);
    expect([...upstreamMetrics(bridge, 'json', 'json').failures]).toEqual([['no_answer', 1]]);
    json.say(alice, { user: 'alice', content: 'm2' });
    await until(() => toldOf(json, alice, 'alice').acknowledged.includes('m2'));
  });
});

it.each(CLIENTS)(
  'a copy of what is about to be sent again is not shown beside its answer ($dialect)',
  async (voice) => {
    const server = await startScriptedServer({
      said: (socket, { type, data }, number) => {
        if (type === 'auth') {
          jsonWords.letIn(socket, 'alice');
          // It had been stored: the server tells so before it is asked again.
          if (number === 2) socket.send(copy);
        } else if (type === 'message' && number === 1) {
          copy = JSON.stringify({ type, data: { ...data, replyTo: '', imageUrl: '', timestamp: 1 } });
          socket.terminate();
        } else if (type === 'message') jsonWords.ack(socket, data?.id);
      },
    });
    let copy = '';
    await using bridge = await startFaultyBridge({
      to: server.ws,
      upstream: [...QUICK, 'resend: true'],
      servers: ['json'],
      clients: [voice.dialect],
    });
    const alice = await voice.enter(doorTo(bridge, 'json'), 'alice');
    for (const content of ['m0', 'm1']) voice.say(alice, { user: 'alice', content });
    await until(() => toldOf(voice, alice, 'alice').acknowledged.includes('m1'));
    expect(toldOf(voice, alice, 'alice')).toEqual({ acknowledged: ['m0', 'm1'], refused: [] });
    const shown = shownTo(voice, alice);
    expect(new Set(shown).size).toBe(shown.length);
    expect(upstreamMetrics(bridge, 'json', voice.dialect).echoes).toBe(1);
    await alice.close();
  },
);

/** Hears of what is said on another connection to the same hub. */
async function hearsAgain(hub: TestGateway, content: string, heard: () => readonly string[]): Promise<void> {
  const bob = await json.enter(hub, 'bob');
  json.say(bob, { user: 'bob', content });
  await until(() => heard().includes(content));
  await bob.close();
}

describe.each(SOME_PAIRS)('a $client client in front of a $server server', ({ voice, client, server }) => {
  it('stays when the connection behind is half-open: a ping finds it', async () => {
    await using hub = await startHub();
    const network = await faultyNetworkTo(hub);
    await using bridge = await startFaultyBridge({
      to: network.ws,
      upstream: [...QUICK, 'heartbeat: { ping: 100ms, pongTimeout: 100ms }', 'resend: true'],
      endpoint: ['limits: { closeTimeout: 100ms }'],
      servers: [server],
      clients: [client],
    });
    const alice = await voice.enter(doorTo(bridge, server), 'alice');
    network.hold();
    voice.say(alice, { user: 'alice', content: 'into the void' });
    await until(() => toldOf(voice, alice, 'alice').acknowledged.length === 1);
    expect(upstreamMetrics(bridge, server, client).failures.get('no_pong')).toBe(1);
    await hearsAgain(hub, 'after', () => shownTo(voice, alice));
    expect(toldOf(voice, alice, 'alice').refused).toEqual([]);
    network.release();
    await alice.close();
  });

  it('stays through a restart of the server, and hears on', async () => {
    const first = await startHub();
    const network = await faultyNetworkTo(first);
    await using bridge = await startFaultyBridge({
      to: network.ws,
      upstream: QUICK,
      servers: [server],
      clients: [client],
    });
    const alice = await voice.enter(doorTo(bridge, server), 'alice');
    await hearsAgain(first, 'before', () => shownTo(voice, alice));
    await using second = await startHub();
    network.lead(second);
    // It says goodbye to all, in its dialect, and closes with 1012.
    await first.stop();
    await until(() => upstreamMetrics(bridge, server, client).reconnected === 1);
    await hearsAgain(second, 'after', () => shownTo(voice, alice));
    voice.say(alice, { user: 'alice', content: 'mine' });
    await until(() => toldOf(voice, alice, 'alice').acknowledged.includes('mine'));
    expect(toldOf(voice, alice, 'alice').refused).toEqual([]);
    await alice.close();
  });
});

describe.each(SERVERS)('a login elsewhere at a %s server', (server) => {
  it('ends the client with its own words, and it does not come back to end the other', async () => {
    await using hub = await startGateway({
      edit: (yaml) => yaml.replaceAll('auth: demo\n', 'auth: demo\n    singleSession: true\n'),
    });
    const network = await faultyNetworkTo(hub);
    await using bridge = await startFaultyBridge({
      to: network.ws,
      upstream: QUICK,
      servers: [server],
      clients: ['json'],
    });
    const alice = await json.enter(doorTo(bridge, server), 'alice');
    const other = await connectPeer(hub, { path: hubPath(server), user: 'alice' });
    expect((await alice.closed).code).toBe(4000);
    await until(() => bridge.gateway.hub.connections.size === 0);
    await until(() => bridge.gateway.hub.wheel.size === 0);
    expect(network.accepted).toBe(1);
    expect(hub.gateway.hub.directory.find('main', 'alice')?.connections.size).toBe(1);
    await other.close();
  });
});
