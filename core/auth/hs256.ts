/**
 * HS256 where it is asked for. By WebCrypto each signature is a job for another thread and costs many times the hash
 * itself, which a gateway pays when all its clients come back at once.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type JWTClaimVerificationOptions, type JWTPayload, UnsecuredJWT } from 'jose';

/** The head of a token that is no longer asked who signed it. */
const UNSECURED = Buffer.from('{"alg":"none"}').toString('base64url');

/** The claims of a compact JWS if the key has signed it: jose reads and checks them. @throws JOSEError if they are not good */
export function hs256Claims(
  token: string,
  key: KeyObject,
  options: JWTClaimVerificationOptions,
): JWTPayload | undefined {
  const [header = '', payload = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0 || !isSigned(`${header}.${payload}`, signature, key)) return undefined;
  return UnsecuredJWT.decode(`${UNSECURED}.${payload}.`, options).payload;
}

function isSigned(text: string, signature: string, key: KeyObject): boolean {
  const expected = Buffer.from(createHmac('sha256', key).update(text).digest('base64url'));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
