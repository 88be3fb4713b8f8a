/**
 * What the business backend wants, carried out on the hub: the same state and the same fan-out as for clients,
 * through another door. Everything is checked first; then what changes is saved; only then it changes in memory
 * and others hear of it. So a refusal has changed nothing, and what somebody heard of is still so after a restart.
 */
import type { AdminCommand, AdminCommandOf } from '../schemas/admin-command.ts';
import type { Event } from '../schemas/event.ts';
import { conversationKey, type Group, type Message, type User } from '../schemas/model.ts';
import type { UserRecord } from './directory.ts';
import { GatewayError } from './errors.ts';
import { type GroupRecord, groupIdIn, isOpenIn, userKey } from './groups.ts';
import type { Hub } from './hub.ts';
import type { DirectoryEntry } from './store/directory.ts';
import type { StoreCallback } from './store/port.ts';
import { groupTurn, userTurn } from './turns.ts';

type Of<Type extends AdminCommand['type']> = AdminCommandOf<Type>;

/**
 * @throws GatewayError recipient_unknown, group_unknown, message_unknown, not_joined (no member), store_unavailable
 */
export function administer(hub: Hub, command: AdminCommand): Promise<void> {
  const turn = turnOf(hub, command);
  return turn === undefined ? perform(hub, command) : hub.turns.take(turn, () => perform(hub, command));
}

/** Whom a change that takes time is about: the next one of the same user or group waits for it. */
function turnOf(hub: Hub, command: AdminCommand): string | undefined {
  const { namespace } = command;
  switch (command.type) {
    case 'put_user':
      return userTurn(namespace, command.user.id);
    case 'block_user':
      return userTurn(namespace, command.user);
    case 'put_group':
    case 'add_member':
    case 'remove_member':
    case 'mute_member':
    case 'dissolve_group':
    case 'transfer_group':
      return groupTurn(hub, namespace, command.group);
    case 'announce':
    case 'invite':
    case 'request_contact':
    case 'accept_contact':
    case 'revoke':
    case 'disconnect_user':
      return undefined;
    default:
      return command satisfies never;
  }
}

async function perform(hub: Hub, command: AdminCommand): Promise<void> {
  switch (command.type) {
    case 'put_user':
      return putUser(hub, command);
    case 'put_group':
      return putGroup(hub, command);
    case 'add_member':
      return addMember(hub, command);
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

/** The user's record once something about them is durable: a guest who left meanwhile is known from now on. */
function recordOf(hub: Hub, user: User): UserRecord {
  return hub.directory.find(user.namespace, user.id) ?? hub.directory.put(user.namespace, user);
}

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
  await hub.save([{ kind: 'user', namespace, id: user.id, value: user }]);
  const record = hub.directory.put(namespace, user);
  for (const group of record.memberships) {
    group.members.set(userKey(record.user), record.user);
    hub.rosters.changed(group);
  }
}

async function putGroup(hub: Hub, command: Of<'put_group'>): Promise<void> {
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

async function addMember(hub: Hub, command: Of<'add_member'>): Promise<void> {
  const { namespace, group, user: id } = command;
  const record = groupOf(hub, command);
  const { user } = userOf(hub, namespace, id);
  await hub.save([{ kind: 'member', namespace, id: group, other: id, value: true }]);
  hub.addMember(record, recordOf(hub, user));
}

async function removeMember(hub: Hub, command: Of<'remove_member'>): Promise<void> {
  const record = groupOf(hub, command);
  const { user } = userOf(hub, command.namespace, command.user);
  memberOf(record, user);
  const { namespace, id } = record.group;
  await hub.save(departure(record, user));
  const conversation = conversationKey({ type: 'group', id }, user.id);
  await answered<void>((done) => hub.store.withdraw(namespace, conversation, [user.id], done));
  const member = recordOf(hub, user);
  record.members.delete(userKey(user));
  record.muted.delete(userKey(user));
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
    if (!isOpenIn(record, connection.namespace) || connection.endpoint.policy.attendance === 'membership')
      hub.unattendGroup(connection, record);
  }
  hub.rosters.changed(record);
}

async function muteMember(hub: Hub, command: Of<'mute_member'>): Promise<void> {
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

async function blockUser(hub: Hub, { namespace, user, blocked, active }: Of<'block_user'>): Promise<void> {
  const { user: blocker } = userOf(hub, namespace, user);
  userOf(hub, namespace, blocked);
  await hub.save([{ kind: 'blocked', namespace, id: user, other: blocked, value: active }]);
  const record = recordOf(hub, blocker);
  if (active) record.blocked.add(blocked);
  else record.blocked.delete(blocked);
}

async function dissolveGroup(hub: Hub, command: Of<'dissolve_group'>): Promise<void> {
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
  tellGroup(hub, record, { type: 'group_dissolved', namespace, group: record.group, at: hub.now() });
  for (const connection of [...record.connections]) hub.unattendGroup(connection, record);
  for (const member of record.members.values()) {
    hub.directory.find(member.namespace, member.id)?.memberships.delete(record);
  }
  record.members.clear();
  hub.rosters.changed(record);
  hub.groups.remove(record);
}

async function transferGroup(hub: Hub, command: Of<'transfer_group'>): Promise<void> {
  const record = groupOf(hub, command);
  const { user } = userOf(hub, command.namespace, command.newOwner);
  memberOf(record, user);
  const group = Object.freeze({ ...record.group, owner: user });
  await hub.save([groupEntry(group)]);
  record.group = group;
  const { namespace } = group;
  tellGroup(hub, record, { type: 'group_transferred', namespace, group, newOwner: user, at: hub.now() });
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

async function acceptContact(hub: Hub, { namespace, contact, to }: Of<'accept_contact'>): Promise<void> {
  const { user: accepted } = userOf(hub, namespace, contact);
  const { user } = userOf(hub, namespace, to);
  await hub.save([
    { kind: 'contact', namespace, id: contact, other: to, value: true },
    { kind: 'contact', namespace, id: to, other: contact, value: true },
  ]);
  recordOf(hub, accepted).contacts.add(to);
  recordOf(hub, user).contacts.add(contact);
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
