/** What the backend does to groups and their members. */
import { conversationKey } from '../../schemas/conversation.ts';
import type { Group, User } from '../../schemas/model.ts';
import { type GroupRecord, groupIdIn, isOpenIn, userKey } from '../groups.ts';
import type { Hub } from '../hub.ts';
import type { DirectoryEntry } from '../store/directory.ts';
import { answered, groupOf, memberOf, type Of, recordOf, tellGroup, tellUsers, userOf } from './shared.ts';

function groupEntry({ namespace, id, name, description, open, createdAt, owner }: Group): DirectoryEntry {
  const value = { name, description, open, createdAt, ...(owner === undefined ? {} : { owner: owner.id }) };
  return { kind: 'group', namespace, id, value };
}

/** A former member is not muted either. */
function departure(record: GroupRecord, { namespace, id: other }: User): readonly DirectoryEntry[] {
  const id = groupIdIn(record, namespace);
  return [
    { kind: 'member', namespace, id, other, value: false },
    { kind: 'muted', namespace, id, other, value: false },
  ];
}

function unmuted(record: GroupRecord, key: string): DirectoryEntry {
  const end = key.indexOf('\u0000');
  const namespace = key.slice(0, end);
  const id = groupIdIn(record, namespace);
  return { kind: 'muted', namespace, id, other: key.slice(end + 1), value: false };
}

export async function putGroup(hub: Hub, command: Of<'put_group'>): Promise<void> {
  const { namespace, name, description, open } = command;
  const members = command.members.map((id) => userOf(hub, namespace, id).user);
  const owner = command.owner === undefined ? undefined : userOf(hub, namespace, command.owner).user;
  const old = hub.groups.find(namespace, command.group);
  const group: Group = {
    namespace: old?.group.namespace ?? namespace,
    id: old?.group.id ?? command.group,
    name,
    description,
    open,
    createdAt: old?.group.createdAt ?? hub.now(),
    ...(owner === undefined ? {} : { owner }),
    ...(old?.group.extensions === undefined ? {} : { extensions: old.group.extensions }),
  };
  await hub.save([
    groupEntry(group),
    ...members.map(({ id }): DirectoryEntry => {
      return { kind: 'member', namespace, id: command.group, other: id, value: true };
    }),
  ]);
  if (old !== undefined) old.group = Object.freeze(group);
  const record = old ?? hub.groups.add(group);
  for (const member of members) hub.addMember(record, recordOf(hub, member));
}

export async function addMember(hub: Hub, command: Of<'add_member'>): Promise<void> {
  const { namespace, group, user: id } = command;
  const record = groupOf(hub, command);
  const { user } = userOf(hub, namespace, id);
  await hub.save([{ kind: 'member', namespace, id: group, other: id, value: true }]);
  hub.addMember(record, recordOf(hub, user));
}

export async function removeMember(hub: Hub, command: Of<'remove_member'>): Promise<void> {
  const record = groupOf(hub, command);
  const { user } = userOf(hub, command.namespace, command.user);
  memberOf(record, user);
  const { namespace, id } = record.group;
  await hub.save(departure(record, user));
  const conversation = conversationKey({ type: 'group', id }, user.id);
  await answered<void>((done) => hub.store.withdraw(namespace, conversation, [user.id], done));
  removed(hub, record, user, command.reason);
}

/** A member is none any more, and hears of it. */
export function removed(hub: Hub, record: GroupRecord, user: User, reason: 'quit' | 'kicked'): void {
  const { namespace } = record.group;
  const member = recordOf(hub, user);
  record.members.delete(userKey(user));
  record.muted.delete(userKey(user));
  member.setMembership(record, false);
  tellGroup(
    hub,
    record,
    {
      type: 'member_removed',
      namespace,
      group: record.group,
      user: member.user,
      reason,
      at: hub.now(),
    },
    member.user.id,
  );
  for (const connection of member.connections) {
    if (!isOpenIn(record, connection.namespace) || connection.endpoint.policy.attendance === 'membership')
      hub.unattendGroup(connection, record);
  }
  hub.rosters.changed(record);
}

export async function muteMember(hub: Hub, command: Of<'mute_member'>): Promise<void> {
  const record = groupOf(hub, command);
  const { user } = userOf(hub, command.namespace, command.user);
  const { namespace: own, group, user: other, muted } = command;
  await hub.save([{ kind: 'muted', namespace: own, id: group, other, value: muted }]);
  if (muted) record.muted.add(userKey(user));
  else record.muted.delete(userKey(user));
  const { namespace } = record.group;
  tellGroup(
    hub,
    record,
    { type: 'member_muted', namespace, group: record.group, user, muted, at: hub.now() },
    user.id,
  );
}

export async function dissolveGroup(hub: Hub, command: Of<'dissolve_group'>): Promise<void> {
  const record = groupOf(hub, command);
  const { namespace, id } = record.group;
  const members = [...record.members.values()];
  // Nobody is a member, and nobody muted, of a group that is made anew under the same id.
  await hub.save([
    { kind: 'group', namespace, id, value: null },
    ...[...record.aliases].map(([alias, aliasId]): DirectoryEntry => {
      return { kind: 'group', namespace: alias, id: aliasId, value: null };
    }),
    ...members.flatMap((member) => departure(record, member)),
    ...[...record.muted].map((key) => unmuted(record, key)),
  ]);
  const conversation = conversationKey({ type: 'group', id }, '');
  await answered<void>((done) =>
    hub.store.withdraw(
      namespace,
      conversation,
      members.filter((member) => member.namespace === namespace).map((member) => member.id),
      done,
    ),
  );
  dissolved(hub, record);
}

/** There is no such group any more, and whoever attended it or was a member hears of it. */
export function dissolved(hub: Hub, record: GroupRecord): void {
  const { namespace } = record.group;
  tellGroup(hub, record, { type: 'group_dissolved', namespace, group: record.group, at: hub.now() });
  for (const connection of [...record.connections]) hub.unattendGroup(connection, record);
  for (const member of record.members.values()) {
    hub.directory.find(member.namespace, member.id)?.setMembership(record, false);
  }
  record.members.clear();
  hub.rosters.changed(record);
  hub.groups.remove(record);
}

export async function transferGroup(hub: Hub, command: Of<'transfer_group'>): Promise<void> {
  const record = groupOf(hub, command);
  const { user } = userOf(hub, command.namespace, command.newOwner);
  memberOf(record, user);
  const group = Object.freeze({ ...record.group, owner: user });
  await hub.save([groupEntry(group)]);
  record.group = group;
  const { namespace } = group;
  tellGroup(hub, record, { type: 'group_transferred', namespace, group, newOwner: user, at: hub.now() });
}

export function announce(hub: Hub, command: Of<'announce'>): void {
  const record = groupOf(hub, command);
  const { namespace } = record.group;
  tellGroup(hub, record, {
    type: 'group_announcement',
    namespace,
    group: record.group,
    text: command.text,
    at: hub.now(),
  });
}

export function invite(hub: Hub, command: Of<'invite'>): void {
  const record = groupOf(hub, command);
  const inviter = userOf(hub, command.namespace, command.inviter).user;
  const { user } = userOf(hub, command.namespace, command.user);
  const { namespace } = user;
  tellUsers(
    hub,
    { type: 'group_invited', namespace, group: record.group, inviter, to: user.id, at: hub.now() },
    user.id,
  );
}
