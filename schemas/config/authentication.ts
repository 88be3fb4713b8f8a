/** How the gateway finds out who somebody is: authenticators by name, which endpoints refer to. */
import { z } from 'zod';
import { Id } from '../model.ts';
import {
  allowPrivate,
  answerSize,
  backoff,
  bearer,
  breaker,
  concurrency,
  HttpUrl,
  retries,
  secretLikeHooks,
} from './outbound.ts';
import { count, duration, size } from './units.ts';

/** HS256 needs a key at least as long as its hash (RFC 7518, section 3.2). */
export const MIN_SECRET_BYTES = 32;

const development = z
  .boolean()
  .default(false)
  .describe('The secret is public and for development only: the gateway warns loudly at each start.');

const Static = z
  .strictObject({
    type: z.literal('static').describe('A fixed list of tokens.'),
    tokens: z
      .record(z.string().min(1).max(4096), Id)
      .readonly()
      .describe('User id by token. Tokens in a file are for development and for a few machines.'),
    development,
  })
  .readonly()
  .describe('A fixed list of tokens.');

const Jwt = z
  .strictObject({
    type: z.literal('jwt').describe('JSON Web Tokens.'),
    algorithm: z
      .enum(['HS256', 'RS256', 'ES256', 'EdDSA'])
      .default('HS256')
      .describe(
        'The only algorithm accepted, whatever a token says of itself. HS256 has a shared `secret`; the others have `publicKey`, `jwksFile` or `jwksUrl`.',
      ),
    secret: z
      .string()
      .refine((value) => new TextEncoder().encode(value).length >= MIN_SECRET_BYTES, {
        error: `is too short: HS256 needs at least ${MIN_SECRET_BYTES} bytes`,
      })
      .exactOptional()
      .describe(
        'Shared key of the issuer and this gateway, at least 32 bytes. Take it from the environment.',
      ),
    publicKey: z
      .string()
      .min(1)
      .exactOptional()
      .describe('The public key or certificate of the issuer: PEM text, or the name of a PEM file.'),
    jwksFile: z
      .string()
      .min(1)
      .exactOptional()
      .describe('A file with a JSON Web Key Set. It is read again when it changes.'),
    jwksUrl: HttpUrl.exactOptional().describe(
      'Where the issuer publishes its JSON Web Key Set: a public address, unless `jwks.allowPrivate` says so.',
    ),
    jwks: z
      .strictObject({
        maxAge: duration({ min: '1s', max: '7 days' })
          .prefault('10min')
          .describe('How old a set may grow before it is fetched again.'),
        cooldown: duration({ min: '0ms', max: '1h' })
          .prefault('30s')
          .describe('Least time between two fetches, however many tokens name an unknown key.'),
        timeout: duration({ min: '10ms', max: '1min' }).prefault('5s').describe('How long a fetch may take.'),
        maxBytes: size({ min: '1KiB', max: '4MiB' }).prefault('256KiB').describe('Largest set accepted.'),
        maxStale: duration({ min: '0ms', max: '7 days' })
          .prefault('1h')
          .describe(
            'How long beyond maxAge an old set is used while the new one can not be had; then nobody gets in.',
          ),
        allowPrivate,
      })
      .readonly()
      .prefault({})
      .describe('How the set of `jwksUrl` is fetched and kept.'),
    audience: z.string().min(1).optional().describe('Accept only tokens whose `aud` names this.'),
    issuer: z.string().min(1).optional().describe('Accept only tokens whose `iss` is this.'),
    clockTolerance: duration({ min: '0ms', max: '10min' })
      .prefault('5s')
      .describe('How far the clocks of issuer and gateway may differ when `exp` and `nbf` are checked.'),
    development,
  })
  .readonly()
  .describe(
    'JSON Web Tokens. The claim `sub` is the user id; `name`, if present, names a user unknown here.',
  );

const recheck = z.union([z.literal('never'), duration({ min: '100ms', max: '7 days' })], {
  error: 'expected a duration such as "5min", or "never"',
});

const Http = z
  .strictObject({
    type: z.literal('http').describe('A backend that is asked.'),
    url: HttpUrl.describe(
      'Asked by POST with {credential, endpoint, address, cookies}; 200 with {userId, name?, avatar?, expiresAt?} lets in, 401 and 403 do not.',
    ),
    bearer,
    hmac: z
      .string()
      .min(16)
      .exactOptional()
      .describe(
        'A key for `X-Dragoman-Signature: t=<seconds>,v1=<hex>`: the HMAC-SHA256 of "<seconds>.<body>".',
      ),
    secret: secretLikeHooks,
    timeout: duration({ min: '10ms', max: '1min' }).prefault('5s').describe('How long one attempt may take.'),
    retries: retries.default(1).describe('Further attempts when the first gets no usable answer.'),
    backoff,
    breaker,
    maxBytes: answerSize.prefault('16KiB').describe('Largest answer accepted.'),
    concurrency,
    allowPrivate,
    waiting: count({ min: 0, max: 1_000_000 })
      .default(1024)
      .describe('Logins that wait for their turn. Further ones are refused (upstream_unavailable).'),
    recheck: recheck
      .transform((value) => (value === 'never' ? null : value))
      .prefault('never')
      .describe('How often the backend is asked again about a connection that is logged in, or "never".'),
    recheckGrace: duration({ min: '0ms', max: '7 days' })
      .prefault('5min')
      .describe('How long a connection outlives a backend that can not be asked again.'),
    development,
  })
  .readonly()
  .describe('A backend that is asked who a credential belongs to.');

export const Authenticator = z.discriminatedUnion('type', [Static, Jwt, Http]);
export type AuthenticatorConfig = z.infer<typeof Authenticator>;
export type StaticAuthenticatorConfig = Extract<AuthenticatorConfig, { readonly type: 'static' }>;
export type JwtAuthenticatorConfig = Extract<AuthenticatorConfig, { readonly type: 'jwt' }>;
export type HttpAuthenticatorConfig = Extract<AuthenticatorConfig, { readonly type: 'http' }>;

const EXPECTED_NAME = 'expected a name of letters, digits, - and _ that starts with a letter';
const Name = z.string().regex(/^[A-Za-z][\w-]{0,63}$/, { error: EXPECTED_NAME });

export const Authenticators = z
  .record(Name, Authenticator)
  .readonly()
  .prefault({})
  .describe('Ways to log in, by a name of your choice; an endpoint lists those that it accepts in `auth`.');
