/** Client face: asking a server for channels. */

import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { face, failure, GREETED, NO, sent, settled, timer, wire, YES } from './client-samples.ts';
import {
  closed,
  DONE,
  IN_LOBBY,
  INBOX,
  lost,
  namespace,
  READY,
  SILENCE,
  subscribe,
  subscribed,
  TOKEN,
  unsubscribe,
  unsubscribed,
} from './samples.ts';

export const conversations: readonly ConversationVector[] = [
  {
    name: 'is logged in already, and says goodbye by closing',
    face,
    steps: [
      ...GREETED,
      [{ deliver: { type: 'authenticate', credentials: [TOKEN] }, ref: 1 }, [settled(1, DONE)]],
      [{ deliver: { type: 'disconnect' }, ref: 2 }, [settled(2, DONE), closed('normal', '')]],
    ],
  },
  {
    name: 'settles subscriptions in the order in which they were asked, yes and no alike',
    face,
    steps: [
      ...GREETED,
      [{ deliver: { type: 'subscribe', target: IN_LOBBY }, ref: 1 }, [sent(subscribe('group:lobby'))]],
      [{ deliver: { type: 'subscribe', target: INBOX }, ref: 2 }, [sent(subscribe('user:alice'))]],
      [
        { deliver: { type: 'subscribe', target: { type: 'group', id: 'channel:news' } }, ref: 3 },
        [sent(subscribe('news'))],
      ],
      [{ deliver: { type: 'subscribe', target: IN_LOBBY }, ref: 4 }, [sent(subscribe('group:lobby'))]],
      [YES, [settled(1, subscribed(IN_LOBBY))]],
      [
        NO('not allowed: the channel is the inbox of another user'),
        [settled(2, failure('forbidden', 'the channel is the inbox of another user'))],
      ],
      [NO('no room'), [settled(3, failure('forbidden', 'no room'))]],
      [
        NO('the connection is already subscribed to the channel'),
        [settled(4, failure('already_subscribed'))],
      ],
      [YES, [lost('socket:subscribed')]],
      [NO('x'), [lost('socket:subscribe.error')]],
    ],
  },
  {
    name: 'settles unsubscriptions apart from subscriptions',
    face,
    steps: [
      ...GREETED,
      [{ deliver: { type: 'subscribe', target: IN_LOBBY }, ref: 1 }, [sent(subscribe('group:lobby'))]],
      [{ deliver: { type: 'unsubscribe', target: IN_LOBBY }, ref: 2 }, [sent(unsubscribe('group:lobby'))]],
      [{ deliver: { type: 'unsubscribe', target: IN_LOBBY }, ref: 3 }, [sent(unsubscribe('group:lobby'))]],
      [wire({ event: 'socket:unsubscribed' }), [settled(2, unsubscribed(IN_LOBBY))]],
      [
        wire({
          event: 'socket:unsubscribe.error',
          data: { error: 'the connection is not subscribed to the channel' },
        }),
        [settled(3, failure('not_subscribed'))],
      ],
      [YES, [settled(1, subscribed(IN_LOBBY))]],
    ],
  },
  {
    name: 'joins and leaves a group by its channel',
    face,
    steps: [
      ...GREETED,
      [{ deliver: { type: 'subscribe', target: INBOX }, ref: 1 }, [sent(subscribe('user:alice'))]],
      [YES, [settled(1, subscribed(INBOX))]],
      [
        { deliver: { type: 'join_group', group: 'lobby', exclusive: true }, ref: 2 },
        [sent(subscribe('group:lobby')), lost('join_group', 'exclusive')],
      ],
      [
        YES,
        [
          settled(2, {
            ok: true,
            result: {
              type: 'joined',
              group: { namespace, id: 'lobby', name: 'lobby', description: '', createdAt: 0, open: true },
              user: { namespace, id: 'alice', name: 'alice' },
              attending: [{ namespace, id: 'alice', name: 'alice' }],
            },
          }),
        ],
      ],
      [
        { deliver: { type: 'leave_group', group: 'lobby', claimedSender: 'alice' }, ref: 3 },
        [sent(unsubscribe('group:lobby'))],
      ],
      [
        wire({ event: 'socket:unsubscribed' }),
        [
          settled(3, {
            ok: true,
            result: {
              type: 'left',
              group: { namespace, id: 'lobby', name: 'lobby', description: '', createdAt: 0, open: true },
              user: { namespace, id: 'alice', name: 'alice' },
            },
          }),
        ],
      ],
    ],
  },
  {
    name: 'signs private channels with the first key, for the socket_id that the server gave',
    face,
    endpoint: {
      options: {
        channelKeys: { k1: 's3cret', k0: 'older' },
        channels: [{ pattern: 'private-group:{id}', target: 'group' }],
      },
    },
    steps: [
      [{ open: true }, [SILENCE]],
      [
        wire({
          event: 'socket:connected',
          data: { socket_id: '00000000-0000-4000-8000-000000000001' },
        }),
        [READY, timer('ping', 120_000)],
      ],
      [
        { deliver: { type: 'subscribe', target: { type: 'group', id: 'staff' } }, ref: 1 },
        [
          sent(
            subscribe(
              'private-group:staff',
              'k1:9e6f7b2bde78ff4c1c9dfb4346a19a9eb724ecb4826b91489a66d95329282a0f',
            ),
          ),
        ],
      ],
    ],
  },
];
