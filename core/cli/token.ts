/** Minting a development token from what the configuration holds. */
import { SignJWT } from 'jose';
import { parseDuration } from '../../schemas/config/units.ts';
import type { AuthenticatorConfig, Config, JwtAuthenticatorConfig } from '../../schemas/config.ts';
import { Id } from '../../schemas/model.ts';
import { CommandFailure } from './failure.ts';

export interface TokenRequest {
  readonly user: string;
  /** How long the token is good, as a duration such as `12h`. */
  readonly ttl: string;
  /** The claim `name`: what others see if the configuration does not know the user. */
  readonly name?: string;
  /** The authenticator that should accept the token; by default the first that can. */
  readonly authenticator?: string;
}

export interface MintedToken {
  readonly token: string;
  /** What the one who asked should know, if anything. */
  readonly warning?: string;
}

/**
 * A token that an authenticator of the configuration accepts: a JWT, or the user's entry in a list of static
 * tokens.
 *
 * @throws CommandFailure if no authenticator can be used, or the request is wrong
 */
export async function mintToken(config: Config, request: TokenRequest): Promise<MintedToken> {
  if (!Id.safeParse(request.user).success) {
    throw new CommandFailure('the user id must be 1 to 256 characters of well-formed text');
  }
  const [name, authenticator] = choose(config, request);
  const isKnown = config.users.some(({ id }) => id === request.user);
  const warning = isKnown
    ? {}
    : { warning: `warning: the configuration does not list a user ${JSON.stringify(request.user)}` };
  switch (authenticator.type) {
    case 'jwt':
      return { token: await sign(authenticator, request), ...warning };
    case 'static': {
      const entry = Object.entries(authenticator.tokens).find(([, user]) => user === request.user);
      if (entry !== undefined) return { token: entry[0], ...warning };
      throw new CommandFailure(
        `the authenticator "${name}" is a fixed list and has no token of ${JSON.stringify(request.user)}`,
      );
    }
    case 'http':
      throw new CommandFailure(
        `the authenticator "${name}" asks ${authenticator.url}: only that backend can make a token`,
      );
    default:
      return authenticator satisfies never;
  }
}

function choose(config: Config, { user, authenticator }: TokenRequest): [string, AuthenticatorConfig] {
  const all = Object.entries(config.authenticators);
  if (authenticator !== undefined) {
    const named = all.find(([name]) => name === authenticator);
    if (named !== undefined) return named;
    const names = all.map(([name]) => name).join(', ') || 'none';
    throw new CommandFailure(`there is no authenticator "${authenticator}"; the configuration has: ${names}`);
  }
  const chosen =
    all.find(([, entry]) => entry.type === 'jwt' && entry.secret !== undefined) ??
    all.find(([, entry]) => entry.type === 'static' && Object.values(entry.tokens).includes(user)) ??
    all[0];
  if (chosen !== undefined) return chosen;
  throw new CommandFailure('the configuration has no authenticator, so there is nothing to make a token for');
}

function sign(authenticator: JwtAuthenticatorConfig, { user, ttl, name }: TokenRequest): Promise<string> {
  const { algorithm, secret } = authenticator;
  if (secret === undefined) {
    throw new CommandFailure(
      `tokens are signed with ${algorithm} and a private key that the gateway does not have: ask their issuer`,
    );
  }
  const ms = parseDuration(ttl);
  if (ms === undefined || ms < 1000) {
    throw new CommandFailure(
      `--ttl must be a duration of a second or more, such as 12h or "30 days", not ${ttl}`,
    );
  }
  const now = Math.floor(Date.now() / 1000);
  const jwt = new SignJWT(name === undefined ? {} : { name })
    .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
    .setSubject(user)
    .setIssuedAt(now)
    .setExpirationTime(now + Math.floor(ms / 1000));
  if (authenticator.audience !== undefined) jwt.setAudience(authenticator.audience);
  if (authenticator.issuer !== undefined) jwt.setIssuer(authenticator.issuer);
  return jwt.sign(new TextEncoder().encode(secret));
}
