/** JSON Web Tokens, by jose. The algorithm is the configuration's, whatever a token says of itself. */
import { createSecretKey } from 'node:crypto';
import { errors, jwtVerify } from 'jose';
import type { Credential } from '../../schemas/command.ts';
import type { JwtAuthenticatorConfig } from '../../schemas/config.ts';
import { Id } from '../../schemas/model.ts';
import type { Authenticator, Identity } from './port.ts';

/** The claim `sub` is the user id; `name` and `picture` are used for users whom the directory does not know. */
export function jwtAuthenticator(config: JwtAuthenticatorConfig): Authenticator {
  const key = createSecretKey(Buffer.from(config.secret));
  const options = {
    algorithms: [config.algorithm],
    clockTolerance: config.clockTolerance / 1000,
    requiredClaims: ['sub'],
    ...(config.audience === undefined ? {} : { audience: config.audience }),
    ...(config.issuer === undefined ? {} : { issuer: config.issuer }),
  };
  return {
    async authenticate(credential: Credential): Promise<Identity | undefined> {
      const token =
        credential.kind === 'token'
          ? credential.token
          : credential.kind === 'password'
            ? credential.passcode
            : undefined;
      if (token === undefined || token === '') return undefined;
      try {
        const { payload } = await jwtVerify(token, key, options);
        const userId = Id.safeParse(payload.sub);
        if (!userId.success || (credential.kind === 'password' && credential.login !== userId.data))
          return undefined;
        const { name, picture, exp } = payload;
        return {
          userId: userId.data,
          name: typeof name === 'string' && name.length <= 256 && name.isWellFormed() ? name : undefined,
          avatar: typeof picture === 'string' && picture.length <= 4096 ? picture : undefined,
          expiresAt: exp === undefined ? undefined : exp * 1000 + config.clockTolerance,
        };
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}
