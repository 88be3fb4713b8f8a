/** Who the credentials of a login belong to. */
import type { Credential } from '../../schemas/command.ts';
import { Id } from '../../schemas/model.ts';
import type { Authenticator, Identity, LoginContext } from '../auth/port.ts';
import { GatewayError } from '../errors.ts';
import type { Participant } from '../participant.ts';

export interface Identified {
  readonly identity: Identity;
  /** Who vouches for it; undefined where nobody does. */
  readonly authenticator: Authenticator | undefined;
  /** Asks the same one again. */
  readonly ask: () => Promise<Identity | undefined>;
}

/**
 * Whose the credentials are; undefined: an anonymous listener.
 *
 * @throws GatewayError token_invalid when none is good, or two good ones name different users;
 * upstream_unavailable when it could not be found out
 */
export async function identify(
  connection: Participant,
  credentials: readonly Credential[],
): Promise<Identified | undefined> {
  const { endpoint } = connection;
  if (endpoint.authentication === 'none') return claimed(credentials);
  const offered = credentials.filter(({ kind }) => kind === 'token' || kind === 'password');
  if (offered.length === 0 && endpoint.authentication === 'anonymous') return undefined;
  const context: LoginContext = {
    endpoint: endpoint.path,
    address: connection.remoteAddress,
    cookies: connection.cookies,
  };
  const [only] = offered;
  if (only !== undefined && offered.length === 1) {
    const identified = await verify(endpoint.authenticators, only, context);
    if (identified === undefined) throw new GatewayError('token_invalid');
    return identified;
  }
  const found = (
    await Promise.all(offered.map((credential) => verify(endpoint.authenticators, credential, context)))
  ).filter((identity) => identity !== undefined);
  const [first, ...others] = found;
  if (first === undefined) throw new GatewayError('token_invalid');
  if (others.some(({ identity }) => identity.userId !== first.identity.userId)) {
    throw new GatewayError('token_invalid', { detail: 'the credentials name different users' });
  }
  return first;
}

/** The first authenticator to accept it. One that can't be asked stands in nobody's way, but is no "no" either. */
async function verify(
  authenticators: readonly Authenticator[],
  credential: Credential,
  context: LoginContext,
): Promise<Identified | undefined> {
  let fault: unknown;
  for (const authenticator of authenticators) {
    const ask = (): Promise<Identity | undefined> => authenticator.authenticate(credential, context);
    try {
      const identity = await ask();
      if (identity !== undefined) return { identity, authenticator, ask };
    } catch (error) {
      fault ??= error;
    }
  }
  if (fault !== undefined) throw fault;
  return undefined;
}

/** Where nobody checks, whoever says who they are is believed. */
function claimed(credentials: readonly Credential[]): Identified | undefined {
  const identity = claimedIdentity(credentials);
  if (identity === undefined) return undefined;
  return { identity, authenticator: undefined, ask: async () => identity };
}

function claimedIdentity(credentials: readonly Credential[]): Identity | undefined {
  for (const credential of credentials) {
    switch (credential.kind) {
      case 'claim': {
        const { id, name, avatar } = credential.user;
        return { userId: id, name, avatar };
      }
      case 'token':
      case 'password': {
        const id = Id.safeParse(credential.kind === 'token' ? credential.token : credential.login);
        if (!id.success) throw new GatewayError('token_invalid');
        return { userId: id.data };
      }
      case 'anonymous':
        break;
      default:
        credential satisfies never;
    }
  }
  return undefined;
}
