/** JSON Web Tokens, by jose. The algorithm is the configuration's, whatever a token says of itself. */
import { createSecretKey } from 'node:crypto';
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Credential } from '../../schemas/command.ts';
import type { JwtAuthenticatorConfig } from '../../schemas/config.ts';
import { Id } from '../../schemas/model.ts';
import { hs256Claims } from './hs256.ts';
import { jwtKeys, type KeysOutbound } from './jwt-keys.ts';
import { type Authenticator, type Identity, tokenOf } from './port.ts';

/**
 * `name` is the authenticator's. The claim `sub` is the user id; `name` and `picture` are used for users whom the directory does not know.
 *
 * @throws Error if the configured key can't be read or does not fit the algorithm
 */
export function jwtAuthenticator(
  config: JwtAuthenticatorConfig,
  name: string,
  outbound: KeysOutbound,
): Authenticator {
  const keys = jwtKeys(config, name, outbound);
  const { algorithm, secret } = config;
  const hs256Key =
    algorithm === 'HS256' && secret !== undefined ? createSecretKey(Buffer.from(secret)) : undefined;
  const headOf = headReader();
  const options = {
    requiredClaims: ['sub'],
    algorithms: [algorithm],
    clockTolerance: config.clockTolerance / 1000,
    ...(config.audience === undefined ? {} : { audience: config.audience }),
    ...(config.issuer === undefined ? {} : { issuer: config.issuer }),
  };

  /** The claims of a good token. A token without a key id is tried with each key. */
  const claims = async (token: string, candidates: Keys): Promise<JWTPayload | undefined> => {
    for (const { key } of await candidates) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error;
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) return undefined;
      }
    }
    return undefined;
  };

  /** Where nothing has to be waited for, nothing is: all clients come back at once. */
  const verify = (token: string): JWTPayload | undefined | Promise<JWTPayload | undefined> => {
    const head = headOf(token);
    // Before a key is looked for: a forged header must not make the gateway fetch anything.
    if (head?.algorithm !== algorithm) return undefined;
    if (hs256Key !== undefined && head.isPlain) return hs256Claims(token, hs256Key, options);
    return claims(token, keys(head.keyId));
  };

  return {
    async authenticate(credential: Credential): Promise<Identity | undefined> {
      const token = tokenOf(credential);
      if (token === undefined) return undefined;
      const verified = verify(token);
      const payload = verified instanceof Promise ? await verified : verified;
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

type Keys = ReturnType<ReturnType<typeof jwtKeys>>;

/** What a token says of its signature. */
interface Head {
  readonly algorithm: string | undefined;
  readonly keyId: string | undefined;
  /** It asks for no extension. */
  readonly isPlain: boolean;
}

/** Reads heads of tokens. All tokens of one issuer begin alike: the head read last is remembered. */
function headReader(): (token: string) => Head | undefined {
  let last = '';
  let known: Head | undefined;
  return (token) => {
    if (last !== '' && token.startsWith(last) && token.indexOf('.', last.length) > 0) return known;
    const head = headOf(token);
    if (head === undefined) return undefined;
    // A copy: a slice would keep the whole token.
    last = Buffer.from(token.slice(0, token.indexOf('.') + 1)).toString();
    known = head;
    return head;
  };
}

function headOf(token: string): Head | undefined {
  try {
    const { alg, kid, crit, b64 } = decodeProtectedHeader(token);
    return {
      algorithm: alg,
      keyId: typeof kid === 'string' ? kid : undefined,
      isPlain: crit === undefined && b64 === undefined,
    };
  } catch {
    return undefined;
  }
}
