/** What a client of SockJS over HTTP cannot do. Section names are those of the SockJS 0.3.3 document. */
import { randomUUID } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type EchoOverrides, type EchoServer, post, startEcho } from './test-kit.ts';

let server: EchoServer;
const start = async (overrides: EchoOverrides = {}): Promise<EchoServer> => {
  server = await startEcho(overrides);
  return server;
};
const session = (): string => `${server.base}/000/${randomUUID()}`;
afterEach(() => server.close());

describe('bounds', () => {
  it('a message over the limit is answered with 413 and ends the session with 1009', async () => {
    await start({ limits: { frame: 100 } });
    const url = session();
    await post(`${url}/xhr`);
    expect((await post(`${url}/xhr_send`, `["${'x'.repeat(100)}"]`)).status).toBe(204);
    expect((await post(`${url}/xhr_send`, `["${'x'.repeat(101)}"]`)).status).toBe(413);
    const connection = await server.connection(0);
    expect(connection.events).toContain('refused too_large');
    await post(`${url}/xhr`);
    expect((await post(`${url}/xhr`)).text).toBe('c[1009,"message too large"]\n');
    expect(await connection.closed).toBe(1009);
  });

  it('so is a body over its limit, without being read', async () => {
    await start({ limits: { frame: 100 } });
    const url = session();
    await post(`${url}/xhr`);
    const answer = await post(`${url}/xhr_send`, `["${'x'.repeat(400)}"]`);
    expect(answer.status).toBe(413);
    expect((await server.connection(0)).events).toEqual(['refused too_large']);
    expect((await post(`${url}/xhr`)).text).toBe('c[1009,"message too large"]\n');
  });

  it('text that has no UTF-8 form ends the session with 1007', async () => {
    await start();
    const url = session();
    await post(`${url}/xhr`);
    expect((await post(`${url}/xhr_send`, '["\\ud800"]')).status).toBe(500);
    expect((await post(`${url}/xhr`)).text).toBe('c[1007,"not valid UTF-8"]\n');
    expect((await server.connection(0)).events).toContain('refused invalid_payload');
  });

  it('xhr_send is answered when a paused session has taken its messages, one request at a time', async () => {
    await start();
    const url = session();
    await post(`${url}/xhr`);
    const { transport, messages } = await server.connection(0);
    transport.pause();
    const held = post(`${url}/xhr_send`, '["a","b"]');
    const second = post(`${url}/xhr_send`, '["c"]');
    const first = await Promise.race([held, second]);
    expect(first.status).toBe(503);
    expect(messages).toEqual([]);
    transport.resume();
    const statuses = [(await held).status, (await second).status].sort();
    expect(statuses).toEqual([204, 503]);
    expect(['ab', 'c']).toContain(messages.join(''));
  });

  it('a held xhr_send is answered when its session ends', async () => {
    await start();
    const url = session();
    await post(`${url}/xhr`);
    const connection = await server.connection(0);
    connection.transport.pause();
    const held = post(`${url}/xhr_send`, '["a"]');
    const busy = await Promise.race([held, post(`${url}/xhr_send`, '["b"]')]);
    expect(busy.status).toBe(503);
    connection.transport.terminate();
    const answers = await held;
    expect([404, 503]).toContain(answers.status);
    expect(connection.messages).toEqual([]);
  });

  it('a client that reads nothing is let go, by close after the delay and by terminate at once', async () => {
    await start({ disconnectMs: 20 });
    const { port } = new URL(server.base);
    for (const [index, end] of (['close', 'terminate'] as const).entries()) {
      const socket = connectTcp(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(`POST /ws/echo/000/deaf-${index}/xhr_streaming HTTP/1.1\r\nHost: x\r\n\r\n`);
      const { transport, closed } = await server.connection(index);
      socket.pause();
      for (let count = 0; count < 4; count++) transport.write(transport.frame('x'.repeat(8_000_000)));
      expect(transport.bufferedBytes).toBeGreaterThan(8_000_000);
      if (end === 'close') transport.close(4008, 'slow');
      else transport.terminate();
      expect(await closed).toBe(1006);
      expect(server.handle.sessionCount).toBe(0);
      const gone = new Promise((resolve) => socket.once('close', resolve));
      socket.resume();
      await gone;
    }
  });

  it('sessions are counted, and one too many is refused', async () => {
    await start({ limits: { sessions: 1 } });
    const url = session();
    await post(`${url}/xhr`);
    expect((await post(`${session()}/xhr`)).status).toBe(503);
    expect((await post(`${url}/xhr_send`, '["a"]')).status).toBe(204);
    expect(server.connections).toHaveLength(1);
  });

  it('nothing is opened while draining, and open sessions go on', async () => {
    let draining = false;
    await start({ draining: () => draining });
    const url = session();
    await post(`${url}/xhr`);
    draining = true;
    expect((await post(`${session()}/xhr`)).status).toBe(503);
    await post(`${url}/xhr_send`, '["a"]');
    expect((await post(`${url}/xhr`)).text).toBe('a["a"]\n');
  });

  it('a refusal is asked for once per session and answered as it says', async () => {
    const asked: string[] = [];
    await start({
      admit: (incoming) => {
        asked.push(incoming.url);
        return incoming.url.includes('token=good') ? undefined : { statusCode: 429, text: 'Too many.' };
      },
    });
    const url = session();
    const refused = await post(`${url}/xhr?token=bad`);
    expect([refused.status, refused.text]).toEqual([429, 'Too many.']);
    await post(`${url}/xhr?token=good`);
    await post(`${url}/xhr_send?token=good`, '["a"]');
    await post(`${url}/xhr?token=good`);
    expect(asked).toHaveLength(2);
  });

  it('a session that cannot be accepted leaves nothing behind', async () => {
    await start({
      accept: () => {
        throw new Error('no');
      },
    });
    expect((await post(`${session()}/xhr`)).status).toBe(500);
    expect(server.handle.sessionCount).toBe(0);
  });

  it('a client that vanishes in the middle of its request leaves nothing behind', async () => {
    await start({ disconnectMs: 20 });
    const { port } = new URL(server.base);
    const socket = connectTcp(Number(port), '127.0.0.1');
    socket.write('POST /ws/echo/000/gone/xhr HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.write('POST /ws/echo/000/gone/xhr_send HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n["');
    socket.resetAndDestroy();
    expect(await (await server.connection(0)).closed).toBe(1006);
    expect(server.handle.sessionCount).toBe(0);
  });
});
