import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Credential } from '../../schemas/command.ts';
import { httpHook } from './http-hook.ts';
import { authenticatorConfig, backendThat, CONTEXT, NO_LOG, type Told } from './test-kit.ts';

const TOKEN: Credential = { kind: 'token', token: 't-1' };
const unavailable = expect.objectContaining({
  code: 'upstream_unavailable',
  fatal: 'upstream_unavailable',
});
const hookAt = (url: string, settings: object = {}, now: () => number = Date.now) =>
  httpHook(authenticatorConfig({ type: 'http', url, allowPrivate: true, ...settings }), 'it', {
    log: NO_LOG,
    now,
  });

describe('the login hook', () => {
  it('is asked who a credential belongs to, with the cookies of the upgrade', async () => {
    await using backend = await backendThat(() => ({
      body: { userId: 'alice', name: 'Alice', avatar: '/a.png', expiresAt: 4_102_444_800_000, more: true },
    }));
    const context = { endpoint: '/ws/json', address: '192.0.2.7', cookies: { session: 's-1' } };
    expect(await hookAt(backend.url).authenticate(TOKEN, context)).toEqual({
      userId: 'alice',
      name: 'Alice',
      avatar: '/a.png',
      expiresAt: 4_102_444_800_000,
    });
    const [asked] = backend.asked;
    expect(asked?.method).toBe('POST');
    expect(asked?.headers['content-type']).toBe('application/json');
    expect(asked?.headers.authorization).toBeUndefined();
    expect(JSON.parse(asked?.body ?? '')).toEqual({ credential: TOKEN, ...context });
  });

  it('knows the gateway by a bearer secret and by a signature of time and body', async () => {
    await using backend = await backendThat(() => ({ body: { userId: 'alice' } }));
    const settings = { bearer: 'b-secret', hmac: 'a key of 16 characters' };
    await hookAt(backend.url, settings, () => 1_765_679_400_500).authenticate(TOKEN, CONTEXT);
    const [asked] = backend.asked;
    const signature = createHmac('sha256', settings.hmac).update(`1765679400.${asked?.body}`).digest('hex');
    expect(asked?.headers.authorization).toBe('Bearer b-secret');
    expect(asked?.headers['x-dragoman-signature']).toBe(`t=1765679400,v1=${signature}`);
  });

  it('takes a password too, and null for what is not there', async () => {
    await using backend = await backendThat(() => ({ body: { userId: 'alice', name: null, avatar: null } }));
    const credential: Credential = { kind: 'password', login: 'alice', passcode: 'p' };
    expect(await hookAt(backend.url).authenticate(credential, CONTEXT)).toEqual({ userId: 'alice' });
  });

  it.each([401, 403])('lets nobody in with %i', async (status) => {
    await using backend = await backendThat(() => ({ status, body: { userId: 'alice' } }));
    expect(await hookAt(backend.url).authenticate(TOKEN, CONTEXT)).toBeUndefined();
  });

  it('lets nobody in whose time is over already', async () => {
    await using backend = await backendThat(() => ({ body: { userId: 'alice', expiresAt: 1000 } }));
    expect(await hookAt(backend.url, {}, () => 1000).authenticate(TOKEN, CONTEXT)).toBeUndefined();
  });

  it('is not asked about a token that is empty, too long or none', async () => {
    await using backend = await backendThat(() => ({ body: { userId: 'alice' } }));
    const hook = hookAt(backend.url);
    const bad: readonly Credential[] = [
      { kind: 'token', token: '' },
      { kind: 'token', token: 'x'.repeat(10_000) },
      { kind: 'anonymous' },
      { kind: 'claim', user: { id: 'alice', name: '' } },
    ];
    for (const credential of bad) expect(await hook.authenticate(credential, CONTEXT)).toBeUndefined();
    expect(backend.asked).toHaveLength(0);
  });

  const answers: readonly [string, () => Told | Promise<Told>][] = [
    ['an error', () => ({ status: 500, body: { userId: 'alice' } })],
    ['that it has no such page', () => ({ status: 404, body: { userId: 'alice' } })],
    ['no content', () => ({ status: 204 })],
    ['a redirect', () => ({ status: 307, headers: { location: 'http://127.0.0.1:1/' } })],
    ['no JSON', () => ({ body: 'alice' })],
    ['nobody', () => ({ body: {} })],
    ['a number for a user', () => ({ body: { userId: 1 } })],
    ['a user without a name', () => ({ body: { userId: '' } })],
    ['half a character', () => ({ body: '{"userId":"\\ud800"}' })],
    ['a time that is none', () => ({ body: { userId: 'alice', expiresAt: 'soon' } })],
    ['more than is read', () => ({ body: { userId: 'alice', more: 'x'.repeat(2000) } })],
    ['nothing for too long', () => new Promise<Told>(() => {})],
  ];

  it.each(answers)('fails closed where the answer is %s', async (_title, answer) => {
    await using backend = await backendThat(answer);
    const hook = hookAt(backend.url, { maxBytes: '1KiB', timeout: '50ms' });
    await expect(hook.authenticate(TOKEN, CONTEXT)).rejects.toEqual(unavailable);
  });

  it('fails closed where nobody answers', async () => {
    await expect(hookAt('http://127.0.0.1:1/').authenticate(TOKEN, CONTEXT)).rejects.toEqual(unavailable);
  });

  it('is asked so much at a time, so many wait, and the rest fail', async () => {
    const answers: ((told: Told) => void)[] = [];
    let arrived = () => {};
    const two = new Promise<void>((resolve) => {
      arrived = () => answers.length === 2 && resolve();
    });
    await using backend = await backendThat(
      () =>
        new Promise<Told>((resolve) => {
          answers.push(resolve);
          arrived();
        }),
    );
    const hook = hookAt(backend.url, { concurrency: 2, waiting: 1 });
    const logins = [1, 2, 3].map(() => hook.authenticate(TOKEN, CONTEXT));
    await expect(hook.authenticate(TOKEN, CONTEXT)).rejects.toEqual(unavailable);
    await two;
    expect(backend.asked).toHaveLength(2);
    answers[0]?.({ body: { userId: 'alice' } });
    await logins[0];
    answers[1]?.({ status: 401 });
    await logins[1];
    while (answers.length < 3) await new Promise(setImmediate);
    answers[2]?.({ body: { userId: 'carol' } });
    expect((await Promise.all(logins)).map((identity) => identity?.userId)).toEqual([
      'alice',
      undefined,
      'carol',
    ]);
  });

  it('signs as hooks are signed, and asks again under the same id', async () => {
    await using backend = await backendThat(({ body }) =>
      body.includes('"attempt":2') ? { body: { userId: 'alice' } } : { status: 503 },
    );
    const secret = 'a secret of more than 24 bytes';
    const settings = { secret, backoff: { first: '1ms' } };
    const hook = hookAt(backend.url, settings, () => 1_765_679_400_500);
    expect(await hook.authenticate(TOKEN, CONTEXT)).toMatchObject({ userId: 'alice' });
    expect(backend.asked).toHaveLength(2);
    for (const { headers, body } of backend.asked) {
      const id = backend.asked[0]?.headers['webhook-id'];
      const signature = createHmac('sha256', secret).update(`${id}.1765679400.${body}`).digest('base64');
      expect(headers['webhook-id']).toBe(id);
      expect(headers['webhook-timestamp']).toBe('1765679400');
      expect(headers['webhook-signature']).toBe(`v1,${signature}`);
    }
    expect(JSON.parse(backend.asked[1]?.body ?? '')).toEqual({ credential: TOKEN, ...CONTEXT, attempt: 2 });
  });

  it('spares a backend that fails: the breaker answers for it', async () => {
    await using backend = await backendThat(() => ({ status: 500 }));
    const hook = hookAt(backend.url, { retries: 0, breaker: { failures: 2, openFor: '1h' } });
    for (let count = 0; count < 4; count++) {
      await expect(hook.authenticate(TOKEN, CONTEXT)).rejects.toEqual(unavailable);
    }
    expect(backend.asked).toHaveLength(2);
  });

  it('is not sent to a private address that is not allowed', async () => {
    await using backend = await backendThat(() => ({ body: { userId: 'alice' } }));
    const hook = hookAt(backend.url, { allowPrivate: false });
    await expect(hook.authenticate(TOKEN, CONTEXT)).rejects.toEqual(unavailable);
    expect(backend.asked).toHaveLength(0);
  });

  it('tells how often it wants to be asked again', () => {
    const settings = { recheck: '30s', recheckGrace: '2min' };
    expect(hookAt('http://127.0.0.1:1/', settings).recheck).toEqual({ everyMs: 30_000, graceMs: 120_000 });
    expect(hookAt('http://127.0.0.1:1/').recheck).toBeUndefined();
  });
});
