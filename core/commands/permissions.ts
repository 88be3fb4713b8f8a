/** Who may do what: asked by every command, so that a rule stands in one place. */
import type { User } from '../../schemas/model.ts';
import type { UserRecord } from '../directory.ts';
import { GatewayError } from '../errors.ts';
import { type GroupRecord, isOpenIn, userKey } from '../groups.ts';
import type { Hub } from '../hub.ts';
import type { Participant } from '../participant.ts';

/** @throws GatewayError unauthenticated before login, forbidden for those who may only listen */
export function speaker(connection: Participant): User {
  const { user } = connection;
  if (user === undefined) throw new GatewayError('unauthenticated');
  if (user.anonymous)
    throw new GatewayError('forbidden', { detail: 'anonymous connections may only listen' });
  return user.user;
}

/** @throws GatewayError sender_mismatch */
export function checkSender(user: User, claimed: string | undefined): void {
  if (claimed !== undefined && claimed !== user.id) throw new GatewayError('sender_mismatch');
}

/** @throws GatewayError group_unknown */
export function knownGroup(hub: Hub, connection: Participant, id: string): GroupRecord {
  const record = hub.groups.find(connection.namespace, id);
  const own = connection.endpoint.policy.transientGroups?.prefix;
  // A name made by the prefix never reaches a group that somebody configured under such an id.
  if (own !== undefined && id.startsWith(own) && record?.transient === undefined) {
    throw new GatewayError('group_unknown');
  }
  if (record === undefined || !connection.endpoint.mayAddress(id, hub.transientPrefixes)) {
    throw new GatewayError('group_unknown');
  }
  return record;
}

/** The group, made now if its id has the endpoint's prefix for such groups. */
export function groupToAttend(hub: Hub, connection: Participant, id: string): GroupRecord {
  const rule = connection.endpoint.policy.transientGroups;
  const { namespace } = connection;
  if (rule === undefined || !id.startsWith(rule.prefix) || hub.groups.find(namespace, id) !== undefined) {
    return knownGroup(hub, connection, id);
  }
  if (hub.groups.transientCount(connection.endpoint.path) >= rule.limit) {
    throw new GatewayError('limit_exceeded', { detail: `at most ${rule.limit} channels` });
  }
  const group = {
    namespace,
    id,
    name: id.slice(rule.prefix.length),
    description: '',
    createdAt: hub.now(),
    open: true,
  };
  return hub.groups.add(group, connection.endpoint.path);
}

export const isMember = (record: GroupRecord, user: User): boolean => record.members.has(userKey(user));

/** @throws GatewayError forbidden: a closed group is for members */
export function mayAttend(record: GroupRecord, connection: Participant): void {
  if (isOpenIn(record, connection.namespace)) return;
  const { user } = connection;
  if (user === undefined || user.anonymous || !isMember(record, user.user)) {
    throw new GatewayError('forbidden', { detail: 'this group is for its members' });
  }
}

/** @throws GatewayError forbidden, muted */
export function mayWrite(record: GroupRecord, connection: Participant, user: User): void {
  mayAttend(record, connection);
  if (record.muted.has(userKey(user))) throw new GatewayError('muted');
}

/** @throws GatewayError recipient_unknown, blocked */
export function recipientFor(hub: Hub, user: User, id: string): UserRecord {
  const recipient = hub.directory.find(user.namespace, id);
  if (recipient === undefined) throw new GatewayError('recipient_unknown');
  if (recipient.blocked.has(user.id)) throw new GatewayError('blocked');
  return recipient;
}

/** @throws GatewayError limit_exceeded: at most `limits.subscriptions` */
export function roomToAttend(connection: Participant): void {
  const { subscriptions } = connection.endpoint.config.limits;
  if (connection.attending.size >= subscriptions) {
    connection.endpoint.metrics.countRefusal('subscriptions');
    throw new GatewayError('limit_exceeded', {
      detail: `at most ${subscriptions} subscriptions on a connection`,
    });
  }
}
