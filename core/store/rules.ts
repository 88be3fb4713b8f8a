/** The rules of the port that do not depend on where the data lies. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Message, Target } from '../../schemas/model.ts';
import { GatewayError } from '../errors.ts';
import type { MessageDraft, MissedQuery, StoreLimits } from './port.ts';

const DIRECT = 'direct:';
const GROUP = 'group:';

/** Whether a key that `conversationKey` gave is that of a direct conversation. */
export function isDirect(conversation: string): boolean {
  return conversation.startsWith(DIRECT);
}

/** Whom a message must reach by name and count as backlog: not the members of a group, not its own author. */
export function recipientOf(message: {
  readonly to: Target;
  readonly from: { readonly id: string };
}): string | undefined {
  return message.to.type === 'user' && message.to.id !== message.from.id ? message.to.id : undefined;
}

/** Bytes of the content in UTF-8, which is what a backlog counts. */
export function contentBytes(draft: MessageDraft): number {
  return Buffer.byteLength(draft.content);
}

type Said = Pick<MessageDraft, 'to' | 'content' | 'contentType' | 'attachment'>;

/** Stands for a message's target and content. */
export function fingerprint({ to, content, contentType, attachment }: Said): string {
  const said = [to.type, to.id, content, contentType, attachment?.url, attachment?.name, attachment?.size];
  return createHash('sha256').update(JSON.stringify(said)).digest('base64url');
}

/**
 * Whether a client id that comes again comes with the same message: target and content, as the client sent them.
 * The fingerprints say what that was where something else was stored.
 */
export function isSameMessage(
  stored: Message,
  draft: MessageDraft,
  saidThen?: string | undefined,
  saidNow?: string | undefined,
): boolean {
  if (saidThen !== undefined || saidNow !== undefined) {
    return (saidThen ?? fingerprint(stored)) === (saidNow ?? fingerprint(draft));
  }
  return (
    stored.to.type === draft.to.type &&
    stored.to.id === draft.to.id &&
    stored.content === draft.content &&
    stored.contentType === draft.contentType &&
    stored.attachment?.url === draft.attachment?.url &&
    stored.attachment?.name === draft.attachment?.name &&
    stored.attachment?.size === draft.attachment?.size
  );
}

/** A test for the conversations that a query is about. */
export function conversationFilter(query: MissedQuery): (conversation: string) => boolean {
  const named = query.conversations === undefined ? undefined : new Set(query.conversations);
  const groups = query.groups === undefined ? undefined : new Set(query.groups.map((id) => GROUP + id));
  return (conversation) =>
    (named === undefined || named.has(conversation)) &&
    (groups === undefined || isDirect(conversation) || groups.has(conversation));
}

export interface Backlog {
  messages: number;
  /** UTF-8. */
  bytes: number;
}

export function exceeds(backlog: Backlog, limits: StoreLimits): boolean {
  return backlog.messages > limits.backlogMessages || backlog.bytes > limits.backlogBytes;
}

export const duplicateConflict = (draft: MessageDraft): GatewayError =>
  new GatewayError('duplicate_conflict', draft.clientId === undefined ? {} : { messageId: draft.clientId });

export const backlogFull = (): GatewayError => new GatewayError('recipient_queue_full');

export const queueFull = (): GatewayError =>
  new GatewayError('recipient_queue_full', { detail: 'the queue has too many entries' });

export const queuesFull = (): GatewayError =>
  new GatewayError('recipient_queue_full', { detail: 'there are too many queues' });

export const memoryFull = (): GatewayError =>
  new GatewayError('store_unavailable', {
    detail: 'the memory of the store is full of what waits to be delivered',
  });

export const messageUnknown = (): GatewayError => new GatewayError('message_unknown');

export const notTheAuthor = (): GatewayError =>
  new GatewayError('forbidden', { detail: 'only its author may revoke a message' });

/** A seed contradicts what is already assigned; naming the user helps whoever wrote the configuration. */
export const identityTaken = (user: string, integer: number): GatewayError =>
  new GatewayError('duplicate_conflict', {
    detail: `user ${JSON.stringify(user)} cannot get the integer ${integer}: one of the two is assigned otherwise`,
  });

/** Whether a seed is an integer that can be assigned: 1 to 2^53 - 1. */
export function isAssignable(integer: number): boolean {
  return Number.isSafeInteger(integer) && integer > 0;
}
