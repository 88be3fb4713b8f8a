/** What SockJS serves besides sessions, and to which origins. Section names are those of the SockJS 0.3.3 document. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { sockJsGreeting } from './index.ts';
import { type EchoOverrides, type EchoServer, post, request, startEcho } from './test-kit.ts';

let server: EchoServer;
const start = async (overrides: EchoOverrides = {}): Promise<EchoServer> => {
  server = await startEcho(overrides);
  return server;
};
const session = (): string => `${server.base}/000/${randomUUID()}`;
afterEach(() => server.close());

describe('what is served besides sessions', () => {
  it('a greeting at the path, with and without a slash [Greeting url]', async () => {
    await start();
    for (const url of [server.base, `${server.base}/`]) {
      const answer = await request('GET', url);
      expect([answer.status, answer.text]).toEqual([200, 'Welcome to SockJS!\n']);
      expect(answer.headers.get('content-type')).toBe('text/plain;charset=UTF-8');
    }
  });

  it("a greeting beside the endpoint's own WebSocket route", async () => {
    await start({
      before: (app) =>
        app.route({
          method: 'GET',
          url: '/ws/echo',
          handler: sockJsGreeting,
          wsHandler: (socket) => socket.send('mine'),
        }),
    });
    expect((await request('GET', server.base)).text).toBe('Welcome to SockJS!\n');
  });

  it('information, never cached, with fresh entropy [Info test]', async () => {
    await start();
    const first = await request('GET', `${server.base}/info?token=t`);
    const second = await request('GET', `${server.base}/info`);
    expect(first.status).toBe(200);
    expect(first.headers.get('content-type')).toBe('application/json;charset=UTF-8');
    expect(first.headers.get('cache-control')).toContain('no-store');
    const info = JSON.parse(first.text) as { readonly entropy: number };
    expect(info).toEqual({
      websocket: true,
      origins: ['*:*'],
      cookie_needed: false,
      entropy: expect.any(Number),
    });
    expect(info.entropy).not.toBe((JSON.parse(second.text) as { readonly entropy: number }).entropy);
  });

  it.each([
    ['GET', '/iframe.html'],
    ['GET', '/000/s/htmlfile?c=x'],
    ['GET', '/000/s/jsonp?c=x'],
    ['POST', '/000/s/jsonp_send'],
    ['GET', '/000/s/xhr'],
    ['HEAD', '/000/s/eventsource'],
    ['POST', '//xhr'],
    ['POST', '/a./a/xhr'],
    ['POST', '/a/a./xhr'],
    ['POST', '/a/%2e/xhr'],
    ['POST', '/./a/a/a/xhr'],
    ['POST', `/a/${'s'.repeat(65)}/xhr`],
  ])('nothing for %s %s', async (method, suffix) => {
    await start();
    expect((await request(method, server.base + suffix)).status).toBe(404);
    expect(server.connections).toHaveLength(0);
  });

  it('any other server and session id names a session, and the server id is ignored [Session URLs]', async () => {
    await start();
    expect((await post(`${server.base}/_/_/xhr`)).text).toBe('o\n');
    expect((await post(`${server.base}/abc_i-j%20/def_i-j%20/xhr`)).text).toBe('o\n');
    await post(`${server.base}/000/def_i-j%20/xhr_send`, '["a"]');
    expect((await post(`${server.base}/999/def_i-j%20/xhr`)).text).toBe('a["a"]\n');
  });
});

describe('origins', () => {
  const allowOrigin: EchoOverrides['allowOrigin'] = ({ headers }) =>
    headers.origin === undefined || headers.origin === 'https://good.example' || headers.origin === 'null';
  const good = { origin: 'https://good.example' };

  it('an allowed origin is echoed, with credentials', async () => {
    await start({ allowOrigin });
    const url = session();
    const answers = [
      await request('GET', `${server.base}/info`, undefined, good),
      await post(`${url}/xhr`, undefined, good),
      await post(`${url}/xhr_send`, '["a"]', good),
      await post(`${session()}/xhr_send`, '["a"]', good),
    ];
    for (const { headers } of answers) {
      expect(headers.get('access-control-allow-origin')).toBe('https://good.example');
      expect(headers.get('access-control-allow-credentials')).toBe('true');
      expect(headers.get('vary')).toBe('Origin');
    }
    const file = await request('GET', `${server.base}/info`, undefined, { origin: 'null' });
    expect(file.headers.get('access-control-allow-origin')).toBe('null');
  });

  it.each(['info', '000/s/xhr', '000/s/xhr_send', '000/s/xhr_streaming'])(
    'a preflight of %s is answered',
    async (suffix) => {
      await start({ allowOrigin });
      const answer = await request('OPTIONS', `${server.base}/${suffix}`, undefined, {
        ...good,
        'access-control-request-headers': 'content-type, x-a',
      });
      expect([answer.status, answer.text]).toEqual([204, '']);
      const { headers } = answer;
      expect(headers.get('access-control-allow-methods')).toBe(
        suffix === 'info' ? 'OPTIONS, GET' : 'OPTIONS, POST',
      );
      expect(headers.get('access-control-allow-origin')).toBe('https://good.example');
      expect(headers.get('access-control-allow-headers')).toBe('content-type, x-a');
      expect(headers.get('access-control-max-age')).toBe('31536000');
      expect(headers.get('cache-control')).toBe('public, max-age=31536000');
      expect(Date.parse(headers.get('expires') ?? '')).toBeGreaterThan(Date.now());
    },
  );

  it('a request without an origin gets no such headers', async () => {
    await start({ allowOrigin });
    expect(
      (await request('GET', `${server.base}/info`)).headers.get('access-control-allow-origin'),
    ).toBeNull();
  });

  it.each([
    ['GET', 'info'],
    ['OPTIONS', 'info'],
    ['POST', '000/s/xhr'],
    ['POST', '000/s/xhr_send'],
    ['POST', '000/s/xhr_streaming'],
    ['GET', '000/s/eventsource'],
  ])('another origin is refused: %s %s', async (method, suffix) => {
    await start({ allowOrigin });
    const answer = await request(method, `${server.base}/${suffix}`, undefined, {
      origin: 'https://bad.example',
    });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(server.connections).toHaveLength(0);
  });
});
