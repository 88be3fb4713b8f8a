/** Who is here: a user is online while a connection is theirs, and whoever attends one of their groups hears of it. */
import type { Connection } from './connection.ts';
import type { UserRecord } from './directory.ts';
import type { Hub } from './hub.ts';

export type PresenceHub = Pick<Hub, 'directory' | 'hooks' | 'now' | 'rosters' | 'unattend'>;

/** The connection belongs to the user from here on, who may thereby come online. */
export function attach(hub: PresenceHub, connection: Connection, record: UserRecord): void {
  const first = record.connections.size === 0;
  record.connections.add(connection);
  if (!first) return;
  tellPresence(hub, { record, online: true, origin: connection });
  hub.hooks?.presence(record.user, true, connection.endpoint.path);
}

/** The connection is out: its attendances end, and its user may go offline. */
export function detach(hub: PresenceHub, connection: Connection): void {
  for (const key of [...connection.attending]) hub.unattend(connection, key);
  connection.inbox = false;
  if (connection.user === undefined) return;
  const { namespace, id } = connection.user.user;
  const record = hub.directory.find(namespace, id);
  if (record === undefined || !record.connections.delete(connection)) return;
  if (record.connections.size === 0) {
    tellPresence(hub, { record, online: false, origin: connection });
    hub.hooks?.presence(record.user, false, connection.endpoint.path);
  }
  hub.directory.release(record);
}

export interface PresenceNews {
  readonly record: UserRecord;
  readonly online: boolean;
  /** The connection that came or went. */
  readonly origin: Connection | undefined;
}

/** Whoever attends a group of the user hears that they came or went. */
export function tellPresence(
  { now, rosters }: Pick<Hub, 'now' | 'rosters'>,
  { record, online, origin }: PresenceNews,
): void {
  const { user } = record;
  const groups = [...record.memberships];
  if (groups.length === 0) return;
  const event = Object.freeze({
    type: 'presence_changed',
    namespace: user.namespace,
    ...(origin === undefined ? {} : { origin: origin.id }),
    user,
    online,
    at: now(),
  } as const);
  const heard = new Set<Connection>(record.connections);
  for (const group of groups) {
    for (const connection of group.connections) {
      if (heard.has(connection) || connection.namespace !== user.namespace) continue;
      if (groups.length > 1) heard.add(connection);
      connection.deliveries.offer(event);
    }
    rosters.changed(group);
  }
}
