/** Conversations of the server face: BEGIN, COMMIT and ABORT. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import type { Command } from '../../../schemas/command.ts';
import { JSON_TYPE, reference, settles, twoDelivered } from './broker-kit.ts';
import { INBOX } from './chat-kit.ts';
import {
  DESTINATIONS,
  done,
  fault,
  login,
  ok,
  receiptOf,
  refused,
  routed,
  type Step,
  said,
  subscribed,
  wire,
} from './kit.ts';

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

export const transactions: readonly ConversationVector[] = [
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
    name: 'answers the receipts of a transaction even if a delivery in it is forgotten',
    face: 'server',
    steps: [
      ...twoDelivered('client-individual'),
      begin('t'),
      [{ wire: wire('ACK', ['id:1', 'transaction:t']) }, []],
      [{ wire: wire('COMMIT', ['transaction:t', 'receipt:2']) }, [settles(3, [reference(1)])]],
      [
        refused(3, new GatewayError('message_unknown')),
        [{ kind: 'lost', type: 'settle_delivery', fields: ['*'] }, receiptOf('2')],
      ],
    ],
  },
  {
    name: 'ends the connection if the acknowledgements of a transaction fail',
    face: 'server',
    steps: [
      ...twoDelivered('client-individual'),
      begin('t'),
      [{ wire: wire('ACK', ['id:1', 'transaction:t']) }, []],
      [{ wire: wire('COMMIT', ['transaction:t', 'receipt:2']) }, [settles(3, [reference(1)])]],
      [
        refused(3, new GatewayError('store_unavailable')),
        fault('store_unavailable', 'the message could not be stored; try again', { receipt: '2' }),
      ],
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
    name: 'bounds the bytes of all open transactions',
    face: 'server',
    endpoint: { options: { limits: { transactionBytes: 1024 } } },
    steps: [
      ...login(),
      begin('t'),
      [
        sendIn('t', 'x'.repeat(1024)),
        fault(
          'limit_exceeded',
          'a limit of this endpoint is exceeded: at most 1024 bytes in open transactions',
        ),
      ],
    ],
  },
];
