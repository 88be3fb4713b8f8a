/** Canonical events in this dialect's words: what the server face says. */
import type { WireIdentity } from '../../core/dialect.ts';
import type { Event, EventOf } from '../../schemas/event.ts';
import type { Group, User } from '../../schemas/model.ts';
import { hasForeignFields, writeContentType } from './content-type.ts';
import { dataOf } from './relay-body.ts';
import {
  isReservedName,
  type MessageData,
  type PublishedFrame,
  type ServerEventFrame,
  type WireGroup,
  type WireUser,
} from './wire.ts';

/** A server event that has no channel yet. */
type Unaddressed = Omit<PublishedFrame, 'channel'> | ServerEventFrame;

/** Puts a frame on a channel, in the key order that the dialect documents. */
export function onChannel(
  frame: Unaddressed,
  channel: string | undefined,
): ServerEventFrame | PublishedFrame {
  if (channel === undefined) return frame as ServerEventFrame;
  return 'data' in frame
    ? ({ event: frame.event, channel, data: frame.data } as PublishedFrame)
    : { event: frame.event, channel };
}

/** A user for the wire; undefined if the user has no id on this endpoint. */
export function wireUser(user: User, identity: WireIdentity): WireUser | undefined {
  const id = identity.toWire(user.id);
  return id === undefined
    ? undefined
    : { id, name: user.name === '' ? id : user.name, avatar: user.avatar ?? '' };
}

function wireGroup(group: Group, identity: WireIdentity): WireGroup {
  const { id, name, description, createdAt, open } = group;
  const owner = group.owner === undefined ? undefined : wireUser(group.owner, identity);
  return owner === undefined
    ? { id, name, description, createdAt, open }
    : { id, name, description, owner, createdAt, open };
}

const wireUsers = (users: readonly User[], identity: WireIdentity): readonly WireUser[] =>
  users.map((user) => wireUser(user, identity)).filter((user) => user !== undefined);

/**
 * `to` of something in a direct conversation: only on what the receiver's own user did, because there the
 * channel (the own inbox) doesn't say who the other party is.
 */
const otherParty = (
  event: { readonly author: string; readonly to: { readonly type: 'user' | 'group'; readonly id: string } },
  self: string,
  identity: WireIdentity,
): string | undefined =>
  event.to.type === 'user' && event.author === self ? identity.toWire(event.to.id) : undefined;

function messageData(
  event: EventOf<'message'>,
  self: string,
  identity: WireIdentity,
): MessageData | undefined {
  const { message } = event;
  const from = wireUser(message.from, identity);
  if (from === undefined) return undefined;
  const to = otherParty({ author: message.from.id, to: message.to }, self, identity);
  return {
    id: message.clientId ?? message.id,
    from,
    ...(to === undefined ? {} : { to }),
    content: message.content,
    contentType: writeContentType(message.contentType, message.extensions),
    timestamp: message.sentAt,
    ...(message.replyTo === undefined ? {} : { replyTo: message.replyTo }),
  };
}

/** Whether a relay can be said: it is text, and doesn't look like one of the server's own events. */
export const isRelayable = (event: EventOf<'relayed'>): boolean =>
  typeof event.body === 'string' && event.name !== '' && !isReservedName(event.name);

function relayedFrame(event: EventOf<'relayed'>): Unaddressed | undefined {
  if (typeof event.body !== 'string' || !isRelayable(event)) return undefined;
  const data = dataOf(event.body);
  return data === undefined ? { event: event.name } : { event: event.name, data };
}

/** What an event loses here, besides the fields that no frame of this dialect has (see PROTOCOL.md). */
export function lossesOf(event: Event, self: string, identity: WireIdentity): readonly string[] {
  const unnamed = (user: { readonly id: string }): boolean => identity.toWire(user.id) === undefined;
  const fields: string[] = [];
  if (event.type === 'message') {
    const { from, to } = event.message;
    if (event.message.attachment !== undefined) fields.push('attachment');
    if (hasForeignFields(event.message.extensions)) fields.push('extensions');
    if (to.type === 'user' && from.id === self && unnamed(to)) fields.push('to');
  } else if (event.type === 'relayed') {
    if (event.headers.length > 0) fields.push('headers');
    if (event.from !== undefined) fields.push('from');
    if (event.delivery !== undefined) fields.push('delivery');
  } else if (event.type === 'user_list') {
    if (event.online.some(unnamed)) fields.push('online');
    if (event.offline.some(unnamed)) fields.push('offline');
  }
  if ('group' in event && event.group.owner !== undefined && unnamed(event.group.owner)) {
    fields.push('group.owner');
  }
  return fields;
}

/**
 * An event as a frame without its channel; undefined if this dialect can't say it: an event about a user who
 * has no id here, or a relay that is binary or has one of the server's names. `self` is the receiver.
 */
export function frameOf(event: Event, self: string, identity: WireIdentity): Unaddressed | undefined {
  const user = (of: User): WireUser | undefined => wireUser(of, identity);
  const group = (of: Group): WireGroup => wireGroup(of, identity);
  switch (event.type) {
    case 'message': {
      const data = messageData(event, self, identity);
      return data && { event: 'message', data };
    }
    case 'relayed':
      return relayedFrame(event);
    case 'message_revoked': {
      const from = user(event.from);
      const to = otherParty({ author: event.from.id, to: event.to }, self, identity);
      const id = event.clientId ?? event.message;
      const data = from && { id, from, ...(to === undefined ? {} : { to }), timestamp: event.at };
      return data && { event: 'message_revoked', data };
    }
    case 'message_read': {
      const reader = user(event.reader);
      const to = otherParty({ author: event.reader.id, to: event.target }, self, identity);
      const id = event.message;
      const data = reader && {
        reader,
        ...(to === undefined ? {} : { to }),
        ...(id === undefined ? {} : { id }),
        timestamp: event.at,
      };
      return data && { event: 'message_read', data };
    }
    case 'member_joined': {
      const who = user(event.user);
      return (
        who && { event: event.type, data: { group: group(event.group), user: who, timestamp: event.at } }
      );
    }
    case 'member_left': {
      const who = user(event.user);
      return (
        who && { event: event.type, data: { group: group(event.group), user: who, timestamp: event.at } }
      );
    }
    case 'member_removed': {
      const who = user(event.user);
      const { reason, at: timestamp } = event;
      return who && { event: event.type, data: { group: group(event.group), user: who, reason, timestamp } };
    }
    case 'member_muted': {
      const who = user(event.user);
      const { muted, at: timestamp } = event;
      return who && { event: event.type, data: { group: group(event.group), user: who, muted, timestamp } };
    }
    case 'presence_changed': {
      const who = user(event.user);
      return who && { event: event.type, data: { user: who, online: event.online, timestamp: event.at } };
    }
    case 'user_list': {
      const online = wireUsers(event.online, identity);
      const offline = wireUsers(event.offline, identity);
      return { event: event.type, data: { group: group(event.group), online, offline } };
    }
    case 'contact_requested': {
      const from = user(event.from);
      const to = identity.toWire(event.to);
      if (from === undefined || to === undefined) return undefined;
      return { event: event.type, data: { request: event.request, from, to, timestamp: event.at } };
    }
    case 'contact_accepted': {
      const contact = user(event.contact);
      const to = identity.toWire(event.to);
      if (contact === undefined || to === undefined) return undefined;
      return { event: event.type, data: { contact, to, timestamp: event.at } };
    }
    case 'group_dissolved':
      return { event: event.type, data: { group: group(event.group), timestamp: event.at } };
    case 'group_transferred': {
      const newOwner = user(event.newOwner);
      const timestamp = event.at;
      return newOwner && { event: event.type, data: { group: group(event.group), newOwner, timestamp } };
    }
    case 'group_announcement': {
      const { text, at: timestamp } = event;
      return { event: event.type, data: { group: group(event.group), text, timestamp } };
    }
    case 'group_invited': {
      const inviter = user(event.inviter);
      const to = identity.toWire(event.to);
      if (inviter === undefined || to === undefined) return undefined;
      return { event: event.type, data: { group: group(event.group), inviter, to, timestamp: event.at } };
    }
    case 'session_replaced': {
      const who = user(event.user);
      return who && { event: event.type, data: { user: who } };
    }
    case 'going_away':
      return { event: event.type, data: { reason: event.reason, afterMs: event.afterMs } };
    case 'authenticated':
      return undefined;
  }
  return event satisfies never;
}
