/** Conversations of the server face: topics and queues, relayed whole. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import type { DeliveryReference } from '../../../schemas/model.ts';
import { JSON_TYPE, settles } from './broker-kit.ts';
import {
  DESTINATIONS,
  done,
  frame,
  login,
  receiptOf,
  refused,
  routed,
  type Step,
  said,
  subscribed,
  user,
  wire,
} from './kit.ts';

const broker = { options: { destinations: DESTINATIONS } };

const relayedTo = (type: 'topic' | 'queue', changes: object = {}) => ({
  type: 'relayed',
  namespace: 'main',
  id: 'r1',
  target: { type, id: `/${type}/x` },
  name: 'SEND',
  headers: [
    ['content-type', 'text/plain'],
    ['price', '1:2'],
  ],
  body: 'tick',
  ephemeral: type === 'topic',
  ...changes,
});

const tick = (subscription: string, messageId = 'r1') => [
  `subscription:${subscription}`,
  `message-id:${messageId}`,
  'destination:/topic/x',
  'content-type:text/plain',
  'price:1:2',
];

const QUEUED: DeliveryReference = { kind: 'queue', queue: '/queue/x', delivery: 'd1' };

const bytes = Uint8Array.of(0xff, 0x00);

export const relays: readonly ConversationVector[] = [
  {
    name: 'relays a SEND whole, without the headers that belong to one hop',
    face: 'server',
    endpoint: broker,
    steps: [
      ...login(),
      [
        {
          wire: wire(
            'SEND',
            [
              'destination:/topic/x',
              'receipt:1',
              'content-length:2',
              'price:1\\c2',
              'empty:',
              'message-id:forged',
              'subscription:forged',
              'ack:forged',
              'redelivered:true',
            ],
            'ok',
          ),
        },
        [
          routed(2, {
            type: 'relay',
            target: { type: 'topic', id: '/topic/x' },
            name: 'SEND',
            headers: [
              ['price', '1:2'],
              ['empty', ''],
            ],
            body: 'ok',
            ephemeral: true,
          }),
        ],
      ],
      [done(2), [receiptOf('1')]],
    ],
  },
  {
    name: 'delivers a topic to each subscription, its own sender included',
    face: 'server',
    endpoint: broker,
    steps: [
      ...login(),
      ...subscribed(2, 'a', '/topic/x'),
      [{ wire: wire('SUBSCRIBE', ['id:b', 'destination:/topic/x']) }, []],
      [
        { deliver: relayedTo('topic', { origin: 'c-1', from: user('alice') }) },
        [
          said('MESSAGE', tick('a'), 'tick'),
          said('MESSAGE', tick('b', 'r1.2'), 'tick'),
          { kind: 'lost', type: 'relayed', fields: ['from'] },
        ],
      ],
      [{ deliver: relayedTo('topic', { target: { type: 'topic', id: '/topic/y' } }) }, []],
    ],
  },
  {
    name: 'states the content-type of a relayed body whose sender left it out',
    face: 'server',
    endpoint: broker,
    steps: [
      ...login(),
      ...subscribed(2, 'a', '/topic/x'),
      [
        {
          deliver: relayedTo('topic', {
            headers: [
              ['content-type', ''],
              ['n', '1'],
              ['subscription', 'z'],
            ],
          }),
        },
        [
          said(
            'MESSAGE',
            ['subscription:a', 'message-id:r1', 'destination:/topic/x', 'content-type:text/plain', 'n:1'],
            'tick',
          ),
        ],
      ],
      [
        { deliver: relayedTo('topic', { headers: [], body: bytes }) },
        [
          said(
            'MESSAGE',
            [
              'subscription:a',
              'message-id:r1',
              'destination:/topic/x',
              'content-type:application/octet-stream',
            ],
            bytes,
          ),
        ],
      ],
    ],
  },
  {
    name: 'counts what the headers of 1.0 cannot say',
    face: 'server',
    endpoint: broker,
    steps: [
      ...login('1.0'),
      ...subscribed(2, 'a', '/topic/x'),
      [
        {
          deliver: relayedTo('topic', {
            headers: [
              ['content-type', 't'],
              ['note', 'a\nb'],
            ],
          }),
        },
        [
          said(
            'MESSAGE',
            ['subscription:a', 'message-id:r1', 'destination:/topic/x', 'content-type:t', 'note:a\nb'],
            'tick',
          ),
          { kind: 'lost', type: 'relayed', fields: ['headers'] },
        ],
      ],
    ],
  },
  {
    name: 'settles a queue entry itself in mode auto',
    face: 'server',
    endpoint: broker,
    steps: [
      ...login(),
      ...subscribed(2, 'q', '/queue/x'),
      [
        { deliver: relayedTo('queue', { delivery: 'd1' }) },
        [
          said(
            'MESSAGE',
            [
              'subscription:q',
              'message-id:r1',
              'destination:/queue/x',
              'content-type:text/plain',
              'price:1:2',
            ],
            'tick',
          ),
          settles(3, [QUEUED]),
        ],
      ],
      [done(3), []],
    ],
  },
  {
    name: 'hands a queue entry over for acknowledgement, and marks a second delivery',
    face: 'server',
    endpoint: broker,
    steps: [
      ...login(),
      ...subscribed(2, 'q', '/queue/x', { ack: 'client-individual' }),
      [
        { deliver: relayedTo('queue', { delivery: 'd1', redelivered: true }) },
        [
          {
            kind: 'send',
            frame: frame(
              'MESSAGE',
              [
                'subscription:q',
                'message-id:r1@1',
                'destination:/queue/x',
                'ack:1',
                'content-type:text/plain',
                'price:1:2',
                'redelivered:true',
              ],
              'tick',
            ),
            confirm: 'dialect',
          },
        ],
      ],
      [{ wire: wire('NACK', ['id:1']) }, [settles(3, [QUEUED], false)]],
    ],
  },
  {
    name: 'gives the entries of a queue to its subscriptions in turn',
    face: 'server',
    endpoint: broker,
    steps: [
      ...login(),
      ...subscribed(2, 'a', '/queue/x'),
      [{ wire: wire('SUBSCRIBE', ['id:b', 'destination:/queue/x']) }, []],
      ...['a', 'b', 'a'].map(
        (subscription): Step => [
          { deliver: relayedTo('queue', { headers: [] }) },
          [
            said(
              'MESSAGE',
              [
                `subscription:${subscription}`,
                'message-id:r1',
                'destination:/queue/x',
                'content-type:text/plain',
              ],
              'tick',
            ),
          ],
        ],
      ),
    ],
  },
  {
    name: 'gives a queue entry back that crossed an UNSUBSCRIBE',
    face: 'server',
    endpoint: broker,
    steps: [
      ...login(),
      [{ deliver: relayedTo('queue', { delivery: 'd1' }) }, [settles(2, [QUEUED], false)]],
      [refused(2, new GatewayError('message_unknown')), []],
    ],
  },
  {
    name: 'opens destinations to those whom its options name',
    face: 'server',
    endpoint: {
      options: {
        destinations: [
          { pattern: '/topic/news-{name}', kind: 'topic', send: 'nobody' },
          { pattern: '/queue/{a}/{b}', kind: 'queue', subscribe: 'nobody' },
          { pattern: '/topic/board', kind: 'topic', users: ['bob'] },
        ],
      },
    },
    steps: [
      ...login(),
      ...subscribed(0, 'e', '/user/queue/errors', { local: true }),
      ...subscribed(2, 'n', '/topic/news-de'),
      [
        { wire: wire('SEND', ['destination:/queue/a/b'], 'x') },
        [
          routed(3, {
            type: 'relay',
            target: { type: 'queue', id: '/queue/a/b' },
            name: 'SEND',
            headers: [],
            body: 'x',
            ephemeral: false,
          }),
        ],
      ],
      ...(
        [
          ['SEND', '/topic/news-de', 'sent to'],
          ['SEND', '/topic/board', 'sent to'],
          ['SUBSCRIBE', '/topic/board', 'subscribed to'],
          ['SUBSCRIBE', '/queue/a/b', 'subscribed to'],
          ['SUBSCRIBE', '/topic/news-', 'subscribed to'],
          ['SUBSCRIBE', '/topic/news-de/x', 'subscribed to'],
          ['SEND', '/queue/a', 'sent to'],
          ['SEND', '/queue//b', 'sent to'],
        ] as const
      ).map(
        ([command, destination, verb], index): Step => [
          { wire: wire(command, ['id:x', `destination:${destination}`]) },
          [
            said(
              'MESSAGE',
              [
                'subscription:e',
                `message-id:00000000-0000-4000-8000-00000000000${index + 2}`,
                'destination:/user/queue/errors',
                JSON_TYPE,
              ],
              `{"code":"forbidden","message":"not allowed: \\"${destination}\\" cannot be ${verb} here"}`,
            ),
          ],
        ],
      ),
    ],
  },
];
