/** Shorthand for vectors about chat messages. */
import type { EventOf } from '../../../schemas/event.ts';
import type { Group, Message } from '../../../schemas/model.ts';
import { ALICE, said, user } from './kit.ts';

export const SEND_TO = 'destination:/app/chat.send';

export const INBOX = '/user/queue/messages';

export const LOBBY = '/topic/group/lobby';

export const BOB = user('bob');

export function stored(changes: Partial<Message> = {}): Message {
  return {
    id: '01J',
    namespace: 'main',
    sequence: 4,
    from: BOB,
    to: { type: 'user', id: 'alice' },
    content: 'Hello',
    contentType: 'text',
    sentAt: 1_715_000_000_000,
    ...changes,
  };
}

export const arrives = (
  changes: Partial<Message> = {},
  event: Partial<EventOf<'message'>> = {},
): EventOf<'message'> => ({ type: 'message', namespace: 'main', message: stored(changes), ...event });

/** A MESSAGE as this adapter writes it. */
export const delivered = (subscription: string, destination: string, body: string, messageId = '01J') =>
  said(
    'MESSAGE',
    [
      `subscription:${subscription}`,
      `message-id:${messageId}`,
      `destination:${destination}`,
      'content-type:application/json',
    ],
    body,
  );

export const toBob = { toId: 'bob', chatType: 'SINGLE', msgType: 'TEXT', content: 'Hello' };

export function group(): Group {
  return {
    namespace: 'main',
    id: 'lobby',
    name: 'Lobby',
    description: '',
    owner: ALICE,
    createdAt: 9,
    open: true,
  };
}
