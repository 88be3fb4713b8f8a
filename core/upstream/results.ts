/**
 * Results as the clients' faces know them. A server's answer may say less than a client of another dialect
 * wants to be told: what is missing is filled with what is certain, and nothing is added that nobody said.
 */
import type { Command, CommandOf, SendMessage } from '../../schemas/command.ts';
import type { Group, Message, User } from '../../schemas/model.ts';
import type { Result, ResultOf } from '../../schemas/outcome.ts';

export interface Surroundings {
  readonly self: User;
  /** Epoch ms. */
  now(): number;
  newId(): string;
}

/** The result under which the client's face knows what to say. */
export function completed(command: Command, result: Result, around: Surroundings): Result {
  switch (command.type) {
    case 'send_message':
      return result.type === 'stored' ? result : stored(command, around);
    case 'send_batch':
      return result.type === 'batch_stored' ? result : batchStored(command, around);
    case 'join_group':
      return result.type === 'joined' ? result : joined(command.group, around.self);
    case 'leave_group':
      return result.type === 'left'
        ? result
        : { type: 'left', group: bareGroup(around.self.namespace, command.group), user: around.self };
    case 'subscribe':
      return { type: 'subscribed', target: command.target };
    case 'unsubscribe':
      return { type: 'unsubscribed', target: command.target };
    case 'sync':
      if (result.type === 'synced') return result;
      return command.target === undefined
        ? { type: 'synced', count: 0 }
        : { type: 'synced', target: command.target, count: 0 };
    case 'list_users':
    case 'authenticate':
    case 'revoke_message':
    case 'mark_read':
    case 'settle_delivery':
    case 'relay':
    case 'report_error':
    case 'disconnect':
      return result;
    default:
      return command satisfies never;
  }
}

const stored = (command: SendMessage, around: Surroundings): ResultOf<'stored'> => ({
  type: 'stored',
  message: messageOf(command, around),
  duplicate: false,
});

const batchStored = (command: CommandOf<'send_batch'>, around: Surroundings): ResultOf<'batch_stored'> => ({
  type: 'batch_stored',
  stored: command.items
    .filter((item): item is SendMessage => item.type === 'send_message')
    .map((item) => stored(item, around)),
});

const joined = (group: string, user: User): ResultOf<'joined'> => ({
  type: 'joined',
  group: bareGroup(user.namespace, group),
  user,
  attending: [user],
});

/** A sent message as far as its sender knows it: the server's id, order and time are not told. */
function messageOf(command: SendMessage, { self, now, newId }: Surroundings): Message {
  const { clientId, target, content, contentType, replyTo, attachment, extensions } = command;
  return {
    id: clientId ?? newId(),
    ...(clientId === undefined ? {} : { clientId }),
    namespace: self.namespace,
    sequence: 1,
    from: self,
    to: target,
    content,
    contentType,
    sentAt: now(),
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(attachment === undefined ? {} : { attachment }),
    ...(extensions === undefined ? {} : { extensions }),
  };
}

/** A group of which nothing but its id is known. */
export const bareGroup = (namespace: string, id: string): Group => ({
  namespace,
  id,
  name: id,
  description: '',
  createdAt: 0,
  open: true,
});
