/** SockJS over HTTP, request by request. Section names are those of the SockJS 0.3.3 document. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { type EchoOverrides, type EchoServer, post, startEcho, stream } from './test-kit.ts';

let server: EchoServer;
const start = async (overrides: EchoOverrides = {}): Promise<EchoServer> => {
  server = await startEcho(overrides);
  return server;
};
const session = (): string => `${server.base}/000/${randomUUID()}`;
afterEach(() => server.close());

const JAVASCRIPT = 'application/javascript;charset=UTF-8';

describe('polling', () => {
  it('opens, sends and receives [XhrPolling]', async () => {
    await start();
    const url = session();
    const opened = await post(`${url}/xhr?token=t`);
    expect([opened.status, opened.text]).toEqual([200, 'o\n']);
    expect(opened.headers.get('content-type')).toBe(JAVASCRIPT);
    expect(opened.headers.get('cache-control')).toContain('no-store');
    const sent = await post(`${url}/xhr_send`, '["x","y"]');
    expect([sent.status, sent.text]).toEqual([204, '']);
    expect(sent.headers.get('content-type')).toBe('text/plain;charset=UTF-8');
    expect((await post(`${url}/xhr`)).text).toBe('a["x","y"]\n');
    const connection = await server.connection(0);
    expect(connection.messages).toEqual(['x', 'y']);
    expect(connection.request.query).toEqual({ token: 't' });
    expect(connection.transport.remoteAddress).toBe('127.0.0.1');
    expect(connection.transport.kind).toBe('sockjs');
  });

  it('takes a body of any content type, and a single string', async () => {
    await start();
    const url = session();
    await post(`${url}/xhr`);
    for (const type of [
      'text/plain',
      'T',
      'application/json',
      'application/json; charset=utf-8',
      'text/xml',
      '',
    ]) {
      expect((await post(`${url}/xhr_send`, '"a"', { 'content-type': type })).status).toBe(204);
    }
    expect((await server.connection(0)).messages).toHaveLength(6);
  });

  it('answers broken bodies with 500 and goes on [XhrPolling, invalid json]', async () => {
    await start();
    const url = session();
    await post(`${url}/xhr`);
    const answers: [number, string][] = [];
    for (const body of ['["x', '{}', '[1]', '["\\ud800"', Uint8Array.of(0x22, 0xff, 0x22), '']) {
      const { status, text } = await post(`${url}/xhr_send`, body);
      answers.push([status, text]);
    }
    expect(answers).toEqual([
      [500, 'Broken JSON encoding.'],
      [500, 'Broken JSON encoding.'],
      [500, 'Broken JSON encoding.'],
      [500, 'Broken JSON encoding.'],
      [500, 'Broken JSON encoding.'],
      [500, 'Payload expected.'],
    ]);
    expect((await post(`${url}/xhr_send`)).text).toBe('Payload expected.');
    expect((await post(`${url}/xhr_send`, '["a"]')).status).toBe(204);
    expect((await post(`${url}/xhr`)).text).toBe('a["a"]\n');
  });

  it('knows no session that no receiving request has opened', async () => {
    await start();
    expect((await post(`${session()}/xhr_send`, '["x"]')).status).toBe(404);
  });

  it('keeps what is written while no request waits, and gives it in one frame', async () => {
    await start();
    const url = session();
    await post(`${url}/xhr`);
    const { transport, heard } = await server.connection(0);
    transport.write(transport.frame('1'));
    transport.write(Buffer.concat([transport.frame('2'), transport.frame(Buffer.from('3'))]));
    expect(transport.bufferedBytes).toBe(12);
    expect((await post(`${url}/xhr`)).text).toBe('a["1","2","3"]\n');
    await heard('drain');
    expect(transport.bufferedBytes).toBe(0);
  });

  it('answers a waiting request at once', async () => {
    await start();
    const url = session();
    await post(`${url}/xhr`);
    const waiting = post(`${url}/xhr`);
    await post(`${url}/xhr_send`, '["now"]');
    expect((await waiting).text).toBe('a["now"]\n');
  });

  it('escapes what browsers lose [JSON Unicode Encoding]', async () => {
    await start();
    const url = session();
    await post(`${url}/xhr`);
    await post(`${url}/xhr_send`, '["\u200c\u2028\u2060\uffff\ufffd"]');
    expect((await post(`${url}/xhr`)).text).toBe('a["\\u200c\\u2028\\u2060\\uffff\\ufffd"]\n');
  });
});

describe('streaming', () => {
  it('begins with 2,048 h and goes on [XhrStreaming]', async () => {
    await start();
    const url = session();
    const response = await stream('POST', `${url}/xhr_streaming`, '\n');
    expect(response.headers.get('content-type')).toBe(JAVASCRIPT);
    expect(await response.next()).toBe('h'.repeat(2048));
    expect(await response.next()).toBe('o');
    await post(`${url}/xhr_send`, '["x"]');
    expect(await response.next()).toBe('a["x"]');
    await post(`${url}/xhr_send`, '["y"]');
    expect(await response.next()).toBe('a["y"]');
  });

  it('ends a response at its size limit, and the session goes on in the next', async () => {
    await start({ responseBytes: 4096 });
    const url = session();
    const response = await stream('POST', `${url}/xhr_streaming`, '\n');
    await response.next();
    await response.next();
    const text = 'x'.repeat(128);
    for (let count = 0; count < 31; count++) {
      expect((await post(`${url}/xhr_send`, `["${text}"]`)).status).toBe(204);
      expect(await response.next()).toBe(`a["${text}"]`);
    }
    expect(await response.next()).toBeUndefined();
    await post(`${url}/xhr_send`, '["meanwhile"]');
    expect((await post(`${url}/xhr`)).text).toBe('a["meanwhile"]\n');
  });

  it('speaks event streams [EventSource]', async () => {
    await start({ responseBytes: 128 });
    const url = session();
    const response = await stream('GET', `${url}/eventsource`, '\r\n');
    expect(response.headers.get('content-type')).toBe('text/event-stream;charset=UTF-8');
    expect(response.headers.get('cache-control')).toContain('no-store');
    expect(await response.next()).toBe('');
    expect([await response.next(), await response.next()]).toEqual(['data: o', '']);
    await post(`${url}/xhr_send`, '["  \\u0000\\n\\r 100%"]');
    expect([await response.next(), await response.next()]).toEqual(['data: a["  \\u0000\\n\\r 100%25"]', '']);
    await post(`${url}/xhr_send`, `["${'x'.repeat(128)}"]`);
    expect([await response.next(), await response.next()]).toEqual([`data: a["${'x'.repeat(128)}"]`, '']);
    expect(await response.next()).toBeUndefined();
  });

  it('reports the drain when the kernel has everything', async () => {
    await start();
    const response = await stream('POST', `${session()}/xhr_streaming`, '\n');
    await response.next();
    await response.next();
    const { transport, heard } = await server.connection(0);
    transport.write(transport.frame('x'.repeat(8_000_000)));
    expect(transport.bufferedBytes).toBeGreaterThan(0);
    expect((await response.next())?.length).toBe(8_000_005);
    await heard('drain');
    expect(transport.bufferedBytes).toBe(0);
  });
});

describe('heartbeats, pings and time', () => {
  it('an h ends a waiting poll and is repeated on a stream', async () => {
    await start({ heartbeatMs: 20 });
    const url = session();
    await post(`${url}/xhr`);
    expect((await post(`${url}/xhr`)).text).toBe('h\n');
    const response = await stream('POST', `${url}/xhr_streaming`, '\n');
    await response.next();
    expect([await response.next(), await response.next()]).toEqual(['h', 'h']);
    expect((await server.connection(0)).events).toEqual([]);
  });

  it('a ping ends the receiving request, and the next one is the pong', async () => {
    await start();
    const url = session();
    const response = await stream('POST', `${url}/xhr_streaming`, '\n');
    await response.next();
    await response.next();
    const { transport, events } = await server.connection(0);
    transport.write(transport.frame('before'));
    transport.ping();
    expect(await response.next()).toBe('a["before"]');
    expect(await response.next()).toBe('h');
    expect(await response.next()).toBeUndefined();
    await post(`${url}/xhr_send`, '["writes, but may not read"]');
    expect(events).not.toContain('pong');
    await post(`${url}/xhr`);
    expect(events.filter((event) => event === 'pong')).toHaveLength(1);
  });

  it('a pong follows the response that carried what was written before the ping', async () => {
    await start();
    const url = session();
    await post(`${url}/xhr`);
    const { transport, events } = await server.connection(0);
    transport.write(transport.frame('before'));
    transport.ping();
    const response = await stream('POST', `${url}/xhr_streaming`, '\n');
    await response.next();
    expect([await response.next(), await response.next()]).toEqual(['a["before"]', 'h']);
    expect(await response.next()).toBeUndefined();
    expect(events).not.toContain('pong');
    const next = post(`${url}/xhr`);
    await (await server.connection(0)).heard('pong');
    transport.ping();
    expect((await next).text).toBe('h\n');
  });

  it('a ping while the session is accepted is answered by its second request', async () => {
    await start({ onAccept: (transport) => transport.ping() });
    const url = session();
    expect((await post(`${url}/xhr`)).text).toBe('o\n');
    const { events, heard } = await server.connection(0);
    expect(events).toEqual([]);
    const second = post(`${url}/xhr`);
    await heard('pong');
    await post(`${url}/xhr_send`, '["a"]');
    expect((await second).text).toBe('a["a"]\n');
  });

  it('a session without a receiving request ends after the delay', async () => {
    await start({ disconnectMs: 20 });
    const url = session();
    await post(`${url}/xhr`);
    const connection = await server.connection(0);
    expect(await connection.closed).toBe(1006);
    expect(server.handle.sessionCount).toBe(0);
    expect((await post(`${url}/xhr_send`, '["late"]')).status).toBe(404);
    expect((await post(`${url}/xhr`)).text).toBe('o\n');
    expect(server.connections).toHaveLength(2);
  });

  it('an open stream keeps the session alive beyond the delay', async () => {
    await start({ disconnectMs: 20, heartbeatMs: 100 });
    const response = await stream('POST', `${session()}/xhr_streaming`, '\n');
    await response.next();
    expect([await response.next(), await response.next()]).toEqual(['o', 'h']);
    expect((await server.connection(0)).events).toEqual([]);
  });
});
