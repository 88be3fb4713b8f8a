/** How the gateway finds out who somebody is: authenticators by name, which endpoints refer to. */
import { z } from 'zod';
import { Id } from '../model.ts';
import { duration } from './units.ts';

/** HS256 needs a key at least as long as its hash (RFC 7518, section 3.2). */
const MIN_SECRET_BYTES = 32;

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
      .enum(['HS256'])
      .default('HS256')
      .describe('The only algorithm accepted, whatever a token says of itself.'),
    secret: z
      .string()
      .refine((value) => new TextEncoder().encode(value).length >= MIN_SECRET_BYTES, {
        error: `is too short: HS256 needs at least ${MIN_SECRET_BYTES} bytes`,
      })
      .describe(
        'Shared key of the issuer and this gateway, at least 32 bytes. Take it from the environment.',
      ),
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

export const Authenticator = z.discriminatedUnion('type', [Static, Jwt]);
export type AuthenticatorConfig = z.infer<typeof Authenticator>;
export type StaticAuthenticatorConfig = Extract<AuthenticatorConfig, { readonly type: 'static' }>;
export type JwtAuthenticatorConfig = Extract<AuthenticatorConfig, { readonly type: 'jwt' }>;

const EXPECTED_NAME = 'expected a name of letters, digits, - and _ that starts with a letter';
const Name = z.string().regex(/^[A-Za-z][\w-]{0,63}$/, { error: EXPECTED_NAME });

export const Authenticators = z
  .record(Name, Authenticator)
  .readonly()
  .prefault({})
  .describe('Ways to log in, by a name of your choice; an endpoint lists those that it accepts in `auth`.');
