/** Conversations of the server face: acknowledgements, transactions, relayed topics and queues. */

import type { Effect } from '../../../core/dialect.ts';
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import type { Command } from '../../../schemas/command.ts';
import type { DeliveryReference } from '../../../schemas/model.ts';
import { arrives } from './chat.ts';
import {
  DESTINATIONS,
  done,
  fault,
  frame,
  login,
  ok,
  receiptOf,
  refused,
  routed,
  type Step,
  said,
  subscribed,
  user,
  wire,
} from './kit.ts';

const INBOX = '/user/queue/messages';
const JSON_TYPE = 'content-type:application/json';

const message = (content: string, sequence: number) =>
  arrives({ id: `m${sequence}`, content, sequence, from: user('bob') });

const reference = (sequence: number): DeliveryReference => ({
  kind: 'message',
  message: `m${sequence}`,
  conversation: 'direct:["alice","bob"]',
  sequence,
});

const body = (content: string, sequence: number): string =>
  `{"id":"m${sequence}","fromId":"bob","toId":"alice","chatType":"SINGLE","msgType":"TEXT","content":"${content}","status":"SENT","createdAt":1715000000000}`;

/** A MESSAGE that the client will acknowledge. */
function awaiting(sequence: number, headers: readonly string[]): Effect<unknown, unknown> {
  return {
    kind: 'send',
    frame: frame('MESSAGE', [...headers, JSON_TYPE], body('hi', sequence)),
    confirm: 'dialect',
  };
}

/** Two messages on an inbox subscription in an ack mode of 1.2, numbered 1 and 2. */
const twoDelivered = (ack: string): readonly Step[] => [
  ...login(),
  ...subscribed(2, 's', INBOX, { ack }),
  ...[1, 2].map(
    (n): Step => [
      { deliver: message('hi', n) },
      [awaiting(n, ['subscription:s', `message-id:m${n}@${n}`, `destination:${INBOX}`, `ack:${n}`])],
    ],
  ),
];

const settles = (ref: number, deliveries: readonly DeliveryReference[], accepted = true) =>
  routed(ref, { type: 'settle_delivery', deliveries, accepted });

const acknowledgements: readonly ConversationVector[] = [
  {
    name: 'acknowledges all up to the one named in mode client, and answers the receipt when settled',
    face: 'server',
    steps: [
      ...twoDelivered('client'),
      [{ wire: wire('ACK', ['id:2', 'receipt:r']) }, [settles(3, [reference(1), reference(2)])]],
      [done(3), [receiptOf('r')]],
    ],
  },
  {
    name: 'acknowledges the one named in mode client-individual',
    face: 'server',
    steps: [
      ...twoDelivered('client-individual'),
      [{ wire: wire('ACK', ['id:2']) }, [settles(3, [reference(2)])]],
      [{ wire: wire('ACK', ['id:1']) }, [settles(4, [reference(1)])]],
      [done(4), []],
    ],
  },
  {
    name: 'takes NACK for a refusal, cumulative in mode client',
    face: 'server',
    steps: [
      ...twoDelivered('client'),
      [{ wire: wire('NACK', ['id:2']) }, [settles(3, [reference(1), reference(2)], false)]],
    ],
  },
  {
    name: 'refuses to acknowledge twice',
    face: 'server',
    steps: [
      ...twoDelivered('client-individual'),
      [{ wire: wire('ACK', ['id:1']) }, [settles(3, [reference(1)])]],
      [
        { wire: wire('ACK', ['id:1', 'receipt:r']) },
        fault(
          'message_unknown',
          'there is no such message: no delivery of this connection waits for this ACK',
          { receipt: 'r' },
        ),
      ],
    ],
  },
  {
    name: 'refuses an acknowledgement that names nothing',
    face: 'server',
    steps: [
      ...twoDelivered('client'),
      [
        { wire: wire('ACK', ['message-id:m1@1', 'subscription:s']) },
        fault('field_missing', 'a required field is missing: ACK needs the header id'),
      ],
    ],
  },
  {
    name: 'acknowledges after UNSUBSCRIBE what was delivered before it',
    face: 'server',
    steps: [
      ...twoDelivered('client'),
      [
        { wire: wire('UNSUBSCRIBE', ['id:s']) },
        [routed(3, { type: 'unsubscribe', target: { type: 'user', id: 'alice' } })],
      ],
      [{ wire: wire('ACK', ['id:1']) }, [settles(4, [reference(1)])]],
    ],
  },
  {
    name: 'acknowledges by message-id and subscription in 1.1',
    face: 'server',
    steps: [
      ...login('1.1'),
      ...subscribed(2, 's', INBOX, { ack: 'client-individual' }),
      [
        { deliver: message('hi', 1) },
        [awaiting(1, ['subscription:s', 'message-id:m1@1', `destination:${INBOX}`])],
      ],
      [{ wire: wire('NACK', ['message-id:m1@1', 'subscription:s']) }, [settles(3, [reference(1)], false)]],
    ],
  },
  ...[
    ['another subscription', ['message-id:m1@1', 'subscription:t']],
    ['another message', ['message-id:m9@1', 'subscription:s']],
    ['a message-id without a number', ['message-id:m1', 'subscription:s']],
  ].map(
    ([what, headers]): ConversationVector => ({
      name: `refuses an acknowledgement in 1.1 that names ${what}`,
      face: 'server',
      steps: [
        ...login('1.1'),
        ...subscribed(2, 's', INBOX, { ack: 'client' }),
        [
          { deliver: message('hi', 1) },
          [awaiting(1, ['subscription:s', 'message-id:m1@1', `destination:${INBOX}`])],
        ],
        [
          { wire: wire('ACK', headers as readonly string[]) },
          fault(
            'message_unknown',
            'there is no such message: no delivery of this connection waits for this ACK',
          ),
        ],
      ],
    }),
  ),
  {
    name: 'acknowledges by message-id alone in 1.0, which has no NACK',
    face: 'server',
    steps: [
      ...login('1.0'),
      ...subscribed(2, 's', INBOX, { ack: 'client' }),
      [
        { deliver: message('hi', 1) },
        [awaiting(1, ['subscription:s', 'message-id:m1@1', `destination:${INBOX}`])],
      ],
      [{ wire: wire('ACK', ['message-id:m1@1']) }, [settles(3, [reference(1)])]],
      [
        { wire: wire('NACK', ['message-id:m1@1']) },
        fault('frame_unknown', 'this kind of frame is not known: there is no NACK in STOMP 1.0'),
      ],
    ],
  },
  {
    name: 'numbers a refusal on an errors queue with an ack mode, and settles nothing for it',
    face: 'server',
    steps: [
      ...login(),
      ...subscribed(0, 'e', '/user/queue/errors', { local: true, ack: 'client' }),
      [
        { fail: new GatewayError('rate_limited') },
        [
          said(
            'MESSAGE',
            [
              'subscription:e',
              'message-id:00000000-0000-4000-8000-000000000002@1',
              'destination:/user/queue/errors',
              'ack:1',
              JSON_TYPE,
            ],
            '{"code":"rate_limited","message":"too many messages; slow down"}',
          ),
        ],
      ],
      [{ wire: wire('ACK', ['id:1', 'receipt:r']) }, [receiptOf('r')]],
    ],
  },
  {
    name: 'ends a client that acknowledges too little as a slow consumer',
    face: 'server',
    endpoint: { options: { limits: { unacked: 2 } } },
    steps: [
      ...twoDelivered('client'),
      [
        { deliver: message('hi', 3) },
        fault('slow_consumer', 'this connection reads too slowly: 2 deliveries wait for ACK', {
          reason: 'slow_consumer',
        }),
      ],
    ],
  },
];

const sending = (content: string): Command & { type: 'send_message' } => ({
  type: 'send_message',
  target: { type: 'user', id: 'bob' },
  content,
  contentType: 'text',
});

const sendIn = (transaction: string, content: string, receipt?: string): Step[0] => ({
  wire: wire(
    'SEND',
    [
      'destination:/app/chat.send',
      `transaction:${transaction}`,
      ...(receipt === undefined ? [] : [`receipt:${receipt}`]),
    ],
    JSON.stringify({ toId: 'bob', chatType: 'SINGLE', msgType: 'TEXT', content }),
  ),
});

const begin = (transaction: string): Step => [{ wire: wire('BEGIN', [`transaction:${transaction}`]) }, []];

const transactions: readonly ConversationVector[] = [
  {
    name: 'stores the messages of a transaction together and answers all its receipts after COMMIT',
    face: 'server',
    endpoint: { options: { destinations: DESTINATIONS } },
    steps: [
      ...login(),
      [{ wire: wire('BEGIN', ['transaction:t', 'receipt:0']) }, [receiptOf('0')]],
      [sendIn('t', 'one', '1'), []],
      [{ wire: wire('SEND', ['destination:/app/chat.revoke', 'transaction:t'], '{"messageId":"m"}') }, []],
      [{ wire: wire('SEND', ['destination:/queue/q', 'transaction:t', 'a:b'], 'work') }, []],
      [
        { wire: wire('COMMIT', ['transaction:t', 'receipt:2']) },
        [
          routed(2, {
            type: 'send_batch',
            items: [
              sending('one'),
              { type: 'revoke_message', message: 'm' },
              {
                type: 'relay',
                target: { type: 'queue', id: '/queue/q' },
                name: 'SEND',
                headers: [['a', 'b']],
                body: 'work',
                ephemeral: false,
              },
            ],
          }),
        ],
      ],
      [ok(2, { type: 'batch_stored', stored: [] }), [receiptOf('1'), receiptOf('2')]],
    ],
  },
  {
    name: 'keeps transactions apart',
    face: 'server',
    steps: [
      ...login(),
      begin('a'),
      begin('b'),
      [sendIn('b', 'two'), []],
      [sendIn('a', 'one'), []],
      [
        { wire: wire('COMMIT', ['transaction:b']) },
        [routed(2, { type: 'send_batch', items: [sending('two')] })],
      ],
      [{ wire: wire('ABORT', ['transaction:a', 'receipt:r']) }, [receiptOf('r')]],
      begin('a'),
      [{ wire: wire('COMMIT', ['transaction:a', 'receipt:s']) }, [receiptOf('s')]],
    ],
  },
  {
    name: 'acknowledges within a transaction when its messages are stored',
    face: 'server',
    steps: [
      ...twoDelivered('client-individual'),
      begin('t'),
      [{ wire: wire('ACK', ['id:1', 'transaction:t', 'receipt:1']) }, []],
      [{ wire: wire('NACK', ['id:2', 'transaction:t']) }, []],
      [sendIn('t', 'one'), []],
      [
        { wire: wire('COMMIT', ['transaction:t', 'receipt:2']) },
        [routed(3, { type: 'send_batch', items: [sending('one')] })],
      ],
      [
        ok(3, { type: 'batch_stored', stored: [] }),
        [settles(4, [reference(1)]), settles(5, [reference(2)], false)],
      ],
      [done(4), []],
      [done(5), [receiptOf('1'), receiptOf('2')]],
    ],
  },
  {
    name: 'leaves deliveries unacknowledged when their transaction is aborted',
    face: 'server',
    steps: [
      ...twoDelivered('client'),
      begin('t'),
      [{ wire: wire('ACK', ['id:2', 'transaction:t']) }, []],
      [{ wire: wire('ABORT', ['transaction:t']) }, []],
      [{ wire: wire('ACK', ['id:2']) }, [settles(3, [reference(1), reference(2)])]],
    ],
  },
  {
    name: 'leaves deliveries unacknowledged when their batch fails',
    face: 'server',
    steps: [
      ...twoDelivered('client'),
      ...subscribed(0, 'e', '/user/queue/errors', { local: true }),
      begin('t'),
      [{ wire: wire('ACK', ['id:1', 'transaction:t']) }, []],
      [sendIn('t', 'one'), []],
      [
        { wire: wire('COMMIT', ['transaction:t']) },
        [routed(3, { type: 'send_batch', items: [sending('one')] })],
      ],
      [
        refused(3, new GatewayError('blocked', { messageId: 'm-1' })),
        [
          said(
            'MESSAGE',
            [
              'subscription:e',
              'message-id:00000000-0000-4000-8000-000000000002',
              'destination:/user/queue/errors',
              JSON_TYPE,
            ],
            '{"code":"blocked","message":"the recipient has blocked you","messageId":"m-1"}',
          ),
        ],
      ],
      [{ wire: wire('ACK', ['id:1']) }, [settles(4, [reference(1)])]],
    ],
  },
  {
    name: 'names the receipt of COMMIT when the batch fails',
    face: 'server',
    steps: [
      ...login(),
      begin('t'),
      [sendIn('t', 'one', '1'), []],
      [
        { wire: wire('COMMIT', ['transaction:t', 'receipt:2']) },
        [routed(2, { type: 'send_batch', items: [sending('one')] })],
      ],
      [
        refused(2, new GatewayError('store_unavailable')),
        fault('store_unavailable', 'the message could not be stored; try again', { receipt: '2' }),
      ],
    ],
  },
  ...(['COMMIT', 'ABORT'] as const).map(
    (command): ConversationVector => ({
      name: `refuses ${command} of a transaction that has not begun`,
      face: 'server',
      steps: [
        ...login(),
        [
          { wire: wire(command, ['transaction:t', 'receipt:1']) },
          fault(
            'protocol_violation',
            'the protocol does not allow this: no transaction of this name has begun',
            { receipt: '1' },
          ),
        ],
      ],
    }),
  ),
  {
    name: 'refuses SEND in a transaction that has not begun',
    face: 'server',
    steps: [
      ...login(),
      [
        sendIn('t', 'one'),
        fault(
          'protocol_violation',
          'the protocol does not allow this: no transaction of this name has begun',
        ),
      ],
    ],
  },
  {
    name: 'refuses to begin a transaction twice',
    face: 'server',
    steps: [
      ...login(),
      begin('t'),
      [
        { wire: wire('BEGIN', ['transaction:t']) },
        fault(
          'protocol_violation',
          'the protocol does not allow this: a transaction of this name has begun already',
        ),
      ],
    ],
  },
  {
    name: 'refuses BEGIN without a name',
    face: 'server',
    steps: [
      ...login(),
      [
        { wire: wire('BEGIN') },
        fault('field_missing', 'a required field is missing: BEGIN needs the header transaction'),
      ],
    ],
  },
  {
    name: 'ends the connection on any refusal within a transaction, errors queue or not',
    face: 'server',
    steps: [
      ...login(),
      ...subscribed(0, 'e', '/user/queue/errors', { local: true }),
      begin('t'),
      [
        { wire: wire('SEND', ['destination:/app/chat.send', 'transaction:t'], '{') },
        fault('frame_malformed', 'the frame cannot be read: not JSON'),
      ],
    ],
  },
  {
    name: 'refuses chat.sync in a transaction',
    face: 'server',
    steps: [
      ...login(),
      ...subscribed(2, 's', INBOX),
      begin('t'),
      [
        { wire: wire('SEND', ['destination:/app/chat.sync', 'transaction:t'], '{}') },
        fault('unsupported', 'this is not supported here: chat.sync cannot be part of a transaction'),
      ],
    ],
  },
  {
    name: 'bounds the transactions of a connection',
    face: 'server',
    endpoint: { options: { limits: { transactions: 1 } } },
    steps: [
      ...login(),
      begin('a'),
      [
        { wire: wire('BEGIN', ['transaction:b']) },
        fault('limit_exceeded', 'a limit of this endpoint is exceeded: at most 1 transactions at a time'),
      ],
    ],
  },
  {
    name: 'bounds the frames of a transaction',
    face: 'server',
    endpoint: { options: { limits: { transactionFrames: 1 } } },
    steps: [
      ...login(),
      begin('t'),
      [sendIn('t', 'one'), []],
      [
        sendIn('t', 'two'),
        fault('limit_exceeded', 'a limit of this endpoint is exceeded: at most 1 frames in a transaction'),
      ],
    ],
  },
  {
    name: 'bounds the bytes of a transaction',
    face: 'server',
    endpoint: { options: { limits: { transactionBytes: 1024 } } },
    steps: [
      ...login(),
      begin('t'),
      [
        sendIn('t', 'x'.repeat(1024)),
        fault('limit_exceeded', 'a limit of this endpoint is exceeded: at most 1024 bytes in a transaction'),
      ],
    ],
  },
];

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

const relays: readonly ConversationVector[] = [
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
    name: 'leaves a queue entry alone when its subscription is gone',
    face: 'server',
    endpoint: broker,
    steps: [...login(), [{ deliver: relayedTo('queue', { delivery: 'd1' }) }, []]],
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

export const brokerConversations: readonly ConversationVector[] = [
  ...acknowledgements,
  ...transactions,
  ...relays,
];
