/** A message before the store has it: checked, and put into the form in which it will be stored. */
import type { SendMessage } from '../../schemas/command.ts';
import { isId, type Target, type User } from '../../schemas/model.ts';
import { userIn } from '../bridged-view.ts';
import { GatewayError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import type { Mutable } from '../mutable.ts';
import type { Participant } from '../participant.ts';
import type { MessageDraft, StoreOperation } from '../store/port.ts';
import { fingerprint } from '../store/rules.ts';
import { checkSender, knownGroup, mayWrite, recipientFor, speaker } from './permissions.ts';

/** What the client said, by the message that the backend made of it. */
export type Originals = ReadonlyMap<SendMessage, SendMessage>;

/** @throws GatewayError whatever a message would be refused for before it reaches the store */
export function checkMessage(hub: Hub, connection: Participant, command: SendMessage): void {
  draftOf(hub, connection, speaker(connection), command);
}

/** A repeat is told from another message by what the client said, not by what the backend made of it. */
export function appendOf(
  hub: Hub,
  connection: Participant,
  user: User,
  command: SendMessage,
  originals: Originals | undefined,
): StoreOperation {
  const draft = draftOf(hub, connection, user, command);
  const original = originals?.get(command);
  if (original === undefined) return { kind: 'append', draft };
  const { content, contentType } = original;
  return { kind: 'append', draft, said: fingerprint({ ...draft, content, contentType }) };
}

/** Checks everything that can be checked without the store. */
function draftOf(hub: Hub, connection: Participant, user: User, command: SendMessage): MessageDraft {
  checkSender(user, command.claimedSender);
  checkContent(command, connection.endpoint.config.limits.content);
  const { target } = command;
  let namespace = user.namespace;
  let to: Target = target;
  let from = user;
  if (target.type === 'group') {
    const record = knownGroup(hub, connection, target.id);
    mayWrite(record, connection, user);
    namespace = record.group.namespace;
    to = { type: 'group', id: record.group.id };
    from = userIn(user, namespace);
  } else {
    const recipient = recipientFor(hub, user, target.id);
    if (command.onlineOnly === true && recipient.connections.size === 0)
      throw new GatewayError('recipient_unknown');
  }
  const { clientId, content, contentType, replyTo, attachment, extensions } = command;
  const sentAt = hub.now();
  const draft: Mutable<MessageDraft> = {
    id: hub.newMessageId(sentAt),
    namespace,
    from: namespace === user.namespace ? hub.directory.userOf(namespace, user.id) : from,
    to,
    content,
    contentType,
    sentAt,
  };
  if (clientId !== undefined) draft.clientId = clientId;
  if (replyTo !== undefined) draft.replyTo = replyTo;
  if (attachment !== undefined) draft.attachment = attachment;
  if (extensions !== undefined) draft.extensions = extensions;
  return draft;
}

/** @throws GatewayError field_missing, frame_malformed, content_too_long */
export function checkContent(
  { content, clientId, replyTo }: Pick<SendMessage, 'content' | 'clientId' | 'replyTo'>,
  limit: number,
): void {
  if (content === '') throw new GatewayError('field_missing', { detail: 'content' });
  if (!content.isWellFormed())
    throw new GatewayError('frame_malformed', { detail: 'content has a lone surrogate' });
  if (content.length > limit && codePoints(content) > limit) {
    throw new GatewayError('content_too_long', { detail: `at most ${limit} characters` });
  }
  if ((clientId !== undefined && !isId(clientId)) || (replyTo !== undefined && !isId(replyTo))) {
    throw new GatewayError('frame_malformed', { detail: 'a message id is 1 to 256 characters long' });
  }
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
