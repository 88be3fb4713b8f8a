/** The real sockjs-client 1.6.1 over each of its transports that runs in Node. */
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import { type EchoServer, startEcho } from './test-kit.ts';

/** What the tests use of sockjs-client, which has no types of its own. */
interface SockJsClient {
  readonly transport: string | null;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: string }) => void) | null;
  onclose:
    | ((event: { readonly code: number; readonly reason: string; readonly wasClean: boolean }) => void)
    | null;
  onheartbeat: (() => void) | null;
  send(text: string): void;
  close(): void;
}
type SockJsConstructor = new (
  url: string,
  protocols: undefined,
  options: { readonly transports: readonly string[] },
) => SockJsClient;
const SockJs = createRequire(import.meta.url)('sockjs-client') as SockJsConstructor;

let server: EchoServer;
afterEach(() => server.close());

const TRANSPORTS = ['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'] as const;

async function dial(transport: string) {
  const client = new SockJs(`${server.base}/?token=t%20t`, undefined, { transports: [transport] });
  const received: string[] = [];
  const waiting: (() => void)[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<[number, string, boolean]>();
  client.onmessage = ({ data }) => {
    received.push(data);
    for (const check of waiting) check();
  };
  client.onclose = ({ code, reason, wasClean }) => resolve([code, reason, wasClean]);
  await new Promise<void>((opened, failed) => {
    client.onopen = opened;
    closed.then((close) => failed(new Error(`closed instead of opened: ${close.join()}`)));
  });
  const receivedCount = (count: number): Promise<void> =>
    new Promise((enough) => {
      const check = (): void => {
        if (received.length >= count) enough();
      };
      waiting.push(check);
      check();
    });
  return { client, received, receivedCount, closed };
}

describe.each(TRANSPORTS)('sockjs-client over %s', (transport) => {
  it('connects, with its query on the first request', async () => {
    server = await startEcho();
    const { client } = await dial(transport);
    expect(client.transport).toBe(transport);
    expect((await server.connection(0)).request.query).toEqual({ token: 't t' });
    client.close();
  });

  it('gets back every kind of text', async () => {
    server = await startEcho({ responseBytes: 4096 });
    const { client, received, receivedCount } = await dial(transport);
    const texts = [
      'plain',
      '',
      ' \t\r\n\0 ',
      '100% %41 %zz "quoted" \\ \u2028\u200f\uffff',
      '你好 😀 שלום',
      '😀'.repeat(10_000),
      '__proto__',
      'CONNECT\naccept-version:1.2\n\n\0',
    ];
    for (const text of texts) client.send(text);
    await receivedCount(texts.length);
    expect(received).toEqual(texts);
    client.close();
  });

  it('keeps the order of a thousand messages in both directions', async () => {
    server = await startEcho({ responseBytes: 4096 });
    const { client, received, receivedCount } = await dial(transport);
    const texts = Array.from({ length: 1000 }, (_, index) => `message ${index}`);
    for (const text of texts) client.send(text);
    await receivedCount(texts.length);
    expect(received).toEqual(texts);
    client.close();
  });

  it('answers pings, one after the other', async () => {
    server = await startEcho();
    const { client, received, receivedCount } = await dial(transport);
    const { transport: port, events, heard } = await server.connection(0);
    port.write(port.frame('one'));
    port.ping();
    await heard('pong');
    expect(received).toEqual(['one']);
    port.write(port.frame('two'));
    await receivedCount(2);
    expect(events.filter((event) => event === 'pong')).toHaveLength(1);
    client.close();
  });

  it('gets heartbeats', async () => {
    server = await startEcho({ heartbeatMs: 20 });
    const { client } = await dial(transport);
    await new Promise<void>((resolve) => {
      client.onheartbeat = resolve;
    });
    client.close();
  });

  it('hears the code and the reason of a close', async () => {
    server = await startEcho();
    const { client, closed } = await dial(transport);
    client.send('go away');
    expect(await closed).toEqual([3000, 'Go away!', true]);
    expect(await (await server.connection(0)).closed).toBe(3000);
  });

  it('ends the session when it closes', async () => {
    server = await startEcho({ disconnectMs: 50 });
    const { client } = await dial(transport);
    const connection = await server.connection(0);
    client.close();
    expect(await connection.closed).toBe(transport === 'websocket' ? 1000 : 1006);
    expect(server.handle.sessionCount).toBe(0);
  });
});

describe('sockjs-client', () => {
  it('tries the next transport where WebSockets are cut off', async () => {
    server = await startEcho({
      before: (app) =>
        app.addHook('onRequest', async (request, reply) =>
          request.url.includes('/websocket') ? reply.code(502).send() : undefined,
        ),
    });
    const client = new SockJs(server.base, undefined, { transports: [...TRANSPORTS] });
    const echoed = new Promise<string>((resolve) => {
      client.onmessage = ({ data }) => resolve(data);
    });
    client.onopen = () => client.send('through');
    expect(await echoed).toBe('through');
    expect(client.transport).toBe('xhr-streaming');
    client.close();
  });
});
