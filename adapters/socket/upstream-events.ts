/** A server's business frames as canonical events: what the client face understands. */
import type { ConnectionContext } from '../../core/dialect.ts';
import type { Event } from '../../schemas/event.ts';
import type { Group, Target, User } from '../../schemas/model.ts';
import { readContentType } from './content-type.ts';
import { bodyOf } from './relay-body.ts';
import type { MessageData, PublishedFrame, ServerEventFrame, WireGroup, WireUser } from './wire.ts';

/** Server events that tell something; `ack` and `error` answer commands instead. */
export type TellingFrame = Exclude<ServerEventFrame, { readonly event: 'ack' | 'error' }>;

export interface Reading {
  readonly namespace: string;
  readonly connection: ConnectionContext;
  /** What a channel name stands for, canonical; undefined if it stands for nothing here. */
  target(channel: string | undefined): Target | undefined;
}

/** A frame as an event, or undefined where it names a user or a channel that nothing here corresponds to. */
export function eventOf(frame: TellingFrame, reading: Reading): Event | undefined {
  const { namespace } = reading;
  switch (frame.event) {
    case 'message':
      return messageEvent(frame.channel, frame.data, reading);
    case 'message_revoked': {
      const from = userOf(frame.data.from, reading);
      const to = directTarget(frame.channel, frame.data.to, reading);
      if (from === undefined || to === undefined) return undefined;
      return { type: frame.event, namespace, message: frame.data.id, from, to, at: frame.data.timestamp };
    }
    case 'message_read': {
      const { id, timestamp: at } = frame.data;
      const reader = userOf(frame.data.reader, reading);
      const target = directTarget(frame.channel, frame.data.to, reading);
      if (reader === undefined || target === undefined) return undefined;
      return {
        type: frame.event,
        namespace,
        target,
        reader,
        ...(id === undefined ? {} : { message: id }),
        at,
      };
    }
    case 'member_joined':
    case 'member_left': {
      const user = userOf(frame.data.user, reading);
      const group = groupOf(frame.data.group, reading);
      return user && { type: frame.event, namespace, group, user, at: frame.data.timestamp };
    }
    case 'member_removed': {
      const { reason, timestamp: at } = frame.data;
      const user = userOf(frame.data.user, reading);
      return (
        user && { type: frame.event, namespace, group: groupOf(frame.data.group, reading), user, reason, at }
      );
    }
    case 'member_muted': {
      const { muted, timestamp: at } = frame.data;
      const user = userOf(frame.data.user, reading);
      return (
        user && { type: frame.event, namespace, group: groupOf(frame.data.group, reading), user, muted, at }
      );
    }
    case 'presence_changed': {
      const { online, timestamp: at } = frame.data;
      const user = userOf(frame.data.user, reading);
      return user && { type: frame.event, namespace, user, online, at };
    }
    case 'user_list': {
      const group = groupOf(frame.data.group, reading);
      const online = usersOf(frame.data.online, reading);
      return { type: frame.event, namespace, group, online, offline: usersOf(frame.data.offline, reading) };
    }
    case 'contact_requested': {
      const { request, timestamp: at } = frame.data;
      const from = userOf(frame.data.from, reading);
      const to = reading.connection.identity.toCanonical(frame.data.to);
      if (from === undefined || to === undefined) return undefined;
      return { type: frame.event, namespace, request, from, to, at };
    }
    case 'contact_accepted': {
      const contact = userOf(frame.data.contact, reading);
      const to = reading.connection.identity.toCanonical(frame.data.to);
      if (contact === undefined || to === undefined) return undefined;
      return { type: frame.event, namespace, contact, to, at: frame.data.timestamp };
    }
    case 'group_dissolved':
      return {
        type: frame.event,
        namespace,
        group: groupOf(frame.data.group, reading),
        at: frame.data.timestamp,
      };
    case 'group_transferred': {
      const group = groupOf(frame.data.group, reading);
      const newOwner = userOf(frame.data.newOwner, reading);
      return newOwner && { type: frame.event, namespace, group, newOwner, at: frame.data.timestamp };
    }
    case 'group_announcement': {
      const { text, timestamp: at } = frame.data;
      return { type: frame.event, namespace, group: groupOf(frame.data.group, reading), text, at };
    }
    case 'group_invited': {
      const group = groupOf(frame.data.group, reading);
      const inviter = userOf(frame.data.inviter, reading);
      const to = reading.connection.identity.toCanonical(frame.data.to);
      if (inviter === undefined || to === undefined) return undefined;
      return { type: frame.event, namespace, group, inviter, to, at: frame.data.timestamp };
    }
    case 'session_replaced': {
      const user = userOf(frame.data.user, reading);
      return user && { type: frame.event, namespace, user };
    }
    case 'going_away':
      return { type: frame.event, namespace, reason: frame.data.reason, afterMs: frame.data.afterMs };
  }
  return frame satisfies never;
}

/** Any other event on a channel: a relay. The wire doesn't say whose it is. */
export function relayedEvent(frame: PublishedFrame, reading: Reading): Event | undefined {
  const target = reading.target(frame.channel);
  return (
    target && {
      type: 'relayed',
      namespace: reading.namespace,
      id: reading.connection.newId(),
      target,
      name: frame.event,
      headers: [],
      body: bodyOf(frame.data),
      ephemeral: true,
    }
  );
}

/** `id`, `contentType` and `timestamp` are filled in where a foreign server leaves them out; there is one sequence number. */
function messageEvent(channel: string | undefined, data: MessageData, reading: Reading): Event | undefined {
  const from = userOf(data.from, reading);
  const to = directTarget(channel, data.to, reading);
  if (from === undefined || to === undefined) return undefined;
  return {
    type: 'message',
    namespace: reading.namespace,
    message: {
      id: data.id ?? reading.connection.newId(),
      namespace: reading.namespace,
      sequence: 1,
      from,
      to,
      content: data.content,
      ...readContentType(data.contentType),
      sentAt: data.timestamp ?? reading.connection.now(),
      ...(data.replyTo === undefined ? {} : { replyTo: data.replyTo }),
    },
  };
}

/** The channel's target, or the other party that `to` names on a copy of what the own user did. */
function directTarget(
  channel: string | undefined,
  to: string | undefined,
  reading: Reading,
): Target | undefined {
  const target = reading.target(channel);
  if (to === undefined || target?.type !== 'user') return target;
  const id = reading.connection.identity.toCanonical(to);
  return id === undefined ? undefined : { type: 'user', id };
}

function userOf(user: WireUser, reading: Reading): User | undefined {
  const id = reading.connection.identity.toCanonical(user.id);
  if (id === undefined) return undefined;
  const name = user.name || user.id;
  return user.avatar
    ? { namespace: reading.namespace, id, name, avatar: user.avatar }
    : { namespace: reading.namespace, id, name };
}

const usersOf = (users: readonly WireUser[], reading: Reading): readonly User[] =>
  users.map((user) => userOf(user, reading)).filter((user) => user !== undefined);

function groupOf(group: WireGroup, reading: Reading): Group {
  const { id, name, description, createdAt, open } = group;
  const owner = group.owner === undefined ? undefined : userOf(group.owner, reading);
  return {
    namespace: reading.namespace,
    id,
    name,
    description,
    ...(owner === undefined ? {} : { owner }),
    createdAt,
    open,
  };
}
