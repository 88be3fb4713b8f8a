/**
 * The frames of this dialect, as both of its forms mean them. What a form calls them and how it writes them
 * is in `form-ourchat.ts` and `form-ourchat-2.ts`, side by side.
 */
import type { WireMessage } from '../../core/dialect.ts';
import type { LocalTime } from './local-time.ts';

/** Chat, both ways. To everybody in the lobby when `toUserId` is null. */
export interface ChatFrame {
  readonly type: 'chat';
  readonly fromUserId: number;
  /** Server to client always; null where a client left it to the server. */
  readonly fromNickname: string | null;
  readonly toUserId: number | null;
  readonly toNickname: string | null;
  readonly content: string;
  /** Epoch ms; null from clients, whose own time is not read. */
  readonly at: number | null;
}

/** Somebody came or went. */
export interface Change {
  readonly userId: number;
  readonly nickname: string | null;
  readonly online: boolean;
  /** Epoch ms; null where a server left it out. */
  readonly at: number | null;
}

/** Server to client: one change of presence. */
export interface SystemFrame extends Change {
  readonly type: 'system';
}

export interface ListedUser {
  readonly userId: number;
  readonly nickname: string | null;
}

/** Server to client: who is online and who is not, with the change that led to it where the form has one. */
export interface UserListFrame {
  readonly type: 'user_list';
  readonly online: readonly ListedUser[];
  readonly offline: readonly ListedUser[];
  readonly change: Change | null;
}

/** Both ways; a client's is a report that nobody answers. */
export interface ErrorFrame {
  readonly type: 'error';
  readonly code: number;
  readonly message: string;
}

/** Client to server, `ourchat_2` only: asks for the user list. */
export interface ListRequestFrame {
  readonly type: 'request_user_list';
}

export type Frame = ChatFrame | SystemFrame | UserListFrame | ErrorFrame | ListRequestFrame;

/** One of the dialect's wire forms. Chosen once per endpoint; nothing else asks which one it is. */
export interface WireForm {
  /** @throws GatewayError data_unsupported, frame_malformed, frame_unknown, field_missing */
  readClient(message: WireMessage, time: LocalTime): Frame;
  /** @throws GatewayError as readClient */
  readServer(message: WireMessage, time: LocalTime): Frame;
  /** The JSON object of a frame of either direction. @throws GatewayError unsupported: the form has no such frame */
  write(frame: Frame, time: LocalTime): object;
  /** How a client asks for the user list, which it does first of all; null: it can't, and waits for one. */
  readonly listRequest: ListRequestFrame | null;
  /** Whether a user list carries the change that led to it. */
  readonly listHasChange: boolean;
}

/** JSON Schema of a user id: an integer that a double holds exactly. */
export const USER_ID = {
  type: 'integer',
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER,
} as const;

/** JSON Schema of a user id or null. */
export const USER_ID_OR_NULL = { ...USER_ID, type: ['integer', 'null'] } as const;

/** JSON Schema of a nickname, which the directory's replaces anyway. */
export const NICKNAME = { type: ['string', 'null'] } as const;

/** JSON Schema of content from a client: an empty one counts as missing. A server's may be empty. */
export const CLIENT_CONTENT = { type: 'string', minLength: 1 } as const;

/** JSON Schema of what a client reports: the least that can be logged, so that a report is never answered. */
export const CLIENT_ERROR = { type: 'object' } as const;

/** JSON Schema of a server's error. */
export const SERVER_ERROR = {
  type: 'object',
  required: ['code', 'message'],
  properties: { code: { type: 'integer' }, message: { type: 'string' } },
} as const;

/** JSON Schema of one side of a user list. */
export const LISTED_USERS = {
  type: 'array',
  items: { type: 'object', required: ['userId'], properties: { userId: USER_ID, nickname: NICKNAME } },
} as const;

/** The kind of a wire object: its `type`. */
export const kindOf = ({ type }: { readonly type?: unknown }): string | undefined =>
  typeof type === 'string' ? type : undefined;

/** What can be told of a client's report, however broken it is. */
export function readReport(wire: { readonly code?: unknown; readonly message?: unknown }): ErrorFrame {
  return {
    type: 'error',
    code: typeof wire.code === 'number' ? wire.code : 0,
    message: typeof wire.message === 'string' ? wire.message : '',
  };
}

export function readUser(wire: { readonly userId: number; readonly nickname?: string | null }): ListedUser {
  return { userId: wire.userId, nickname: wire.nickname ?? null };
}
