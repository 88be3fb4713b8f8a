/**
 * The frames of both directions, and the JSON Schemas of their wire forms.
 *
 * A frame carries no `msgType` and no `dataType`: those numbers differ between servers of this family, and only
 * the codec knows them. `null` and absent are one on the wire, as the source has it; a frame knows only absent.
 */
import type { FrameSchema } from '../../core/json-wire.ts';
import type { JsonObject } from '../../schemas/model.ts';
import { MAX_ID_LENGTH } from '../../schemas/model.ts';

/** A person in a room. The source marks no field as required; `id` is the unique key. */
export interface Member {
  readonly headImgUrl?: string;
  readonly id: string;
  readonly nickName?: string;
  readonly personName?: string;
  readonly personNum?: string;
}

/** What a reply to joining or leaving says about the room. `createTime` is epoch ms. */
export interface Room {
  readonly number?: string;
  readonly name?: string;
  readonly desc?: string;
  readonly owner?: Member;
  readonly createTime?: number;
  /** Everybody present; only in the reply to the joiner itself. */
  readonly members?: readonly Member[];
  readonly newJoinMember?: Member;
  readonly newLeaveMember?: Member;
}

/** A chat message (ours: the source names the kind and defines no body). `createTime` is epoch ms. */
export interface Chat {
  readonly id?: string;
  readonly from?: Member;
  readonly roomNumber: string;
  readonly content: string;
  readonly contentType?: string;
  readonly createTime?: number;
}

/** client -> server: msgType init, dataType 1. */
export interface JoinFrame {
  readonly type: 'join';
  readonly from?: Member;
  readonly roomNumber: string;
}

/** client -> server: msgType init or chat, dataType 2. */
export interface LeaveFrame {
  readonly type: 'leave';
  readonly from?: Member;
  readonly roomNumber: string;
}

/** client -> server: msgType chat, dataType chat. */
export interface ChatFrame {
  readonly type: 'chat';
  readonly chat: Chat;
  readonly extendFields?: JsonObject;
}

export type ClientFrame =
  /** client -> server: alive; never answered. */
  | { readonly type: 'heartbeat' }
  | JoinFrame
  | LeaveFrame
  | ChatFrame
  /** client -> server: the two kinds that the source lists as not in use. */
  | { readonly type: 'receipt' }
  | { readonly type: 'friends' }
  /** client -> server: msgType chat with the dataType of a join, which is neither. */
  | { readonly type: 'misplaced' };

/** server -> client: `status 1`, "Join successfully". */
export interface JoinedFrame {
  readonly type: 'joined';
  readonly room: Room;
}

/** server -> client: `status 1`, "Leave successfully". */
export interface LeftFrame {
  readonly type: 'left';
  readonly room: Room;
}

/** server -> client: `status 1`, "Message". */
export interface MessageFrame {
  readonly type: 'message';
  readonly chat: Chat;
  readonly extendFields?: JsonObject;
}

/** server -> client: `status 0`, the reason in `msg`, `resultBody ""`. */
export interface RefusedFrame {
  readonly type: 'refused';
  readonly msg: string;
}

export type ServerFrame = JoinedFrame | LeftFrame | MessageFrame | RefusedFrame;

export type RoomFrame = ClientFrame | ServerFrame;

const TEXT = { type: ['string', 'null'] } as const;
const REQUIRED_TEXT = { type: ['string', 'null'], minLength: 1 } as const;
const REQUIRED_ID = { type: ['string', 'null'], minLength: 1, maxLength: MAX_ID_LENGTH } as const;
const OPTIONAL_ID = { type: ['string', 'null'], maxLength: MAX_ID_LENGTH } as const;
const OBJECT = { type: ['object', 'null'] } as const;

const MEMBER = {
  type: ['object', 'null'],
  required: ['id'],
  properties: {
    id: REQUIRED_ID,
    personName: TEXT,
    personNum: TEXT,
    nickName: TEXT,
    headImgUrl: TEXT,
  },
} as const;

const ROOM = {
  type: ['object', 'null'],
  properties: {
    number: OPTIONAL_ID,
    name: TEXT,
    desc: TEXT,
    owner: MEMBER,
    members: { type: ['array', 'null'], items: { ...MEMBER, type: 'object' } },
    newJoinMember: MEMBER,
    newLeaveMember: MEMBER,
  },
} as const;

const JOIN = {
  type: ['object', 'null'],
  required: ['roomNumber'],
  properties: { from: MEMBER, roomNumber: REQUIRED_ID },
} as const;

const CHAT = {
  type: ['object', 'null'],
  required: ['roomNumber', 'content'],
  properties: {
    id: OPTIONAL_ID,
    from: MEMBER,
    roomNumber: REQUIRED_ID,
    content: REQUIRED_TEXT,
    contentType: { type: ['string', 'null'], maxLength: 64 },
  },
} as const;

/** TextMsg, by the schema of its `textData.data`. */
const textMsg = (data: FrameSchema) => ({
  type: 'object',
  required: ['textData'],
  properties: {
    textData: { type: 'object', required: ['data'], properties: { data } },
    extendFields: OBJECT,
  },
});

/** A reply, by the schema of its `resultBody.textData.data`. */
const reply = (data: FrameSchema) => ({
  type: 'object',
  required: ['resultBody'],
  properties: { msg: TEXT, resultBody: textMsg(data) },
});

/** Kinds whose content nobody reads: whatever stands beside `msgType` is let pass. */
const ANY_CONTENT: FrameSchema = { type: 'object' };

/** By kind; `incomplete` is a join, a leave or a chat that doesn't say which of them it is. */
export const CLIENT_SCHEMAS = {
  heartbeat: ANY_CONTENT,
  receipt: ANY_CONTENT,
  friends: ANY_CONTENT,
  misplaced: ANY_CONTENT,
  incomplete: { type: 'object', required: ['textData'], properties: { textData: OBJECT } },
  join: textMsg(JOIN),
  leave: textMsg(JOIN),
  chat: textMsg(CHAT),
} as const satisfies Record<string, FrameSchema>;

export const SERVER_SCHEMAS = {
  refused: { type: 'object', properties: { msg: TEXT } },
  joined: reply(ROOM),
  left: reply(ROOM),
  message: reply(CHAT),
} as const satisfies Record<string, FrameSchema>;
