/**
 * What the backend says: messages in a user's name or the system's own, relayed frames, and what was seen. A
 * user for whom it speaks is bound by what binds them; the system may write to every group and every user.
 */
import type { Event } from '../../schemas/event.ts';
import type { Message, Target, User } from '../../schemas/model.ts';
import { messageIn, userIn } from '../bridged-view.ts';
import type { Audience } from '../bus/port.ts';
import { checkContent } from '../commands/draft.ts';
import { GatewayError } from '../errors.ts';
import { type GroupRecord, groupIdIn, isOpenIn, userKey } from '../groups.ts';
import type { Hub } from '../hub.ts';
import type { MessageDraft, StoreOperation, StoreResult } from '../store/port.ts';
import { answered, groupOf, type Of, tellUsers, userOf } from './shared.ts';

export interface Sent {
  /** As its sender's namespace sees it. */
  readonly message: Message;
  /** The same message was stored before under its client id, and nothing new was sent. */
  readonly duplicate: boolean;
}

/** Who a message is from: a user whom the directory knows, or the system. */
function authorOf(hub: Hub, namespace: string, id: string | undefined): User {
  if (id !== undefined) return userOf(hub, namespace, id).user;
  const { system } = hub.config.api;
  return hub.directory.find(namespace, system.id)?.user ?? Object.freeze({ namespace, ...system });
}

/** @throws GatewayError forbidden: a closed group is for its members; muted */
function mayWrite(record: GroupRecord, user: User): void {
  if (!isOpenIn(record, user.namespace) && !record.members.has(userKey(user)))
    throw new GatewayError('forbidden', { detail: 'this group is for its members' });
  if (record.muted.has(userKey(user))) throw new GatewayError('muted');
}

function groupFor(
  hub: Hub,
  author: User,
  { group, asUser }: { group: string; asUser: boolean },
): GroupRecord {
  const record = groupOf(hub, { namespace: author.namespace, group });
  if (asUser) mayWrite(record, author);
  return record;
}

function recipientFor(hub: Hub, author: User, { user, asUser }: { user: string; asUser: boolean }): void {
  const recipient = userOf(hub, author.namespace, user);
  if (asUser && recipient.blocked.has(author.id)) throw new GatewayError('blocked');
}

/** Resolves when the message is durable, and everybody concerned has been told. */
export async function sendMessage(hub: Hub, command: Of<'send_message'>): Promise<Sent> {
  const author = authorOf(hub, command.namespace, command.from);
  const { draft, record } = draftOf(hub, author, command);
  // Published where the store answers: in `sequence` order, before anything that is stored later.
  return answered<Sent>((done) =>
    hub.store.commit([{ kind: 'append', draft }], (outcome) => {
      if (!outcome.ok) {
        done(outcome);
        return;
      }
      const { message, duplicate } = appended(outcome.value[0]);
      if (!duplicate) publish(hub, author, message);
      done({ ok: true, value: { message: ownView(author, message, record), duplicate } });
    }),
  );
}

function draftOf(
  hub: Hub,
  author: User,
  command: Of<'send_message'>,
): { readonly draft: MessageDraft; readonly record: GroupRecord | undefined } {
  checkContent(command, hub.config.limits.content);
  const { target, content, contentType, clientId, replyTo, attachment, extensions } = command;
  const asUser = command.from !== undefined;
  const record = target.type === 'group' ? groupFor(hub, author, { group: target.id, asUser }) : undefined;
  if (target.type === 'user') recipientFor(hub, author, { user: target.id, asUser });
  const namespace = record?.group.namespace ?? author.namespace;
  const to: Target = record === undefined ? target : { type: 'group', id: record.group.id };
  const draft: MessageDraft = {
    id: hub.newMessageId(),
    namespace,
    from: userIn(author, namespace),
    to,
    content,
    contentType,
    sentAt: hub.now(),
    ...(clientId === undefined ? {} : { clientId }),
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(attachment === undefined ? {} : { attachment }),
    ...(extensions === undefined ? {} : { extensions }),
  };
  return { draft, record };
}

function appended(result: StoreResult | undefined) {
  if (result?.kind !== 'append') throw new Error('the store answered an append with something else');
  return result;
}

/** The stored message as its author's namespace sees it. */
function ownView(author: User, message: Message, record: GroupRecord | undefined): Message {
  if (record === undefined || message.namespace === author.namespace) return message;
  return messageIn({ ...message, from: author }, author.namespace, groupIdIn(record, author.namespace));
}

function publish(hub: Hub, author: User, message: Message): void {
  const { namespace, to, from } = message;
  // Bridged namespaces see their own people under their own ids: the views are made from the real author.
  const seen = namespace === author.namespace ? message : Object.freeze({ ...message, from: author });
  const audience: Audience =
    to.type === 'group'
      ? { kind: 'group', namespace, group: to.id }
      : { kind: 'users', namespace, users: [to.id, from.id] };
  hub.fanOut.publish({ type: 'message', namespace, message: seen }, audience);
}

/** A frame that is passed through whole. To a queue: resolves when its entry is durable. */
export async function relay(hub: Hub, command: Of<'relay'>): Promise<void> {
  const { namespace, target, name, headers, body, ephemeral, from: sender } = command;
  const from = sender === undefined ? undefined : userOf(hub, namespace, sender).user;
  const id = hub.newMessageId();
  const event = (home: string, to: Of<'relay'>['target']): Event => ({
    type: 'relayed',
    namespace: home,
    id,
    target: to,
    name,
    headers,
    body,
    ephemeral,
    ...(from === undefined ? {} : { from }),
  });
  switch (target.type) {
    case 'queue': {
      const entry = { id, namespace, queue: target.id, name, headers, body, from, at: hub.now() };
      const operations: readonly StoreOperation[] = [{ kind: 'enqueue', entry }];
      await answered((done) => hub.store.commit(operations, done));
      hub.destinations.stored(namespace, target.id);
      return;
    }
    case 'topic':
      hub.fanOut.publish(event(namespace, target), { kind: 'topic', namespace, topic: target.id });
      return;
    case 'group': {
      onlyEphemeral(ephemeral);
      const record = groupOf(hub, { namespace, group: target.id });
      if (from !== undefined) mayWrite(record, from);
      const { namespace: home, id: group } = record.group;
      hub.fanOut.publish(event(home, { type: 'group', id: group }), {
        kind: 'group',
        namespace: home,
        group,
      });
      return;
    }
    case 'user': {
      onlyEphemeral(ephemeral);
      const recipient = userOf(hub, namespace, target.id);
      if (from !== undefined && recipient.blocked.has(from.id)) throw new GatewayError('blocked');
      const users = from === undefined ? [target.id] : [target.id, from.id];
      hub.fanOut.publish(event(namespace, target), { kind: 'users', namespace, users });
      return;
    }
    default:
      return target.type satisfies never;
  }
}

function onlyEphemeral(ephemeral: boolean): void {
  if (!ephemeral) throw new GatewayError('unsupported', { detail: 'users and groups are sent messages' });
}

/** The other side of a direct conversation hears of it; of a group only the reader's own connections. */
export function markRead(hub: Hub, command: Of<'mark_read'>): void {
  const { namespace, reader: id, target, message } = command;
  const reader = userOf(hub, namespace, id).user;
  if (target.type === 'group') groupOf(hub, { namespace, group: target.id });
  else userOf(hub, namespace, target.id);
  const event: Event = {
    type: 'message_read',
    namespace,
    target,
    reader,
    at: hub.now(),
    ...(message === undefined ? {} : { message }),
  };
  tellUsers(hub, event, ...(target.type === 'user' ? [target.id, reader.id] : [reader.id]));
}

export async function revoke(
  hub: Hub,
  { namespace, message: id, author = '', target }: Of<'revoke'>,
): Promise<void> {
  const known = await answered<Message | undefined>((done) =>
    hub.store.find({ namespace, id, author, target }, done),
  );
  if (known === undefined) throw new GatewayError('message_unknown');
  const { from, to, clientId } = known;
  await answered((done) =>
    hub.store.commit([{ kind: 'revoke', namespace, message: known.id, author: from.id }], done),
  );
  const event: Event = {
    type: 'message_revoked',
    namespace,
    message: known.id,
    from,
    to,
    at: hub.now(),
    ...(clientId === undefined ? {} : { clientId }),
  };
  if (to.type === 'user') tellUsers(hub, event, to.id, from.id);
  else hub.fanOut.publish(event, { kind: 'group', namespace, group: to.id });
}
