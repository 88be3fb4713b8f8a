/** What a server says, read back as canonical events; what the wire leaves out is filled in. */
import type { ConnectionContext } from '../../core/dialect.ts';
import type { Event } from '../../schemas/event.ts';
import { type Group, MAX_ID_LENGTH, type Target, type User } from '../../schemas/model.ts';
import { readContentType } from './content-type.ts';
import type {
  AckFrame,
  AuthErrorFrame,
  AuthSuccessFrame,
  BarePong,
  ChatType,
  ErrorFrame,
  PongFrame,
  ReceivedMessage,
  ServerFrame,
} from './wire.ts';
import { saysDisconnected } from './words.ts';

/** The frames that tell of something; the others answer the client. */
export type TellingFrame = Exclude<
  ServerFrame,
  AuthSuccessFrame | AuthErrorFrame | AckFrame | ErrorFrame | PongFrame | BarePong
>;

const MAX_AVATAR_LENGTH = 4096;

/** A name as the model allows it: an absent or empty one is the id, a long one is cut. */
const nameOf = (name: string | null | undefined, id: string): string =>
  name ? name.slice(0, MAX_ID_LENGTH).toWellFormed() : id;

/** Reads frames for one client session, as the user who logged in there. */
export class PeerEvents {
  readonly #namespace: string;
  readonly #connection: ConnectionContext;

  constructor(namespace: string, connection: ConnectionContext) {
    this.#namespace = namespace;
    this.#connection = connection;
  }

  /** The user with this wire id, named by the frame or else by the wire id; undefined if nobody has it. */
  user(wireId: string, name?: string | null, avatar?: string | null): User | undefined {
    const id = this.#connection.identity.toCanonical(wireId);
    if (id === undefined) return undefined;
    const named = { namespace: this.#namespace, id, name: nameOf(name, wireId) };
    return avatar && avatar.length <= MAX_AVATAR_LENGTH ? { ...named, avatar } : named;
  }

  /** The event that a frame tells of; undefined if it names a user whom the identity map does not know. */
  event(frame: TellingFrame, me: User): Event | undefined {
    const namespace = this.#namespace;
    const at = this.#connection.now();
    switch (frame.type) {
      case 'message':
        return this.#message(frame.data);
      case 'kick':
        return saysDisconnected(frame.data.reason)
          ? { type: 'going_away', namespace, reason: 'disconnected', afterMs: 0 }
          : { type: 'session_replaced', namespace, user: me };
      case 'friend_request': {
        const from = this.user(frame.data.fromId, frame.data.fromName);
        const { id: request, createTime } = frame.data;
        return from && { type: 'contact_requested', namespace, request, from, to: me.id, at: createTime };
      }
      case 'friend_accepted': {
        const contact = this.user(frame.data.friendId, frame.data.friendName);
        return contact && { type: 'contact_accepted', namespace, contact, to: me.id, at };
      }
      case 'message_revoked': {
        const from = this.user(frame.data.fromId);
        const to = this.#target(frame.data.chatType, frame.data.toId);
        return (
          from && to && { type: 'message_revoked', namespace, message: frame.data.messageId, from, to, at }
        );
      }
      case 'group_member_quit': {
        const user = this.user(frame.data.userId);
        const group = this.group(frame.data.groupId);
        return user && { type: 'member_removed', namespace, group, user, reason: 'quit', at };
      }
      case 'group_member_kick': {
        const user = this.user(frame.data.targetUserId);
        const group = this.group(frame.data.groupId);
        return user && { type: 'member_removed', namespace, group, user, reason: 'kicked', at };
      }
      case 'group_dissolved':
        return { type: 'group_dissolved', namespace, group: this.group(frame.data.groupId), at };
      case 'group_transfer': {
        const newOwner = this.user(frame.data.newOwnerId);
        const group = this.group(frame.data.groupId);
        return newOwner && { type: 'group_transferred', namespace, group, newOwner, at };
      }
      case 'group_member_mute': {
        const user = this.user(frame.data.targetUserId);
        const group = this.group(frame.data.groupId);
        return user && { type: 'member_muted', namespace, group, user, muted: frame.data.muted, at };
      }
      case 'group_announcement': {
        const group = this.group(frame.data.groupId);
        return { type: 'group_announcement', namespace, group, text: frame.data.announcement, at };
      }
      case 'group_invite': {
        const group = this.group(frame.data.groupId, frame.data.groupName);
        // The frame names the inviter and has no id for them: the name stands for both.
        const name = nameOf(frame.data.inviterName, '?');
        return {
          type: 'group_invited',
          namespace,
          group,
          inviter: { namespace, id: name, name },
          to: me.id,
          at,
        };
      }
      default:
        return frame satisfies never;
    }
  }

  /** A group of which only the id is known, and perhaps the name. */
  group(id: string, name?: string): Group {
    return {
      namespace: this.#namespace,
      id,
      name: nameOf(name, id),
      description: '',
      createdAt: 0,
      open: false,
    };
  }

  #target(chatType: ChatType, wireId: string): Target | undefined {
    if (chatType === 'group') return { type: 'group', id: wireId };
    const id = this.#connection.identity.toCanonical(wireId);
    return id === undefined ? undefined : { type: 'user', id };
  }

  #message(data: ReceivedMessage): Event | undefined {
    const from = this.user(data.fromId, data.from_name, data.from_avatar);
    const to = this.#target(data.chatType, data.toId);
    if (from === undefined || to === undefined) return undefined;
    const { contentType, extensions } = readContentType(data.contentType);
    return {
      type: 'message',
      namespace: this.#namespace,
      message: {
        id: data.id,
        namespace: this.#namespace,
        // The wire has no position in the conversation: arrival is the order.
        sequence: 1,
        from,
        to,
        content: data.content,
        contentType,
        sentAt: data.timestamp ?? this.#connection.now(),
        ...(data.replyTo ? { replyTo: data.replyTo } : undefined),
        ...(data.imageUrl ? { attachment: { url: data.imageUrl } } : undefined),
        ...(extensions === undefined ? undefined : { extensions }),
      },
    };
  }
}
