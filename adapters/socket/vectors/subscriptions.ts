/** Server face: subscribing and unsubscribing, and the answers in their order. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import {
  CREDENTIALS,
  closed,
  failed,
  IN_LOBBY,
  joins,
  LOGIN,
  refused,
  route,
  SUBSCRIBED,
  send,
  subscribe,
  subscribed,
  UNSUBSCRIBED,
  unsubscribe,
  unsubscribed,
} from './samples.ts';

const face = 'server';
const IN_STAFF = { type: 'group', id: 'staff' } as const;

const notSubscribed = send({
  event: 'socket:unsubscribe.error',
  data: { error: 'the connection is not subscribed to the channel' },
});

export const conversations: readonly ConversationVector[] = [
  {
    name: 'subscribes and unsubscribes, answers without data, repetitions in the words of the source',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'group:lobby', IN_LOBBY),
      [subscribe('group:lobby'), [refused('already_subscribed')]],
      [unsubscribe('group:lobby'), [route(3, { type: 'unsubscribe', target: IN_LOBBY })]],
      [{ settle: 3, outcome: unsubscribed(IN_LOBBY) }, [UNSUBSCRIBED]],
      [unsubscribe('group:lobby'), [notSubscribed]],
      ...joins(4, 'group:lobby', IN_LOBBY),
    ],
  },
  {
    name: 'adds the channel to the four answers where the endpoint says so',
    face,
    endpoint: { options: { echoChannel: true } },
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [subscribe('news'), [route(2, { type: 'subscribe', target: { type: 'group', id: 'channel:news' } })]],
      [
        { settle: 2, outcome: subscribed({ type: 'group', id: 'channel:news' }) },
        [send({ event: 'socket:subscribed', data: { channel: 'news' } })],
      ],
      [
        subscribe('news'),
        [
          send({
            event: 'socket:subscribe.error',
            data: { error: 'the connection is already subscribed to the channel', channel: 'news' },
          }),
        ],
      ],
      [
        unsubscribe('other'),
        [
          send({
            event: 'socket:unsubscribe.error',
            data: { error: 'the connection is not subscribed to the channel', channel: 'other' },
          }),
        ],
      ],
      [
        unsubscribe('news'),
        [route(3, { type: 'unsubscribe', target: { type: 'group', id: 'channel:news' } })],
      ],
      [
        { settle: 3, outcome: unsubscribed({ type: 'group', id: 'channel:news' }) },
        [send({ event: 'socket:unsubscribed', data: { channel: 'news' } })],
      ],
    ],
  },
  {
    name: 'passes the refusal of a closed or unknown group on, and a later try is a new one',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [subscribe('group:staff'), [route(2, { type: 'subscribe', target: IN_STAFF })]],
      [{ settle: 2, outcome: failed('forbidden') }, [refused('forbidden')]],
      [subscribe('group:staff'), [route(3, { type: 'subscribe', target: IN_STAFF })]],
      [{ settle: 3, outcome: failed('group_unknown') }, [refused('group_unknown')]],
      [subscribe('full'), [route(4, { type: 'subscribe', target: { type: 'group', id: 'channel:full' } })]],
      [{ settle: 4, outcome: failed('limit_exceeded', 'channels') }, [refused('limit_exceeded', 'channels')]],
      [unsubscribe('full'), [notSubscribed]],
    ],
  },
  {
    name: 'ends with the close reason of a fatal refusal, after the answer',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [subscribe('group:lobby'), [route(2, { type: 'subscribe', target: IN_LOBBY })]],
      [
        { settle: 2, outcome: failed('shutting_down') },
        [refused('shutting_down'), closed('shutting_down', 'the server is shutting down; reconnect')],
      ],
    ],
  },
  {
    name: 'is the authority on its own names when the router has other ideas',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [subscribe('group:lobby'), [route(2, { type: 'subscribe', target: IN_LOBBY })]],
      [{ settle: 2, outcome: failed('already_subscribed') }, [SUBSCRIBED]],
      [unsubscribe('group:lobby'), [route(3, { type: 'unsubscribe', target: IN_LOBBY })]],
      [{ settle: 3, outcome: failed('not_subscribed') }, [UNSUBSCRIBED]],
      ...joins(4, 'group:lobby', IN_LOBBY),
      [unsubscribe('group:lobby'), [route(5, { type: 'unsubscribe', target: IN_LOBBY })]],
      [
        { settle: 5, outcome: failed('store_unavailable') },
        [
          send({
            event: 'socket:unsubscribe.error',
            data: { error: 'the message could not be stored; try again' },
          }),
        ],
      ],
      [subscribe('group:lobby'), [refused('already_subscribed')]],
    ],
  },
  {
    name: 'bounds the channels of one connection',
    face,
    endpoint: { options: { maxSubscriptions: 1 } },
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'group:lobby', IN_LOBBY),
      [subscribe('news'), [refused('limit_exceeded', '1 channels on one connection')]],
      [subscribe('group:lobby'), [refused('already_subscribed')]],
    ],
  },
];
