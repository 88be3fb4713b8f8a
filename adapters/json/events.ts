/** Canonical events in the words of the dialect: event -> frame, and what of it the frame can't say. */
import type { Effects, WireIdentity } from '../../core/dialect.ts';
import { lost, NOTHING, send } from '../../core/session-kit.ts';
import type { Event, EventOf } from '../../schemas/event.ts';
import type { Message, Target, User } from '../../schemas/model.ts';
import { writeContentType } from './content-type.ts';
import type { JsonOptions } from './options.ts';
import type { ReceivedMessageFrame, ServerFrame } from './wire.ts';

type Said = Effects<ServerFrame, never>;

/** The events that need nothing of the connection but the identity map; the session says the others itself. */
export type PlainEvent = Exclude<Event, EventOf<'session_replaced' | 'going_away' | 'message'>>;

/** The id of a target on the wire; group ids are never mapped. */
const wireTarget = (target: Target, identity: WireIdentity): string | undefined =>
  target.type === 'group' ? target.id : identity.toWire(target.id);

const nameOf = (user: User, wireId: string): string => (user.name === '' ? wireId : user.name);

/**
 * A stored message as clients get it, every field present as in the source's example; undefined if its author
 * or its recipient has no id on this wire.
 */
function messageFrame(
  message: Message,
  identity: WireIdentity,
  options: JsonOptions,
): ReceivedMessageFrame | undefined {
  const fromId = identity.toWire(message.from.id);
  const toId = wireTarget(message.to, identity);
  if (fromId === undefined || toId === undefined) return undefined;
  const plain = {
    id: message.clientId ?? message.id,
    fromId,
    toId,
    chatType: message.to.type === 'group' ? ('group' as const) : ('single' as const),
    content: message.content,
    timestamp: message.sentAt,
    contentType: writeContentType(message.contentType, message.extensions),
    replyTo: message.replyTo ?? '',
    imageUrl: message.attachment?.url ?? '',
  };
  if (plain.chatType === 'single' && !options.senderInSingle) return { type: 'message', data: plain };
  return {
    type: 'message',
    data: {
      ...plain,
      from_name: nameOf(message.from, fromId),
      from_avatar: message.from.avatar ?? '',
    },
  };
}

/** What a client is told of a message, and the fields of its attachment that `imageUrl` has no place for. */
export function sayMessage(message: Message, identity: WireIdentity, options: JsonOptions): Said {
  const frame = messageFrame(message, identity, options);
  if (frame === undefined) return [lost('message')];
  const { attachment } = message;
  if (attachment === undefined || (attachment.name === undefined && attachment.size === undefined)) {
    return [send(frame)];
  }
  const dropped: string[] = [];
  if (attachment.name !== undefined) dropped.push('attachment.name');
  if (attachment.size !== undefined) dropped.push('attachment.size');
  return [send(frame), lost('message', ...dropped)];
}

/**
 * Whether the viewer is the one who was removed by another: the only one who is told with `group_member_kick`.
 */
const isKickedOut = (event: EventOf<'member_removed'>, viewer: User): boolean =>
  event.reason === 'kicked' && event.user.id === viewer.id && event.user.namespace === viewer.namespace;

/** One frame, and the fields of the event that it drops. */
function said(frame: ServerFrame, type: PlainEvent['type'], ...dropped: readonly string[]): Said {
  return dropped.length === 0 ? [send(frame)] : [send(frame), lost(type, ...dropped)];
}

/** What a viewer is told of an event: one frame, or `lost` alone if the dialect has none for it. */
export function sayEvent(event: PlainEvent, identity: WireIdentity, viewer: User): Said {
  switch (event.type) {
    case 'message_revoked': {
      const fromId = identity.toWire(event.from.id);
      const toId = wireTarget(event.to, identity);
      if (fromId === undefined || toId === undefined) return [lost(event.type)];
      const messageId = event.clientId ?? event.message;
      const chatType = event.to.type === 'group' ? 'group' : 'single';
      return said({ type: 'message_revoked', data: { messageId, fromId, toId, chatType } }, event.type, 'at');
    }
    case 'member_removed': {
      const userId = identity.toWire(event.user.id);
      if (userId === undefined) return [lost(event.type)];
      const groupId = event.group.id;
      if (isKickedOut(event, viewer)) {
        return said({ type: 'group_member_kick', data: { groupId, targetUserId: userId } }, event.type, 'at');
      }
      const frame: ServerFrame = { type: 'group_member_quit', data: { groupId, userId } };
      return event.reason === 'quit'
        ? said(frame, event.type, 'at')
        : said(frame, event.type, 'reason', 'at');
    }
    case 'contact_requested': {
      const fromId = identity.toWire(event.from.id);
      if (fromId === undefined) return [lost(event.type)];
      const fromName = nameOf(event.from, fromId);
      return said(
        { type: 'friend_request', data: { id: event.request, fromId, fromName, createTime: event.at } },
        event.type,
      );
    }
    case 'contact_accepted': {
      const friendId = identity.toWire(event.contact.id);
      if (friendId === undefined) return [lost(event.type)];
      const friendName = nameOf(event.contact, friendId);
      return said({ type: 'friend_accepted', data: { friendId, friendName } }, event.type, 'at');
    }
    case 'group_dissolved':
      return said({ type: 'group_dissolved', data: { groupId: event.group.id } }, event.type, 'at');
    case 'group_transferred': {
      const newOwnerId = identity.toWire(event.newOwner.id);
      if (newOwnerId === undefined) return [lost(event.type)];
      return said(
        { type: 'group_transfer', data: { groupId: event.group.id, newOwnerId } },
        event.type,
        'at',
      );
    }
    case 'member_muted': {
      const targetUserId = identity.toWire(event.user.id);
      if (targetUserId === undefined) return [lost(event.type)];
      return said(
        { type: 'group_member_mute', data: { groupId: event.group.id, targetUserId, muted: event.muted } },
        event.type,
        'at',
      );
    }
    case 'group_announcement':
      return said(
        { type: 'group_announcement', data: { groupId: event.group.id, announcement: event.text } },
        event.type,
        'at',
      );
    case 'group_invited': {
      const groupName = event.group.name === '' ? event.group.id : event.group.name;
      const inviterName = event.inviter.name === '' ? event.inviter.id : event.inviter.name;
      return said(
        { type: 'group_invite', data: { groupId: event.group.id, groupName, inviterName } },
        event.type,
        'inviter.id',
        'at',
      );
    }
    case 'authenticated':
      // auth_success has said it, when the login was settled.
      return NOTHING;
    case 'message_read':
    case 'relayed':
    case 'member_joined':
    case 'member_left':
    case 'presence_changed':
    case 'user_list':
      return [lost(event.type)];
    default:
      return event satisfies never;
  }
}

/**
 * The key of an event's bytes: the same for all connections of the endpoint, but for the user who was put out
 * of a group. undefined where nothing is sent, or where few connections are concerned.
 */
export function fanoutKeyOf(event: Event, identity: WireIdentity, viewer: User): string | undefined {
  switch (event.type) {
    case 'message':
      return isKnown(event.message.from, identity) && wireTarget(event.message.to, identity) !== undefined
        ? 'all'
        : undefined;
    case 'message_revoked':
      return isKnown(event.from, identity) && wireTarget(event.to, identity) !== undefined
        ? 'all'
        : undefined;
    case 'member_removed':
      if (!isKnown(event.user, identity)) return undefined;
      return isKickedOut(event, viewer) ? 'kicked' : 'all';
    case 'member_muted':
      return isKnown(event.user, identity) ? 'all' : undefined;
    case 'group_transferred':
      return isKnown(event.newOwner, identity) ? 'all' : undefined;
    case 'group_dissolved':
    case 'group_announcement':
      return 'all';
    case 'authenticated':
    case 'session_replaced':
    case 'message_read':
    case 'relayed':
    case 'member_joined':
    case 'member_left':
    case 'presence_changed':
    case 'user_list':
    case 'contact_requested':
    case 'contact_accepted':
    case 'group_invited':
    case 'going_away':
      return undefined;
    default:
      return event satisfies never;
  }
}

/** Whether a user has an id on this endpoint's wire. */
const isKnown = (user: User, identity: WireIdentity): boolean => identity.toWire(user.id) !== undefined;
