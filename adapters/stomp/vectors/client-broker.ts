/** Conversations of the client face at a general broker. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import type { Command } from '../../../schemas/command.ts';
import { broker, failed, inboxFrame, lost, receipt, sendHello, settled } from './client-kit.ts';
import { closed, routed, type Step, said, wire } from './kit.ts';

const relay = (
  target: { type: 'topic' | 'queue'; id: string },
  body: string | Uint8Array<ArrayBuffer>,
): Command => ({
  type: 'relay',
  target,
  name: 'SEND',
  headers: [
    ['content-type', 'text/plain'],
    ['destination', 'forged'],
    ['price', '1:2'],
  ],
  body,
  ephemeral: target.type === 'topic',
});

const onTopic = { type: 'topic', id: '/topic/x' } as const;

const onWork = { type: 'queue', id: '/queue/work' } as const;

const work = (headers: readonly string[]): Step[0] => ({
  wire: `${wire(
    'MESSAGE',
    [
      'subscription:sub-1',
      'destination:/queue/work',
      'message-id:T_1',
      'redelivered:true',
      ...headers,
      'content-type:text/plain',
      'content-length:2',
    ],
    'ok',
  )}\n`,
});

const worked = (delivery: string) =>
  routed(1, {
    type: 'relayed',
    namespace: 'main',
    id: 'T_1',
    target: onWork,
    name: 'SEND',
    headers: [['content-type', 'text/plain']],
    body: 'ok',
    ephemeral: false,
    delivery,
    redelivered: true,
  });

const settle = (delivery: string, accepted: boolean): Command => ({
  type: 'settle_delivery',
  deliveries: [
    { kind: 'queue', queue: '/queue/work', delivery },
    { kind: 'message', message: 'm', conversation: 'group:g', sequence: 1 },
  ],
  accepted,
});

const subscribeWork: Step = [
  { deliver: { type: 'subscribe', target: onWork }, ref: 1 },
  [
    said('SUBSCRIBE', [
      'receipt:r-1',
      'id:sub-1',
      'destination:/queue/work',
      'ack:client-individual',
      'prefetch-count:1000',
    ]),
  ],
];

export const atBrokers: readonly ConversationVector[] = [
  broker('relays to a topic of a general broker and reads from it', [
    [
      { deliver: { type: 'subscribe', target: onTopic }, ref: 1 },
      [said('SUBSCRIBE', ['receipt:r-1', 'id:sub-1', 'destination:/topic/x', 'ack:auto'])],
    ],
    [receipt('r-1'), [settled(1, { type: 'subscribed', target: onTopic })]],
    [
      { deliver: relay(onTopic, 'tick'), ref: 2 },
      [said('SEND', ['receipt:r-2', 'destination:/topic/x', 'content-type:text/plain', 'price:1:2'], 'tick')],
    ],
    [receipt('r-2'), [settled(2, { type: 'done' })]],
    [
      {
        wire: wire(
          'MESSAGE',
          ['subscription:sub-1', 'destination:/topic/x', 'message-id:1', 'price:1\\c2'],
          'tick',
        ),
      },
      [
        routed(1, {
          type: 'relayed',
          namespace: 'main',
          id: '1',
          target: onTopic,
          name: 'SEND',
          headers: [['price', '1:2']],
          body: 'tick',
          ephemeral: true,
        }),
      ],
    ],
  ]),
  broker('acknowledges a queue entry when its consumer has', [
    subscribeWork,
    [receipt('r-1'), [settled(1, { type: 'subscribed', target: onWork })]],
    [work(['ack:T_ack']), [worked('d-2')]],
    [{ settle: 1, outcome: { ok: true, result: { type: 'done' } } }, []],
    [{ deliver: settle('d-2', true), ref: 2 }, [said('ACK', ['receipt:r-2', 'id:T_ack'])]],
    [receipt('r-2'), [settled(2, { type: 'done' })]],
    [{ deliver: settle('d-2', true), ref: 3 }, [settled(3, { type: 'done' })]],
  ]),
  broker(
    'gives a queue entry back by NACK in the form of 1.1',
    [
      subscribeWork,
      [work([]), [worked('d-2')]],
      [
        { deliver: settle('d-2', false), ref: 2 },
        [said('NACK', ['receipt:r-2', 'message-id:T_1', 'subscription:sub-1'])],
      ],
    ],
    '1.1',
  ),
  broker('has no chat at a general broker', [
    [{ deliver: sendHello, ref: 1 }, [lost('send_message'), failed(1, new GatewayError('unsupported'))]],
    [
      { deliver: { type: 'subscribe', target: { type: 'group', id: 'g' } }, ref: 2 },
      [lost('subscribe'), failed(2, new GatewayError('unsupported'))],
    ],
    [
      { deliver: { type: 'send_batch', items: [sendHello] }, ref: 3 },
      [lost('send_batch'), failed(3, new GatewayError('unsupported'))],
    ],
    [{ wire: inboxFrame() }, [lost('MESSAGE')]],
  ]),
  broker('passes on why a broker refuses a frame', [
    subscribeWork,
    [
      { wire: wire('ERROR', ['message:access_refused', 'receipt-id:r-1'], 'no') },
      [
        failed(1, new GatewayError('forbidden', { fatal: null, detail: 'access_refused' })),
        closed('upstream_unavailable', 'not allowed: access_refused'),
      ],
    ],
  ]),
  broker(
    'works with a broker that answers no receipts',
    [
      [
        { deliver: relay(onWork, Uint8Array.of(0xff)), ref: 2 },
        [
          said(
            'SEND',
            ['destination:/queue/work', 'persistent:true', 'content-type:text/plain', 'price:1:2'],
            Uint8Array.of(0xff),
          ),
          settled(2, { type: 'done' }),
        ],
      ],
      [{ deliver: { type: 'disconnect' }, ref: 3 }, [said('DISCONNECT', ['receipt:r-1'])]],
    ],
    '1.2',
    { receipts: false },
  ),
];
