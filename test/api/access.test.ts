/** Who may do what with which key, and how often. */
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { configWarnings } from '../../core/config/warnings.ts';
import { BASE, routes } from '../../core/server/api/routes.ts';
import { API_SCOPES } from '../../schemas/config/api.ts';
import { API_SECRET, apiYaml, startApiGateway } from '../support/api.ts';
import { startGateway, testConfig } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';

const secretOf = (name: string): string => `the-secret-of-${name}-`.padEnd(40, 'x');
const keyYaml = (name: string, rest: string): string =>
  `    - { name: ${name}, secret: ${secretOf(name)}, ${rest} }\n`;
const apiWith = (...keys: string[]): string => `\napi:\n  keys:\n${keys.join('')}`;

/** A path of the route that names what does not exist. */
const pathOf = (path: string): string =>
  BASE + path.replace('{namespace}', 'main').replaceAll(/\{\w+\}/g, 'nobody');

describe('the API', () => {
  it('is not there without a key', async () => {
    await using gateway = await startGateway();
    for (const path of ['/api/docs', '/api/openapi.json', `${BASE}/namespaces/main/users`]) {
      expect((await fetch(gateway.http + path)).status).toBe(404);
    }
  });

  it('is on an address of its own where the configuration says so, and there only', async () => {
    await using gateway = await startApiGateway({ api: apiYaml('  listen: { port: 0 }\n') });
    expect(gateway.api.base).not.toBe(gateway.http);
    expect((await gateway.api.call('GET', `${BASE}/namespaces/main/users`)).status).toBe(200);
    expect((await fetch(`${gateway.http}/api/docs`)).status).toBe(404);
    expect((await fetch(`${gateway.api.base}/metrics`)).status).toBe(401);
    await gateway.stop();
    await expect(fetch(gateway.api.base)).rejects.toThrow();
  });

  it('says where it can not listen, and the gateway does not start without it', async () => {
    await using first = await startApiGateway({ api: apiYaml('  listen: { port: 0 }\n') });
    const { port } = new URL(first.api.base);
    const second = startApiGateway({ api: apiYaml(`  listen: { port: ${port} }\n`) });
    await expect(second).rejects.toThrow(`the API cannot listen on 127.0.0.1:${port} (api.listen)`);
  });

  it('answers a request to upgrade, and leaves no socket behind', async () => {
    await using gateway = await startApiGateway();
    const { port } = new URL(gateway.http);
    const socket = connect(Number(port), '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.write(
      `GET ${BASE}/namespaces/main/users HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    await new Promise((resolve) => socket.once('close', resolve));
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe('a key', () => {
  it.each([
    ['none', null, {}, 'key_missing'],
    ['another scheme', null, { authorization: 'Basic YTpi' }, 'key_missing'],
    ['an unknown one', 'x'.repeat(32), {}, 'key_unknown'],
    ['the start of one', API_SECRET.slice(0, -1), {}, 'key_unknown'],
    ['one with a tail', `${API_SECRET}x`, {}, 'key_unknown'],
  ])('is asked for: %s is refused with 401', async (_what, key, headers, kind) => {
    await using gateway = await startApiGateway();
    for (const path of ['/namespaces/main/users', '/no/such/path']) {
      const answer = await gateway.api.call('GET', BASE + path, { key, headers });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="dragoman"');
      expect(answer.body).toMatchObject({ type: `/api/docs#problem-${kind}`, detail: expect.any(String) });
    }
  });

  it('opens the routes of its scopes and no other', async () => {
    await using gateway = await startApiGateway({
      api: apiWith(...API_SCOPES.map((scope) => keyYaml(scope.replace(':', '-'), `scopes: [${scope}]`))),
    });
    for (const route of routes) {
      for (const scope of API_SCOPES) {
        const answer = await gateway.api.call(route.method, pathOf(route.path), {
          body: route.example,
          key: secretOf(scope.replace(':', '-')),
        });
        const isRefused =
          (answer.body as { type?: string } | undefined)?.type?.endsWith('scope_missing') === true;
        expect(isRefused, `${scope} ${route.id}: ${answer.text}`).toBe(scope !== route.scope);
      }
    }
  });

  it('needs the scope of what an event changes, besides the one for events', async () => {
    await using gateway = await startApiGateway({
      api: apiWith(keyYaml('teller', 'scopes: [events:publish]')),
    });
    const key = secretOf('teller');
    const path = `${BASE}/namespaces/main/events`;
    for (const [event, scope] of [
      [{ type: 'group_dissolved', group: 'lobby' }, 'groups:write'],
      [{ type: 'member_removed', group: 'lobby', user: 'bob', reason: 'kicked' }, 'groups:write'],
      [{ type: 'member_muted', group: 'lobby', user: 'bob', muted: true }, 'groups:write'],
      [{ type: 'group_transferred', group: 'lobby', newOwner: 'bob' }, 'groups:write'],
      [{ type: 'contact_accepted', contact: 'bob', to: 'alice' }, 'users:write'],
      [{ type: 'message_revoked', message: 'x' }, 'messages:send'],
      [{ type: 'going_away', user: 'bob' }, 'connections:write'],
    ] as const) {
      const answer = await gateway.api.call('POST', path, { key, body: event });
      expect(answer.status, event.type).toBe(403);
      expect(answer.body).toMatchObject({ code: 'forbidden', detail: expect.stringContaining(`"${scope}"`) });
    }
    const body = { type: 'group_announcement', group: 'lobby', text: 'hi' };
    expect((await gateway.api.call('POST', path, { key, body })).status).toBe(204);
    expect(gateway.gateway.hub.groups.find('main', 'lobby')?.muted.size).toBe(0);
  });

  it('is good in its namespaces: by default main, "*" all of them', async () => {
    const read = 'scopes: [users:read]';
    await using gateway = await startApiGateway({
      api: apiWith(
        keyYaml('home', read),
        keyYaml('other', `${read}, namespaces: [other]`),
        keyYaml('all', `${read}, namespaces: "*"`),
      ),
    });
    const statuses = await Promise.all(
      ['home', 'other', 'all'].map(async (name) =>
        Promise.all(
          ['main', 'other', 'third'].map(
            async (namespace) =>
              (
                await gateway.api.call('GET', `${BASE}/namespaces/${namespace}/users`, {
                  key: secretOf(name),
                })
              ).status,
          ),
        ),
      ),
    );
    expect(statuses).toEqual([
      [200, 403, 403],
      [403, 200, 403],
      [200, 200, 200],
    ]);
  });

  it('is used no faster than its rate allows, which is counted, and concerns no other key', async () => {
    const slow = '  limits: { rate: { perSecond: 1, burst: 3 } }\n';
    await using gateway = await startApiGateway({
      api: apiWith(keyYaml('one', 'scopes: [users:read]'), keyYaml('two', 'scopes: [users:read]')) + slow,
    });
    const path = `${BASE}/namespaces/main/users`;
    const get = (key: string) => gateway.api.call('GET', path, { key: secretOf(key) });
    const answers = await Promise.all([get('one'), get('one'), get('one'), get('one')]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 429]);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers.get('retry-after')).toBe('1');
    expect(refused?.body).toMatchObject({ code: 'rate_limited' });
    expect((await get('two')).status).toBe(200);
    const metrics = await (await fetch(`${gateway.http}/metrics`)).text();
    expect(metrics).toContain('dragoman_api_rate_refusals_total{key="one"} 1');
    expect(metrics).toContain(
      'dragoman_api_requests_total{route="/api/v1/namespaces/{namespace}/users",method="GET",status="2xx"} 4',
    );
    expect(metrics).toContain('method="GET",status="4xx"} 1');
  });

  it('appears in no log, and neither does what is sent with it', async () => {
    const lines: string[] = [];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString());
        done();
      },
    });
    await using gateway = await startApiGateway({ log: pino({ level: 'trace' }, sink) });
    await gateway.api.main('POST', '/messages', { to: { type: 'user', id: 'bob' }, content: 'between us' });
    await gateway.api.call('GET', `${BASE}/namespaces/main/users`, { key: `${API_SECRET}-wrong` });
    await gateway.api.call('POST', `${BASE}/namespaces/main/events`, { raw: `{"${API_SECRET}` });
    const log = lines.join('');
    expect(log).toContain('"key":"backend"');
    expect(log).not.toContain(API_SECRET);
    expect(log).not.toContain('between us');
  });

  it('has a secret of at least 32 characters and a name of its own', () => {
    const problem = (keys: string): string => {
      try {
        testConfig({ edit: (yaml) => `${yaml}\napi: { keys: [${keys}] }\n` });
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const key = (name: string, secret: string) =>
      `{ name: ${name}, secret: ${secret}, scopes: [users:read] }`;
    expect(problem(key('a', 'hunter2-is-short'))).toMatch(/api\.keys\[0\]\.secret: is too short/);
    expect(problem(key('a', 'hunter2-is-short'))).not.toContain('hunter2');
    const [one, two] = [secretOf('one'), secretOf('two')];
    expect(problem(`${key('a', one)}, ${key('a', two)}`)).toMatch(/the name "a" is taken by keys\[0\]/);
    const twice = problem(`${key('a', one)}, ${key('b', one)}`);
    expect(twice).toMatch(/api\.keys\[1\]\.secret: is the secret of keys\[0\] too/);
    expect(twice).not.toContain(one);
    expect(problem(`{ name: a, secret: ${one}, scopes: [user:read] }`)).toMatch(/did you mean "users:read"/);
    expect(problem(key('a', one))).toBe('');
  });
});

describe('the system', () => {
  it('has an id under which nobody may log in while there is an API', async () => {
    await using gateway = await startApiGateway();
    const client = await connectRaw(await gateway.url('/ws/json', 'system'));
    expect(await client.nextJson()).toMatchObject({ type: 'auth_error' });
    await client.closed;
  });

  it('is warned of where the API can be reached without TLS', () => {
    const config = testConfig({
      edit: (yaml) => `${yaml.replace('host: 127.0.0.1', 'host: 0.0.0.0')}${apiYaml()}`,
    });
    expect(configWarnings(config).join('\n')).toContain('the API');
    const local = testConfig({
      edit: (yaml) =>
        `${yaml.replace('host: 127.0.0.1', 'host: 0.0.0.0')}${apiYaml('  listen: { port: 0 }\n')}`,
    });
    expect(configWarnings(local).join('\n')).not.toContain('the API');
  });
});
