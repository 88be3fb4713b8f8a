/**
 * The form of the source: CHAT, SYSTEM, USER_LIST, ERROR. Field by field as in its tables, in the order of its
 * examples.
 */
import { GatewayError } from '../../core/errors.ts';
import { jsonCodec } from '../../core/json-wire.ts';
import type { LocalTime } from './local-time.ts';
import {
  type ChatFrame,
  CLIENT_CONTENT,
  CLIENT_ERROR,
  type ErrorFrame,
  type Frame,
  kindOf,
  LISTED_USERS,
  type ListedUser,
  NICKNAME,
  readReport,
  readUser,
  SERVER_ERROR,
  USER_ID,
  USER_ID_OR_NULL,
  type WireForm,
} from './wire.ts';

/** Both ways. The source requires `type`, `fromUserId`, `content` and `messageType`. */
interface Chat {
  readonly type: 'CHAT';
  readonly fromUserId: number;
  readonly fromNickname?: string | null;
  /** Null or absent: group chat. */
  readonly toUserId?: number | null;
  readonly toNickname?: string | null;
  readonly content: string;
  readonly messageType: 'PRIVATE' | 'GROUP';
  readonly createTime?: unknown;
}

/** Server to client. */
interface System {
  readonly type: 'SYSTEM';
  readonly userId: number;
  readonly nickname?: string | null;
  readonly action: 'ONLINE' | 'OFFLINE';
  readonly createTime?: unknown;
}

/** Server to client. `onlineCount` is optional and is always the length of `onlineUsers`. */
interface UserList {
  readonly type: 'USER_LIST';
  readonly onlineUsers: readonly ListedUser[];
  readonly offlineUsers: readonly ListedUser[];
  readonly onlineCount?: unknown;
}

/** Both ways. */
interface ErrorReport {
  readonly type: 'ERROR';
  readonly code: number;
  readonly message: string;
}

type ClientWire = Chat | { readonly type: 'ERROR'; readonly code?: unknown; readonly message?: unknown };
type ServerWire = Chat | System | UserList | ErrorReport;

const CHAT = {
  type: 'object',
  required: ['fromUserId', 'content', 'messageType'],
  properties: {
    fromUserId: USER_ID,
    fromNickname: NICKNAME,
    toUserId: USER_ID_OR_NULL,
    toNickname: NICKNAME,
    content: { type: 'string' },
    messageType: { enum: ['PRIVATE', 'GROUP'] },
  },
} as const;

const CLIENT_CHAT = { ...CHAT, properties: { ...CHAT.properties, content: CLIENT_CONTENT } } as const;

const clientWire = jsonCodec<ClientWire>({
  kindOf,
  schemas: { CHAT: CLIENT_CHAT, ERROR: CLIENT_ERROR },
});

const serverWire = jsonCodec<ServerWire>({
  kindOf,
  schemas: {
    CHAT,
    SYSTEM: {
      type: 'object',
      required: ['userId', 'action'],
      properties: { userId: USER_ID, nickname: NICKNAME, action: { enum: ['ONLINE', 'OFFLINE'] } },
    },
    USER_LIST: {
      type: 'object',
      required: ['onlineUsers', 'offlineUsers'],
      properties: { onlineUsers: LISTED_USERS, offlineUsers: LISTED_USERS },
    },
    ERROR: SERVER_ERROR,
  },
});

const readTime = (value: unknown, time: LocalTime): number | null =>
  typeof value === 'string' ? time.parse(value) : null;

/** @throws GatewayError field_missing: PRIVATE for nobody; frame_malformed: GROUP for somebody */
function readChat(wire: Chat, at: number | null): ChatFrame {
  const toUserId = wire.toUserId ?? null;
  if (wire.messageType === 'PRIVATE' && toUserId === null) {
    throw new GatewayError('field_missing', { detail: 'toUserId, which a PRIVATE message needs' });
  }
  if (wire.messageType === 'GROUP' && toUserId !== null) {
    throw new GatewayError('frame_malformed', { detail: 'a GROUP message has no toUserId' });
  }
  return {
    type: 'chat',
    fromUserId: wire.fromUserId,
    fromNickname: wire.fromNickname ?? null,
    toUserId,
    toNickname: toUserId === null ? null : (wire.toNickname ?? null),
    content: wire.content,
    at,
  };
}

function fromServer(wire: ServerWire, time: LocalTime): Frame {
  switch (wire.type) {
    case 'CHAT':
      return readChat(wire, readTime(wire.createTime, time));
    case 'SYSTEM':
      return {
        type: 'system',
        userId: wire.userId,
        nickname: wire.nickname ?? null,
        online: wire.action === 'ONLINE',
        at: readTime(wire.createTime, time),
      };
    case 'USER_LIST':
      return {
        type: 'user_list',
        online: wire.onlineUsers.map(readUser),
        offline: wire.offlineUsers.map(readUser),
        change: null,
      };
    case 'ERROR':
      return { type: 'error', code: wire.code, message: wire.message } satisfies ErrorFrame;
    default:
      return wire satisfies never;
  }
}

/** A null is left out, but for those of group chat: `toUserId` and `toNickname` null are what says "group". */
const writeChat = (frame: ChatFrame, time: LocalTime): Chat => ({
  type: 'CHAT',
  fromUserId: frame.fromUserId,
  ...(frame.fromNickname !== null && { fromNickname: frame.fromNickname }),
  toUserId: frame.toUserId,
  ...((frame.toUserId === null || frame.toNickname !== null) && { toNickname: frame.toNickname }),
  content: frame.content,
  messageType: frame.toUserId === null ? 'GROUP' : 'PRIVATE',
  ...(frame.at !== null && { createTime: time.format(frame.at) }),
});

const writeUser = (user: ListedUser): object =>
  user.nickname === null ? { userId: user.userId } : { userId: user.userId, nickname: user.nickname };

export const OURCHAT: WireForm = {
  readClient(message) {
    const [wire] = clientWire.decode(message) as readonly [ClientWire];
    return wire.type === 'CHAT' ? readChat(wire, null) : readReport(wire);
  },

  readServer(message, time) {
    const [wire] = serverWire.decode(message) as readonly [ServerWire];
    return fromServer(wire, time);
  },

  write(frame, time) {
    switch (frame.type) {
      case 'chat':
        return writeChat(frame, time);
      case 'system':
        return {
          type: 'SYSTEM',
          userId: frame.userId,
          ...(frame.nickname !== null && { nickname: frame.nickname }),
          action: frame.online ? 'ONLINE' : 'OFFLINE',
          ...(frame.at !== null && { createTime: time.format(frame.at) }),
        };
      case 'user_list':
        return {
          type: 'USER_LIST',
          onlineUsers: frame.online.map(writeUser),
          offlineUsers: frame.offline.map(writeUser),
          onlineCount: frame.online.length,
        };
      case 'error':
        return { type: 'ERROR', code: frame.code, message: frame.message };
      case 'request_user_list':
        throw new GatewayError('unsupported', { detail: 'this form cannot ask for the user list' });
      default:
        return frame satisfies never;
    }
  },

  listRequest: null,
  listHasChange: false,
};
