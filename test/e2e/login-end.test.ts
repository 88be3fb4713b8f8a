/** A login that is good no more: expired, revoked, or taken back by the backend that vouched for it. */
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Backend, backendThat, type Told } from '../../core/auth/test-kit.ts';
import { PATHS, TOKEN_EXPIRED } from '../support/endings.ts';
import { DEFAULT_YAML, startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';
import { everySpeaker, isStored, speakers } from '../support/speakers.ts';
import { connectStomp, stomp } from '../support/stomp-wire.ts';

const SECRET = /secret: (.*)/.exec(DEFAULT_YAML)?.[1] ?? '';
const seconds = (): number => Math.floor(Date.now() / 1000);

/** A token with these claims and no others. */
const tokenWith = (claims: Readonly<Record<string, unknown>>): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(SECRET));

const exactly = (yaml: string): string => yaml.replace('development: true', 'clockTolerance: 0ms');

/** Connects with a token, and logs in where the dialect needs a frame for it. */
async function login(gateway: TestGateway, dialect: string, token: string) {
  const client = await connectRaw(`${gateway.ws}${PATHS[dialect]}?token=${token}`);
  if (dialect === 'stomp') client.send(stomp('CONNECT', { 'accept-version': '1.2', host: 'x' }));
  return client;
}

describe('a token that expires', () => {
  it("ends its connections within 2 s, in each dialect's own words", async () => {
    await using gateway = await startGateway({ edit: exactly });
    const exp = seconds() + 2;
    const ends = everySpeaker.map(async ({ dialect }, index) => {
      const sub = ['alice', 'bob', 'carol', 'dave', 'erin'][index];
      const client = await login(gateway, dialect, await tokenWith({ sub, exp }));
      const { code } = await client.closed;
      return { dialect, code, words: client.received.at(-1), late: Date.now() - exp * 1000 };
    });
    for (const { dialect, code, words, late } of await Promise.all(ends)) {
      expect({ dialect, code, words }).toEqual({ dialect, code: 4003, words: TOKEN_EXPIRED[dialect] });
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThan(2000);
    }
  });

  it('ends nobody who has shown a newer one meanwhile', async () => {
    await using gateway = await startGateway({ edit: exactly });
    const exp = seconds() + 2;
    const old = await tokenWith({ sub: 'alice', exp });
    const client = await login(gateway, 'json', old);
    const other = await login(gateway, 'json', await tokenWith({ sub: 'bob', exp }));
    await client.nextJson(({ type }) => type === 'auth_success');
    client.send({ type: 'auth', data: { token: await gateway.token('alice') } });
    expect(await client.nextJson()).toMatchObject({ type: 'auth_success' });
    await other.closed;
    client.send('ping');
    expect(await client.next()).toBe('pong');
  });
});

describe('a revoked token', () => {
  it.each(everySpeaker)('ends a $dialect connection in its own words, and no other', async (speaker) => {
    await using gateway = await startGateway();
    const { hub } = gateway.gateway;
    const alice = await speaker.enter(gateway, 'alice');
    const bob = await speaker.enter(gateway, 'bob');
    expect(hub.revokeUser('elsewhere', 'alice')).toBe(0);
    expect(hub.revokeUser('main', 'alice')).toBe(1);
    expect(await alice.closed).toMatchObject({ code: 4003 });
    expect(alice.received.at(-1)).toBe(TOKEN_EXPIRED[speaker.dialect]);
    const words = { user: 'bob', id: 'm-1', content: 'still here' };
    speaker.say(bob, words);
    await isStored(speaker, bob, words);
  });

  it('lets nobody in again; one that is issued later does', async () => {
    await using gateway = await startGateway();
    const claims = { sub: 'alice', exp: seconds() + 3600 };
    const before = Date.now() - 60_000;
    gateway.gateway.hub.revokeTokens('main', 'alice', before);
    for (const revoked of [{ ...claims, iat: Math.floor(before / 1000) - 1 }, claims]) {
      const client = await login(gateway, 'json', await tokenWith(revoked));
      expect(await client.nextJson()).toMatchObject({ type: 'auth_error' });
      expect(await client.closed).toMatchObject({ code: 4001 });
    }
    const client = await login(gateway, 'json', await tokenWith({ ...claims, iat: seconds() }));
    expect(await client.nextJson()).toMatchObject({ type: 'auth_success' });
    const bob = await login(gateway, 'json', await tokenWith({ ...claims, sub: 'bob', iat: 1 }));
    expect(await bob.nextJson()).toMatchObject({ type: 'auth_success' });
  });

  it('ends only connections with tokens issued before', async () => {
    await using gateway = await startGateway();
    const exp = seconds() + 3600;
    const old = await login(gateway, 'json', await tokenWith({ sub: 'alice', exp, iat: 1000 }));
    const newer = await connectStomp(gateway, 'alice');
    await old.nextJson(({ type }) => type === 'auth_success');
    expect(gateway.gateway.hub.revokeTokens('main', 'alice', 1001)).toBe(0);
    expect(gateway.gateway.hub.revokeTokens('main', 'alice', 2_000_000)).toBe(1);
    expect(await old.closed).toMatchObject({ code: 4003 });
    expect(newer.socket.readyState).toBe(newer.socket.OPEN);
  });
});

describe('a backend that is asked who somebody is', () => {
  let backend: Backend;
  let answer: () => Told | Promise<Told> = () => ({ status: 401 });
  const HOOK = (settings: string) => (yaml: string) =>
    yaml
      .replace(
        /\n {2}demo:\n[\s\S]*?\n\n/,
        `\n  demo: { type: http, url: "${backend.url}", allowPrivate: true, ${settings} }\n\n`,
      )
      .replaceAll('auth: demo', 'auth: demo\n    credentials: { query: [token], cookie: [session] }');

  beforeAll(async () => {
    backend = await backendThat(() => answer());
  });
  afterAll(() => backend[Symbol.asyncDispose]());

  /** Resolves once the backend has been asked so many times more. */
  function askedAgain(times: number, told: () => Told): Promise<void> {
    let left = times;
    return new Promise((resolve) => {
      answer = () => {
        if (--left <= 0) resolve();
        return told();
      };
    });
  }

  it('lets in by a session cookie, which it gets by name', async () => {
    await using gateway = await startGateway({ edit: HOOK('timeout: 5s') });
    answer = () => ({ body: { userId: 'alice', expiresAt: null } });
    const client = await connectRaw(`${gateway.ws}/ws/json`, [], {
      headers: { cookie: 'other=1; session=s-1; x=2' },
    });
    expect(await client.nextJson()).toMatchObject({ type: 'auth_success', data: { userId: 'alice' } });
    expect(JSON.parse(backend.asked.at(-1)?.body ?? '')).toEqual({
      credential: { kind: 'token', token: 's-1' },
      endpoint: '/ws/json',
      address: '127.0.0.1',
      cookies: { session: 's-1' },
    });
  });

  it('is the only one to decide: without its yes nobody gets in, and its silence is no yes', async () => {
    await using gateway = await startGateway({ edit: HOOK('timeout: 50ms') });
    for (const [told, code] of [
      [() => ({ status: 403 }), 4001],
      [() => ({ status: 500 }), 1014],
      [() => new Promise<Told>(() => {}), 1014],
    ] as const) {
      answer = told;
      for (const dialect of Object.keys(PATHS)) {
        const client = await login(gateway, dialect, 't');
        const { code: closed } = await client.closed;
        expect([dialect, closed]).toEqual([dialect, dialect === 'stomp' && code === 4001 ? 1002 : code]);
        expect(client.received.length).toBeGreaterThan(0);
      }
    }
  });

  it('ends a connection at the time that it names', async () => {
    await using gateway = await startGateway({ edit: HOOK('timeout: 5s') });
    answer = () => ({ body: { userId: 'alice', expiresAt: Date.now() + 100 } });
    const client = await connectRaw(`${gateway.ws}/ws/json?token=t`);
    expect(await client.closed).toMatchObject({ code: 4003 });
    expect(client.received.at(-1)).toBe(TOKEN_EXPIRED.json);
  });

  it.each([
    ['says no', { status: 401 }],
    ['names somebody else', { body: { userId: 'bob' } }],
  ] as const)('is asked again, and ends the connection when it %s', async (_title, told) => {
    await using gateway = await startGateway({ edit: HOOK('recheck: 100ms') });
    answer = () => ({ body: { userId: 'alice' } });
    const client = await speakers.ourchat.enter(gateway, 'any');
    await askedAgain(2, () => ({ body: { userId: 'alice' } }));
    answer = () => told;
    expect(await client.closed).toMatchObject({ code: 4003 });
    expect(client.received.at(-1)).toBe(TOKEN_EXPIRED.ourchat);
  });

  it('is missed for a while before the connection ends for it', async () => {
    await using gateway = await startGateway({ edit: HOOK('recheck: 100ms, recheckGrace: 1h') });
    answer = () => ({ body: { userId: 'alice' } });
    const client = await connectRaw(`${gateway.ws}/ws/json?token=t`);
    await client.nextJson(({ type }) => type === 'auth_success');
    await askedAgain(3, () => ({ status: 500 }));
    await askedAgain(1, () => ({ body: { userId: 'alice' } }));
    client.send('ping');
    expect(await client.next()).toBe('pong');
  });

  it('is missed no longer than the grace', async () => {
    await using gateway = await startGateway({ edit: HOOK('recheck: 100ms, recheckGrace: 0ms') });
    answer = () => ({ body: { userId: 'alice' } });
    const client = await connectRaw(`${gateway.ws}/ws/json?token=t`);
    await client.nextJson(({ type }) => type === 'auth_success');
    answer = () => ({ status: 500 });
    expect(await client.closed).toMatchObject({ code: 1014 });
  });
});
