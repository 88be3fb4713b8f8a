/** How a SockJS session over HTTP ends. Section names are those of the SockJS 0.3.3 document. */
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

describe('the end of a session', () => {
  it('is said again to whoever asks [Protocol, close session]', async () => {
    await start();
    const url = session();
    await post(`${url}/xhr`);
    await post(`${url}/xhr_send`, '["go away","too late"]');
    expect((await post(`${url}/xhr`)).text).toBe('c[3000,"Go away!"]\n');
    expect((await post(`${url}/xhr`)).text).toBe('c[3000,"Go away!"]\n');
    expect((await post(`${url}/xhr_send`, '["dropped"]')).status).toBe(204);
    const connection = await server.connection(0);
    expect(await connection.closed).toBe(3000);
    expect(connection.messages).toEqual(['go away']);
  });

  it('ends the stream, and a later stream hears it too [HandlingClose]', async () => {
    await start();
    const url = session();
    const first = await stream('POST', `${url}/xhr_streaming`, '\n');
    await first.next();
    await first.next();
    (await server.connection(0)).transport.close(3000, 'Go away!');
    expect([await first.next(), await first.next()]).toEqual(['c[3000,"Go away!"]', undefined]);
    const second = await stream('POST', `${url}/xhr_streaming`, '\n');
    await second.next();
    expect([await second.next(), await second.next()]).toEqual(['c[3000,"Go away!"]', undefined]);
    expect(await (await server.connection(0)).closed).toBe(3000);
  });

  it('comes after what was written before it, and nothing written later', async () => {
    await start();
    const url = session();
    await post(`${url}/xhr`);
    const { transport, closed } = await server.connection(0);
    transport.write(transport.frame('last words'));
    transport.close(4001, `${'错'.repeat(42)}`);
    transport.write(transport.frame('never'));
    expect((await post(`${url}/xhr`)).text).toBe('a["last words"]\n');
    expect((await post(`${url}/xhr`)).text).toBe(`c[4001,"${'错'.repeat(41)}"]\n`);
    expect(await closed).toBe(4001);
  });

  it('frees the id after the delay, with 1006 if nobody came to hear it', async () => {
    await start({ disconnectMs: 20 });
    const url = session();
    await post(`${url}/xhr`);
    const connection = await server.connection(0);
    connection.transport.close(3000, 'Go away!');
    expect(await connection.closed).toBe(1006);
    expect(connection.events).toEqual(['closed 1006']);
    expect(server.handle.sessionCount).toBe(0);
  });

  it('says what is written and closed while the session is accepted', async () => {
    await start({
      onAccept: (transport) => {
        transport.write(transport.frame('no'));
        transport.close(4001, 'bad token');
      },
    });
    const polling = session();
    expect((await post(`${polling}/xhr`)).text).toBe('o\n');
    expect((await post(`${polling}/xhr`)).text).toBe('a["no"]\n');
    expect((await post(`${polling}/xhr`)).text).toBe('c[4001,"bad token"]\n');
    const response = await stream('POST', `${session()}/xhr_streaming`, '\n');
    await response.next();
    expect(await response.next()).toBe('o');
    expect(await response.next()).toBe('a["no"]');
    expect(await response.next()).toBe('c[4001,"bad token"]');
    expect(await response.next()).toBeUndefined();
    for (const connection of server.connections) expect(await connection.closed).toBe(4001);
  });

  it('may come while the session is accepted, and then the request is refused', async () => {
    await start({ onAccept: (transport) => transport.terminate() });
    expect((await post(`${session()}/xhr`)).status).toBe(503);
    expect((await server.connection(0)).events).toEqual(['closed 1006']);
    expect(server.handle.sessionCount).toBe(0);
  });

  it('comes at once by terminate, which breaks the stream off', async () => {
    await start();
    const response = await stream('POST', `${session()}/xhr_streaming`, '\n');
    await response.next();
    await response.next();
    const connection = await server.connection(0);
    connection.transport.terminate();
    connection.transport.terminate();
    await expect(response.next()).rejects.toThrow();
    expect(connection.events).toEqual(['closed 1006']);
    expect(server.handle.sessionCount).toBe(0);
  });

  it('comes when the client breaks its receiving request off, and the id is free [HandlingClose, abort]', async () => {
    await start();
    const url = session();
    const first = await stream('POST', `${url}/xhr_streaming`, '\n');
    await first.next();
    await first.next();
    first.abort();
    expect(await (await server.connection(0)).closed).toBe(1006);
    expect((await post(`${url}/xhr`)).text).toBe('o\n');
  });

  it('a second receiving request is told so, and the first goes on [Protocol; HandlingClose]', async () => {
    await start();
    const url = session();
    const first = await stream('POST', `${url}/xhr_streaming`, '\n');
    await first.next();
    await first.next();
    expect((await post(`${url}/xhr`)).text).toBe('c[2010,"Another connection still open"]\n');
    const second = await stream('POST', `${url}/xhr_streaming`, '\n');
    await second.next();
    expect([await second.next(), await second.next()]).toEqual([
      'c[2010,"Another connection still open"]',
      undefined,
    ]);
    await post(`${url}/xhr_send`, '["still here"]');
    expect(await first.next()).toBe('a["still here"]');
    expect((await server.connection(0)).events).not.toContain('closed 1006');
  });

  it('is said on waiting requests when the server closes, which then closes', async () => {
    await start();
    const url = session();
    const response = await stream('POST', `${url}/xhr_streaming`, '\n');
    await response.next();
    await response.next();
    const polling = session();
    await post(`${polling}/xhr`);
    const closing = server.close();
    expect(await response.next()).toBe('c[1012,"shutting down"]');
    await closing;
    expect(await (await server.connection(0)).closed).toBe(1012);
    expect(await (await server.connection(1)).closed).toBe(1006);
  });
});
