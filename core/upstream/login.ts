/** With what a client is logged in at the server behind: where the connection goes, and what is shown there. */
import type { Credential } from '../../schemas/command.ts';
import type { UpstreamConfig } from '../../schemas/config.ts';
import type { User } from '../../schemas/model.ts';
import { tokenOf } from '../auth/port.ts';
import { GatewayError } from '../errors.ts';
import type { Exchange } from './exchange.ts';
import { fillText, fillUrl, isHeaderValue, type TemplateValues, withParameter } from './url-template.ts';

/** What is known of a client that logs in. `user` is missing where only the server behind knows. */
export interface Applicant {
  readonly endpoint: string;
  readonly user: User | undefined;
  /** Whether `user` only repeats what the credential says, to a server whose own dialect the client speaks. */
  readonly isGuess?: boolean;
  readonly credentials: readonly Credential[];
}

/** Where to connect and what to say. Secrets: never logged. */
export interface UpstreamLogin {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For the client face. */
  readonly credentials: readonly Credential[];
}

/**
 * Makes logins for an endpoint's upstream. `exchange` is there if the configuration says so. `loginBy` says whether the dialect has its token in the URL.
 *
 * The promise rejects with a GatewayError: token_invalid where the exchange refuses, upstream_unavailable
 * where it can't be asked.
 */
export function upstreamLogins(
  config: UpstreamConfig,
  loginBy: 'query' | 'frame',
  exchange: Exchange | undefined,
): (applicant: Applicant) => Promise<UpstreamLogin> {
  return async (applicant) => {
    const credentials = await credentialsFor(config, applicant, exchange);
    const values = valuesOf(applicant.user, credentials);
    let url = fillUrl(config.url, values);
    if (loginBy === 'query' && values.token !== undefined && config.tokenParameter !== 'none') {
      url = withParameter(url, config.tokenParameter, values.token);
    }
    const headers: Record<string, string> = {};
    for (const [name, template] of Object.entries(config.headers)) {
      const value = fillText(template, values);
      if (!isHeaderValue(value)) {
        throw new GatewayError('token_invalid', { detail: `it does not fit into the header ${name}` });
      }
      headers[name] = value;
    }
    return { url, headers, credentials };
  };
}

/** Where somebody here vouches for the user, a server that never says who one is need not be asked. */
function passedOn({ user, isGuess, credentials }: Applicant): readonly Credential[] {
  const isNamed = credentials.some(({ kind }) => kind === 'claim');
  // A guess has no name: one made up here would take the place of what the client's own frames say.
  return user === undefined || isNamed || isGuess === true ? credentials : [...credentials, claimOf(user)];
}

function credentialsFor(
  { auth }: UpstreamConfig,
  applicant: Applicant,
  exchange: Exchange | undefined,
): Promise<readonly Credential[]> | readonly Credential[] {
  const { user, credentials } = applicant;
  if (auth === 'none') return [];
  if (auth === 'pass') return passedOn(applicant);
  if (auth === 'claim') return user === undefined ? credentials : [claimOf(user)];
  if (exchange !== undefined)
    return exchange.credentialFor(applicant).then((credential) => withClaim(user, credential));
  const values = valuesOf(user, credentials);
  if ('token' in auth) return withClaim(user, { kind: 'token', token: fillText(auth.token, values) });
  if ('login' in auth) {
    const { login, passcode } = auth;
    const filled = { login: fillText(login, values), passcode: fillText(passcode, values) };
    return withClaim(user, { kind: 'password', ...filled });
  }
  throw new Error('an exchange that was not made');
}

const claimOf = ({ id, name, avatar }: User): Credential => ({
  kind: 'claim',
  user: avatar === undefined ? { id, name } : { id, name, avatar },
});

/** Dialects whose server never says who one is learn it from the claim; those with a login show the credential. */
const withClaim = (user: User | undefined, credential: Credential): readonly Credential[] =>
  user === undefined ? [credential] : [credential, claimOf(user)];

function valuesOf(user: User | undefined, credentials: readonly Credential[]): TemplateValues {
  const token = credentials.map(tokenOf).find((candidate) => candidate !== undefined);
  return { user: user?.id, name: user?.name, avatar: user?.avatar, token };
}
