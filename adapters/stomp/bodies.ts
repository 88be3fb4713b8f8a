/**
 * The JSON bodies of the chat's destinations and their JSON Schemas, compiled once. Both directions.
 *
 * Fields with a question mark that the source doesn't name (`text`, `attachment`, `replyTo`,
 * `mentionedUserIds`) are ours: they are written only where the message has them.
 */

import { GatewayError } from '../../core/errors.ts';
import { type FrameSchema, jsonCodec } from '../../core/json-wire.ts';
import type { FrameBody } from './wire.ts';

export type ChatType = 'SINGLE' | 'GROUP';

export interface AttachmentBody {
  readonly url: string;
  readonly name?: string | null;
  /** Bytes. */
  readonly size?: number | null;
}

/** What both forms of a message may carry besides their own fields. */
interface MessageExtras {
  /** The message's words where `content` is the attachment's URL. */
  readonly text?: string | null;
  readonly attachment?: AttachmentBody | null;
  readonly replyTo?: string | null;
  readonly mentionedUserIds?: readonly string[] | null;
}

/** Client to server, SEND /app/chat.send. */
export interface ChatSend extends MessageExtras {
  readonly appId?: string | null;
  readonly appKey?: string | null;
  readonly messageId?: string | null;
  readonly fromId?: string | null;
  readonly toId: string;
  readonly chatType: ChatType;
  readonly msgType?: string | null;
  readonly content: string;
}

/** Client to server, SEND /app/chat.revoke. */
export interface ChatRevoke {
  readonly appId?: string | null;
  readonly appKey?: string | null;
  readonly messageId: string;
  readonly fromId?: string | null;
}

/** Client to server, SEND /app/chat.sync. */
export interface ChatSync {
  readonly appId?: string | null;
  readonly appKey?: string | null;
}

/** Server to client, MESSAGE on /user/queue/messages and /topic/group/{id}. */
export interface ChatMessage extends MessageExtras {
  readonly id: string;
  readonly fromId: string;
  readonly toId: string;
  readonly chatType: ChatType;
  readonly msgType: string;
  readonly content: string;
  readonly status: string;
  /** Epoch ms. */
  readonly createdAt: number;
}

/** Server to client, MESSAGE on /user/queue/errors. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly messageId?: string;
}

export const ID: FrameSchema = { type: 'string', minLength: 1, maxLength: 256 };
const OPTIONAL_ID: FrameSchema = { type: ['string', 'null'], maxLength: 256 };
const CHAT_TYPE: FrameSchema = { enum: ['SINGLE', 'GROUP'] };

const EXTRAS: Readonly<Record<string, FrameSchema>> = {
  text: { type: ['string', 'null'] },
  attachment: {
    type: ['object', 'null'],
    required: ['url'],
    properties: {
      url: { type: 'string', minLength: 1, maxLength: 8192 },
      name: { type: ['string', 'null'], maxLength: 1024 },
      size: { type: ['integer', 'null'], minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    },
  },
  replyTo: OPTIONAL_ID,
  mentionedUserIds: { type: ['array', 'null'], maxItems: 1000, items: ID },
};

const APP: Readonly<Record<string, FrameSchema>> = { appId: OPTIONAL_ID, appKey: OPTIONAL_ID };

/** `content` may be empty only beside an attachment's words: see `readSend`. */
const SEND: FrameSchema = {
  type: 'object',
  required: ['toId', 'chatType', 'content'],
  properties: {
    ...APP,
    messageId: OPTIONAL_ID,
    fromId: OPTIONAL_ID,
    toId: ID,
    chatType: CHAT_TYPE,
    msgType: { type: ['string', 'null'], maxLength: 64 },
    content: { type: 'string', minLength: 1 },
    ...EXTRAS,
  },
};

const REVOKE: FrameSchema = {
  type: 'object',
  required: ['messageId'],
  properties: { ...APP, messageId: ID, fromId: OPTIONAL_ID },
};

const SYNC: FrameSchema = { type: 'object', properties: APP };

const MESSAGE: FrameSchema = {
  type: 'object',
  required: ['id', 'fromId', 'toId', 'chatType', 'content'],
  properties: {
    id: ID,
    fromId: ID,
    toId: ID,
    chatType: CHAT_TYPE,
    msgType: { type: ['string', 'null'], maxLength: 64 },
    content: { type: 'string' },
    createdAt: { type: ['integer', 'null'], minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    ...EXTRAS,
  },
};

const ERROR: FrameSchema = {
  type: 'object',
  required: ['code'],
  properties: {
    code: { type: 'string', minLength: 1, maxLength: 64 },
    message: { type: ['string', 'null'] },
    messageId: { type: ['string', 'null'] },
  },
};

/** Names of the fields that SEND /app/chat.send may have; others are dropped and counted. */
export const SEND_FIELDS: ReadonlySet<string> = new Set([
  'appId',
  'appKey',
  'messageId',
  'fromId',
  'toId',
  'chatType',
  'msgType',
  'content',
  ...Object.keys(EXTRAS),
]);

/** Gives a reader of bodies that fit one schema. */
function reader<Body>(schema: FrameSchema): (body: FrameBody) => Body {
  const codec = jsonCodec<Body>({
    kindOf: () => 'body',
    schemas: { body: schema },
    messageIdOf: (value) => value.messageId,
  });
  return (body) => {
    if (typeof body !== 'string')
      throw new GatewayError('frame_malformed', { detail: 'the body is not UTF-8 text' });
    const [value] = codec.decode(body);
    return value as Body;
  };
}

/** Each throws GatewayError frame_malformed or field_missing, which leave the connection open. */
export const readChatSend = reader<ChatSend>(SEND);
export const readChatRevoke = reader<ChatRevoke>(REVOKE);
export const readChatSync = reader<ChatSync>(SYNC);
export const readChatMessage = reader<Omit<ChatMessage, 'msgType' | 'createdAt' | 'status'> & Loose>(MESSAGE);
export const readErrorBody = reader<ErrorBody>(ERROR);

/** What servers of this kind leave out or write as null. */
interface Loose {
  readonly msgType?: string | null;
  readonly createdAt?: number | null;
}
