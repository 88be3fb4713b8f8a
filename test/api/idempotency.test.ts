/** `Idempotency-Key`: once carried out, always answered alike; and within bounds. */
import { describe, expect, it } from 'vitest';
import { storeLimits } from '../../core/cli/store.ts';
import { GatewayError } from '../../core/errors.ts';
import { type Answer, Idempotency } from '../../core/server/api/idempotency.ts';
import { BASE } from '../../core/server/api/routes.ts';
import { MemoryDirectoryStore } from '../../core/store/directory.ts';
import { MemoryMessageStore } from '../../core/store/memory.ts';
import { MemoryIdentityMap } from '../../core/store/memory-identity.ts';
import { API_SECRET, type ApiGateway, apiYaml, startApiGateway } from '../support/api.ts';
import { testConfig } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';

const MAIN = `${BASE}/namespaces/main`;
const keyed = (key: string) => ({ 'idempotency-key': key });
const metric = async (gateway: ApiGateway, name: string): Promise<string | undefined> =>
  new RegExp(`^dragoman_api_idempotency_${name} (.*)$`, 'm').exec(
    await (await fetch(`${gateway.http}/metrics`)).text(),
  )?.[1];

const said = async (gateway: ApiGateway): Promise<number> =>
  ((await gateway.api.main('GET', '/groups/lobby/messages')) as { messages: unknown[] }).messages.length;
const message = { from: 'alice', to: { type: 'group', id: 'lobby' }, content: 'once' };

describe('a request under an Idempotency-Key', () => {
  it('gives the same answer again, byte by byte, and says so', async () => {
    await using gateway = await startApiGateway();
    const send = () => gateway.api.call('POST', `${MAIN}/messages`, { body: message, headers: keyed('k1') });
    const first = await send();
    const second = await send();
    expect(second.text).toBe(first.text);
    expect(second.status).toBe(200);
    expect([first, second].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true']);
    expect(await said(gateway)).toBe(1);
    expect(await metric(gateway, 'entries')).toBe('1');
    expect(await metric(gateway, 'replays_total')).toBe('1');
  });

  it('is carried out once however many come at once', async () => {
    await using gateway = await startApiGateway();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        gateway.api.call('POST', `${MAIN}/messages`, { body: message, headers: keyed('k1') }),
      ),
    );
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1);
    expect(await said(gateway)).toBe(1);
  });

  it('is the same whatever the order of the keys and the white space of its body', async () => {
    await using gateway = await startApiGateway();
    const call = (raw: string) => gateway.api.call('POST', `${MAIN}/messages`, { raw, headers: keyed('k1') });
    const first = await call('{"from":"alice","to":{"type":"group","id":"lobby"},"content":"x"}');
    const second = await call(
      '{ "content": "x", "to": { "id": "lobby", "type": "group" }, "from": "alice" }',
    );
    expect(second.text).toBe(first.text);
  });

  it.each([
    ['body', 'POST', '/messages', { ...message, content: 'twice' }],
    ['path', 'POST', '/groups/lobby/announcements', { text: 'x' }],
    ['query', 'POST', '/messages?x=1', message],
  ])('is refused with another %s', async (_what, method, path, body) => {
    await using gateway = await startApiGateway();
    await gateway.api.call('POST', `${MAIN}/messages`, { body: message, headers: keyed('k1') });
    const answer = await gateway.api.call(method, MAIN + path, { body, headers: keyed('k1') });
    expect(answer.status).toBe(path.includes('?') ? 400 : 422);
    if (answer.status === 422) expect(answer.body).toMatchObject({ code: 'duplicate_conflict' });
    expect(await said(gateway)).toBe(1);
  });

  it('that is refused for what it asks is refused alike again, whatever has changed', async () => {
    await using gateway = await startApiGateway();
    const add = () => gateway.api.call('PUT', `${MAIN}/groups/staff/members/zoe`, { headers: keyed('k1') });
    const first = await add();
    expect(first.status).toBe(404);
    await gateway.api.main('PUT', '/users/zoe', { name: 'Zoë' });
    expect((await add()).text).toBe(first.text);
    const other = await gateway.api.call('PUT', `${MAIN}/groups/staff/members/zoe`, { headers: keyed('k2') });
    expect(other.status).toBe(204);
  });

  it('that failed for no fault of its own is carried out again', async () => {
    const directory = new MemoryDirectoryStore();
    const save = directory.save.bind(directory);
    let isSick = true;
    directory.save = (entries, done) => {
      if (isSick) queueMicrotask(() => done({ ok: false, error: new GatewayError('store_unavailable') }));
      else save(entries, done);
    };
    const messages = new MemoryMessageStore({ limits: storeLimits(testConfig()) });
    const store = { messages, identities: new MemoryIdentityMap(), directory };
    await using gateway = await startApiGateway({ store });
    const put = () =>
      gateway.api.call('PUT', `${MAIN}/users/zoe`, { body: { name: 'Zoë' }, headers: keyed('k1') });
    const sick = await put();
    expect([sick.status, sick.headers.get('retry-after')]).toEqual([503, '1']);
    expect(sick.body).toMatchObject({ code: 'store_unavailable' });
    isSick = false;
    expect((await put()).status).toBe(200);
  });

  it('has a key of its own for each key of the API, of 1 to 255 visible characters', async () => {
    const other =
      '    - { name: other, secret: the-secret-of-the-other-key-0123456789, scopes: [messages:send] }\n';
    await using gateway = await startApiGateway({ api: apiYaml(other) });
    const send = (key: string, name: string) =>
      gateway.api.call('POST', `${MAIN}/messages`, { body: message, key, headers: keyed(name) });
    await send(API_SECRET, 'k1');
    await send('the-secret-of-the-other-key-0123456789', 'k1');
    expect(await said(gateway)).toBe(2);
    expect((await send(API_SECRET, 'x'.repeat(255))).status).toBe(200);
    for (const name of ['x'.repeat(256), 'a b', '']) {
      expect((await send(API_SECRET, name)).body).toMatchObject({
        status: 400,
        errors: [{ in: 'header', pointer: '/Idempotency-Key' }],
      });
    }
  });

  it('is refused while the gateway goes down, and reading is not', async () => {
    const gateway = await startApiGateway();
    const client = await connectRaw(await gateway.url('/ws/json', 'alice'));
    await client.nextJson();
    // While a client does not answer the closing handshake, the gateway waits.
    client.socket.pause();
    const stopped = gateway.stop();
    const answer = await gateway.api.call('POST', `${MAIN}/messages`, {
      body: message,
      headers: keyed('k1'),
    });
    expect(answer.body).toMatchObject({ code: 'shutting_down', status: 503 });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect((await gateway.api.call('GET', `${MAIN}/users`)).status).toBe(200);
    client.socket.resume();
    await stopped;
  });
});

describe('what is remembered', () => {
  const answer = (body: string, status = 200): Answer => ({ status, body, type: 'x', headers: {} });
  const limits = { window: 1000, entries: 3, bytes: 1_000_000 };

  it('is forgotten after the window', async () => {
    let now = 0;
    const memory = new Idempotency(limits, () => now);
    await memory.run('a', 'f', async () => answer('1'));
    now = 999;
    expect((await memory.run('a', 'f', async () => answer('2'))).answer.body).toBe('1');
    now = 1000;
    expect(memory.size).toBe(0);
    expect((await memory.run('a', 'f', async () => answer('2'))).answer.body).toBe('2');
    expect(memory.evicted).toBe(0);
  });

  it('is bounded by number: the oldest goes, which is counted', async () => {
    const memory = new Idempotency(limits, () => 0);
    for (const id of ['a', 'b', 'c', 'd']) await memory.run(id, 'f', async () => answer(id));
    expect([memory.size, memory.evicted]).toEqual([3, 1]);
    expect((await memory.run('b', 'f', async () => answer('new'))).replayed).toBe(true);
    expect((await memory.run('a', 'f', async () => answer('new'))).replayed).toBe(false);
  });

  it('is bounded by size', async () => {
    const memory = new Idempotency({ ...limits, entries: 100, bytes: 10_000 }, () => 0);
    for (let index = 0; index < 50; index++)
      await memory.run(`id ${index}`, 'f', async () => answer('x'.repeat(1000)));
    expect(memory.bytes).toBeLessThanOrEqual(10_000);
    expect(memory.size + memory.evicted).toBe(50);
    for (let index = 0; index < 50; index++)
      await memory.run(`id ${index}`, 'f', async () => answer('', 503));
    expect(memory.bytes).toBeGreaterThanOrEqual(0);
  });

  it('is never more than the limit while requests are under way', async () => {
    const memory = new Idempotency(limits, () => 0);
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const runs = ['a', 'b', 'c'].map((id) => memory.run(id, 'f', () => promise));
    await expect(memory.run('d', 'f', async () => answer('4'))).rejects.toMatchObject({
      kind: 'idempotency_full',
    });
    const again = memory.run('a', 'f', async () => answer('never'));
    resolve(answer('1'));
    expect((await again).replayed).toBe(true);
    for (const run of runs) expect((await run).replayed).toBe(false);
    expect((await memory.run('d', 'f', async () => answer('4'))).answer.body).toBe('4');
  });

  it('lets go of what threw', async () => {
    const memory = new Idempotency(limits, () => 0);
    await expect(memory.run('a', 'f', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect((await memory.run('a', 'g', async () => answer('1'))).replayed).toBe(false);
  });
});
