/** How clients of a bridge are logged in at the server behind, and that nothing secret of it is ever logged. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { DEFAULT_YAML, startGateway, type TestGateway, testToken } from '../support/gateway.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { readStomp, stomp } from '../support/stomp-wire.ts';

/** What a server has seen of one login. */
interface Seen {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly frames: string[];
}

let logged: string[];
let seen: Seen[];
let server: WebSocketServer;
let address: string;
let gateway: TestGateway | undefined;

/** A server that lets everybody in, in json or STOMP, whichever is spoken to it. */
beforeEach(async () => {
  logged = [];
  seen = [];
  gateway = undefined;
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: ([first]) => first ?? false });
  await new Promise((resolve) => server.once('listening', resolve));
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on('connection', (socket, request) => {
    const frames: string[] = [];
    seen.push({ url: request.url ?? '', headers: request.headers, frames });
    socket.on('message', (data) => {
      const wire = String(data);
      frames.push(wire);
      if (wire.startsWith('CONNECT\n')) {
        socket.send(stomp('CONNECTED', { version: '1.2', 'heart-beat': '0,0', 'user-name': 'alice' }));
      } else if (readStomp(wire)?.headers.receipt !== undefined) {
        socket.send(stomp('RECEIPT', { 'receipt-id': readStomp(wire)?.headers.receipt ?? '' }));
      } else if (wire.includes('"type":"auth"')) {
        const good = !wire.includes('bad');
        const answer = good
          ? { type: 'auth_success', data: { userId: 'alice' } }
          : { type: 'auth_error', data: { message: '令牌无效或已过期' } };
        socket.send(JSON.stringify(answer));
      }
    });
  });
});
afterEach(async () => {
  await gateway?.stop();
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
});

interface Settings {
  readonly dialect?: string;
  readonly path?: string;
  readonly auth?: string;
  readonly namespace?: string;
  readonly upstream?: string;
}

async function start({
  dialect = 'json',
  path = '/ws',
  auth = 'demo',
  namespace = 'main',
  upstream = '',
}: Settings): Promise<TestGateway> {
  const endpoint = `
  - path: /ws
    dialect: json
    auth: ${auth}
    namespace: ${namespace}
    upstream: { url: "ws://${address}${path}", dialect: ${dialect}, ${upstream} }
`;
  const log = pino({ level: 'trace' }, { write: (line: string) => logged.push(line) });
  const yaml = DEFAULT_YAML.replace(/\nendpoints:[\s\S]*?\n(?=\S|$)/, `\nendpoints:${endpoint}`);
  gateway = await startGateway({ yaml, log });
  return gateway;
}

/** Logs in; gives the token that was shown. */
async function enter(user = 'alice'): Promise<{ readonly client: RawClient; readonly token: string }> {
  const token = await testToken(user);
  const client = await connectRaw(`${gateway?.ws}/ws?token=${token}`);
  await client.nextJson(({ type }) => type === 'auth_success');
  return { client, token };
}

const tokenShown = (): unknown =>
  seen[0]?.frames.map((frame) => (JSON.parse(frame) as { data: { token?: string } }).data.token)[0];

/** Looks at everything that was logged from the first connection to the end of the gateway. */
const nothingOf = async (...secrets: readonly string[]): Promise<void> => {
  await gateway?.stop();
  gateway = undefined;
  const all = logged.join('\n');
  expect(logged.length).toBeGreaterThan(0);
  for (const secret of secrets) expect(all).not.toContain(secret);
};

describe('upstream.auth', () => {
  test('pass: the token of the client', async () => {
    await start({});
    const { token } = await enter();
    expect(tokenShown()).toBe(token);
    await nothingOf(token, token.split('.')[2] ?? token);
  });

  test('claim: the id of the user', async () => {
    await start({ upstream: 'auth: claim' });
    const { token } = await enter();
    expect(tokenShown()).toBe('alice');
    await nothingOf(token);
  });

  test('a service token, with the user in it', async () => {
    await start({ upstream: 'auth: { token: "svc-secret-{user}" }' });
    const { token } = await enter();
    expect(tokenShown()).toBe('svc-secret-alice');
    await nothingOf(token, 'svc-secret');
  });

  test('a service account', async () => {
    await start({ dialect: 'stomp', upstream: 'auth: { login: "svc-{user}", passcode: "pass-of-service" }' });
    const { token } = await enter();
    const connect = readStomp(seen[0]?.frames[0] ?? '');
    expect(connect?.headers).toMatchObject({ login: 'svc-alice', passcode: 'pass-of-service' });
    await nothingOf(token, 'pass-of-service');
  });

  test('pass into STOMP: the token as Authorization', async () => {
    await start({ dialect: 'stomp' });
    const { token } = await enter();
    expect(readStomp(seen[0]?.frames[0] ?? '')?.headers.Authorization).toBe(`Bearer ${token}`);
    await nothingOf(token);
  });

  test('none: nothing is shown', async () => {
    await start({ dialect: 'room', upstream: 'auth: none' });
    await enter();
    expect(seen[0]).toMatchObject({ url: '/ws', frames: [] });
  });

  test('headers and parameters carry templates', async () => {
    await start({
      dialect: 'socket',
      path: '/ws?as={user}&fixed=1',
      upstream:
        'tokenParameter: key, headers: { X-User: "{user}", Authorization: "Bearer {token}" }, loginTimeout: 50ms',
    });
    const token = await testToken('alice');
    const client = await connectRaw(`${gateway?.ws}/ws?token=${token}`);
    await client.closed;
    expect(seen[0]?.url).toBe(`/ws?as=alice&fixed=1&key=${token}`);
    expect(seen[0]?.headers).toMatchObject({ 'x-user': 'alice', authorization: `Bearer ${token}` });
    await nothingOf(token);
  });
});

describe('hostile ids in the address', () => {
  test.each(['../x', 'a/b?c#d', '@evil.com', '爱丽丝', 'x&fixed=2', '%2e%2e', 'a b'])(
    '%j changes neither host nor path nor parameters',
    async (user) => {
      await start({ path: '/in/{user}/ws?as={user}&fixed=1', upstream: 'auth: { token: t }' });
      await enter(user);
      const url = new URL(seen[0]?.url ?? '', `ws://${address}`);
      expect(url.host).toBe(address);
      expect(url.pathname.split('/')).toEqual(['', 'in', encodeURIComponent(user), 'ws']);
      expect([...url.searchParams]).toEqual([
        ['as', user],
        ['fixed', '1'],
      ]);
    },
  );

  test('what would climb out of its segment is refused, and no connection is made', async () => {
    await start({ path: '/in/{user}/ws' });
    const client = await connectRaw(`${gateway?.ws}/ws?token=${await testToken('..')}`);
    await client.nextJson(({ type }) => type === 'auth_error');
    expect(seen).toEqual([]);
  });

  test('a line break fits into no header', async () => {
    await start({ upstream: 'headers: { X-User: "{user}" }' });
    const client = await connectRaw(`${gateway?.ws}/ws?token=${await testToken('a\r\nX-Admin: 1')}`);
    await client.nextJson(({ type }) => type === 'auth_error');
    expect(seen).toEqual([]);
  });
});

describe('auth: upstream', () => {
  const settings = { auth: 'upstream', namespace: 'theirs' };

  test('a token that the server takes logs in as whom the server says', async () => {
    await start(settings);
    const client = await connectRaw(`${gateway?.ws}/ws?token=an-opaque-secret`);
    expect(await client.nextJson()).toEqual({ type: 'auth_success', data: { userId: 'alice' } });
    expect(tokenShown()).toBe('an-opaque-secret');
    await nothingOf('an-opaque-secret');
  });

  test('a token that the server refuses does not', async () => {
    await start(settings);
    const client = await connectRaw(`${gateway?.ws}/ws?token=a-bad-secret`);
    expect(await client.nextJson()).toMatchObject({ type: 'auth_error' });
    expect((await client.closed).code).toBe(4001);
    await nothingOf('a-bad-secret');
  });

  test('where the server never says who one is, the subject of the token is', async () => {
    await start({ ...settings, dialect: 'room' });
    const token = await testToken('zoe');
    const client = await connectRaw(`${gateway?.ws}/ws?token=${token}`);
    expect(await client.nextJson()).toEqual({ type: 'auth_success', data: { userId: 'zoe' } });
    await nothingOf(token);
  });

  test('a token without a subject is of no use there', async () => {
    await start({ ...settings, dialect: 'room' });
    const client = await connectRaw(`${gateway?.ws}/ws?token=an-opaque-secret`);
    expect(await client.nextJson()).toMatchObject({ type: 'auth_error' });
    await nothingOf('an-opaque-secret');
  });
});

describe('an exchange', () => {
  type Answer = (
    request: { readonly body: string; readonly bearer: string },
    response: ServerResponse,
  ) => void;

  async function startWith(answer: Answer, more = ''): Promise<void> {
    const backend = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => answer({ body, bearer: request.headers.authorization ?? '' }, response));
    });
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      backend.closeAllConnections();
      backend.close();
    });
    const { port } = backend.address() as AddressInfo;
    const exchange = `url: "http://127.0.0.1:${port}/x", bearer: gateway-secret, allowPrivate: true, retries: 0, ${more}`;
    await start({ upstream: `auth: { exchange: { ${exchange} } }` });
  }

  /** What a client is told that logs in. */
  async function told(): Promise<{ readonly token: string; readonly frame: Record<string, unknown> }> {
    const token = await testToken('alice');
    const client = await connectRaw(`${gateway?.ws}/ws?token=${token}`);
    return { token, frame: await client.nextJson() };
  }

  test('gives the credential, for the one that was shown', async () => {
    const asked = vi.fn();
    await startWith((request, response) => {
      asked(JSON.parse(request.body), request.bearer);
      response.end('{"token":"exchanged-secret"}');
    });
    const { token, frame } = await told();
    expect(frame).toMatchObject({ type: 'auth_success' });
    expect(tokenShown()).toBe('exchanged-secret');
    expect(asked).toHaveBeenCalledWith(
      {
        credential: { kind: 'token', token },
        user: { namespace: 'main', id: 'alice', name: 'Alice' },
        endpoint: '/ws',
      },
      'Bearer gateway-secret',
    );
    await nothingOf(token, 'exchanged-secret', 'gateway-secret');
  });

  test.each([401, 403])('that answers %i refuses the login', async (status) => {
    await startWith((_request, response) => response.writeHead(status).end('{"token":"hidden-secret"}'));
    const { token, frame } = await told();
    expect(frame).toEqual({ type: 'auth_error', data: { message: '令牌无效或已过期' } });
    expect(seen).toEqual([]);
    await nothingOf(token, 'hidden-secret', 'gateway-secret');
  });

  const LIES: readonly (readonly [string, string])[] = [
    ['no JSON', 'hidden-secret'],
    ['another shape', '{"tokens":"hidden-secret"}'],
    ['an empty token', '{"token":"","note":"hidden-secret"}'],
    ['a list', '["hidden-secret"]'],
    ['too much', JSON.stringify({ token: 'hidden-secret'.repeat(2000) })],
  ];
  test.each(LIES)('that answers %s is as good as not there', async (_title, text) => {
    await startWith((_request, response) => response.end(text));
    const { token, frame } = await told();
    expect(frame.type).not.toBe('auth_success');
    expect(seen).toEqual([]);
    await nothingOf(token, 'hidden-secret', 'gateway-secret');
  });

  test('that does not answer in time is as good as not there', async () => {
    await startWith(() => {}, 'timeout: 50ms');
    const { token, frame } = await told();
    expect(frame.type).not.toBe('auth_success');
    expect(seen).toEqual([]);
    await nothingOf(token, 'gateway-secret');
  });

  test('that fails is as good as not there, and its redirection is not followed', async () => {
    const asked = vi.fn();
    await startWith((_request, response) => {
      asked();
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    const { frame } = await told();
    expect(frame.type).not.toBe('auth_success');
    expect(asked).toHaveBeenCalledTimes(1);
  });
});
