/** Login: who the credentials belong to, and what begins with it. */
import type { CommandOf, Credential } from '../../schemas/command.ts';
import { Id, type User } from '../../schemas/model.ts';
import type { Identity } from '../auth/port.ts';
import type { Connection } from '../connection.ts';
import type { UserRecord } from '../directory.ts';
import type { Endpoint } from '../endpoint.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import type { Done } from './settlement.ts';

export function authenticate(
  hub: Hub,
  connection: Connection,
  command: CommandOf<'authenticate'>,
  done: Done,
): void {
  identify(connection.endpoint, command.credentials)
    .then(async (identity) => {
      if (connection.isEnding) return;
      if (connection.user !== undefined) {
        const same = identity !== undefined && connection.user.user.id === identity.userId;
        if (!same) throw new GatewayError('token_invalid', { detail: 'logged in as another user already' });
      } else if (identity === undefined) {
        const user = { namespace: connection.namespace, id: `anonymous:${connection.id}`, name: '' };
        connection.user = { user: Object.freeze(user), anonymous: true };
      } else {
        const record = await meet(hub, connection, identity);
        if (connection.isEnding) {
          hub.directory.release(record);
          return;
        }
        admit(hub, connection, record, identity);
      }
      const { user, anonymous } = connection.user as { user: User; anonymous: boolean };
      done({ ok: true, result: { type: 'authenticated', user, anonymous } });
    })
    .catch((error: unknown) => {
      if (!connection.isEnding) done({ ok: false, error: toGatewayError(error) });
    });
}

/**
 * Whose the credentials are; undefined: an anonymous listener.
 *
 * @throws GatewayError token_invalid when none is good, or two good ones name different users
 */
async function identify(
  endpoint: Endpoint,
  credentials: readonly Credential[],
): Promise<Identity | undefined> {
  if (endpoint.authentication === 'none') return claimed(credentials);
  const offered = credentials.filter(({ kind }) => kind === 'token' || kind === 'password');
  if (offered.length === 0 && endpoint.authentication === 'anonymous') return undefined;
  const found = (await Promise.all(offered.map((credential) => verify(endpoint, credential)))).filter(
    (identity) => identity !== undefined,
  );
  const [first, ...others] = found;
  if (first === undefined) throw new GatewayError('token_invalid');
  if (others.some(({ userId }) => userId !== first.userId)) {
    throw new GatewayError('token_invalid', { detail: 'the credentials name different users' });
  }
  return first;
}

async function verify(endpoint: Endpoint, credential: Credential): Promise<Identity | undefined> {
  for (const authenticator of endpoint.authenticators) {
    const identity = await authenticator.authenticate(credential);
    if (identity !== undefined) return identity;
  }
  return undefined;
}

/** Where nobody checks, whoever says who they are is believed. */
function claimed(credentials: readonly Credential[]): Identity | undefined {
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

/** The user in the directory, with an integer where some endpoint of the namespace shows integers. */
async function meet(hub: Hub, connection: Connection, identity: Identity): Promise<UserRecord> {
  const { namespace, endpoint } = connection;
  const profile = {
    id: identity.userId,
    name: identity.name ?? identity.userId,
    ...(identity.avatar === undefined ? {} : { avatar: identity.avatar }),
  };
  const record = hub.directory.meet(namespace, profile, endpoint.authentication !== 'none');
  // A number that is claimed and free is the claimant's own: others would else speak under it.
  const own = /^[1-9][0-9]{0,14}$/.test(identity.userId) ? Number(identity.userId) : undefined;
  const isFree = own !== undefined && hub.identities.userOf(namespace, own) === undefined;
  await hub.assignInteger(namespace, identity.userId, isFree ? own : undefined);
  return record;
}

function admit(hub: Hub, connection: Connection, record: UserRecord, identity: Identity): void {
  const { endpoint } = connection;
  const { user } = record;
  const older = endpoint.config.singleSession
    ? [...record.connections].filter((other) => other.endpoint === endpoint)
    : [];
  connection.user = { user, anonymous: false };
  hub.attach(connection, record);
  connection.inbox = endpoint.policy.inbox === 'login';
  if (identity.expiresAt !== undefined) {
    const left = Math.max(0, identity.expiresAt - hub.now());
    connection.expiry = hub.wheel.arm(left, () => connection.fault(new GatewayError('token_expired')));
  }
  if (endpoint.policy.attendance === 'membership') {
    for (const group of record.memberships) hub.attend(connection, group);
  }
  for (const id of endpoint.policy.attendAtLogin ?? []) {
    const group = hub.groups.find(endpoint.namespace, id);
    if (group?.group.open === true) hub.attend(connection, group);
  }
  for (const other of older) {
    hub.detach(other);
    other.offer({ type: 'session_replaced', namespace: user.namespace, origin: connection.id, user });
    other.replaced();
  }
}
