/** Chat bodies and the canonical model: SEND bodies in, MESSAGE bodies out. */
import type { WireIdentity } from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import type { CommandOf } from '../../schemas/command.ts';
import type { Attachment, JsonObject, Message } from '../../schemas/model.ts';
import {
  type AttachmentBody,
  type ChatMessage,
  type ChatSend,
  readChatRevoke,
  readChatSend,
  readChatSync,
  SEND_FIELDS,
} from './bodies.ts';
import { contentTypeOf, isMedia, isUrl, msgTypeOf } from './message-type.ts';
import type { FrameBody } from './wire.ts';

/** What reading a body needs to know of its connection. */
export interface ChatDesk {
  readonly identity: WireIdentity;
  /** The only app that is served here; null: any. */
  readonly appId: string | null;
}

interface App {
  readonly appId?: string | null;
  readonly appKey?: string | null;
}

/** The app that a body names. `appKey` is the older name. */
function appOf(body: App, desk: ChatDesk, messageId: string | undefined): string | undefined {
  const app = body.appId || body.appKey || undefined;
  if (app !== undefined && desk.appId !== null && app !== desk.appId)
    throw new GatewayError('forbidden', {
      detail: 'this endpoint serves another appId',
      ...(messageId === undefined ? {} : { messageId }),
    });
  return app;
}

/** An author named in the frame is checked by the router; one that can't be mapped is nobody of ours. */
function claimOf(
  fromId: string | null | undefined,
  desk: ChatDesk,
  messageId: string | undefined,
): { readonly claimedSender?: string } {
  if (fromId === undefined || fromId === null || fromId === '') return {};
  const claimedSender = desk.identity.toCanonical(fromId);
  if (claimedSender === undefined)
    throw new GatewayError('sender_mismatch', messageId === undefined ? {} : { messageId });
  return { claimedSender };
}

/** A message as either side writes it: the fields that say what it is. */
interface Said {
  readonly content: string;
  readonly text?: string | null;
  readonly attachment?: AttachmentBody | null;
}

/** Where media has no attachment of its own, a `content` that is a URL is the attachment. */
export function attachmentOf(said: Said, contentType: string): Attachment | undefined {
  const { attachment } = said;
  if (attachment !== undefined && attachment !== null)
    return {
      url: attachment.url,
      ...(attachment.name ? { name: attachment.name } : {}),
      ...(typeof attachment.size === 'number' ? { size: attachment.size } : {}),
    };
  return isMedia(contentType) && isUrl(said.content) ? { url: said.content } : undefined;
}

/** `text` has the words where `content` holds the URL. */
export const wordsOf = (said: Said): string => said.text ?? said.content;

export interface ReadSend {
  readonly command: CommandOf<'send_message'>;
  /** The body has fields that nobody here knows. */
  readonly unknownFields: boolean;
}

/**
 * SEND /app/chat.send.
 *
 * @throws GatewayError frame_malformed, field_missing, forbidden (another app), sender_mismatch, recipient_unknown
 */
export function readSend(body: FrameBody, desk: ChatDesk): ReadSend {
  const said = readChatSend(body);
  const messageId = said.messageId || undefined;
  const app = appOf(said, desk, messageId);
  const claim = claimOf(said.fromId, desk, messageId);
  const recipient = said.chatType === 'GROUP' ? said.toId : desk.identity.toCanonical(said.toId);
  if (recipient === undefined)
    throw new GatewayError('recipient_unknown', messageId === undefined ? {} : { messageId });
  const contentType = contentTypeOf(said.msgType);
  const attachment = attachmentOf(said, contentType);
  const mentioned = said.mentionedUserIds
    ?.map((id) => desk.identity.toCanonical(id))
    .filter((id) => id !== undefined);
  const stomp: JsonObject = {
    ...(app === undefined ? {} : { appId: app }),
    ...(mentioned === undefined ? {} : { mentionedUserIds: mentioned }),
  };
  const command: CommandOf<'send_message'> = {
    type: 'send_message',
    target: { type: said.chatType === 'GROUP' ? 'group' : 'user', id: recipient },
    content: wordsOf(said),
    contentType,
    ...(messageId === undefined ? {} : { clientId: messageId }),
    ...claim,
    ...(said.replyTo ? { replyTo: said.replyTo } : {}),
    ...(attachment === undefined ? {} : { attachment }),
    ...(app === undefined && mentioned === undefined ? {} : { extensions: { stomp } }),
  };
  return { command, unknownFields: hasUnknownFields(said) };
}

function hasUnknownFields(said: ChatSend): boolean {
  for (const key in said) if (!SEND_FIELDS.has(key)) return true;
  return false;
}

/** SEND /app/chat.revoke. */
export function readRevoke(body: FrameBody, desk: ChatDesk): CommandOf<'revoke_message'> {
  const said = readChatRevoke(body);
  appOf(said, desk, said.messageId);
  return { type: 'revoke_message', message: said.messageId, ...claimOf(said.fromId, desk, said.messageId) };
}

/** SEND /app/chat.sync; an empty body names no app. */
export function readSync(body: FrameBody, desk: ChatDesk): CommandOf<'sync'> {
  if (body.length > 0) appOf(readChatSync(body), desk, undefined);
  return { type: 'sync' };
}

const sayAttachment = ({ url, name, size }: Attachment): AttachmentBody => ({
  url,
  ...(name === undefined ? {} : { name }),
  ...(size === undefined ? {} : { size }),
});

/** How media is said: the URL as `content`, what it can't hold beside it. */
export function sayContent(
  message: Pick<Message, 'content' | 'contentType'> & { readonly attachment?: Attachment | undefined },
): Pick<ChatMessage, 'content' | 'text' | 'attachment'> {
  const { content, attachment } = message;
  if (attachment === undefined) return { content };
  const asContent = isMedia(message.contentType) && attachment.url.length > 0;
  const whole =
    asContent && isUrl(attachment.url) && attachment.name === undefined && attachment.size === undefined;
  return {
    content: asContent ? attachment.url : content,
    ...(asContent && content !== attachment.url ? { text: content } : {}),
    ...(whole ? {} : { attachment: sayAttachment(attachment) }),
  };
}

export interface SaidMessage {
  /** The MESSAGE body. */
  readonly json: string;
  /** What it doesn't say. */
  readonly lost: readonly string[];
}

/**
 * The body of a delivered message: the source's fields in the source's order, then what only some messages
 * have. `id` is the author's own where there is one. Undefined if a user has no id on this wire.
 */
export function sayMessage(message: Message, identity: WireIdentity): SaidMessage | undefined {
  const fromId = identity.toWire(message.from.id);
  const toId = message.to.type === 'group' ? message.to.id : identity.toWire(message.to.id);
  if (fromId === undefined || toId === undefined) return undefined;
  const { content, ...extras } = sayContent(message);
  const mentioned = message.extensions?.stomp?.mentionedUserIds;
  const body: ChatMessage = {
    id: message.clientId ?? message.id,
    fromId,
    toId,
    chatType: message.to.type === 'group' ? 'GROUP' : 'SINGLE',
    msgType: msgTypeOf(message.contentType),
    content,
    status: 'SENT',
    createdAt: message.sentAt,
    ...extras,
    ...(message.replyTo === undefined ? {} : { replyTo: message.replyTo }),
    ...(Array.isArray(mentioned)
      ? { mentionedUserIds: mentioned.flatMap((id) => identity.toWire(String(id)) ?? []) }
      : {}),
  };
  const lost: string[] = [];
  if (message.from.name !== message.from.id) lost.push('from.name');
  if (message.from.avatar !== undefined) lost.push('from.avatar');
  return { json: JSON.stringify(body), lost };
}

/**
 * Says the same message once, however many connections of the endpoint have subscriptions that differ: the
 * last one is remembered, because a fan-out asks for one message many times in a row.
 */
export class MessageSayer {
  #message: Message | undefined;
  #identity: WireIdentity | undefined;
  #said: SaidMessage | undefined;

  say(message: Message, identity: WireIdentity): SaidMessage | undefined {
    if (message !== this.#message || identity !== this.#identity) {
      this.#said = sayMessage(message, identity);
      this.#message = message;
      this.#identity = identity;
    }
    return this.#said;
  }
}
