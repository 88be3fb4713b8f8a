/**
 * Everything that is on the wire of the `json` dialect: one JSON object `{type, data}` per text message, and
 * the bare texts `ping` and `pong`. PROTOCOL.md explains each frame; the JSON Schemas are at the end.
 *
 * Key order in the types is the order of the source's examples, and the order in which we send.
 */
import type { FrameSchema } from '../../core/json-wire.ts';

/** `single`: between two users. `group`: `toId` is a group's id. */
export type ChatType = 'single' | 'group';

interface Frame<Type extends string, Data> {
  readonly type: Type;
  readonly data: Data;
}

/** The wire message `ping`, without JSON around it. Either face reads it as this frame. */
export interface BarePing {
  readonly type: 'bare_ping';
}
/** The wire message `pong`, the answer to a bare `ping`. */
export interface BarePong {
  readonly type: 'bare_pong';
}

/** client -> server. A frame that a client sends may have null, "" or nothing in an optional field. */
export type AuthFrame = Frame<'auth', { readonly token: string }>;

/** client -> server. `id` is made by the client, a UUID in the source. */
export interface SentMessage {
  readonly id: string;
  readonly fromId: string;
  readonly toId: string;
  readonly chatType: ChatType;
  readonly content: string;
  readonly contentType?: string | null;
  readonly replyTo?: string | null;
  readonly imageUrl?: string | null;
}
export type SentMessageFrame = Frame<'message', SentMessage>;

/** client -> server. `chatId` is the other user's id or the group's; the frame does not say which. */
export type ReadFrame = Frame<'read', { readonly chatId: string }>;

/** client -> server. */
export interface PingFrame {
  readonly type: 'ping';
}

export type ClientFrame = AuthFrame | SentMessageFrame | ReadFrame | PingFrame | BarePing;

/** server -> client. `userId` is who the client now is. */
export type AuthSuccessFrame = Frame<'auth_success', { readonly userId: string }>;

/** server -> client. The connection is closed after it. */
export type AuthErrorFrame = Frame<'auth_error', { readonly message: string }>;

/** server -> client. `timestamp` is epoch ms. We send every field; others may leave out all after `content`. */
export interface ReceivedMessage {
  readonly id: string;
  readonly fromId: string;
  readonly toId: string;
  readonly chatType: ChatType;
  readonly content: string;
  readonly timestamp?: number | null;
  readonly contentType?: string | null;
  readonly replyTo?: string | null;
  readonly imageUrl?: string | null;
  readonly from_name?: string | null;
  readonly from_avatar?: string | null;
}
export type ReceivedMessageFrame = Frame<'message', ReceivedMessage>;

/** server -> client. The message with this client id is stored. */
export type AckFrame = Frame<'ack', { readonly id: string; readonly status: string }>;

/** server -> client. `messageId` is present when the fault belongs to one message. */
export type ErrorFrame = Frame<'error', { readonly message: string; readonly messageId?: string | null }>;

/** server -> client. */
export interface PongFrame {
  readonly type: 'pong';
}

/** server -> client. The account logged in elsewhere; the connection is closed shortly after. */
export type KickFrame = Frame<'kick', { readonly reason: string }>;

/** server -> client. `createTime` is epoch ms. */
export type FriendRequestFrame = Frame<
  'friend_request',
  { readonly id: string; readonly fromId: string; readonly fromName: string; readonly createTime: number }
>;
/** server -> client. */
export type FriendAcceptedFrame = Frame<
  'friend_accepted',
  { readonly friendId: string; readonly friendName: string }
>;
/** server -> client. `fromId` is the author. */
export type MessageRevokedFrame = Frame<
  'message_revoked',
  { readonly messageId: string; readonly fromId: string; readonly toId: string; readonly chatType: ChatType }
>;
/** server -> client. The member left or was removed; said to the others. */
export type GroupMemberQuitFrame = Frame<
  'group_member_quit',
  { readonly groupId: string; readonly userId: string }
>;
/** server -> client. */
export type GroupDissolvedFrame = Frame<'group_dissolved', { readonly groupId: string }>;
/** server -> client. */
export type GroupTransferFrame = Frame<
  'group_transfer',
  { readonly groupId: string; readonly newOwnerId: string }
>;
/** server -> client. */
export type GroupMemberMuteFrame = Frame<
  'group_member_mute',
  { readonly groupId: string; readonly targetUserId: string; readonly muted: boolean }
>;
/** server -> client. Said only to the user who was removed. */
export type GroupMemberKickFrame = Frame<
  'group_member_kick',
  { readonly groupId: string; readonly targetUserId: string }
>;
/** server -> client. */
export type GroupAnnouncementFrame = Frame<
  'group_announcement',
  { readonly groupId: string; readonly announcement: string }
>;
/** server -> client. */
export type GroupInviteFrame = Frame<
  'group_invite',
  { readonly groupId: string; readonly groupName: string; readonly inviterName: string }
>;

export type ServerFrame =
  | AuthSuccessFrame
  | AuthErrorFrame
  | ReceivedMessageFrame
  | AckFrame
  | ErrorFrame
  | PongFrame
  | BarePong
  | KickFrame
  | FriendRequestFrame
  | FriendAcceptedFrame
  | MessageRevokedFrame
  | GroupMemberQuitFrame
  | GroupDissolvedFrame
  | GroupTransferFrame
  | GroupMemberMuteFrame
  | GroupMemberKickFrame
  | GroupAnnouncementFrame
  | GroupInviteFrame;

export type JsonFrame = ClientFrame | ServerFrame;

/** An id, 1 to 256 UTF-16 units as in the canonical model; "" counts as missing. */
const id: FrameSchema = { type: 'string', minLength: 1, maxLength: 256 };
const required: FrameSchema = { type: 'string', minLength: 1 };
const text: FrameSchema = { type: 'string' };
const optionalText: FrameSchema = { type: 'string', nullable: true };
const optionalId: FrameSchema = { type: 'string', maxLength: 256, nullable: true };
const contentType: FrameSchema = { type: 'string', maxLength: 64, nullable: true };
const imageUrl: FrameSchema = { type: 'string', maxLength: 8192, nullable: true };
/** "" stands in the enum only so that minLength refuses it, as missing. */
const chatType: FrameSchema = { type: 'string', minLength: 1, enum: ['', 'single', 'group'] };
const epochMs: FrameSchema = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };

/** A frame whose data must have `must` and may have `may`; other keys are let through and ignored. */
function frame(
  must: Readonly<Record<string, FrameSchema>>,
  may: Readonly<Record<string, FrameSchema>> = {},
): FrameSchema {
  return {
    type: 'object',
    required: ['data'],
    properties: {
      data: { type: 'object', required: Object.keys(must), properties: { ...must, ...may } },
    },
  };
}
const bare: FrameSchema = { type: 'object' };

/** JSON Schema of each frame that a client sends, by `type`. */
export const CLIENT_SCHEMAS: Readonly<Record<Exclude<ClientFrame, BarePing>['type'], FrameSchema>> = {
  auth: frame({ token: required }),
  message: frame(
    { id, fromId: id, toId: id, chatType, content: required },
    { contentType, replyTo: optionalId, imageUrl },
  ),
  read: frame({ chatId: id }),
  ping: bare,
};

/** JSON Schema of each frame that a server sends, by `type`. */
export const SERVER_SCHEMAS: Readonly<Record<Exclude<ServerFrame, BarePong>['type'], FrameSchema>> = {
  auth_success: frame({ userId: id }),
  auth_error: frame({ message: text }),
  message: frame(
    { id, fromId: id, toId: id, chatType, content: text },
    {
      timestamp: { ...epochMs, nullable: true },
      contentType,
      replyTo: optionalId,
      imageUrl,
      from_name: optionalText,
      from_avatar: optionalText,
    },
  ),
  ack: frame({ id, status: text }),
  error: frame({ message: text }, { messageId: optionalId }),
  pong: bare,
  kick: frame({ reason: text }),
  friend_request: frame({ id, fromId: id, fromName: text, createTime: epochMs }),
  friend_accepted: frame({ friendId: id, friendName: text }),
  message_revoked: frame({ messageId: id, fromId: id, toId: id, chatType }),
  group_member_quit: frame({ groupId: id, userId: id }),
  group_dissolved: frame({ groupId: id }),
  group_transfer: frame({ groupId: id, newOwnerId: id }),
  group_member_mute: frame({ groupId: id, targetUserId: id, muted: { type: 'boolean' } }),
  group_member_kick: frame({ groupId: id, targetUserId: id }),
  group_announcement: frame({ groupId: id, announcement: text }),
  group_invite: frame({ groupId: id, groupName: text, inviterName: text }),
};
