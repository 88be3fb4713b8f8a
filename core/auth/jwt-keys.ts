/** Where the key of a JWT authenticator comes from: the configuration, a file, or the issuer's own address. */
import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { JwtAuthenticatorConfig } from '../../schemas/config.ts';
import { addressGuard } from '../outbound/addresses.ts';
import { boundedFetch, FetchError } from '../outbound/bounded-fetch.ts';
import type { Outbound } from '../outbound/caller.ts';
import { CallFailure, statusFailure } from '../outbound/failure.ts';
import { KeySet } from './key-set.ts';
import { keysOfSet, type NamedKey, publicKeyOf } from './verification-key.ts';

/** How often a key set's file is looked at, at most, ms. */
const FILE_CHECK_MS = 1000;
/** Largest key file, in bytes. */
const MAX_FILE_BYTES = 1024 * 1024;

/** The keys that a token with this key id may be signed with. */
export type KeyFinder = (keyId: string | undefined) => readonly NamedKey[] | Promise<readonly NamedKey[]>;

/** By which keys are fetched, and how that ended is told. */
export type KeysOutbound = Pick<Outbound, 'log' | 'guard' | 'metrics'>;

const EVENT = 'keys';

/** `name` is the authenticator's, `now` is monotonic ms. @throws Error if the configuration's key can't be read or is of the wrong kind: before anybody connects */
export function jwtKeys(
  config: JwtAuthenticatorConfig,
  name: string,
  { log, guard = addressGuard, metrics }: KeysOutbound,
  now: () => number = () => performance.now(),
): KeyFinder {
  const { algorithm, secret, publicKey, jwksFile, jwksUrl, jwks } = config;
  if (algorithm === 'HS256') {
    if (secret === undefined) throw new Error('HS256 needs a secret');
    return always(createSecretKey(Buffer.from(secret)));
  }
  if (publicKey !== undefined) {
    const pem = publicKey.includes('-----BEGIN') ? publicKey : readFileSync(publicKey, 'utf8');
    return always(publicKeyOf(pem, algorithm));
  }
  if (jwksFile !== undefined) {
    let seen = '';
    const load = async (): Promise<readonly NamedKey[] | undefined> => {
      const { mtimeMs, size, ino } = await stat(jwksFile);
      const version = `${mtimeMs} ${size} ${ino}`;
      if (version === seen) return undefined;
      if (size > MAX_FILE_BYTES) throw new Error(`${jwksFile} is larger than ${MAX_FILE_BYTES} bytes`);
      const keys = keysOfSet(await readFile(jwksFile, 'utf8'), algorithm);
      seen = version;
      return keys;
    };
    keysOfSet(readFileSync(jwksFile, 'utf8'), algorithm);
    // A file that is broken for a moment, or for good, leaves the keys as they were.
    const set = new KeySet({
      load,
      maxAgeMs: FILE_CHECK_MS,
      cooldownMs: FILE_CHECK_MS,
      maxStaleMs: Number.POSITIVE_INFINITY,
      log,
      now,
    });
    return (keyId) => set.candidates(keyId);
  }
  if (jwksUrl === undefined) throw new Error(`${algorithm} needs publicKey, jwksFile or jwksUrl`);
  const allowed = guard(jwks.allowPrivate);
  const fetched = async (): Promise<readonly NamedKey[]> => {
    const request = {
      method: 'GET',
      headers: { accept: 'application/jwk-set+json, application/json' },
      timeoutMs: jwks.timeout,
      maxBytes: jwks.maxBytes,
    } as const;
    const { status, text } = await boundedFetch(jwksUrl, request, allowed);
    if (status !== 200) throw statusFailure(status);
    return keysOfSet(text, algorithm);
  };
  const set = new KeySet({
    load: async () => {
      try {
        const keys = await fetched();
        metrics?.count(name, EVENT, 'fetched');
        return keys;
      } catch (error) {
        const isKnown = error instanceof FetchError || error instanceof CallFailure;
        metrics?.count(name, EVENT, isKnown ? error.fault : 'invalid_answer');
        throw error;
      }
    },
    maxAgeMs: jwks.maxAge,
    cooldownMs: jwks.cooldown,
    maxStaleMs: jwks.maxStale,
    log,
    now,
  });
  return (keyId) => set.candidates(keyId);
}

function always(key: NamedKey['key']): KeyFinder {
  const keys = [{ id: undefined, key }];
  return () => keys;
}
