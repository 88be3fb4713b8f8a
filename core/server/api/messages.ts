/** Messages: sending them, taking them back, and what was said. */
import {
  HistoryPage,
  HistoryQuery,
  type HistoryPage as HistoryView,
  SendMessage,
  SentMessage,
} from '../../../schemas/api/messages.ts';
import { conversationKey } from '../../../schemas/conversation.ts';
import type { Message } from '../../../schemas/model.ts';
import { answered } from '../../admin/shared.ts';
import { administer } from '../../admin.ts';
import { messageIn } from '../../bridged-view.ts';
import type { Hub } from '../../hub.ts';
import type { HistoryQuery as StoreQuery } from '../../store/port.ts';
import { knownGroup } from './groups.ts';
import { type Route, route } from './route.ts';
import { knownUser } from './users.ts';

const tag = 'Messages';

/** One more than the page is read: whether anything older is left. */
async function historyPage(hub: Hub, query: StoreQuery): Promise<HistoryView> {
  const found = await answered<readonly Message[]>((done) =>
    hub.store.history({ ...query, limit: query.limit + 1 }, done),
  );
  const messages = found.slice(-query.limit);
  const oldest = messages[0];
  return found.length > query.limit && oldest !== undefined
    ? { messages, next: oldest.sequence }
    : { messages };
}

export const messageRoutes: readonly Route[] = [
  route({
    id: 'sendMessage',
    method: 'POST',
    path: '/namespaces/{namespace}/messages',
    tag,
    summary: 'Send a message as a user or as the system',
    description:
      'Answered only when the message is durable. Sent again under the same `clientId` it is stored once, also across a restart.',
    scope: 'messages:send',
    body: SendMessage,
    result: SentMessage,
    problems: [
      'content_too_long',
      'frame_malformed',
      'recipient_unknown',
      'group_unknown',
      'forbidden',
      'muted',
      'blocked',
      'duplicate_conflict',
      'recipient_queue_full',
      'store_unavailable',
    ],
    example: {
      to: { type: 'user', id: 'alice' },
      content: 'Your parcel is on its way.',
      clientId: 'parcel-7',
    },
    handle({ hub, namespace, body: { to: target, ...message } }) {
      return administer(hub, { type: 'send_message', namespace, target, ...message });
    },
  }),
  route({
    id: 'revokeMessage',
    method: 'DELETE',
    path: '/namespaces/{namespace}/messages/{message}',
    tag,
    summary: 'Take a message back, whoever wrote it',
    description: 'It is not replayed or shown in history any more, and clients are told.',
    scope: 'messages:send',
    problems: ['message_unknown', 'store_unavailable'],
    handle: ({ hub, namespace, params: { message } }) =>
      administer(hub, { type: 'revoke', namespace, message }),
  }),
  route({
    id: 'groupHistory',
    method: 'GET',
    path: '/namespaces/{namespace}/groups/{group}/messages',
    tag,
    summary: 'Read what was said in a group',
    description: 'The newest page first; each page oldest first. As far back as `limits.backlog.age`.',
    scope: 'history:read',
    query: HistoryQuery,
    result: HistoryPage,
    problems: ['group_unknown', 'store_unavailable'],
    async handle({ hub, namespace, params: { group }, query: { before, limit }, pageSize }) {
      const { namespace: home, id } = knownGroup(hub, namespace, group).group;
      const conversation = conversationKey({ type: 'group', id }, '');
      const page = await historyPage(hub, { namespace: home, conversation, before, limit: pageSize(limit) });
      if (home === namespace) return page;
      return { ...page, messages: page.messages.map((message) => messageIn(message, namespace, group)) };
    },
  }),
  route({
    id: 'directHistory',
    method: 'GET',
    path: '/namespaces/{namespace}/users/{user}/conversations/{other}/messages',
    tag,
    summary: 'Read what two users wrote to each other',
    description:
      "The newest page first; each page oldest first. `other` may be the system's id. As far back as `limits.backlog.age`.",
    scope: 'history:read',
    query: HistoryQuery,
    result: HistoryPage,
    problems: ['recipient_unknown', 'store_unavailable'],
    handle({ hub, namespace, params: { user, other }, query: { before, limit }, pageSize }) {
      knownUser(hub, namespace, user);
      const conversation = conversationKey({ type: 'user', id: other }, user);
      return historyPage(hub, { namespace, conversation, before, limit: pageSize(limit) });
    },
  }),
];
