/** The authenticators of a configuration, by name. */
import type { Logger } from 'pino';
import type { AuthenticatorConfig } from '../../schemas/config.ts';
import { httpHook } from './http-hook.ts';
import { jwtAuthenticator } from './jwt.ts';
import type { Authenticator } from './port.ts';
import { staticTokens } from './static-tokens.ts';

/**
 * One authenticator for each name, shared by the endpoints that list it.
 *
 * @throws Error that names the authenticator whose key can't be read
 */
export function makeAuthenticators(
  configs: Readonly<Record<string, AuthenticatorConfig>>,
  log: Pick<Logger, 'warn'>,
): ReadonlyMap<string, Authenticator> {
  return new Map(
    Object.entries(configs).map(([name, config]) => {
      try {
        return [name, makeAuthenticator(config, log)];
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`authenticators.${name}: ${reason}`, { cause: error });
      }
    }),
  );
}

function makeAuthenticator(config: AuthenticatorConfig, log: Pick<Logger, 'warn'>): Authenticator {
  switch (config.type) {
    case 'static':
      return staticTokens(config.tokens);
    case 'jwt':
      return jwtAuthenticator(config, log);
    case 'http':
      return httpHook(config);
    default:
      return config satisfies never;
  }
}
