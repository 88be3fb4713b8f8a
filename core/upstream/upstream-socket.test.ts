/** Reads from real sockets, byte by byte and all at once; what is read and kept has to stay what it was. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { UpstreamLogin } from './login.ts';
import type { Upstream } from './upstream.ts';
import { UpstreamSocket } from './upstream-socket.ts';

const LIMIT = 8 << 20;
const log = pino({ level: 'silent' });

/** The server's end of a connection, and what it has to say for the WebSocket to open. */
interface Served {
  readonly socket: Socket;
  readonly answer: Buffer;
}

const answerTo = (request: string): Buffer => {
  const key = /^sec-websocket-key: (.*)$/im.exec(request)?.[1]?.trim() ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  return Buffer.from([...lines, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'));
};

/** A server on a loopback address; `serve` says all that is said. Ends with the test. */
async function listen(serve: (served: Served) => void, make: (on: (socket: Socket) => void) => Server) {
  const sockets = new Set<Socket>();
  const server = make((socket) => {
    sockets.add(socket);
    socket.setNoDelay().on('error', () => {});
    socket.once('data', (request) => {
      socket.on('data', () => {});
      serve({ socket, answer: answerTo(request.toString('latin1')) });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { readonly port: number }).port;
}

const inClear = (serve: (served: Served) => void): Promise<number> =>
  listen(serve, (on) => createServer({ noDelay: true }, on));

/** A client of it. What is binary is kept as it was given, and looked at only in the end. */
function client(url: string) {
  const told: (string | Buffer)[] = [];
  const events: string[] = [];
  const onText: { call: ((text: string) => void) | undefined } = { call: undefined };
  const text = (payload: Buffer): void => {
    const content = payload.toString();
    told.push(content);
    onText.call?.(content);
  };
  const socket = new UpstreamSocket({
    upstream: {
      config: { limits: { frame: LIMIT } },
      dialect: { subprotocols: [], text: 'utf8' },
    } as never as Upstream,
    login: { url, headers: {}, credentials: {} } as never as UpstreamLogin,
    log,
    closeTimeoutMs: 1000,
    listener: {
      opened: () => events.push('opened'),
      arrived: () => {},
      known: () => false,
      textMessage: text,
      message: (data, isBinary) => {
        if (isBinary) told.push(data);
        else text(data);
      },
      pong: () => {},
      written: () => {},
      failed: (fault) => events.push(`failed: ${fault}`),
      unexpected: (status) => events.push(`unexpected: ${status}`),
      closed: (code) => events.push(`closed: ${code}`),
    },
  });
  onTestFinished(() => socket.close());
  const until = (what: () => boolean): Promise<unknown> =>
    vi.waitUntil(what, { timeout: 20_000, interval: 1 });
  return {
    socket,
    events,
    onText,
    /** What it was told, each as text. */
    get told() {
      return told.map(String);
    },
    get count() {
      return told.length;
    },
    until,
    whenTold: (count: number) => until(() => told.length >= count),
    whenClosed: () => until(() => events.some((event) => event.startsWith('closed'))),
  };
}

function frame(first: number, payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload as string);
  const header = Buffer.alloc(bytes.length < 126 ? 2 : bytes.length < 65_536 ? 4 : 10);
  header[0] = first;
  if (header.length === 2) header[1] = bytes.length;
  else if (header.length === 4) {
    header[1] = 126;
    header.writeUInt16BE(bytes.length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(bytes.length), 2);
  }
  return Buffer.concat([header, bytes]);
}

const text = (content: string): Buffer => frame(0x81, content);
const binary = (content: string): Buffer => frame(0x82, content);
const GOODBYE = frame(0x88, Buffer.from([0x03, 0xe8]));

/** Texts and others of all lengths, each with its number. */
const contents = (count: number, longest = 300): string[] =>
  Array.from({ length: count }, (_, index) => `${index} `.padEnd(1 + ((index * 37) % longest), 'x'));
const framesOf = (of: readonly string[]): Buffer =>
  Buffer.concat(of.map((content, index) => (index % 5 === 4 ? binary(content) : text(content))));

/** Writes so many bytes at a time, each when the one before has gone. */
async function trickle(socket: Socket, bytes: Buffer, size: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += size) {
    await new Promise<void>((resolve) =>
      socket.write(bytes.subarray(at, at + size), () => setImmediate(resolve)),
    );
  }
}

describe('what a server says', () => {
  it('is heard in order where it comes with the answer to the upgrade, cut anywhere', async () => {
    const said = contents(40);
    const frames = framesOf(said);
    for (const cut of [0, 1, 2, 3, 60, 200, frames.length - 1, frames.length]) {
      const port = await inClear(({ socket, answer }) => {
        socket.write(Buffer.concat([answer, frames.subarray(0, cut)]), () =>
          setImmediate(() => socket.write(frames.subarray(cut))),
        );
      });
      const { told, whenTold, events } = await heard(port, said.length);
      await whenTold(said.length);
      expect(told()).toEqual(said);
      expect(events).toEqual(['opened']);
    }
  });

  it.each([1, 2, 7])('is heard where %i bytes come at a time, beginning with the answer', async (size) => {
    const said = [...contents(12), 'y'.repeat(700)];
    const port = await inClear(({ socket, answer }) => {
      void trickle(socket, Buffer.concat([answer, framesOf(said)]), size);
    });
    const { told } = await heard(port, said.length);
    expect(told()).toEqual(said);
  });

  it('stays what it was while others are read into the same buffer', async () => {
    const said = [...contents(60), ...contents(20, 30_000), ...contents(3, 900_000)];
    const port = await inClear(({ socket, answer }) => {
      socket.write(answer);
      void trickle(socket, framesOf(said), 1013);
    });
    const all = await Promise.all(Array.from({ length: 8 }, () => heard(port, said.length)));
    for (const { told } of all) expect(told()).toEqual(said);
  });

  it('is heard where it is huge, or in fragments with pings between them', async () => {
    const huge = 'z'.repeat(5 << 20);
    const fragments = [
      frame(0x01, 'a'.repeat(70_000)),
      frame(0x89, 'still there?'),
      frame(0x00, 'b'.repeat(70_000)),
      frame(0x89, 'still?'),
      frame(0x80, 'c'),
    ];
    const port = await inClear(({ socket, answer }) => {
      socket.write(Buffer.concat([answer, text('first'), text(huge), ...fragments, text('last')]));
    });
    const { told } = await heard(port, 4);
    expect(told()).toEqual(['first', huge, `${'a'.repeat(70_000)}${'b'.repeat(70_000)}c`, 'last']);
  });

  it('is heard to its end where it closes at once', async () => {
    const said = contents(5000);
    for (const goodbye of [GOODBYE, Buffer.alloc(0)]) {
      const port = await inClear(({ socket, answer }) => {
        socket.end(Buffer.concat([answer, framesOf(said), goodbye, goodbye]));
      });
      const { told, events, whenClosed } = await heard(port, said.length);
      await whenClosed();
      expect(told()).toEqual(said);
      expect(events).toEqual(['opened', goodbye === GOODBYE ? 'closed: 1000' : 'closed: 1006']);
    }
  });

  it('is heard no further than to a fault', async () => {
    const port = await inClear(({ socket, answer }) => {
      socket.write(Buffer.concat([answer, text('good'), frame(0xf1, 'bad'), text('after')]));
    });
    const { told, events, whenClosed } = await heard(port, 1);
    await whenClosed();
    expect(told()).toEqual(['good']);
    expect(events).toEqual(['opened', 'failed: protocol', 'closed: 1006']);
  });
});

describe('over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dragoman-upstream-'));
  const file = (name: string): string => join(folder, name);
  const trusted = getCACertificates('default');
  beforeAll(() => {
    const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const files = ['-keyout', file('key'), '-out', file('crt')];
    execFileSync('openssl', ['req', '-x509', ...options, ...names, ...files], { stdio: 'ignore' });
    setDefaultCACertificates([...trusted, readFileSync(file('crt'), 'utf8')]);
  });
  afterAll(() => {
    setDefaultCACertificates(trusted);
    rmSync(folder, { recursive: true });
  });
  const secured = (serve: (served: Served) => void): Promise<number> => {
    const pair = { key: readFileSync(file('key')), cert: readFileSync(file('crt')) };
    return listen(serve, (on) => createTlsServer(pair, on));
  };

  it('is the same, cut anywhere, with a pause, to the end', async () => {
    const said = [...contents(3000), 'q'.repeat(300_000), ...contents(10)];
    const port = await secured(({ socket, answer }) => {
      socket.write(Buffer.concat([answer, framesOf(said.slice(0, 3000))]));
      void trickle(socket, Buffer.concat([framesOf(said.slice(3000)), GOODBYE]), 4099).then(() =>
        socket.end(),
      );
    });
    const reader = client(`wss://localhost:${port}`);
    reader.onText.call = (content) => {
      if (content !== said[1000]) return;
      reader.socket.pause();
      setImmediate(() => reader.socket.resume());
    };
    await reader.whenClosed();
    expect(reader.told).toEqual(said);
    expect(reader.events).toEqual(['opened', 'closed: 1000']);
  });

  it('is refused where the certificate is of another name', async () => {
    const port = await secured(({ socket, answer }) => socket.write(answer));
    const reader = client(`wss://127.0.0.1:${port}`);
    await reader.whenClosed();
    expect(reader.events).toEqual(['failed: network', 'closed: 1006']);
  });
});

describe('where a server is', () => {
  it('is found by name, whichever of its addresses answers', async () => {
    const port = await inClear(({ socket, answer }) => socket.write(Buffer.concat([answer, text('here')])));
    const { events } = await heard(port, 1, `ws://localhost:${port}`);
    expect(events).toEqual(['opened']);
  });

  it('is not found where nobody listens', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port: dead } = gone.address() as { readonly port: number };
    await new Promise<void>((resolve) => gone.close(() => resolve()));
    const reader = client(`ws://127.0.0.1:${dead}`);
    await reader.whenClosed();
    expect(reader.events).toEqual(['failed: network', 'closed: 1006']);
  });

  it('shows in the request, which is that of any WebSocket', async () => {
    let asked = '';
    const port = await listen(
      () => {},
      (on) =>
        createServer((socket) => {
          socket.once('data', (request) => {
            asked = request.toString('latin1');
          });
          on(socket);
        }),
    );
    const reader = client(`ws://localhost:${port}/chat/room?token=abc`);
    await reader.until(() => asked !== '');
    expect(asked).toMatch(/^GET \/chat\/room\?token=abc HTTP\/1\.1\r\n/);
    expect(asked).toMatch(new RegExp(`^host: localhost:${port}\r$`, 'im'));
  });
});

describe('a pause', () => {
  it('lets nothing more be read than what has been, and nothing is lost or overtaken', async () => {
    const said = contents(40_000, 1200);
    let server: Socket | undefined;
    const port = await inClear(({ socket, answer }) => {
      server = socket;
      socket.write(Buffer.concat([answer, framesOf(said)]));
    });
    const reader = client(`ws://127.0.0.1:${port}`);
    // Further apart than what one reading gives.
    const pauses = [1, 5000, 20_000, 39_998].map((index) => said[index]);
    reader.onText.call = (content) => {
      if (pauses.includes(content)) reader.socket.pause();
    };
    for (const at of pauses) {
      await reader.until(() => reader.told.includes(at as string));
      // Of one reading, 64 KiB, all is told; then nothing, however much there is.
      await turns(20);
      const { count } = reader;
      await turns(20);
      expect(reader.count).toBe(count);
      if (at === pauses[0]) expect(server?.writableLength).toBeGreaterThan(0);
      reader.socket.resume();
    }
    await reader.whenTold(said.length);
    expect(reader.told).toEqual(said);
  });

  it('may be short, and many', async () => {
    const said = contents(3000);
    const port = await inClear(({ socket, answer }) => {
      socket.write(answer);
      void trickle(socket, framesOf(said), 4001);
    });
    const reader = client(`ws://127.0.0.1:${port}`);
    let n = 0;
    reader.onText.call = () => {
      if (n++ % 3 !== 0) return;
      reader.socket.pause();
      if (n % 2 === 0) reader.socket.resume();
      else setImmediate(() => reader.socket.resume());
    };
    await reader.whenTold(said.length);
    expect(reader.told).toEqual(said);
  });

  it('does not swallow what came before the end, which is seen when it is over', async () => {
    const said = contents(50);
    const port = await inClear(({ socket, answer }) => {
      socket.write(Buffer.concat([answer, text('pause')]));
      void reader
        .until(() => reader.count === 1)
        .then(() => socket.end(Buffer.concat([framesOf(said), GOODBYE])));
    });
    const reader = client(`ws://127.0.0.1:${port}`);
    reader.onText.call = (content) => {
      if (content === 'pause') reader.socket.pause();
    };
    await reader.whenTold(1);
    await turns(50);
    expect(reader.told).toEqual(['pause']);
    reader.socket.resume();
    await reader.whenClosed();
    expect(reader.told).toEqual(['pause', ...said]);
    expect(reader.events).toEqual(['opened', 'closed: 1000']);
  });
});

async function heard(port: number, count: number, url = `ws://127.0.0.1:${port}`) {
  const reader = client(url);
  await reader.whenTold(count);
  return {
    told: () => reader.told,
    events: reader.events,
    whenTold: reader.whenTold,
    whenClosed: reader.whenClosed,
  };
}

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
}
