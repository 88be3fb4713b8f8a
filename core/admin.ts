/**
 * What the business backend wants, carried out on the hub: the same state and the same fan-out as for clients,
 * through another door. Everything is checked before anything changes.
 */
import type { AdminCommand, AdminCommandOf } from '../schemas/admin-command.ts';
import type { Event } from '../schemas/event.ts';
import { conversationKey, type Group, type Message, type User } from '../schemas/model.ts';
import type { UserRecord } from './directory.ts';
import { GatewayError } from './errors.ts';
import { type GroupRecord, userKey } from './groups.ts';
import type { Hub } from './hub.ts';
import type { StoreCallback } from './store/port.ts';

type Of<Type extends AdminCommand['type']> = AdminCommandOf<Type>;

/**
 * @throws GatewayError recipient_unknown, group_unknown, message_unknown, not_joined (no member), store_unavailable
 */
export async function administer(hub: Hub, command: AdminCommand): Promise<void> {
  switch (command.type) {
    case 'put_user':
      return putUser(hub, command);
    case 'put_group':
      return putGroup(hub, command);
    case 'add_member':
      return hub.addMember(groupOf(hub, command), userOf(hub, command.namespace, command.user));
    case 'remove_member':
      return removeMember(hub, command);
    case 'mute_member':
      return muteMember(hub, command);
    case 'block_user':
      return blockUser(hub, command);
    case 'dissolve_group':
      return dissolveGroup(hub, command);
    case 'transfer_group':
      return transferGroup(hub, command);
    case 'announce':
      return announce(hub, command);
    case 'invite':
      return invite(hub, command);
    case 'request_contact':
      return requestContact(hub, command);
    case 'accept_contact':
      return acceptContact(hub, command);
    case 'revoke':
      return revoke(hub, command);
    case 'disconnect_user':
      return disconnectUser(hub, command);
    default:
      return command satisfies never;
  }
}

function userOf(hub: Hub, namespace: string, id: string): UserRecord {
  const record = hub.directory.find(namespace, id);
  if (record === undefined) throw new GatewayError('recipient_unknown', { detail: id });
  return record;
}

function groupOf(
  hub: Hub,
  { namespace, group }: { readonly namespace: string; readonly group: string },
): GroupRecord {
  const record = hub.groups.find(namespace, group);
  if (record === undefined) throw new GatewayError('group_unknown', { detail: group });
  return record;
}

function memberOf(record: GroupRecord, user: User): void {
  if (!record.members.has(userKey(user)))
    throw new GatewayError('not_joined', { detail: `${user.id} is no member` });
}

const answered = <Value>(call: (done: StoreCallback<Value>) => void): Promise<Value> =>
  new Promise((resolve, reject) => {
    call((outcome) => {
      if (outcome.ok) resolve(outcome.value);
      else reject(outcome.error);
    });
  });

/** Tells everybody who attends the group and every connection of its members; `besides` too. */
function tellGroup(hub: Hub, record: GroupRecord, event: Event, ...besides: readonly string[]): void {
  const { namespace, id } = record.group;
  hub.fanOut.publish(event, { kind: 'group', namespace, group: id, members: true, besides });
}

function tellUsers(hub: Hub, event: Event, ...users: readonly string[]): void {
  hub.fanOut.publish(event, { kind: 'users', namespace: event.namespace, users });
}

async function putUser(hub: Hub, { namespace, user }: Of<'put_user'>): Promise<void> {
  await hub.assignInteger(namespace, user.id);
  const record = hub.directory.put(namespace, user);
  for (const group of record.memberships) {
    group.members.set(userKey(record.user), record.user);
    hub.rosters.changed(group);
  }
}

async function putGroup(hub: Hub, command: Of<'put_group'>): Promise<void> {
  const { namespace, name, description, open } = command;
  const members = command.members.map((id) => userOf(hub, namespace, id));
  const owner = command.owner === undefined ? undefined : userOf(hub, namespace, command.owner).user;
  const old = hub.groups.find(namespace, command.group);
  const group: Group = {
    namespace,
    id: command.group,
    name,
    description,
    open,
    createdAt: old?.group.createdAt ?? hub.now(),
    ...(owner === undefined ? {} : { owner }),
  };
  if (old !== undefined) old.group = Object.freeze(group);
  const record = old ?? hub.groups.add(group);
  for (const member of members) hub.addMember(record, member);
}

async function removeMember(hub: Hub, command: Of<'remove_member'>): Promise<void> {
  const record = groupOf(hub, command);
  const member = userOf(hub, command.namespace, command.user);
  memberOf(record, member.user);
  const { namespace, id } = record.group;
  const conversation = conversationKey({ type: 'group', id }, member.user.id);
  await answered<void>((done) => hub.store.withdraw(namespace, conversation, [member.user.id], done));
  record.members.delete(userKey(member.user));
  record.muted.delete(userKey(member.user));
  member.memberships.delete(record);
  tellGroup(
    hub,
    record,
    {
      type: 'member_removed',
      namespace,
      group: record.group,
      user: member.user,
      reason: command.reason,
      at: hub.now(),
    },
    member.user.id,
  );
  for (const connection of member.connections) {
    if (!record.group.open || connection.endpoint.policy.attendance === 'membership')
      hub.unattendGroup(connection, record);
  }
  hub.rosters.changed(record);
}

function muteMember(hub: Hub, command: Of<'mute_member'>): void {
  const record = groupOf(hub, command);
  const { user } = userOf(hub, command.namespace, command.user);
  if (command.muted) record.muted.add(userKey(user));
  else record.muted.delete(userKey(user));
  const { namespace } = record.group;
  tellGroup(
    hub,
    record,
    { type: 'member_muted', namespace, group: record.group, user, muted: command.muted, at: hub.now() },
    user.id,
  );
}

function blockUser(hub: Hub, { namespace, user, blocked, active }: Of<'block_user'>): void {
  const record = userOf(hub, namespace, user);
  userOf(hub, namespace, blocked);
  if (active) record.blocked.add(blocked);
  else record.blocked.delete(blocked);
}

async function dissolveGroup(hub: Hub, command: Of<'dissolve_group'>): Promise<void> {
  const record = groupOf(hub, command);
  const { namespace, id } = record.group;
  const members = [...record.members.values()].filter((member) => member.namespace === namespace);
  const conversation = conversationKey({ type: 'group', id }, '');
  await answered<void>((done) =>
    hub.store.withdraw(
      namespace,
      conversation,
      members.map((member) => member.id),
      done,
    ),
  );
  tellGroup(hub, record, { type: 'group_dissolved', namespace, group: record.group, at: hub.now() });
  for (const connection of [...record.connections]) hub.unattendGroup(connection, record);
  for (const member of record.members.values()) {
    hub.directory.find(member.namespace, member.id)?.memberships.delete(record);
  }
  record.members.clear();
  hub.rosters.changed(record);
  hub.groups.remove(record);
}

function transferGroup(hub: Hub, command: Of<'transfer_group'>): void {
  const record = groupOf(hub, command);
  const { user } = userOf(hub, command.namespace, command.newOwner);
  memberOf(record, user);
  record.group = Object.freeze({ ...record.group, owner: user });
  const { namespace } = record.group;
  tellGroup(hub, record, {
    type: 'group_transferred',
    namespace,
    group: record.group,
    newOwner: user,
    at: hub.now(),
  });
}

function announce(hub: Hub, command: Of<'announce'>): void {
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

function invite(hub: Hub, command: Of<'invite'>): void {
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

function requestContact(hub: Hub, { namespace, request, from, to }: Of<'request_contact'>): void {
  const sender = userOf(hub, namespace, from).user;
  const { user } = userOf(hub, namespace, to);
  tellUsers(
    hub,
    { type: 'contact_requested', namespace, request, from: sender, to: user.id, at: hub.now() },
    user.id,
  );
}

function acceptContact(hub: Hub, { namespace, contact, to }: Of<'accept_contact'>): void {
  const accepted = userOf(hub, namespace, contact).user;
  const { user } = userOf(hub, namespace, to);
  tellUsers(
    hub,
    { type: 'contact_accepted', namespace, contact: accepted, to: user.id, at: hub.now() },
    user.id,
  );
}

async function revoke(hub: Hub, { namespace, message: id, target }: Of<'revoke'>): Promise<void> {
  const known = await answered<Message | undefined>((done) =>
    hub.store.find({ namespace, id, author: '', target }, done),
  );
  if (known === undefined) throw new GatewayError('message_unknown');
  const { from, to, clientId } = known;
  await answered((done) =>
    hub.store.commit([{ kind: 'revoke', namespace, message: known.id, author: from.id }], done),
  );
  const event: Event = {
    type: 'message_revoked',
    namespace,
    message: known.id,
    from,
    to,
    at: hub.now(),
    ...(clientId === undefined ? {} : { clientId }),
  };
  if (to.type === 'user') tellUsers(hub, event, to.id, from.id);
  else hub.fanOut.publish(event, { kind: 'group', namespace, group: to.id });
}

function disconnectUser(hub: Hub, { namespace, user }: Of<'disconnect_user'>): void {
  for (const connection of [...userOf(hub, namespace, user).connections]) {
    connection.offer({ type: 'going_away', namespace, reason: 'disconnected', afterMs: 0 });
    connection.end('normal', '');
  }
}
