/** How a hub would settle a command that nothing speaks against, and what the sender's own connection then hears. */
import type { Command, SendMessage } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Message, User } from '../../schemas/model.ts';
import type { Result } from '../../schemas/outcome.ts';
import type { Outcome } from '../dialect.ts';
import { GatewayError } from '../errors.ts';
import { bareGroup, NOW } from './stand-ins.ts';

export interface Answer {
  readonly outcome: Outcome;
  /** Delivered to the same connection afterwards. */
  readonly events: readonly Event[];
}

export interface HubParts {
  /** Who is logged in. */
  readonly user: User;
  readonly connectionId: string;
  /** Ids that name groups and therefore no users. */
  readonly groups: ReadonlySet<string>;
  newId(): string;
}

const answer = (result: Result, ...events: readonly Event[]): Answer => ({
  outcome: { ok: true, result },
  events,
});

export function hubAnswer(command: Command, parts: HubParts): Answer {
  const { user } = parts;
  switch (command.type) {
    case 'authenticate':
      return answer({ type: 'authenticated', user, anonymous: false });
    case 'send_message': {
      const message = stored(command, parts);
      return answer({ type: 'stored', message, duplicate: false }, copy(message, parts));
    }
    case 'send_batch': {
      const messages = command.items
        .filter((item): item is SendMessage => item.type === 'send_message')
        .map((item) => stored(item, parts));
      return answer(
        {
          type: 'batch_stored',
          stored: messages.map((message) => ({ type: 'stored', message, duplicate: false })),
        },
        ...messages.map((message) => copy(message, parts)),
      );
    }
    case 'join_group':
      return answer({ type: 'joined', group: bareGroup(command.group), user, attending: [user] });
    case 'leave_group':
      return answer({ type: 'left', group: bareGroup(command.group), user });
    case 'subscribe':
      return answer({ type: 'subscribed', target: command.target });
    case 'unsubscribe':
      return answer({ type: 'unsubscribed', target: command.target });
    case 'list_users':
      return answer({ type: 'users', group: bareGroup(command.group), online: [user], offline: [] });
    case 'sync':
      return answer({ type: 'synced', count: 0, ...(command.target && { target: command.target }) });
    case 'mark_read':
      // A frame that does not tell users from groups is read as a user's first.
      if (command.target.type === 'user' && parts.groups.has(command.target.id)) {
        return { outcome: { ok: false, error: new GatewayError('recipient_unknown') }, events: [] };
      }
      return answer({ type: 'done' });
    case 'revoke_message':
    case 'settle_delivery':
    case 'relay':
    case 'report_error':
    case 'disconnect':
      return answer({ type: 'done' });
    default:
      return command satisfies never;
  }
}

function stored(command: SendMessage, { user, newId }: HubParts): Message {
  const { target, content, contentType, clientId, replyTo, attachment, extensions } = command;
  return {
    id: newId(),
    ...(clientId !== undefined && { clientId }),
    namespace: user.namespace,
    sequence: 1,
    from: user,
    to: target,
    content,
    contentType,
    sentAt: NOW,
    ...(replyTo !== undefined && { replyTo }),
    ...(attachment !== undefined && { attachment }),
    ...(extensions !== undefined && { extensions }),
  };
}

const copy = (message: Message, { user, connectionId }: HubParts): Event => ({
  type: 'message',
  namespace: user.namespace,
  origin: connectionId,
  message,
});
