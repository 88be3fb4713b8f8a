import { createHmac, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { base64url, SignJWT } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import { jwtAuthenticator } from './jwt.ts';
import { MAX_TOKEN_LENGTH } from './port.ts';
import {
  type Algorithm,
  authenticatorConfig,
  CONTEXT,
  type Issuer,
  issuerOf,
  NO_LOG,
  type PublicKeyAlgorithm,
} from './test-kit.ts';

const SECRET = 'a secret of the tests, long enough for HS256';
const NOW = Math.floor(Date.now() / 1000);
const GOOD = { sub: 'alice', aud: 'chat', iss: 'https://login.example', iat: NOW, exp: NOW + 3600 };

const folder = mkdtempSync(join(tmpdir(), 'dragoman-jwt-'));
afterAll(() => rmSync(folder, { recursive: true }));

const authenticatorWith = (settings: Readonly<Record<string, unknown>>) =>
  jwtAuthenticator(authenticatorConfig({ type: 'jwt', ...settings }), 'it', { log: NO_LOG });
const shown = (authenticator: ReturnType<typeof authenticatorWith>, token: string) =>
  authenticator.authenticate({ kind: 'token', token }, CONTEXT);

const issuers: Readonly<Record<PublicKeyAlgorithm, Issuer>> = {
  RS256: issuerOf('RS256'),
  ES256: issuerOf('ES256'),
  EdDSA: issuerOf('EdDSA'),
};
const hs256 = (claims: Readonly<Record<string, unknown>>, key: string | Uint8Array = SECRET) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(typeof key === 'string' ? new TextEncoder().encode(key) : key);

const kinds: readonly [Algorithm, Readonly<Record<string, unknown>>, (claims: object) => Promise<string>][] =
  [
    ['HS256', { secret: SECRET }, (claims) => hs256({ ...claims })],
    ...(['RS256', 'ES256', 'EdDSA'] as const).map(
      (algorithm) =>
        [
          algorithm,
          { publicKey: issuers[algorithm].pem },
          (claims: object) => issuers[algorithm].sign({ ...claims }),
        ] as [Algorithm, Readonly<Record<string, unknown>>, (claims: object) => Promise<string>],
    ),
  ];

describe.each(kinds)('%s', (algorithm, key, sign) => {
  const authenticator = authenticatorWith({
    algorithm,
    ...key,
    audience: 'chat',
    issuer: 'https://login.example',
    clockTolerance: '5s',
  });
  const login = (token: string) => shown(authenticator, token);
  const without = (claim: string) =>
    Object.fromEntries(Object.entries(GOOD).filter(([name]) => name !== claim));

  it('lets a good token in, with its profile and its times', async () => {
    const token = await sign({ ...GOOD, name: 'Alice', picture: '/a.png' });
    expect(await login(token)).toEqual({
      userId: 'alice',
      name: 'Alice',
      avatar: '/a.png',
      issuedAt: NOW * 1000,
      expiresAt: (NOW + 3605) * 1000,
    });
  });

  it.each([
    ['expired', { ...GOOD, exp: NOW - 60 }],
    ['not yet valid', { ...GOOD, nbf: NOW + 60 }],
    ['for another audience', { ...GOOD, aud: 'shop' }],
    ['for no audience', without('aud')],
    ['of another issuer', { ...GOOD, iss: 'https://evil.example' }],
    ['of no issuer', without('iss')],
    ['of nobody', without('sub')],
    ['of somebody without a name', { ...GOOD, sub: '' }],
    ['of somebody whose id is no text', { ...GOOD, sub: 7 }],
    ['of somebody whose id is endless', { ...GOOD, sub: 'x'.repeat(257) }],
    ['of somebody whose id is half a character', { ...GOOD, sub: '\ud800' }],
    ['valid until some day that is no time', { ...GOOD, exp: 'tomorrow' }],
  ])('refuses a token %s', async (_title, claims) => {
    expect(await login(await sign(claims))).toBeUndefined();
  });

  it('forgives clocks that differ by the tolerance', async () => {
    expect(await login(await sign({ ...GOOD, exp: NOW - 2, nbf: NOW + 2 }))).toMatchObject({
      userId: 'alice',
    });
  });

  it('says that a token without `iat` is as old as can be', async () => {
    expect(await login(await sign(without('iat')))).toMatchObject({ issuedAt: 0 });
  });

  it('refuses a token that says it needs no signature', async () => {
    const part = (value: object) => base64url.encode(JSON.stringify(value));
    for (const alg of ['none', 'None', 'NONE', undefined]) {
      expect(await login(`${part({ alg })}.${part(GOOD)}.`)).toBeUndefined();
    }
  });

  it('refuses a signature that is cut, padded or followed by anything', async () => {
    const token = await sign(GOOD);
    for (const other of [token.slice(0, -1), `${token}=`, `${token}A`, `${token}.`, `${token}.${token}`]) {
      expect(await login(other)).toBeUndefined();
    }
  });

  it('refuses a token whose contents were changed', async () => {
    const [header, , signature] = (await sign(GOOD)).split('.');
    const forged = base64url.encode(JSON.stringify({ ...GOOD, sub: 'bob' }));
    expect(await login(`${header}.${forged}.${signature}`)).toBeUndefined();
  });

  it('refuses a good token of every other algorithm', async () => {
    for (const [other, , signOther] of kinds) {
      if (other !== algorithm) expect(await login(await signOther(GOOD))).toBeUndefined();
    }
  });

  it('refuses a token with an extension that it must understand', async () => {
    const part = (value: object) => base64url.encode(JSON.stringify(value));
    expect(
      await login(`${part({ alg: algorithm, crit: ['b64'], b64: false })}.${part(GOOD)}.AAAA`),
    ).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['dots', '..'],
    ['text', 'not a token'],
    ['JSON', '{"alg":"none"}'],
    ['five parts', 'a.b.c.d.e'],
    ['a lone surrogate', '\ud800.\ud800.\ud800'],
    ['bytes that are not UTF-8', '____.____.____'],
    ['a token without end', 'x'.repeat(1_000_000)],
    ['a header that is a list', `${base64url.encode('[]')}.e30.AA`],
  ])('refuses %s', async (_title, token) => {
    expect(await login(token)).toBeUndefined();
  });

  it('refuses a token over the limit even if it is good', async () => {
    const token = await sign({ ...GOOD, more: 'x'.repeat(MAX_TOKEN_LENGTH) });
    expect(await login(token)).toBeUndefined();
  });

  it('takes a token as the passcode of the user whom it names, and of nobody else', async () => {
    const passcode = await sign(GOOD);
    const as = (user: string) =>
      authenticator.authenticate({ kind: 'password', login: user, passcode }, CONTEXT);
    expect(await as('alice')).toMatchObject({ userId: 'alice' });
    expect(await as('bob')).toBeUndefined();
  });
});

describe('a public key', () => {
  it.each(['RS256', 'ES256', 'EdDSA'] as const)(
    'of %s signs nothing as an HS256 secret',
    async (algorithm) => {
      const { pem, jwk } = issuers[algorithm];
      const authenticator = authenticatorWith({ algorithm, publicKey: pem });
      const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
      for (const key of [pem, pem.trim(), JSON.stringify(jwk), der]) {
        const content = `${base64url.encode(JSON.stringify({ alg: 'HS256' }))}.${base64url.encode(JSON.stringify(GOOD))}`;
        const signature = createHmac('sha256', key).update(content).digest('base64url');
        expect(await shown(authenticator, `${content}.${signature}`)).toBeUndefined();
      }
    },
  );

  it('may stand in a file', async () => {
    const file = join(folder, 'ec.pem');
    writeFileSync(file, issuers.ES256.pem);
    const authenticator = authenticatorWith({ algorithm: 'ES256', publicKey: file });
    expect(await shown(authenticator, await issuers.ES256.sign(GOOD))).toMatchObject({ userId: 'alice' });
  });

  it.each([
    ['of another kind', 'RS256', issuers.ES256.pem, 'RS256 needs an RSA key, not ec'],
    ['on another curve', 'ES256', pemOf('P-384'), 'ES256 needs a key on the curve P-256'],
    [
      'that is too short',
      'RS256',
      generateKeyPairSync('rsa', { modulusLength: 1024 })
        .publicKey.export({ type: 'spki', format: 'pem' })
        .toString(),
      'RS256 needs a key of 2048 bits or more',
    ],
    [
      'that is the private one',
      'ES256',
      issuers.ES256.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      'this is a private key',
    ],
    ['that is not there', 'ES256', join(folder, 'none.pem'), 'ENOENT'],
  ])('%s is refused before anybody connects', (_title, algorithm, publicKey, reason) => {
    expect(() => authenticatorWith({ algorithm, publicKey })).toThrow(reason);
  });
});

function pemOf(namedCurve: string): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve });
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

describe('a file of keys', () => {
  const set = (...keys: readonly object[]) => JSON.stringify({ keys });
  const fileWith = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
    return file;
  };

  it('is searched by key id, or whole for a token without one', async () => {
    const [first, second, stranger] = [issuerOf('ES256'), issuerOf('ES256'), issuerOf('ES256')];
    const jwksFile = fileWith('set.json', set(first.jwk, second.jwk));
    const authenticator = authenticatorWith({ algorithm: 'ES256', jwksFile });
    expect(await shown(authenticator, await second.sign(GOOD))).toMatchObject({ userId: 'alice' });
    expect(await shown(authenticator, await second.sign(GOOD, { kid: undefined }))).toMatchObject({
      userId: 'alice',
    });
    expect(await shown(authenticator, await second.sign(GOOD, { kid: first.id }))).toBeUndefined();
    expect(await shown(authenticator, await stranger.sign(GOOD))).toBeUndefined();
    expect(await shown(authenticator, await stranger.sign(GOOD, { kid: undefined }))).toBeUndefined();
  });

  it('leaves out keys for other uses and algorithms, and those that can not be read', async () => {
    const [signing, sealing, other, wrapping] = [1, 2, 3, 4].map(() => issuerOf('RS256')) as [
      Issuer,
      Issuer,
      Issuer,
      Issuer,
    ];
    const jwksFile = fileWith(
      'mixed.json',
      set(
        { kty: 'oct', k: 'AAAA', kid: sealing.id },
        { ...issuers.ES256.jwk },
        { ...sealing.jwk, use: 'enc' },
        { kty: 'RSA', kid: sealing.id, n: '!', e: '!' },
        { ...other.jwk, alg: 'RS512' },
        { ...wrapping.jwk, key_ops: ['wrapKey'] },
        signing.jwk,
      ),
    );
    const authenticator = authenticatorWith({ algorithm: 'RS256', jwksFile });
    expect(await shown(authenticator, await signing.sign(GOOD))).toMatchObject({ userId: 'alice' });
    for (const unfit of [sealing, other, wrapping])
      expect(await shown(authenticator, await unfit.sign(GOOD))).toBeUndefined();
  });

  it.each([
    ['is no JSON', 'x'],
    ['is no set', '{}'],
    ['has none that fits', set({ kty: 'oct', k: 'AAAA' })],
  ])('that %s is refused before anybody connects', (_title, text) => {
    const jwksFile = fileWith('bad.json', text);
    expect(() => authenticatorWith({ algorithm: 'ES256', jwksFile })).toThrow();
  });
});
