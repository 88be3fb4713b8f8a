/** What we write must be what `ws` writes: this suite is the alarm for a `ws` that changes inside. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { registerHooks } from 'node:module';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import websocketPlugin from '@fastify/websocket';
import Fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { TransportListener } from '../transport.ts';
import { GatewaySocket, streamOf } from './gateway-socket.ts';
import { frameWebSocketMessage, WebSocketTransport } from './websocket-transport.ts';

/** The bytes that `ws` itself sends for a message, by its public interface. */
async function sentByWs(data: string | Uint8Array): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const stream = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const request = {
    method: 'GET',
    headers: {
      upgrade: 'websocket',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13',
    },
  };
  const socket = await new Promise<WebSocket>((resolve) => {
    server.handleUpgrade(request as never, stream as never, Buffer.alloc(0), resolve);
  });
  const handshake = chunks.splice(0);
  expect(handshake.length).toBeGreaterThan(0);
  await new Promise<void>((resolve, reject) => {
    socket.send(data, (error) => (error ? reject(error) : resolve()));
  });
  const bytes = Buffer.concat(chunks);
  socket.terminate();
  return bytes;
}

describe('a framed message is byte for byte what ws sends', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])('text of %i bytes', async (size) => {
    const text = 'x'.repeat(size);
    expect(frameWebSocketMessage(text).equals(await sentByWs(text))).toBe(true);
  });

  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])('binary of %i bytes', async (size) => {
    const bytes = Buffer.alloc(size, 0xa5);
    expect(frameWebSocketMessage(bytes).equals(await sentByWs(bytes))).toBe(true);
  });

  it.each(['中文', '\u{1f600}', '\u0000', 'é'.repeat(63)])('text %j beyond ASCII', async (text) => {
    expect(frameWebSocketMessage(text).equals(await sentByWs(text))).toBe(true);
  });

  it('a view into a larger buffer gives its own bytes only', async () => {
    const whole = new Uint8Array([0, 0, 1, 2, 3, 0, 0]);
    const view = whole.subarray(2, 5);
    expect(frameWebSocketMessage(view).equals(await sentByWs(Uint8Array.of(1, 2, 3)))).toBe(true);
    expect([...whole]).toEqual([0, 0, 1, 2, 3, 0, 0]);
  });
});

describe('a ws that has changed inside', () => {
  it.each([
    ['no Sender', 'export class WebSocket {}'],
    ['a Sender without frame', 'export class WebSocket {}; export class Sender {}'],
  ])('with %s stops the gateway when it loads', async (_what, source) => {
    // The module is loaded anew, and finds another `ws` than everybody else.
    const asking = `?ws=${encodeURIComponent(source)}`;
    const hooks = registerHooks({
      resolve: (specifier, context, next) =>
        specifier === 'ws' && context.parentURL?.endsWith(asking) === true
          ? { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true }
          : next(specifier, context),
    });
    try {
      await expect(import(`./websocket-transport.ts${asking}`)).rejects.toThrow(
        'this version of ws has no Sender.frame',
      );
    } finally {
      hooks.deregister();
    }
  });
});

/** What the transport told its listener, in order. */
type Told = readonly [name: string, ...values: unknown[]];

class Peer {
  readonly told: Told[] = [];
  #wake: () => void = () => {};

  readonly listener: TransportListener = {
    message: (data, isBinary) => this.#note('message', Buffer.from(data).toString('latin1'), isBinary),
    pong: (unasked = false) => this.#note('pong', unasked),
    drain: () => this.#note('drain'),
    refused: (reason) => this.#note('refused', reason),
    closed: (code) => this.#note('closed', code),
  };

  #note(...told: Told): void {
    this.told.push(told);
    this.#wake();
  }

  /** The first of that name, once it has been told. */
  async heard(name: string): Promise<Told> {
    for (;;) {
      const found = this.told.find(([known]) => known === name);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Insides that the gateway changes. */
interface Insides {
  readonly _events: object | undefined;
  readonly _extensions: object;
  readonly _receiver: { readonly _extensions: object; readonly _state: unknown };
  readonly _sender: { readonly _extensions: object; readonly _queue: readonly unknown[] };
  readonly _pendingAutoPongs: number;
  readonly _autoPongComplete: () => void;
  readonly _socket: Socket & { readonly _httpMessage: unknown; readonly _peername: unknown };
}
const insidesOf = (socket: WebSocket): Insides => socket as unknown as Insides;
const GatewaySocketClass = GatewaySocket as never;

it('keeps nothing of the request that opened the socket', async () => {
  const app = Fastify();
  await app.register(websocketPlugin, { options: { WebSocket: GatewaySocketClass } });
  const opened = Promise.withResolvers<WebSocket>();
  app.get('/', { websocket: true }, (socket) => {
    new WebSocketTransport(socket as GatewaySocket, '127.0.0.1', 5000).listen(new Peer().listener);
    opened.resolve(socket);
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}/`);
  const [socket] = await Promise.all([opened.promise, once(client, 'open')]);
  expect(insidesOf(socket)._socket._httpMessage).toBeNull();
  expect(socket.listenerCount('error')).toBe(0);
  client.terminate();
  await app.close();
});

describe('over a real socket', () => {
  let http: Server;
  let server: WebSocketServer;
  let port: number;

  beforeEach(async () => {
    http = createServer();
    server = new WebSocketServer({
      server: http,
      perMessageDeflate: false,
      maxPayload: 1024,
      WebSocket: GatewaySocketClass,
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    ({ port } = http.address() as AddressInfo);
  });

  afterEach(async () => {
    for (const socket of server.clients) socket.terminate();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });

  async function accepted(closeTimeoutMs = 5000) {
    const [socket] = (await once(server, 'connection')) as [GatewaySocket];
    const transport = new WebSocketTransport(socket, '127.0.0.1', closeTimeoutMs);
    const peer = new Peer();
    transport.listen(peer.listener);
    return { transport, peer, socket };
  }

  async function pair() {
    const waiting = accepted();
    const client = new WebSocket(`ws://127.0.0.1:${port}`, { autoPong: false });
    await once(client, 'open');
    return { client, ...(await waiting) };
  }

  /** A client that has shaken hands and whose bytes are in the test's hands. */
  async function rawPair(closeTimeoutMs?: number) {
    const waiting = accepted(closeTimeoutMs);
    const raw = connect(port, '127.0.0.1');
    raw.write(
      'GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    await once(raw, 'data');
    return { raw, ...(await waiting) };
  }

  it('nothing is kept for each socket that all of them could share', async () => {
    const [one, other] = [await pair(), await pair()];
    const [first, second] = [insidesOf(one.socket), insidesOf(other.socket)];
    expect(Object.hasOwn(first, '_autoPongComplete')).toBe(false);
    expect(first._pendingAutoPongs).toBe(0);
    // What `ws` makes for its own sockets is still there to be shared.
    const plain = insidesOf(new WebSocket(null as never, undefined, { autoPong: true } as never));
    expect(Object.hasOwn(plain, '_autoPongComplete')).toBe(true);
    expect(plain._extensions).toEqual({});
    expect(first._events).toBeUndefined();
    expect(first._extensions).toEqual({});
    for (const { _extensions } of [second, first._receiver, first._sender]) {
      expect(_extensions).toBe(first._extensions);
    }
    expect(first._sender._queue).toEqual([]);
    expect(first._sender._queue).toBe(second._sender._queue);
    expect(first._socket._peername).toBeUndefined();
    expect(first._socket.remoteAddress).toBe('127.0.0.1');
    // Node's listener for the end says nothing where half-open sockets are allowed, as a server's are.
    expect(first._socket.allowHalfOpen).toBe(true);
    expect(first._socket.listeners('end').map(({ name }) => name)).toEqual(['socketOnEnd']);
    for (const { client, peer } of [one, other]) {
      client.close(4000);
      expect(await peer.heard('closed')).toEqual(['closed', 4000]);
    }
  });

  it('a ping is answered, and the answer is counted as long as it is not written', async () => {
    const { client, socket } = await pair();
    client.ping('here');
    const [data] = (await once(client, 'pong')) as [Buffer];
    expect(data.toString()).toBe('here');
    expect(insidesOf(socket)._pendingAutoPongs).toBe(0);
    client.close();
    await once(client, 'close');
  });

  it('the first words take along what was held back for them', async () => {
    const { client, transport, socket } = await pair();
    const stream = streamOf(socket);
    const heard = once(client, 'message') as Promise<[Buffer]>;
    stream.cork();
    expect(stream.writableCorked).toBe(1);
    transport.write(transport.frame('hello'));
    expect(stream.writableCorked).toBe(0);
    expect((await heard)[0].toString()).toBe('hello');
    client.close();
    await once(client, 'close');
  });

  it('messages that are joined into one write arrive as separate messages', async () => {
    const { client, transport } = await pair();
    const received: string[] = [];
    const done = new Promise<void>((resolve) => {
      client.on('message', (data: Buffer, isBinary: boolean) => {
        received.push(`${isBinary ? 'binary' : 'text'} ${data.length}`);
        if (received.length === 6) resolve();
      });
    });
    const sizes = [0, 125, 126, 65_535, 65_536];
    transport.write(
      Buffer.concat([
        ...sizes.map((size) => transport.frame('x'.repeat(size))),
        transport.frame(new Uint8Array(3)),
      ]),
    );
    await done;
    expect(received).toEqual([...sizes.map((size) => `text ${size}`), 'binary 3']);
  });

  it('what ws sends and what we write keep their order', async () => {
    const { client, transport } = await pair();
    const events: string[] = [];
    client.on('message', (data: Buffer) => events.push(data.toString()));
    client.on('ping', () => events.push('ping'));
    transport.write(transport.frame('before'));
    transport.ping();
    transport.write(transport.frame('after'));
    transport.close(1000, 'bye');
    await once(client, 'close');
    expect(events).toEqual(['before', 'ping', 'after']);
  });

  it('a pong answers only the newest ping; others are unasked', async () => {
    const { client, transport, peer } = await pair();
    client.pong('');
    await peer.heard('pong');
    const payload = once(client, 'ping') as Promise<[Buffer]>;
    transport.ping();
    const [data] = await payload;
    client.pong('nonsense');
    client.pong(data);
    client.send('end');
    await peer.heard('message');
    expect(peer.told.filter(([name]) => name === 'pong')).toEqual([
      ['pong', true],
      ['pong', true],
      ['pong', false],
    ]);
  });

  it('drain comes when all is written, however little it was', async () => {
    const { client, transport, peer } = await pair();
    transport.write(transport.frame('little'));
    await peer.heard('drain');
    expect(transport.bufferedBytes).toBe(0);
    client.close();
  });

  it('drain of what a peer does not read comes once it has read all, and once', async () => {
    const { raw, transport, peer } = await rawPair();
    raw.pause();
    const frame = transport.frame(Buffer.alloc(65_536));
    let sent = 0;
    for (; transport.bufferedBytes === 0; sent++) {
      transport.write(frame);
      await new Promise((resolve) => setImmediate(resolve));
    }
    peer.told.length = 0;
    // Less than the high-water mark of the stream, and nothing after it.
    for (const more of ['some', 'more']) transport.write(transport.frame(more));
    expect(transport.bufferedBytes).toBeGreaterThan(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(peer.told).toEqual([]);
    let read = 0;
    raw.on('data', (chunk: Buffer) => {
      read += chunk.length;
    });
    raw.resume();
    await peer.heard('drain');
    expect(transport.bufferedBytes).toBe(0);
    const all = sent * frame.length + 2 * transport.frame('some').length;
    await vi.waitFor(() => expect(read).toBe(all));
    expect(peer.told).toEqual([['drain']]);
    raw.destroy();
  });

  it('a slow peer that has nothing more to say reads all that was written to it', async () => {
    const { raw, socket, transport } = await rawPair();
    let read = 0;
    let wanted = Number.POSITIVE_INFINITY;
    raw.on('data', (chunk: Buffer) => {
      read += chunk.length;
      if (read >= wanted) raw.pause();
    });
    raw.pause();
    // More than the kernel takes: the first is being written, the second waits behind it.
    const large = transport.frame(Buffer.alloc(16_000_000));
    transport.write(large);
    transport.write(large);
    wanted = large.length + 1;
    raw.resume();
    await vi.waitFor(() => expect(read).toBeGreaterThan(large.length), { timeout: 5000 });
    // Now the second is, and the third waits.
    transport.write(large);
    raw.end();
    await vi.waitFor(() => expect(socket.readyState).toBe(WebSocket.CLOSING));
    wanted = Number.POSITIVE_INFINITY;
    raw.resume();
    await once(raw, 'close');
    expect(read).toBe(3 * large.length);
  });

  it('messages arrive whole, text and binary, and a paused socket brings none', async () => {
    const { client, transport, peer } = await pair();
    transport.pause();
    client.send('one');
    client.send(Buffer.from([2]));
    transport.ping();
    // The ping's echo is read after what was sent before it, so nothing of that has been read either.
    const [ping] = (await once(client, 'ping')) as [Buffer];
    client.pong(ping);
    expect(peer.told).toEqual([]);
    transport.resume();
    await peer.heard('pong');
    expect(peer.told).toEqual([
      ['message', 'one', false],
      ['message', '\u0002', true],
      ['pong', false],
    ]);
  });

  const mask = Buffer.from([1, 2, 3, 4]);
  const masked = (first: number, payload: Buffer): Buffer =>
    Buffer.concat([
      Buffer.from([first, 0x80 | payload.length]),
      mask,
      Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] as number))),
    ]);

  it.each([
    ['text that is not UTF-8', masked(0x81, Buffer.from([0xff])), 'invalid_payload'],
    ['a message over the limit', Buffer.from([0x82, 0xfe, 0x08, 0x00, 1, 2, 3, 4]), 'too_large'],
    ['an unmasked frame', Buffer.from([0x81, 0x01, 0x61]), 'protocol_error'],
    ['a reserved opcode', masked(0x83, Buffer.from('a')), 'protocol_error'],
    ['a reserved bit', masked(0xc1, Buffer.from('a')), 'protocol_error'],
    ['a ping over 125 bytes', Buffer.from([0x89, 0xfe, 0x00, 0x7e, 1, 2, 3, 4]), 'protocol_error'],
  ])(
    '%s is refused, and the socket of a peer that does not care is ended in time',
    async (_what, bytes, reason) => {
      const { raw, peer } = await rawPair(20);
      raw.write(bytes);
      expect(await peer.heard('refused')).toEqual(['refused', reason]);
      await peer.heard('closed');
      raw.destroy();
    },
  );

  it('a peer that does not answer the closing handshake is ended in time', async () => {
    const { raw, transport, peer } = await rawPair(20);
    transport.close(1000, 'bye');
    expect(await peer.heard('closed')).toEqual(['closed', 1006]);
    raw.destroy();
  });

  it('a closed connection leaves no timer behind, and is closed once', async () => {
    const { client, transport, peer } = await pair();
    const set = vi.spyOn(globalThis, 'setTimeout');
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    transport.close(4001, 'bye');
    transport.close(4002, 'again');
    const [code] = (await once(client, 'close')) as [number];
    await peer.heard('closed');
    expect(code).toBe(4001);
    transport.close(4003, 'late');
    transport.write(transport.frame('late'));
    transport.ping();
    const timers = set.mock.results
      .filter((_result, index) => set.mock.calls[index]?.[1] === 5000)
      .map(({ value }) => value as unknown);
    expect(timers).toHaveLength(1);
    expect(cleared.mock.calls.map(([timer]) => timer as unknown)).toContain(timers[0]);
    vi.restoreAllMocks();
    expect(peer.told.filter(([name]) => name === 'closed')).toEqual([['closed', 4001]]);
  });

  it('a socket that is cut is told once, and needs no close', async () => {
    const { raw, peer } = await rawPair();
    (raw as Socket).resetAndDestroy();
    expect(await peer.heard('closed')).toEqual(['closed', 1006]);
    expect(peer.told.filter(([name]) => name === 'closed')).toHaveLength(1);
  });
});
