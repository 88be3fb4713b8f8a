/** Bad requests are told what is wrong with them, change nothing, and never are a fault of ours. */
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE, routes } from '../../core/server/api/routes.ts';
import { API_SECRET, type ApiGateway, apiYaml, startApiGateway } from '../support/api.ts';

const MAIN = `${BASE}/namespaces/main`;
let gateway: ApiGateway;
beforeAll(async () => {
  const limits = '  limits: { body: 4KiB, rate: { perSecond: 100000, burst: 100000 } }\n';
  gateway = await startApiGateway({ api: apiYaml(limits) });
});
afterAll(() => gateway.stop());

describe('a request', () => {
  it('to an unknown path is a problem', async () => {
    for (const path of [BASE, `${BASE}/`, `${MAIN}/nothing`, '/api/v2/namespaces/main/users', '/api/x']) {
      const answer = await gateway.api.call('GET', path);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.body).toMatchObject({ type: '/api/docs#problem-not_found', code: 'frame_unknown' });
    }
  });

  it('with an unknown method is a problem that names those that there are', async () => {
    for (const method of ['POST', 'PATCH', 'OPTIONS']) {
      const answer = await gateway.api.call(method, `${MAIN}/users/alice`, {
        ...(method === 'OPTIONS' ? {} : { raw: 'not read' }),
      });
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('GET, PUT, HEAD');
      expect(answer.body).toMatchObject({
        type: '/api/docs#problem-method_not_allowed',
        detail: 'use GET, PUT, HEAD',
      });
    }
  });

  it('with HEAD is answered like GET, without the body', async () => {
    const response = await fetch(`${gateway.http}${MAIN}/users`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${API_SECRET}` },
    });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it.each([
    ['text/plain'],
    ['application/xml'],
    ['application/x-www-form-urlencoded'],
    ['multipart/form-data; boundary=x'],
    ['nonsense'],
  ])('with a body of type %s is refused with 415', async (type) => {
    const answer = await gateway.api.call('POST', `${MAIN}/messages`, {
      raw: '{}',
      headers: { 'content-type': type },
    });
    expect(answer.status).toBe(415);
    expect(answer.body).toMatchObject({ code: 'data_unsupported' });
  });

  it('with JSON and a charset is taken', async () => {
    const { status } = await gateway.api.call('POST', `${MAIN}/events`, {
      raw: '{"type":"group_announcement","group":"lobby","text":"ü"}',
      headers: { 'content-type': 'Application/JSON; charset=UTF-8' },
    });
    expect(status).toBe(204);
  });

  it.each<[string, string | Uint8Array<ArrayBuffer>]>([
    ['nothing', ''],
    ['no JSON', '{"content":'],
    ['two values', '{}{}'],
    ['no UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['half a character', Uint8Array.of(0x22, 0xe4, 0xb8, 0x22)],
    ['a prototype', '{"__proto__":{"open":true}}'],
    ['a prototype, escaped', '{"\\u005f_proto__":{}}'],
    ['a constructor', '{"constructor":{"prototype":{}}}'],
    ['a deep nest', `${'['.repeat(1000)}${']'.repeat(1000)}`],
  ])('whose body is %s is refused with 400', async (_what, raw) => {
    for (const path of ['/messages', '/events', '/users/alice/revoke-tokens']) {
      const answer = await gateway.api.call('POST', MAIN + path, { raw });
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ code: 'frame_malformed' });
    }
  });

  it.each([
    ['the name of a user', 'PUT', '/users/grace', '{"name":"\\ud800"}', '/name'],
    [
      'a field of a dialect',
      'PUT',
      '/users/grace',
      '{"name":"G","extensions":{"json":{"a/b":["\\udc00"]}}}',
      '/extensions/json/a~1b/0',
    ],
    [
      'the name of a field',
      'PUT',
      '/users/grace',
      '{"name":"G","extensions":{"json":{"\\ud800":1}}}',
      '/extensions/json',
    ],
    ['the name of a group', 'PUT', '/groups/reading', '{"name":"\\ud800","open":true}', '/name'],
    [
      'a message',
      'POST',
      '/messages',
      '{"to":{"type":"group","id":"lobby"},"content":"\\ud83d"}',
      '/content',
    ],
  ])(
    'with a lone surrogate in %s is refused with 400, and changes nothing',
    async (_what, method, path, raw, pointer) => {
      const answer = await gateway.api.call(method, MAIN + path, { raw });
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({
        detail: `body ${pointer}: must not contain a lone surrogate`,
        errors: [{ in: 'body', pointer }],
      });
      if (method === 'PUT') expect((await gateway.api.call('GET', MAIN + path)).status).toBe(404);
    },
  );

  it('whose body is larger than the limit is refused with 413', async () => {
    const answer = await gateway.api.call('POST', `${MAIN}/messages`, {
      body: { content: 'x'.repeat(5000) },
    });
    expect(answer.status).toBe(413);
    expect(answer.body).toMatchObject({
      code: 'frame_too_large',
      detail: expect.stringContaining('api.limits.body'),
    });
  });

  it('is told of every field at fault at once', async () => {
    const { status, body } = await gateway.api.call('POST', `${MAIN}/messages`, {
      body: { to: { type: 'nobody', id: '' }, content: 7, extra: true },
    });
    expect(status).toBe(400);
    const { errors } = body as { readonly errors: readonly { in: string; pointer: string }[] };
    expect(errors.map(({ in: where, pointer }) => `${where} ${pointer}`).toSorted()).toEqual([
      'body ',
      'body /content',
      'body /to/id',
      'body /to/type',
    ]);
  });

  it('is told which part of path and query is wrong', async () => {
    const path = `${MAIN}/groups/lobby/members/${encodeURIComponent('x'.repeat(257))}?reason=bored&why=1`;
    const { status, body } = await gateway.api.call('DELETE', path);
    expect(status).toBe(400);
    expect(body).toMatchObject({
      errors: [
        { in: 'path', pointer: '/user' },
        { in: 'query', pointer: '/reason' },
        { in: 'query', pointer: '', detail: expect.stringContaining('why') },
      ],
    });
  });

  it.each([
    'limit=0',
    'limit=x',
    'limit=1&limit=2',
    'limit=99999999',
    'after=',
    'page=2',
    'limit=1e3',
    'limit=0x10',
    'limit=%2010',
    'limit=10.0',
    'limit=%2B10',
    'limit=',
  ])('for a list with ?%s is refused with 400', async (query) => {
    expect((await gateway.api.call('GET', `${MAIN}/users?${query}`)).status).toBe(400);
  });

  it('with a path that can not be decoded is refused', async () => {
    const text = await new Promise<string>((resolve) => {
      const { port } = new URL(gateway.http);
      const socket = connect(Number(port), '127.0.0.1');
      let received = '';
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString();
      });
      socket.once('close', () => resolve(received));
      socket.write(
        `GET ${MAIN}/users/%E4%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${API_SECRET}\r\n\r\n`,
      );
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('application/problem+json');
  });

  it('may name any id, percent-encoded', async () => {
    for (const id of ['a/b', '../x', 'ü 中\u{1f600}', '%41', '?#', '\u0000', '𝒳'.repeat(128)]) {
      const path = `/users/${encodeURIComponent(id)}`;
      expect(await gateway.api.main('PUT', path, { name: 'odd' })).toMatchObject({ id, name: 'odd' });
      expect(await gateway.api.main('GET', path)).toMatchObject({ id });
    }
  });
});

/** JSON values, and objects with the fields that the schemas know, most of them of a wrong type. */
const anything = fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.string(), fc.constantFrom(-0, 1e308, 2 ** 53));
const FIELDS = [
  'type',
  'from',
  'to',
  'id',
  'content',
  'contentType',
  'clientId',
  'replyTo',
  'attachment',
  'extensions',
  'name',
  'avatar',
  'open',
  'owner',
  'members',
  'text',
  'group',
  'user',
  'inviter',
  'target',
  'headers',
  'body',
  'ephemeral',
  'online',
  'reason',
  'muted',
  'newOwner',
  'before',
  'message',
  'reader',
  'request',
  'contact',
] as const;
const WORDS = [
  'lobby',
  'alice',
  'user',
  'group',
  'topic',
  'queue',
  'kicked',
  'group_announcement',
  'relayed',
  'presence_changed',
  'member_muted',
  'message_revoked',
  '',
  '__proto__',
  '\u0000',
  '\ud800',
] as const;
const plausible = fc.dictionary(
  fc.constantFrom(...FIELDS),
  fc.oneof(
    anything,
    fc.constantFrom(...WORDS),
    fc.boolean(),
    fc.record({ type: fc.constantFrom(...WORDS), id: fc.constantFrom(...WORDS) }),
    fc.array(fc.constantFrom(...WORDS), { maxLength: 3 }),
  ),
  { maxKeys: 8 },
);

describe('whatever is sent', () => {
  const withBody = routes.filter(({ body }) => body !== undefined);

  it('never is a fault of ours', async () => {
    const example = fc.constantFrom(...withBody).chain((route) =>
      fc.record({
        route: fc.constant(route),
        body: fc.oneof(
          anything,
          plausible,
          // The example with some of its fields replaced.
          plausible.map((fields) => ({ ...(route.example as object), ...fields })),
        ),
        names: fc.array(fc.constantFrom('alice', 'lobby', 'nobody', '%00', '__proto__', 'constructor'), {
          minLength: 3,
          maxLength: 3,
        }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(example, async ({ route, body, names }) => {
        const left = [...names];
        const path = route.path
          .replace('{namespace}', 'main')
          .replaceAll(/\{\w+\}/g, () => left.pop() ?? 'alice');
        const raw = JSON.stringify(body);
        const { status, text } = await gateway.api.call(route.method, BASE + path, { raw });
        expect(status, `${route.id} ${raw} ${text}`).toBeLessThan(500);
      }),
      { numRuns: process.env.DRAGOMAN_FULL === '1' ? 5000 : 400 },
    );
  });

  it('never is a fault of ours, as bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...withBody),
        fc.uint8Array({ maxLength: 200 }),
        async (route, bytes) => {
          const path = BASE + route.path.replace('{namespace}', 'main').replaceAll(/\{\w+\}/g, 'alice');
          const { status } = await gateway.api.call(route.method, path, { raw: Uint8Array.from(bytes) });
          expect(status).toBeLessThan(500);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('has left the gateway as it should be', async () => {
    expect((await fetch(`${gateway.http}/readyz`)).status).toBe(200);
    expect(({} as Record<string, unknown>).open).toBeUndefined();
    expect(await gateway.api.main('GET', '/users/alice')).toMatchObject({ id: 'alice' });
  });
});
