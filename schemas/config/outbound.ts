/** How the gateway asks a server of the business: what login hooks, message hooks and exchanges have in common. */
import { z } from 'zod';
import { count, duration, size } from './units.ts';

const isHttpUrl = (value: string): boolean => {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
};
// Without "expected" before it: the value, which may hold a password, is not repeated.
const WRONG_URL = 'must be a URL such as "https://login.example.com/whois": http or https, and no user in it';
export const HttpUrl = z.string().refine(isHttpUrl, { error: WRONG_URL });

const PREFIX = 'whsec_';
/** What a hash-based signature takes, in bytes: the bounds of the Standard Webhooks specification. */
const KEY_BYTES = { least: 24, most: 64 };

/** The key that a secret stands for: base64 after `whsec_`, else the bytes of the text itself. */
export const keyOfSecret = (secret: string): Uint8Array =>
  secret.startsWith(PREFIX)
    ? Uint8Array.from(atobOrNothing(secret.slice(PREFIX.length)), (character) => character.charCodeAt(0))
    : new TextEncoder().encode(secret);

const atobOrNothing = (text: string): string => {
  try {
    return atob(text);
  } catch {
    return '';
  }
};

const Secret = z.string().refine(
  (secret) => {
    const { length } = keyOfSecret(secret);
    return length >= KEY_BYTES.least && length <= (secret.startsWith(PREFIX) ? KEY_BYTES.most : 4096);
  },
  {
    error: `must be "${PREFIX}" and base64 of ${KEY_BYTES.least} to ${KEY_BYTES.most} bytes, or text of at least ${KEY_BYTES.least} bytes`,
  },
);

/** One secret, or the present one and those that receivers may still have. Gives a list. */
export const SigningSecret = z
  .union([Secret, z.array(Secret).min(1).max(4).readonly()], {
    error: 'expected a secret or a list of secrets',
  })
  .transform((value): readonly string[] => (typeof value === 'string' ? [value] : value));

const EXPECTED_ALLOWED =
  'expected true, false or a list of addresses and networks such as ["10.1.0.0/16", "::1"]';
const Network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'expected an address or a network such as "10.1.0.0/16" or "::1"',
});

export const bearer = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[\x21-\x7e]+$/, { error: 'expected visible ASCII characters, as a header takes them' })
  .exactOptional()
  .describe('A secret for `Authorization: Bearer`, by which the backend knows this gateway.');

export const secretLikeHooks = SigningSecret.exactOptional().describe(
  'Signs each request as hooks are signed (Standard Webhooks): `whsec_` and base64, or text of at least 24 bytes; a list signs with each of them.',
);

export const allowPrivate = z
  .union([z.boolean(), z.array(Network).min(1).max(256).readonly()], { error: EXPECTED_ALLOWED })
  .default(false)
  .describe(
    'Requests go to public addresses only, whatever the name resolves to. true: to loopback and private networks as well. A list: to these addresses and networks as well, and only there to link-local ones.',
  );

export const backoff = z
  .strictObject({
    first: duration({ min: '1ms', max: '1min' })
      .prefault('100ms')
      .describe('Longest pause before the first repeat; each further one may be twice as long.'),
    most: duration({ min: '1ms', max: '1h' }).prefault('10s').describe('Longest pause of all.'),
  })
  .readonly()
  .prefault({})
  .describe('Pauses between attempts: each is random between nothing and its longest (full jitter).');

export const breaker = z
  .strictObject({
    failures: count({ min: 1, max: 1_000_000 })
      .default(5)
      .describe('Attempts that fail one after the other before the breaker opens.'),
    openFor: duration({ min: '10ms', max: '1h' })
      .prefault('10s')
      .describe('How long it stays open. Then one attempt is let through: if it succeeds, all are.'),
  })
  .readonly()
  .prefault({})
  .describe('While it is open nothing is asked: every question fails at once.');

export const retries = count({ min: 0, max: 20 });
export const concurrency = count({ min: 1, max: 10_000 })
  .default(64)
  .describe('Requests under way at a time.');
export const answerSize = size({ min: '256B', max: '1MiB' });
