/** What an upstream server says on its queues, as canonical events (the client face's half). */
import type { WireIdentity } from '../../core/dialect.ts';
import type { Event, EventOf } from '../../schemas/event.ts';
import type { Group, Target, User } from '../../schemas/model.ts';
import { readChatMessage } from './bodies.ts';
import { attachmentOf, wordsOf } from './chat.ts';
import { type EventBody, readEventBody, type WireGroup, type WireUser } from './event-wire.ts';
import { contentTypeOf } from './message-type.ts';
import type { FrameBody } from './wire.ts';

/** What reading needs to know of its connection. */
export interface PeerDesk {
  readonly namespace: string;
  readonly identity: WireIdentity;
  readonly now: () => number;
}

/** Thrown where a wire id belongs to nobody here; never leaves this file. */
const STRANGER = Symbol('a wire id that belongs to nobody here');

function orStranger<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (thrown) {
    if (thrown === STRANGER) return undefined;
    throw thrown;
  }
}

class Reader {
  readonly #desk: PeerDesk;

  constructor(desk: PeerDesk) {
    this.#desk = desk;
  }

  id(wireId: string): string {
    const id = this.#desk.identity.toCanonical(wireId);
    if (id === undefined) throw STRANGER;
    return id;
  }

  user({ id, name, avatar }: WireUser): User {
    const { namespace } = this.#desk;
    return { namespace, id: this.id(id), name, ...(avatar === undefined ? {} : { avatar }) };
  }

  group({ id, name, description, owner, createdAt, open }: WireGroup): Group {
    const { namespace } = this.#desk;
    const known = owner === undefined ? {} : { owner: this.user(owner) };
    return { namespace, id, name, description, ...known, createdAt, open };
  }

  target({ chatType, toId }: { readonly chatType: 'SINGLE' | 'GROUP'; readonly toId: string }): Target {
    return chatType === 'GROUP' ? { type: 'group', id: toId } : { type: 'user', id: this.id(toId) };
  }
}

/**
 * A MESSAGE body of the chat. Its place in the conversation is not on the wire: `sequence` is 1. Undefined if
 * a user in it is a stranger here.
 *
 * @throws GatewayError frame_malformed, field_missing
 */
export function readMessage(body: FrameBody, desk: PeerDesk): EventOf<'message'> | undefined {
  const said = readChatMessage(body);
  const contentType = contentTypeOf(said.msgType);
  const attachment = attachmentOf(said, contentType);
  const reader = new Reader(desk);
  return orStranger(() => {
    const mentioned = said.mentionedUserIds?.map((id) => reader.id(id));
    return {
      type: 'message',
      namespace: desk.namespace,
      message: {
        id: said.id,
        namespace: desk.namespace,
        sequence: 1,
        from: reader.user({ id: said.fromId, name: reader.id(said.fromId) }),
        to: reader.target(said),
        content: wordsOf(said),
        contentType,
        sentAt: said.createdAt ?? desk.now(),
        ...(said.replyTo ? { replyTo: said.replyTo } : {}),
        ...(attachment === undefined ? {} : { attachment }),
        ...(mentioned === undefined ? {} : { extensions: { stomp: { mentionedUserIds: mentioned } } }),
      },
    };
  });
}

/**
 * A body of /user/queue/events. Undefined if a user in it is a stranger here.
 *
 * @throws GatewayError frame_malformed, frame_unknown, field_missing
 */
export function readEvent(text: string, desk: PeerDesk): Event | undefined {
  const body = readEventBody(text);
  return orStranger(() => toEvent(body, desk.namespace, new Reader(desk)));
}

function toEvent(body: EventBody, namespace: string, reader: Reader): Event {
  const { type } = body;
  switch (type) {
    case 'message_read':
      return {
        type,
        namespace,
        target: reader.target(body),
        reader: reader.user(body.reader),
        ...(body.messageId === undefined ? {} : { message: body.messageId }),
        at: body.at,
      };
    case 'message_revoked':
      return {
        type,
        namespace,
        message: body.messageId,
        from: reader.user(body.from),
        to: reader.target(body),
        at: body.at,
      };
    case 'member_joined':
    case 'member_left':
      return { type, namespace, group: reader.group(body.group), user: reader.user(body.user), at: body.at };
    case 'member_removed':
      return {
        type,
        namespace,
        group: reader.group(body.group),
        user: reader.user(body.user),
        reason: body.reason,
        at: body.at,
      };
    case 'presence_changed':
      return { type, namespace, user: reader.user(body.user), online: body.online, at: body.at };
    case 'contact_requested':
      return {
        type,
        namespace,
        request: body.requestId,
        from: reader.user(body.from),
        to: reader.id(body.toId),
        at: body.at,
      };
    case 'contact_accepted':
      return { type, namespace, contact: reader.user(body.contact), to: reader.id(body.toId), at: body.at };
    case 'group_dissolved':
      return { type, namespace, group: reader.group(body.group), at: body.at };
    case 'group_transferred':
      return {
        type,
        namespace,
        group: reader.group(body.group),
        newOwner: reader.user(body.newOwner),
        at: body.at,
      };
    case 'member_muted':
      return {
        type,
        namespace,
        group: reader.group(body.group),
        user: reader.user(body.user),
        muted: body.muted,
        at: body.at,
      };
    case 'group_announcement':
      return { type, namespace, group: reader.group(body.group), text: body.text, at: body.at };
    case 'group_invited':
      return {
        type,
        namespace,
        group: reader.group(body.group),
        inviter: reader.user(body.inviter),
        to: reader.id(body.toId),
        at: body.at,
      };
    case 'relayed':
      return {
        type,
        namespace,
        id: body.id,
        name: body.name,
        target: reader.target(body),
        ...(body.from === undefined ? {} : { from: reader.user(body.from) }),
        headers: body.headers,
        body: body.body,
        ephemeral: true,
      };
    default:
      return type satisfies never;
  }
}
