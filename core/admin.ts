/**
 * What the business backend wants, carried out on the hub: the same state and the same fan-out as for clients,
 * through another door. Everything is checked first; then what changes is saved; only then it changes in memory
 * and others hear of it. So a refusal has changed nothing, and what somebody heard of is still so after a restart.
 */
import type { AdminCommand } from '../schemas/admin-command.ts';
import {
  addMember,
  announce,
  dissolveGroup,
  invite,
  muteMember,
  putGroup,
  removeMember,
  transferGroup,
} from './admin/groups.ts';
import { markRead, relay, revoke, type Sent, sendMessage } from './admin/messages.ts';
import type { Of } from './admin/shared.ts';
import {
  acceptContact,
  blockUser,
  disconnectConnection,
  disconnectUser,
  type Ended,
  putUser,
  requestContact,
  revokeTokens,
  tellPresence,
} from './admin/users.ts';
import type { Hub } from './hub.ts';
import { groupTurn, userTurn } from './turns.ts';

/**
 * Carries a command out. A message that is sent gives the message as it was stored; what ends connections gives
 * how many; all others give nothing.
 *
 * @throws GatewayError recipient_unknown, group_unknown, message_unknown, not_joined (no member), store_unavailable;
 * send_message and relay also forbidden, muted, blocked, content_too_long, duplicate_conflict,
 * recipient_queue_full, unsupported
 */
export function administer(hub: Hub, command: Of<'send_message'>): Promise<Sent>;
export function administer(
  hub: Hub,
  command: Of<'revoke_tokens' | 'disconnect_user' | 'disconnect_connection'>,
): Promise<Ended>;
export function administer(hub: Hub, command: AdminCommand): Promise<void>;
export function administer(hub: Hub, command: AdminCommand): Promise<unknown> {
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
    case 'revoke_tokens':
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
    case 'disconnect_connection':
    case 'tell_presence':
    case 'send_message':
    case 'relay':
    case 'mark_read':
      return undefined;
    default:
      return command satisfies never;
  }
}

async function perform(hub: Hub, command: AdminCommand): Promise<unknown> {
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
    case 'disconnect_connection':
      return disconnectConnection(hub, command);
    case 'revoke_tokens':
      return revokeTokens(hub, command);
    case 'tell_presence':
      return tellPresence(hub, command);
    case 'send_message':
      return sendMessage(hub, command);
    case 'relay':
      return relay(hub, command);
    case 'mark_read':
      return markRead(hub, command);
    default:
      return command satisfies never;
  }
}
