/**
 * HS256 where it is asked for. By WebCrypto each signature is a job for another thread and costs many times the hash
 * itself, which a gateway pays when all its clients come back at once.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { errors, type JWTClaimVerificationOptions, type JWTPayload, UnsecuredJWT } from 'jose';

/** The head of a token that is no longer asked who signed it. */
const UNSECURED = Buffer.from('{"alg":"none"}').toString('base64url');

/**
 * The claims of a compact JWS whose head says HS256, if the key has signed it and jose finds them good now.
 *
 * @throws Error if `options` are no options of jose's
 */
export function hs256Claims(
  token: string,
  key: KeyObject,
  options: JWTClaimVerificationOptions,
): JWTPayload | undefined {
  const end = token.lastIndexOf('.');
  if (end < 0 || !isSigned(token.slice(0, end), token.slice(end + 1), key)) return undefined;
  try {
    // Whoever has the key has written what follows.
    const payload = token.slice(token.indexOf('.') + 1, end);
    return UnsecuredJWT.decode(`${UNSECURED}.${payload}.`, options).payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

function isSigned(text: string, signature: string, key: KeyObject): boolean {
  const expected = Buffer.from(createHmac('sha256', key).update(text).digest('base64url'));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
