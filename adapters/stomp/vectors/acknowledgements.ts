/** Conversations of the server face: ACK and NACK in every version. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import { awaiting, JSON_TYPE, message, reference, settles, twoDelivered } from './broker-kit.ts';
import { INBOX } from './chat-kit.ts';
import { done, fault, login, receiptOf, refused, routed, said, subscribed, wire } from './kit.ts';

export const acknowledgements: readonly ConversationVector[] = [
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
    name: 'takes a second acknowledgement for a late one, but gives no receipt for it',
    face: 'server',
    steps: [
      ...twoDelivered('client'),
      [{ wire: wire('ACK', ['id:2']) }, [settles(3, [reference(1), reference(2)])]],
      [{ wire: wire('ACK', ['id:1']) }, [{ kind: 'lost', type: 'settle_delivery', fields: ['*'] }]],
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
    name: 'refuses to acknowledge what was never delivered',
    face: 'server',
    steps: [
      ...twoDelivered('client'),
      [
        { wire: wire('NACK', ['id:3']) },
        fault(
          'message_unknown',
          'there is no such message: no delivery of this connection waits for this NACK',
        ),
      ],
    ],
  },
  {
    name: 'goes on when the gateway has forgotten a delivery, unless a receipt was asked for',
    face: 'server',
    steps: [
      ...twoDelivered('client-individual'),
      [{ wire: wire('ACK', ['id:1']) }, [settles(3, [reference(1)])]],
      [
        refused(3, new GatewayError('message_unknown')),
        [{ kind: 'lost', type: 'settle_delivery', fields: ['*'] }],
      ],
      [{ wire: wire('ACK', ['id:2', 'receipt:r']) }, [settles(4, [reference(2)])]],
      [
        refused(4, new GatewayError('message_unknown')),
        fault('message_unknown', 'there is no such message', { receipt: 'r' }),
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
