/**
 * The form that the author's later client speaks: lower-case types, `senderId`, `receiverId`, `time`, and a
 * request for the user list as the first frame. That client reads a user list only off a `system` frame and
 * drops every other type, so a list is a `system` frame with the two lists in it, as its own server sends.
 */
import { jsonCodec } from '../../core/json-wire.ts';
import type { LocalTime } from './local-time.ts';
import {
  type Change,
  type ChatFrame,
  CLIENT_CONTENT,
  CLIENT_ERROR,
  type Frame,
  LISTED_USERS,
  type ListedUser,
  type ListRequestFrame,
  NICKNAME,
  readReport,
  readUser,
  SERVER_ERROR,
  kindOf as typeOf,
  USER_ID,
  USER_ID_OR_NULL,
  type WireForm,
} from './wire.ts';

/** Both ways. Group chat when `receiverId` is null or absent; `time` is ISO 8601 from clients, epoch ms from servers. */
interface Chat {
  readonly type?: 'chat';
  readonly senderId: number;
  readonly senderNickname?: string | null;
  readonly receiverId?: number | null;
  readonly content: string;
  readonly time?: unknown;
}

/** Server to client. */
interface System {
  readonly type: 'system';
  readonly userId: number;
  readonly nickname?: string | null;
  readonly status: 'ONLINE' | 'OFFLINE';
  readonly time?: unknown;
  readonly onlineUsers?: readonly ListedUser[] | null;
  readonly offlineUsers?: readonly ListedUser[] | null;
}

/** Both ways (ours: the author's has none, and ignores it). */
interface ErrorReport {
  readonly type: 'error';
  readonly code: number;
  readonly message: string;
}

type ClientWire =
  | (Chat & { readonly type: 'chat' })
  | { readonly type: 'error'; readonly code?: unknown; readonly message?: unknown }
  | { readonly type: 'requestUserList' };
type ServerWire = Chat | System | ErrorReport;

const CHAT = {
  type: 'object',
  required: ['senderId', 'content'],
  properties: {
    senderId: USER_ID,
    senderNickname: NICKNAME,
    receiverId: USER_ID_OR_NULL,
    content: { type: 'string' },
  },
} as const;

const LISTED_USERS_OR_NULL = { ...LISTED_USERS, type: ['array', 'null'] } as const;

const CLIENT_CHAT = { ...CHAT, properties: { ...CHAT.properties, content: CLIENT_CONTENT } } as const;

const clientWire = jsonCodec<ClientWire>({
  kindOf: typeOf,
  schemas: { chat: CLIENT_CHAT, error: CLIENT_ERROR, requestUserList: { type: 'object' } },
});

const isUntypedChat = (value: object): boolean =>
  !Object.hasOwn(value, 'type') && Object.hasOwn(value, 'senderId');

const serverWire = jsonCodec<ServerWire>({
  // The author's server writes private chat without a type.
  kindOf: (value) => typeOf(value) ?? (isUntypedChat(value) ? 'chat' : undefined),
  schemas: {
    chat: CHAT,
    system: {
      type: 'object',
      required: ['userId', 'status'],
      properties: {
        userId: USER_ID,
        nickname: NICKNAME,
        status: { enum: ['ONLINE', 'OFFLINE'] },
        onlineUsers: LISTED_USERS_OR_NULL,
        offlineUsers: LISTED_USERS_OR_NULL,
      },
    },
    error: SERVER_ERROR,
  },
});

/** Epoch ms, or ISO 8601. */
function readTime(value: unknown, time: LocalTime): number | null {
  if (typeof value === 'string') return time.parse(value);
  return typeof value === 'number' && value >= 0 && Number.isSafeInteger(value) ? value : null;
}

function readChat(wire: Chat, at: number | null): ChatFrame {
  return {
    type: 'chat',
    fromUserId: wire.senderId,
    fromNickname: wire.senderNickname ?? null,
    toUserId: wire.receiverId ?? null,
    toNickname: null,
    content: wire.content,
    at,
  };
}

function readSystem(wire: System, time: LocalTime): Frame {
  const change: Change = {
    userId: wire.userId,
    nickname: wire.nickname ?? null,
    online: wire.status === 'ONLINE',
    at: readTime(wire.time, time),
  };
  const { onlineUsers, offlineUsers } = wire;
  return onlineUsers == null || offlineUsers == null
    ? { type: 'system', ...change }
    : { type: 'user_list', online: onlineUsers.map(readUser), offline: offlineUsers.map(readUser), change };
}

const writeChange = (change: Change): object => ({
  type: 'system',
  userId: change.userId,
  nickname: change.nickname ?? String(change.userId),
  status: change.online ? 'ONLINE' : 'OFFLINE',
  ...(change.at !== null && { time: change.at }),
});

const writeUsers = (users: readonly ListedUser[], online: boolean): object[] =>
  users.map(({ userId, nickname }) => ({ userId, nickname: nickname ?? String(userId), online }));

const LIST_REQUEST: ListRequestFrame = Object.freeze({ type: 'request_user_list' });

export const OURCHAT_2: WireForm = {
  readClient(message) {
    const [wire] = clientWire.decode(message) as readonly [ClientWire];
    switch (wire.type) {
      case 'chat':
        return readChat(wire, null);
      case 'error':
        return readReport(wire);
      case 'requestUserList':
        return LIST_REQUEST;
      default:
        return wire satisfies never;
    }
  },

  readServer(message, time) {
    const [wire] = serverWire.decode(message) as readonly [ServerWire];
    switch (wire.type) {
      case 'chat':
      case undefined:
        return readChat(wire, readTime(wire.time, time));
      case 'system':
        return readSystem(wire, time);
      case 'error':
        return { type: 'error', code: wire.code, message: wire.message };
      default:
        return wire satisfies never;
    }
  },

  write(frame) {
    switch (frame.type) {
      case 'chat':
        return {
          type: 'chat',
          senderId: frame.fromUserId,
          // The author's server passes this on as it is, and its client shows it unread.
          senderNickname: frame.fromNickname ?? String(frame.fromUserId),
          receiverId: frame.toUserId,
          content: frame.content,
          ...(frame.at !== null && { time: frame.at }),
        };
      case 'system':
        return writeChange(frame);
      case 'user_list':
        return {
          ...(frame.change === null ? { type: 'system' } : writeChange(frame.change)),
          onlineUsers: writeUsers(frame.online, true),
          offlineUsers: writeUsers(frame.offline, false),
        };
      case 'error':
        return { type: 'error', code: frame.code, message: frame.message };
      case 'request_user_list':
        return { type: 'requestUserList' };
      default:
        return frame satisfies never;
    }
  },

  listRequest: LIST_REQUEST,
  listHasChange: true,
};
