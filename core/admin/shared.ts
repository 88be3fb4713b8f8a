/** What every command of the backend needs: finding whom it names, and telling whom it concerns. */
import type { AdminCommand, AdminCommandOf } from '../../schemas/admin-command.ts';
import type { Event } from '../../schemas/event.ts';
import type { User } from '../../schemas/model.ts';
import type { UserRecord } from '../directory.ts';
import { GatewayError } from '../errors.ts';
import { type GroupRecord, userKey } from '../groups.ts';
import type { Hub } from '../hub.ts';
import type { StoreCallback } from '../store/port.ts';

export type Of<Type extends AdminCommand['type']> = AdminCommandOf<Type>;

export function userOf(hub: Hub, namespace: string, id: string): UserRecord {
  const record = hub.directory.find(namespace, id);
  if (record === undefined) throw new GatewayError('recipient_unknown', { detail: id });
  return record;
}

export function groupOf(
  hub: Hub,
  { namespace, group }: { readonly namespace: string; readonly group: string },
): GroupRecord {
  const record = hub.groups.find(namespace, group);
  if (record === undefined) throw new GatewayError('group_unknown', { detail: group });
  return record;
}

export function memberOf(record: GroupRecord, user: User): void {
  if (!record.members.has(userKey(user)))
    throw new GatewayError('not_joined', { detail: `${user.id} is no member` });
}

/** The user's record once something about them is durable: a guest who left meanwhile is known from now on. */
export function recordOf(hub: Hub, user: User): UserRecord {
  return hub.directory.find(user.namespace, user.id) ?? hub.directory.put(user.namespace, user);
}

export const answered = <Value>(call: (done: StoreCallback<Value>) => void): Promise<Value> =>
  new Promise((resolve, reject) => {
    call((outcome) => {
      if (outcome.ok) resolve(outcome.value);
      else reject(outcome.error);
    });
  });

/** Tells everybody who attends the group and every connection of its members; `besides` too. */
export function tellGroup(hub: Hub, record: GroupRecord, event: Event, ...besides: readonly string[]): void {
  const { namespace, id } = record.group;
  hub.fanOut.publish(event, { kind: 'group', namespace, group: id, members: true, besides });
}

export function tellUsers(hub: Hub, event: Event, ...users: readonly string[]): void {
  hub.fanOut.publish(event, { kind: 'users', namespace: event.namespace, users });
}
