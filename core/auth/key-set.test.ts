import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../errors.ts';
import { addressGuard, type Resolve } from '../outbound/addresses.ts';
import type { Outbound } from '../outbound/caller.ts';
import { type CallOutcome, OutboundMetrics } from '../outbound/metrics.ts';
import { jwtAuthenticator } from './jwt.ts';
import { jwtKeys } from './jwt-keys.ts';
import { KeySet, type KeySetOptions } from './key-set.ts';
import { authenticatorConfig, backendThat, CONTEXT, issuerOf, NO_LOG, type Told } from './test-kit.ts';
import type { NamedKey } from './verification-key.ts';

const key = (id: string): NamedKey => ({ id, key: {} as NamedKey['key'] });
const unavailable = expect.objectContaining({ code: 'upstream_unavailable' });

/** A set whose clock and source the test moves; it counts the loads. */
function setOf(options: Partial<KeySetOptions> = {}) {
  const source = { keys: [key('a')] as readonly NamedKey[] | Error, loads: 0, now: 0, warnings: 0 };
  const set = new KeySet({
    load: async () => {
      source.loads++;
      if (source.keys instanceof Error) throw source.keys;
      return source.keys;
    },
    maxAgeMs: 10_000,
    cooldownMs: 2000,
    maxStaleMs: 5000,
    log: { warn: () => source.warnings++ },
    now: () => source.now,
    ...options,
  });
  return { set, source };
}

describe('a key set', () => {
  it('is loaded once, however many ask at once', async () => {
    const { set, source } = setOf();
    await Promise.all(Array.from({ length: 50 }, () => set.candidates('a')));
    expect(source.loads).toBe(1);
  });

  it('is loaded again when it is old', async () => {
    const { set, source } = setOf();
    await set.candidates('a');
    source.now = 9999;
    await set.candidates('a');
    expect(source.loads).toBe(1);
    source.now = 10_000;
    await set.candidates('a');
    expect(source.loads).toBe(2);
  });

  it('finds a rotated key at once', async () => {
    const { set, source } = setOf();
    await set.candidates('a');
    source.keys = [key('b')];
    source.now = 2000;
    expect(await set.candidates('b')).toHaveLength(1);
    expect(await set.candidates('a')).toHaveLength(0);
  });

  it('is not loaded more often than the cooldown allows, however many tokens name an unknown key', async () => {
    const { set, source } = setOf();
    await set.candidates('a');
    for (let n = 0; n < 100; n++) expect(await set.candidates(`unknown ${n}`)).toEqual([]);
    expect(source.loads).toBe(1);
    source.now = 2000;
    for (let n = 0; n < 100; n++) await set.candidates(`unknown ${n}`);
    expect(source.loads).toBe(2);
  });

  it('serves for a while when it can not be had anew, and then lets nobody in', async () => {
    const { set, source } = setOf();
    await set.candidates('a');
    source.keys = new Error('down');
    source.now = 14_999;
    expect(await set.candidates('a')).toHaveLength(1);
    source.now = 15_000;
    await expect(set.candidates('a')).rejects.toEqual(unavailable);
    expect(source.warnings).toBe(1);
    source.keys = [key('a')];
    source.now = 16_000;
    expect(await set.candidates('a')).toHaveLength(1);
  });

  it('that could never be had lets nobody in, and is tried again a second later', async () => {
    const { set, source } = setOf();
    source.keys = new Error('down');
    await expect(set.candidates('a')).rejects.toEqual(unavailable);
    source.keys = [key('a')];
    source.now = 999;
    await expect(set.candidates('a')).rejects.toEqual(unavailable);
    source.now = 1000;
    expect(await set.candidates('a')).toHaveLength(1);
  });
});

describe('keys at an address', () => {
  const GOOD = { sub: 'alice', exp: Math.floor(Date.now() / 1000) + 3600 };
  const loginAt = (jwksUrl: string, given: object = {}, outbound: Partial<Outbound> = {}) => {
    const jwks = { allowPrivate: true, ...given };
    const config = authenticatorConfig({ type: 'jwt', algorithm: 'ES256', jwksUrl, jwks });
    const authenticator = jwtAuthenticator(config, 'it', { log: NO_LOG, ...outbound });
    return (token: string) => authenticator.authenticate({ kind: 'token', token }, CONTEXT);
  };

  it('are fetched at the first login, and again for a rotated key', async () => {
    const [old, next] = [issuerOf('ES256'), issuerOf('ES256')];
    let keys = [old.jwk];
    await using backend = await backendThat(() => ({ body: { keys } }));
    const login = loginAt(backend.url, { cooldown: 0 });
    expect(backend.asked).toHaveLength(0);
    expect(await login(await old.sign(GOOD))).toMatchObject({ userId: 'alice' });
    expect(await login(await old.sign(GOOD))).toMatchObject({ userId: 'alice' });
    expect(backend.asked).toHaveLength(1);
    keys = [next.jwk];
    expect(await login(await next.sign(GOOD))).toMatchObject({ userId: 'alice' });
    expect(await login(await old.sign(GOOD))).toBeUndefined();
  });

  it('are not asked for because of a token that could not be good anyway', async () => {
    await using backend = await backendThat(() => ({ body: { keys: [] } }));
    const login = loginAt(backend.url);
    expect(await login(await issuerOf('RS256').sign(GOOD))).toBeUndefined();
    expect(await login('garbage')).toBeUndefined();
    expect(backend.asked).toHaveLength(0);
  });

  const { jwk, sign } = issuerOf('ES256');
  const answers: readonly [string, CallOutcome, () => Told | Promise<Told>][] = [
    ['an error', 'status', () => ({ status: 500, body: { keys: [jwk] } })],
    ['a redirect', 'redirect', () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' } })],
    ['no set', 'invalid_answer', () => ({ body: 'hello' })],
    ['a set without a key that fits', 'invalid_answer', () => ({ body: { keys: [] } })],
    ['a set that is too large', 'too_large', () => ({ body: { keys: [jwk], more: 'x'.repeat(2000) } })],
    ['nothing for too long', 'timeout', () => new Promise<Told>(() => {})],
  ];

  it.each(answers)('let nobody in where the answer is %s (%s)', async (_title, outcome, answer) => {
    await using backend = await backendThat(answer);
    const metrics = new OutboundMetrics();
    const count = vi.spyOn(metrics, 'count');
    const login = loginAt(backend.url, { maxBytes: '1KiB', timeout: '50ms' }, { metrics });
    await expect(login(await sign(GOOD))).rejects.toEqual(unavailable);
    await expect(login(await sign(GOOD))).rejects.toBeInstanceOf(GatewayError);
    expect(count.mock.calls).toEqual([['it', 'keys', outcome]]);
  });

  it('are not asked for at a private address unless `jwks.allowPrivate` says so', async () => {
    await using backend = await backendThat(() => ({ body: { keys: [jwk] } }));
    const complaints: unknown[] = [];
    const log = { ...NO_LOG, warn: (said: unknown) => complaints.push(said) };
    const metrics = new OutboundMetrics();
    const count = vi.spyOn(metrics, 'count');
    const login = loginAt(backend.url, { allowPrivate: false }, { log, metrics });
    await expect(login(await sign(GOOD))).rejects.toEqual(unavailable);
    expect(backend.asked).toHaveLength(0);
    expect(complaints).toEqual([{ err: expect.objectContaining({ fault: 'address_refused' }) }]);
    const other = loginAt(backend.url, { allowPrivate: ['10.0.0.0/8'] });
    await expect(other(await sign(GOOD))).rejects.toEqual(unavailable);
    expect(backend.asked).toHaveLength(0);
    const listed = loginAt(backend.url, { allowPrivate: ['127.0.0.1'] }, { metrics });
    expect(await listed(await sign(GOOD))).toMatchObject({ userId: 'alice' });
    expect(count.mock.calls).toEqual([
      ['it', 'keys', 'address_refused'],
      ['it', 'keys', 'fetched'],
    ]);
  });

  it('are asked for at the address that a name has when it is connected to', async () => {
    await using backend = await backendThat(() => ({ body: { keys: [jwk] } }));
    const named = backend.url.replace('127.0.0.1', 'login.example.com');
    const here: Resolve = (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);
    const guard: Outbound['guard'] = (allowed) => addressGuard(allowed, here);
    const refused = loginAt(named, { allowPrivate: false }, { guard });
    await expect(refused(await sign(GOOD))).rejects.toEqual(unavailable);
    expect(backend.asked).toHaveLength(0);
    expect(await loginAt(named, {}, { guard })(await sign(GOOD))).toMatchObject({ userId: 'alice' });
  });

  it('let nobody in where nobody answers', async () => {
    const login = loginAt('http://127.0.0.1:1/');
    await expect(login(await sign(GOOD))).rejects.toEqual(unavailable);
  });
});

describe('keys in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dragoman-keys-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('follow the file, and stay as they were while it is broken', async () => {
    const jwksFile = join(folder, 'keys.json');
    const [old, next] = [issuerOf('EdDSA'), issuerOf('EdDSA')];
    writeFileSync(jwksFile, JSON.stringify({ keys: [old.jwk] }));
    const clock = { now: 0 };
    const config = authenticatorConfig({ type: 'jwt', algorithm: 'EdDSA', jwksFile });
    const find = jwtKeys(config, 'it', { log: NO_LOG }, () => clock.now);
    expect(await find(old.id)).toHaveLength(1);
    writeFileSync(jwksFile, '{');
    clock.now = 1000;
    expect(await find(old.id)).toHaveLength(1);
    writeFileSync(jwksFile, JSON.stringify({ keys: [next.jwk, { kty: 'oct', k: 'AA' }] }));
    clock.now = 2000;
    expect(await find(next.id)).toHaveLength(1);
    expect(await find(old.id)).toHaveLength(0);
  });
});
