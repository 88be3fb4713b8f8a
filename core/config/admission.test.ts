/** Who gets in: authenticators, proxies, certificates and limits, as the configuration says them. */
import { describe, expect, it } from 'vitest';
import { configOf, GOOD, problemsOf } from './fixture.ts';
import { configWarnings } from './warnings.ts';

const ENDPOINT = 'endpoints: [{ path: /a, dialect: plain, auth: none, namespace: n }]\n';
const one = (authenticator: string) => `authenticators:\n  a: ${authenticator}\n${ENDPOINT}`;
const SECRET = 's'.repeat(32);

describe('an authenticator', () => {
  it.each([
    ['HS256 by a secret', `{ type: jwt, secret: ${SECRET} }`, { algorithm: 'HS256', secret: SECRET }],
    [
      'RS256 by a public key',
      '{ type: jwt, algorithm: RS256, publicKey: keys/rsa.pem }',
      { algorithm: 'RS256', publicKey: 'keys/rsa.pem' },
    ],
    [
      'ES256 by a file of keys',
      '{ type: jwt, algorithm: ES256, jwksFile: keys.json }',
      { algorithm: 'ES256', jwksFile: 'keys.json' },
    ],
    [
      'EdDSA by the address of keys',
      '{ type: jwt, algorithm: EdDSA, jwksUrl: "https://login.example/keys", jwks: { cooldown: 5s } }',
      {
        jwksUrl: 'https://login.example/keys',
        jwks: {
          maxAge: 600_000,
          cooldown: 5000,
          timeout: 5000,
          maxBytes: 262_144,
          maxStale: 3_600_000,
          allowPrivate: false,
        },
      },
    ],
    [
      'a backend that is asked',
      '{ type: http, url: "https://login.example/whois", bearer: b, recheck: 30s }',
      {
        type: 'http',
        bearer: 'b',
        timeout: 5000,
        maxBytes: 16_384,
        concurrency: 64,
        waiting: 1024,
        recheck: 30_000,
        recheckGrace: 300_000,
      },
    ],
    ['a backend that is asked once', '{ type: http, url: "http://127.0.0.1:1/" }', { recheck: null }],
  ])('may be %s', (_title, text, expected) => {
    expect(configOf(one(text)).authenticators.a).toMatchObject(expected);
  });

  it.each([
    ['no key at all', '{ type: jwt }', ['a.secret: is missing; expected text']],
    [
      'no public key',
      '{ type: jwt, algorithm: RS256 }',
      ['a.publicKey: is missing; expected a key: RS256 needs publicKey, jwksFile or jwksUrl'],
    ],
    [
      'a shared secret beside a public key, which everybody knows',
      `{ type: jwt, algorithm: RS256, publicKey: p, secret: ${SECRET} }`,
      ['a.secret: RS256 has no secret; leave it out'],
    ],
    [
      'a public key for HS256',
      `{ type: jwt, secret: ${SECRET}, jwksUrl: "https://a.example" }`,
      ['a.jwksUrl: HS256 has no public key; choose "algorithm: RS256", ES256 or EdDSA'],
    ],
    [
      'two keys',
      '{ type: jwt, algorithm: ES256, jwksFile: f, publicKey: p }',
      ['a.jwksFile: the key is given by publicKey already; leave one of the two out'],
    ],
    [
      'an algorithm that signs nothing',
      '{ type: jwt, algorithm: none }',
      ['a.algorithm: expected "HS256", "RS256", "ES256" or "EdDSA", not "none"'],
    ],
    [
      'a URL with a password in it, without showing it',
      '{ type: http, url: "https://me:hunter2@a.example" }',
      ['a.url: must be a URL such as "https://login.example.com/whois": http or https, and no user in it'],
    ],
    [
      'a key that is too short, without showing it',
      '{ type: http, url: "https://a.example", hmac: hunter2 }',
      ['a.hmac: expected at least 16 characters, not this text'],
    ],
    [
      'a bearer that no header takes',
      '{ type: http, url: "https://a.example", bearer: "a b" }',
      ['a.bearer: expected visible ASCII characters, as a header takes them, not this text'],
    ],
  ])('with %s is refused', (_title, text, problems) => {
    expect(problemsOf(one(text)).map((line) => line.replace(/^\S+ authenticators\./, ''))).toEqual(problems);
  });
});

describe('listen', () => {
  it('names proxies and a certificate', () => {
    const text = `listen: { trustProxy: [10.0.0.0/8, 192.0.2.7, "::1", "fd00::/8"], tls: { certificate: c.pem, key: k.pem } }\n`;
    expect(configOf(text + ENDPOINT).listen).toMatchObject({
      trustProxy: ['10.0.0.0/8', '192.0.2.7', '::1', 'fd00::/8'],
      tls: { certificate: 'c.pem', key: 'k.pem', watch: 10_000 },
    });
  });

  it.each(['all', '10.0.0.0/33', '0.0.0.0/0', '"::/0"'])('refuses the proxy %s', (proxy) => {
    expect(problemsOf(`listen: { trustProxy: [${proxy}] }\n${ENDPOINT}`)).toHaveLength(1);
  });

  it('needs both parts of a certificate', () => {
    expect(problemsOf(`listen: { tls: { certificate: c.pem } }\n${ENDPOINT}`)).toEqual([
      'x.yaml:1:11 listen.tls.key: is missing; expected text',
    ]);
  });
});

describe('admission', () => {
  it('is set for the whole gateway', () => {
    const text = `limits: { admission: { connectionsPerAddress: 5, failedLogins: { ban: 5min } } }\n${GOOD}`;
    const { limits, endpoints } = configOf(text);
    expect(limits.admission).toMatchObject({
      connectionsPerAddress: 5,
      failedLogins: { attempts: 30, ban: 300_000 },
    });
    expect(endpoints[0]?.limits).not.toHaveProperty('admission');
  });

  it('can not be set for one endpoint', () => {
    const text = GOOD.replace('auth: demo', 'auth: demo, limits: { admission: {} }');
    expect(problemsOf(text)[0]).toContain('unknown key');
  });
});

describe('a cookie', () => {
  it('is refused where any page may connect', () => {
    const text = GOOD.replace('auth: demo', 'auth: demo, origins: "*", credentials: { cookie: [session] }');
    expect(problemsOf(text)).toEqual([
      'x.yaml:6:54 endpoints[0].origins: "*" lets every page of the web use the cookie "session" of its visitors in namespace "main"; list the pages',
    ]);
  });
});

describe('warnings', () => {
  it('name a backend that is asked in the clear', () => {
    expect(configWarnings(configOf(one('{ type: http, url: "http://login.example/x" }')))).toContainEqual(
      'the authenticator "a" sends credentials to login.example without TLS (http:)',
    );
  });
});
