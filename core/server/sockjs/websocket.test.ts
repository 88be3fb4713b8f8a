/** SockJS over one WebSocket, framed and raw. */
import { once } from 'node:events';
import { connect as netConnect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { streamOf } from '../gateway-socket.ts';
import {
  connect,
  type EchoOverrides,
  type EchoServer,
  post,
  refusedUpgrade,
  request,
  type SocketClient,
  startEcho,
} from './test-kit.ts';

let server: EchoServer;
const start = async (overrides: EchoOverrides = {}): Promise<EchoServer> => {
  server = await startEcho(overrides);
  return server;
};
afterEach(() => server.close());

const open = async (suffix = '/000/s/websocket'): Promise<SocketClient> => {
  const client = await connect(server.base + suffix);
  expect(await client.next()).toBe('o');
  return client;
};

describe('the framed WebSocket', () => {
  it('opens with o, takes arrays and single strings and ignores empty messages [WebsocketHybi10]', async () => {
    await start();
    const client = await open('/000/s/websocket?token=t');
    client.socket.send('');
    client.socket.send('["a","b"]');
    client.socket.send('"c"');
    expect([await client.next(), await client.next(), await client.next()]).toEqual([
      'a["a"]',
      'a["b"]',
      'a["c"]',
    ]);
    const connection = await server.connection(0);
    expect(connection.request.query).toEqual({ token: 't' });
    expect(connection.transport.remoteAddress).toBe('127.0.0.1');
    await connection.heard('drain');
  });

  it('sends messages that were joined as one frame', async () => {
    await start();
    const client = await open();
    const { transport } = await server.connection(0);
    transport.write(Buffer.concat([transport.frame('1\n'), transport.frame('2')]));
    expect(await client.next()).toBe('a["1\\n","2"]');
  });

  it('may share its session id with others', async () => {
    await start();
    const [first, second] = [await open(), await open()];
    second.socket.send('["2"]');
    first.socket.send('["1"]');
    expect([await first.next(), await second.next()]).toEqual(['a["1"]', 'a["2"]']);
    expect(server.handle.sessionCount).toBe(0);
  });

  it('carries heartbeats, and pings of its own', async () => {
    await start({ heartbeatMs: 20 });
    const client = await open();
    expect([await client.next(), await client.next()]).toEqual(['h', 'h']);
    const connection = await server.connection(0);
    connection.transport.ping();
    await connection.heard('pong');
  });

  it('a pong answers only the newest ping; others are unasked', async () => {
    await start();
    const client = await connect(`${server.base}/000/s/websocket`, {}, { autoPong: false });
    const connection = await server.connection(0);
    client.socket.pong();
    await connection.heard('pong unasked');
    const pinged = once(client.socket, 'ping') as Promise<[Buffer]>;
    connection.transport.ping();
    const [payload] = await pinged;
    client.socket.pong('another');
    client.socket.pong(payload);
    await connection.heard('pong');
    expect(connection.events.filter((event) => event.startsWith('pong'))).toEqual([
      'pong unasked',
      'pong unasked',
      'pong',
    ]);
  });

  it('hears what came in one packet with the upgrade, after it has begun', async () => {
    let begun: readonly string[] | undefined;
    await start({
      onBegin: ({ events }) => {
        begun = [...events];
      },
    });
    const { port } = new URL(server.base);
    const socket = netConnect(Number(port), '127.0.0.1');
    socket.write(`GET /ws/echo/000/s/websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n`);
    const rest =
      'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
    // A text frame whose mask is all zero: "early", quoted.
    socket.write(
      Buffer.concat([Buffer.from(rest), Buffer.from([0x81, 0x87, 0, 0, 0, 0]), Buffer.from('"early"')]),
    );
    const connection = await server.connection(0);
    await connection.heard('message');
    expect([begun, connection.messages]).toEqual([[], ['early']]);
    socket.destroy();
  });

  it('closes with a close frame and the code', async () => {
    await start();
    const client = await open();
    client.socket.send('["go away","too late"]');
    expect(await client.next()).toBe('c[3000,"Go away!"]');
    expect(await client.closed).toBe(3000);
    const connection = await server.connection(0);
    expect(await connection.closed).toBe(3000);
    expect(connection.messages).toEqual(['go away']);
    connection.transport.write(connection.transport.frame('late'));
    connection.transport.close(1000, '');
    connection.transport.ping();
    connection.transport.terminate();
    expect(connection.events.filter((event) => event.startsWith('closed'))).toHaveLength(1);
  });

  it.each([
    ['["a', 1002, 'Broken framing.'],
    ['[1]', 1002, 'Broken framing.'],
    ['{}', 1002, 'Broken framing.'],
    ['["\\ud800"]', 1007, 'not valid UTF-8'],
    [`["${'x'.repeat(101)}"]`, 1009, 'message too large'],
    [`["${'x'.repeat(50)}",${' '.repeat(300)}"y"]`, 1009, 'message too large'],
    [Buffer.from('["a"]'), 1003, 'SockJS carries text only'],
  ])('%s ends it with %i', async (data, code, reason) => {
    await start({ limits: { frame: 100 } });
    const client = await open();
    client.socket.send(data);
    expect(await client.next()).toBe(`c[${code},"${reason}"]`);
    expect(await client.closed).toBe(code);
    const connection = await server.connection(0);
    expect(await connection.closed).toBe(code);
    expect(connection.messages).toEqual([]);
    expect(connection.events.includes('refused too_large')).toBe(code === 1009);
    expect(connection.events.includes('refused invalid_payload')).toBe(code === 1007);
  });

  it('stops reading in the middle of a frame and goes on where it stopped', async () => {
    await start();
    const client = await open();
    const { transport, messages, heard } = await server.connection(0);
    transport.pause();
    client.socket.send('["a","b"]');
    client.socket.send('["c"]');
    // The write goes the other way: it proves that the server is alive while nothing is read.
    transport.write(transport.frame('out'));
    expect(await client.next()).toBe('a["out"]');
    expect(messages).toEqual([]);
    transport.resume();
    await heard('message');
    expect([await client.next(), await client.next(), await client.next()]).toEqual([
      'a["a"]',
      'a["b"]',
      'a["c"]',
    ]);
    expect(messages).toEqual(['a', 'b', 'c']);
  });

  it('closes though it is paused', async () => {
    await start();
    const client = await open();
    const connection = await server.connection(0);
    connection.transport.pause();
    connection.transport.close(4000, 'enough');
    expect(await client.closed).toBe(4000);
    expect(await connection.closed).toBe(4000);
  });

  it('ends a client that does not answer the closing handshake in time', async () => {
    await start({ closeTimeoutMs: 20 });
    const client = await open();
    client.socket.pause();
    const connection = await server.connection(0);
    connection.transport.close(4000, 'enough');
    expect(await connection.closed).toBe(1006);
  });

  it('tells at once of what is no WebSocket frame', async () => {
    await start({ closeTimeoutMs: 20 });
    const client = await open();
    client.socket.pause();
    // An opcode that does not exist.
    streamOf(client.socket).write(Buffer.from([0x83, 0x80, 0, 0, 0, 0]));
    const connection = await server.connection(0);
    expect(await connection.closed).toBe(1006);
    expect(connection.events).toEqual(['drain', 'refused protocol_error', 'closed 1006']);
  });

  it('tells of a client that goes, politely or not', async () => {
    await start();
    const polite = await open();
    polite.socket.close();
    expect(await (await server.connection(0)).closed).toBe(1005);
    const rude = await open();
    rude.socket.terminate();
    expect(await (await server.connection(1)).closed).toBe(1006);
  });

  it('ends at once by terminate', async () => {
    await start();
    const client = await open();
    const connection = await server.connection(0);
    connection.transport.terminate();
    expect(await client.closed).toBe(1006);
    expect(await connection.closed).toBe(1006);
  });

  it('says what is written and closed while the session is accepted', async () => {
    await start({
      onAccept: (transport) => {
        transport.write(transport.frame('no'));
        transport.close(4001, 'bad token');
      },
    });
    const client = await open();
    expect([await client.next(), await client.next()]).toEqual(['a["no"]', 'c[4001,"bad token"]']);
    expect(await client.closed).toBe(4001);
    expect(await (await server.connection(0)).closed).toBe(4001);
  });

  it('is over when the session cannot be accepted', async () => {
    await start({
      accept: () => {
        throw new Error('no');
      },
    });
    const client = await open();
    expect(await client.closed).toBe(1006);
  });
});

describe('the raw WebSocket', () => {
  it.each(['/websocket', ''])('at the path%s has no framing', async (suffix) => {
    await start();
    const client = await connect(server.base + suffix);
    client.socket.send('["as it is"]');
    expect(await client.next()).toBe('["as it is"]');
    expect(server.rawMessages).toEqual(['["as it is"]']);
    expect(server.connections).toHaveLength(0);
  });

  it("at the path itself stays with the endpoint's own route", async () => {
    await start({
      before: (app) => app.get('/ws/echo', { websocket: true }, (socket) => socket.send('mine')),
    });
    const client = await connect(server.base);
    expect(await client.next()).toBe('mine');
  });
});

describe('before the socket opens', () => {
  it('a plain request is answered with 400 [WebsocketHttpErrors]', async () => {
    await start();
    for (const suffix of ['/websocket', '/000/s/websocket']) {
      const answer = await request('GET', server.base + suffix);
      expect([answer.status, answer.text]).toEqual([400, 'Can "Upgrade" only to "WebSocket".']);
    }
    expect((await post(`${server.base}/000/s/websocket`)).status).toBe(404);
  });

  it.each(['/websocket', '/000/s/websocket', ''])(
    'another origin is refused at the path%s',
    async (suffix) => {
      await start({ allowOrigin: ({ headers }) => headers.origin === undefined });
      expect(await refusedUpgrade(server.base + suffix, { origin: 'https://bad.example' })).toBe(403);
    },
  );

  it.each(['/websocket', '/000/s/websocket', ''])('refusals are answered at the path%s', async (suffix) => {
    let draining = false;
    await start({ draining: () => draining, admit: () => ({ statusCode: 429, text: 'Too many.' }) });
    expect(await refusedUpgrade(server.base + suffix)).toBe(429);
    draining = true;
    expect(await refusedUpgrade(server.base + suffix)).toBe(503);
  });

  it.each(['/0.0/s/websocket', '/000/s.s/websocket', '/000/s/xhr'])(
    'an upgrade to %s is refused',
    async (suffix) => {
      await start();
      expect(await refusedUpgrade(server.base + suffix)).toBe(404);
    },
  );
});
