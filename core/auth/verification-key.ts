/** Keys that signatures are checked with, each fit for exactly one algorithm. */
import { createPublicKey, type JsonWebKey, type KeyObject, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { JwtAuthenticatorConfig } from '../../schemas/config.ts';

export type PublicAlgorithm = Exclude<JwtAuthenticatorConfig['algorithm'], 'HS256'>;

/** The shortest RSA key (RFC 7518, section 3.3). */
const MIN_RSA_BITS = 2048;
/** Most keys of one set; an issuer has two or three. */
const MAX_KEYS = 100;

/** A key of a set, and the name that tokens refer to it by. */
export interface NamedKey {
  readonly id: string | undefined;
  readonly key: KeyObject;
}

/** @throws Error if the key is not of the kind that the algorithm takes */
function fitting(key: KeyObject, algorithm: PublicAlgorithm): KeyObject {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  switch (algorithm) {
    case 'RS256':
      if (type !== 'rsa') throw new Error(`RS256 needs an RSA key, not ${type}`);
      if ((details?.modulusLength ?? 0) < MIN_RSA_BITS)
        throw new Error(`RS256 needs a key of ${MIN_RSA_BITS} bits or more`);
      return key;
    case 'ES256':
      if (type !== 'ec' || details?.namedCurve !== 'prime256v1')
        throw new Error('ES256 needs a key on the curve P-256');
      return key;
    case 'EdDSA':
      if (type !== 'ed25519') throw new Error(`EdDSA needs an Ed25519 key, not ${type}`);
      return key;
    default:
      return algorithm satisfies never;
  }
}

/** @throws Error if the text is no PEM of a public key or certificate, or of the wrong kind */
export function publicKeyOf(pem: string, algorithm: PublicAlgorithm): KeyObject {
  if (pem.includes('PRIVATE KEY'))
    throw new Error(
      'this is a private key: the gateway needs the public one, and nobody else the private one',
    );
  const key = pem.includes('BEGIN CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem);
  return fitting(key, algorithm);
}

const KeySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())).max(MAX_KEYS) });

const KEY_TYPES: Readonly<Record<PublicAlgorithm, string>> = { RS256: 'RSA', ES256: 'EC', EdDSA: 'OKP' };

/**
 * The keys of a JSON Web Key Set (RFC 7517) that can check this algorithm; those for other purposes and those
 * that can't be read are left out, as section 5 asks.
 *
 * @throws Error if the text is no key set, or no key of it can be used
 */
export function keysOfSet(json: string, algorithm: PublicAlgorithm): readonly NamedKey[] {
  const set = KeySet.safeParse(JSON.parse(json));
  if (!set.success) throw new Error('this is no JSON Web Key Set');
  const keys = set.data.keys.flatMap((jwk) => namedKey(jwk, algorithm) ?? []);
  if (keys.length === 0) throw new Error(`the set has no key for ${algorithm}`);
  return keys;
}

function namedKey(jwk: Readonly<Record<string, unknown>>, algorithm: PublicAlgorithm): NamedKey | undefined {
  const { kty, use, alg, kid, key_ops: operations } = jwk;
  const isMeant =
    kty === KEY_TYPES[algorithm] &&
    (use === undefined || use === 'sig') &&
    (alg === undefined || alg === algorithm) &&
    (operations === undefined || (Array.isArray(operations) && operations.includes('verify'))) &&
    (kid === undefined || typeof kid === 'string');
  if (!isMeant) return undefined;
  const { n, e, crv, x, y } = jwk as JsonWebKey;
  const parts = Object.entries({ kty, n, e, crv, x, y }).filter(([, part]) => part !== undefined);
  try {
    const key = createPublicKey({ key: Object.fromEntries(parts) as JsonWebKey, format: 'jwk' });
    return { id: kid, key: fitting(key, algorithm) };
  } catch {
    return undefined;
  }
}
