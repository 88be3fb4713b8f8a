/** JSON Web Tokens, by jose. The algorithm is the configuration's, whatever a token says of itself. */
import type { KeyObject } from 'node:crypto';
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Logger } from 'pino';
import type { Credential } from '../../schemas/command.ts';
import type { JwtAuthenticatorConfig } from '../../schemas/config.ts';
import { Id } from '../../schemas/model.ts';
import { hs256Claims } from './hs256.ts';
import { jwtKeys } from './jwt-keys.ts';
import { type Authenticator, type Identity, tokenOf } from './port.ts';

/**
 * The claim `sub` is the user id; `name` and `picture` are used for users whom the directory does not know.
 *
 * @throws Error if the configured key can't be read or does not fit the algorithm
 */
export function jwtAuthenticator(config: JwtAuthenticatorConfig, log: Pick<Logger, 'warn'>): Authenticator {
  const keys = jwtKeys(config, log);
  const options = {
    clockTolerance: config.clockTolerance / 1000,
    requiredClaims: ['sub'],
    ...(config.audience === undefined ? {} : { audience: config.audience }),
    ...(config.issuer === undefined ? {} : { issuer: config.issuer }),
  };

  const verify = async (token: string, key: KeyObject, isPlain: boolean): Promise<JWTPayload | undefined> =>
    isPlain && config.algorithm === 'HS256'
      ? hs256Claims(token, key, options)
      : (await jwtVerify(token, key, { ...options, algorithms: [config.algorithm] })).payload;

  /** The claims of a good token. A token without a key id is tried with each key. */
  const claims = async (token: string): Promise<JWTPayload | undefined> => {
    const header = headerOf(token);
    // Before a key is looked for: a forged header must not make the gateway fetch anything.
    if (header?.alg !== config.algorithm) return undefined;
    for (const { key } of await keys(typeof header.kid === 'string' ? header.kid : undefined)) {
      try {
        return await verify(token, key, header.crit === undefined && header.b64 === undefined);
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error;
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) return undefined;
      }
    }
    return undefined;
  };

  return {
    async authenticate(credential: Credential): Promise<Identity | undefined> {
      const token = tokenOf(credential);
      if (token === undefined) return undefined;
      const payload = await claims(token);
      if (payload === undefined) return undefined;
      const userId = Id.safeParse(payload.sub);
      if (!userId.success || (credential.kind === 'password' && credential.login !== userId.data))
        return undefined;
      const { name, picture, exp, iat } = payload;
      return {
        userId: userId.data,
        name: typeof name === 'string' && name.length <= 256 && name.isWellFormed() ? name : undefined,
        avatar:
          typeof picture === 'string' && picture.length <= 4096 && picture.isWellFormed()
            ? picture
            : undefined,
        expiresAt: exp === undefined ? undefined : exp * 1000 + config.clockTolerance,
        issuedAt: (iat ?? 0) * 1000,
      };
    },
  };
}

function headerOf(token: string): ReturnType<typeof decodeProtectedHeader> | undefined {
  try {
    return decodeProtectedHeader(token);
  } catch {
    return undefined;
  }
}
