/** Login: who the credentials belong to, and what begins with it. */
import type { CommandOf } from '../../schemas/command.ts';
import type { Profile, User } from '../../schemas/model.ts';
import { Lease } from '../auth/lease.ts';
import type { Identity } from '../auth/port.ts';
import { isGuestId } from '../bridged-view.ts';
import type { Connection } from '../connection.ts';
import type { UserRecord } from '../directory.ts';
import { connectedUser } from '../endpoint.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import { isOpenIn } from '../groups.ts';
import type { Hub } from '../hub.ts';
import { assignInteger, lendInteger } from '../numbering.ts';
import { userTurn } from '../turns.ts';
import { type Identified, identify } from './identify.ts';
import type { Done } from './settlement.ts';

export function authenticate(
  hub: Hub,
  connection: Connection,
  command: CommandOf<'authenticate'>,
  done: Done,
): void {
  const askedAt = hub.now();
  identify(connection, command.credentials)
    .then(async (found) => {
      if (connection.isEnding) return;
      const identity = found?.identity;
      if (identity !== undefined) checkRevoked(hub, connection, identity, askedAt);
      if (connection.user !== undefined) {
        const same = identity !== undefined && connection.user.user.id === identity.userId;
        if (!same) throw new GatewayError('token_invalid', { detail: 'logged in as another user already' });
        if (found !== undefined) takeLease(hub, connection, found);
      } else if (identity === undefined) {
        const user = { namespace: connection.namespace, id: `anonymous:${connection.id}`, name: '' };
        connection.user = connectedUser(Object.freeze(user), true);
      } else {
        const profile = await prepare(hub, connection, identity);
        if (connection.isEnding) return;
        // Meanwhile too: the connection was nobody's yet, and could not be ended for it.
        checkRevoked(hub, connection, identity, askedAt);
        // Met and admitted in one go: in between, another connection's end could have the guest forgotten.
        const record = hub.directory.meet(
          connection.namespace,
          profile,
          connection.endpoint.authentication !== 'none',
        );
        // A guest's: others are told of them by it from here on.
        lendInteger(hub, connection.namespace, profile.id);
        try {
          admit(hub, connection, record);
        } catch (error) {
          hub.directory.release(record);
          throw error;
        }
        if (found !== undefined) takeLease(hub, connection, found);
      }
      const { user, anonymous } = connection.user as { user: User; anonymous: boolean };
      done({ ok: true, result: { type: 'authenticated', user, anonymous } });
    })
    .catch((error: unknown) => {
      const refusal = toGatewayError(error);
      countFailure(hub, connection, refusal);
      if (!connection.isEnding) done({ ok: false, error: refusal });
    });
}

/** @throws GatewayError token_invalid */
function checkRevoked(hub: Hub, { namespace }: Connection, identity: Identity, askedAt: number): void {
  if (hub.revocations.isRevoked(namespace, identity, askedAt))
    throw new GatewayError('token_invalid', { detail: 'revoked' });
}

/** What has to be durable before a user may be met: that they exist, and the integer that some endpoint shows. */
async function prepare(hub: Hub, connection: Connection, identity: Identity): Promise<Profile> {
  const { namespace, endpoint } = connection;
  if (isGuestId(identity.userId))
    throw new GatewayError('forbidden', { detail: 'people of other namespaces are shown by such ids' });
  const { keys, system } = hub.config.api;
  if (keys.length > 0 && identity.userId === system.id)
    throw new GatewayError('forbidden', { detail: "this id is the system's own" });
  const profile = {
    id: identity.userId,
    name: identity.name ?? identity.userId,
    ...(identity.avatar === undefined ? {} : { avatar: identity.avatar }),
  };
  if (endpoint.authentication !== 'none') await remember(hub, namespace, profile);
  else if (hub.directory.find(namespace, profile.id)?.known !== true) return profile;
  await assignInteger(hub, namespace, identity.userId);
  return profile;
}

/** Messages to a user for whom somebody vouched are accepted for good, after a restart too. */
async function remember(hub: Hub, namespace: string, profile: Profile): Promise<void> {
  if (hub.directory.find(namespace, profile.id) !== undefined) return;
  await hub.turns.take(userTurn(namespace, profile.id), async () => {
    if (hub.directory.find(namespace, profile.id) !== undefined) return;
    await hub.save([{ kind: 'user', namespace, id: profile.id, value: profile }]);
    hub.directory.meet(namespace, profile, true);
  });
}

/** The login ends with what it rests on; a login again, with a newer token, takes the place of the older. */
export function takeLease(
  hub: Hub,
  connection: Connection,
  { identity, authenticator, ask }: Identified,
): void {
  connection.lease?.stop();
  connection.lease =
    authenticator === undefined
      ? undefined
      : new Lease({
          identity,
          recheck: authenticator.recheck,
          ask,
          holder: connection,
          wheel: hub.wheel,
          now: hub.now,
        });
}

/** Only what was found to be bad counts, not what could not be found out. */
export function countFailure(hub: Hub, connection: Connection, { code }: GatewayError): void {
  if (code !== 'token_invalid') return;
  const { endpoint, remoteAddress } = connection;
  endpoint.metrics.failedLogins++;
  if (!hub.admission.failed(remoteAddress)) return;
  hub.log.warn({ address: remoteAddress, endpoint: endpoint.path }, 'too many failed logins: address banned');
}

/** @throws GatewayError limit_exceeded: at most `limits.admission.connectionsPerUser` */
function admit(hub: Hub, connection: Connection, record: UserRecord): void {
  const { endpoint } = connection;
  const { user } = record;
  const older = endpoint.config.singleSession
    ? [...record.connections].filter((other) => other.endpoint.path === endpoint.path)
    : [];
  const most = hub.config.limits.admission.connectionsPerUser;
  if (record.connections.size - older.length >= most) {
    endpoint.metrics.countRefusal('connections_per_user');
    hub.directory.release(record);
    throw new GatewayError('limit_exceeded', {
      fatal: 'policy',
      detail: `at most ${most} connections of one user`,
    });
  }
  connection.user = connectedUser(user);
  connection.rated = record;
  hub.attach(connection, record);
  connection.inbox = endpoint.policy.inbox === 'login';
  if (endpoint.policy.attendance === 'membership') {
    for (const group of record.memberships) hub.attend(connection, group);
  }
  for (const id of endpoint.policy.attendAtLogin ?? []) {
    const group = hub.groups.find(endpoint.namespace, id);
    if (group !== undefined && isOpenIn(group, endpoint.namespace)) hub.attend(connection, group);
  }
  for (const other of older) {
    hub.detach(other);
    other.deliveries.offer({
      type: 'session_replaced',
      namespace: user.namespace,
      origin: connection.id,
      user,
    });
    other.replaced();
  }
}
