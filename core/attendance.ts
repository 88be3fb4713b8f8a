/**
 * Who attends which group, and who is a member. Attendances are a connection's and end with it; a membership is the
 * user's and stays.
 */
import { conversationKey } from '../schemas/conversation.ts';
import type { User } from '../schemas/model.ts';
import type { Connection } from './connection.ts';
import type { UserRecord } from './directory.ts';
import { type GroupRecord, groupIdIn, userKey } from './groups.ts';
import type { Hub } from './hub.ts';

export type AttendanceHub = Pick<
  Hub,
  'destinations' | 'fanOut' | 'groups' | 'log' | 'now' | 'rosters' | 'store'
>;

/** In `connection.attending`: the group as the connection's namespace knows it. */
const keyOf = ({ namespace }: Connection, record: GroupRecord): string =>
  `group:${userKey({ namespace, id: groupIdIn(record, namespace) })}`;

export function attends(connection: Connection, record: GroupRecord): boolean {
  return record.connections.has(connection);
}

/** Others hear of it if it is the user's first connection there. */
export function attend(hub: AttendanceHub, connection: Connection, record: GroupRecord): void {
  if (record.connections.has(connection)) return;
  hub.fanOut.settle(record);
  record.connections.add(connection);
  connection.attending.add(keyOf(connection, record));
  const user = connection.user?.user;
  if (user === undefined || connection.user?.anonymous === true) return;
  const key = userKey(user);
  const present = record.attending.get(key);
  if (present !== undefined) {
    present.connections.add(connection);
    return;
  }
  record.attending.set(key, { user, connections: new Set([connection]) });
  tellOf(hub, 'member_joined', { record, user, origin: connection });
}

/** Others hear of it if it was the user's last connection there. A group made on demand goes with its last one. */
export function unattendGroup(hub: AttendanceHub, connection: Connection, record: GroupRecord): void {
  if (!record.connections.has(connection)) return;
  hub.fanOut.settle(record);
  record.connections.delete(connection);
  // What is said there until it comes back is not sent to it.
  connection.deliveries.tracker.skipped(conversationKey({ type: 'group', id: record.group.id }, ''));
  connection.attending.delete(keyOf(connection, record));
  const user = connection.user?.user;
  const present = user === undefined ? undefined : record.attending.get(userKey(user));
  if (
    user !== undefined &&
    present?.connections.delete(connection) === true &&
    present.connections.size === 0
  ) {
    record.attending.delete(userKey(user));
    tellOf(hub, 'member_left', { record, user, origin: connection });
  }
  if (record.transient !== undefined && record.connections.size === 0) hub.groups.remove(record);
}

/** Ends what `connection.attending` names by this key: a group, a topic or a queue. */
export function unattend(hub: AttendanceHub, connection: Connection, key: string): void {
  connection.attending.delete(key);
  const separator = key.indexOf(':');
  const kind = key.slice(0, separator);
  // The namespace is the configuration's and has no NUL; an id may have one.
  const end = key.indexOf('\u0000', separator);
  const namespace = key.slice(separator + 1, end);
  const id = key.slice(end + 1);
  if (kind === 'group') {
    const record = hub.groups.find(namespace, id);
    if (record !== undefined) unattendGroup(hub, connection, record);
  } else if (kind === 'topic' || kind === 'queue') {
    hub.destinations.unsubscribe(connection, kind, id);
  }
}

interface Attendance {
  readonly record: GroupRecord;
  readonly user: User;
  readonly origin: Connection;
}

function tellOf(
  { fanOut, now }: AttendanceHub,
  type: 'member_joined' | 'member_left',
  { record, user, origin }: Attendance,
): void {
  const { namespace, id } = record.group;
  fanOut.publish(
    { type, namespace, origin: origin.id, group: record.group, user, at: now() },
    { kind: 'group', namespace, group: id },
    origin,
  );
}

/** Makes a user a member; connections of dialects in which members attend do so at once. */
export function addMember(hub: AttendanceHub, record: GroupRecord, member: UserRecord): void {
  const { namespace } = record.group;
  const { user } = member;
  record.members.set(userKey(user), user);
  member.setMembership(record, true);
  if (user.namespace === namespace) {
    const conversation = conversationKey({ type: 'group', id: record.group.id }, user.id);
    hub.store.enroll(namespace, conversation, [user.id], (outcome) => {
      if (!outcome.ok) hub.log.error({ err: outcome.error }, 'a member could not be enrolled');
    });
  }
  for (const connection of member.connections) {
    if (connection.endpoint.policy.attendance === 'membership') attend(hub, connection, record);
  }
  hub.rosters.changed(record);
}
