/** The authenticators of a configuration, by name. */
import type { AuthenticatorConfig } from '../../schemas/config.ts';
import { jwtAuthenticator } from './jwt.ts';
import type { Authenticator } from './port.ts';
import { staticTokens } from './static-tokens.ts';

export function makeAuthenticator(config: AuthenticatorConfig): Authenticator {
  switch (config.type) {
    case 'static':
      return staticTokens(config.tokens);
    case 'jwt':
      return jwtAuthenticator(config);
    default:
      return config satisfies never;
  }
}
