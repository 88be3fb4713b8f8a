/** What the backend does to users: profiles, blocks, contacts, presence, logins. */
import type { Connection } from '../connection.ts';
import { GatewayError } from '../errors.ts';
import { userKey } from '../groups.ts';
import type { Hub } from '../hub.ts';
import { assignInteger } from '../numbering.ts';
import { tellPresence as tellComing } from '../presence.ts';
import { type Of, recordOf, tellUsers, userOf } from './shared.ts';

export async function putUser(hub: Hub, { namespace, user }: Of<'put_user'>): Promise<void> {
  await assignInteger(hub, namespace, user.id);
  await hub.save([{ kind: 'user', namespace, id: user.id, value: user }]);
  const record = hub.directory.put(namespace, user);
  for (const group of record.memberships) {
    group.members.set(userKey(record.user), record.user);
    hub.rosters.changed(group);
  }
}

export async function blockUser(
  hub: Hub,
  { namespace, user, blocked, active }: Of<'block_user'>,
): Promise<void> {
  const { user: blocker } = userOf(hub, namespace, user);
  userOf(hub, namespace, blocked);
  await hub.save([{ kind: 'blocked', namespace, id: user, other: blocked, value: active }]);
  recordOf(hub, blocker).setBlocked(blocked, active);
}

export function requestContact(hub: Hub, { namespace, request, from, to }: Of<'request_contact'>): void {
  const sender = userOf(hub, namespace, from).user;
  const { user } = userOf(hub, namespace, to);
  tellUsers(
    hub,
    { type: 'contact_requested', namespace, request, from: sender, to: user.id, at: hub.now() },
    user.id,
  );
}

export async function acceptContact(
  hub: Hub,
  { namespace, contact, to }: Of<'accept_contact'>,
): Promise<void> {
  const { user: accepted } = userOf(hub, namespace, contact);
  const { user } = userOf(hub, namespace, to);
  await hub.save([
    { kind: 'contact', namespace, id: contact, other: to, value: true },
    { kind: 'contact', namespace, id: to, other: contact, value: true },
  ]);
  recordOf(hub, accepted).setContact(to, true);
  recordOf(hub, user).setContact(contact, true);
  tellUsers(
    hub,
    { type: 'contact_accepted', namespace, contact: accepted, to: user.id, at: hub.now() },
    user.id,
  );
}

/** Told to whoever hears of the user's own coming and going, or only to the users of \`to\`. */
export function tellPresence(hub: Hub, { namespace, user: id, online, to }: Of<'tell_presence'>): void {
  const record = userOf(hub, namespace, id);
  if (to === undefined) {
    tellComing(hub, { record, online, origin: undefined });
    return;
  }
  const { user } = record;
  tellUsers(hub, { type: 'presence_changed', namespace, user, online, at: hub.now() }, ...to);
}

/** Durable first: a token that is said to be revoked stays so. Gives how many connections ended for it. */
export async function revokeTokens(
  hub: Hub,
  { namespace, user, before = hub.now() + 1 }: Of<'revoke_tokens'>,
): Promise<Ended> {
  const known = hub.revocations.before(namespace, user) ?? 0;
  await hub.save([{ kind: 'revoked', namespace, id: user, value: Math.max(known, before) }]);
  return { ended: hub.revokeTokens(namespace, user, before) };
}

export interface Ended {
  /** How many connections were told to go. */
  readonly ended: number;
}

export function disconnectUser(hub: Hub, { namespace, user }: Of<'disconnect_user'>): Ended {
  const connections = [...userOf(hub, namespace, user).connections];
  for (const connection of connections) disconnect(connection);
  return { ended: connections.length };
}

export function disconnectConnection(
  hub: Hub,
  { namespace, connection: id }: Of<'disconnect_connection'>,
): Ended {
  for (const connection of hub.connections) {
    if (connection.id !== id || connection.namespace !== namespace) continue;
    disconnect(connection);
    return { ended: 1 };
  }
  throw new GatewayError('recipient_unknown', { detail: 'there is no such connection' });
}

function disconnect(connection: Connection): void {
  const { namespace } = connection;
  connection.deliveries.offer({ type: 'going_away', namespace, reason: 'disconnected', afterMs: 0 });
  connection.end('normal', '');
}
