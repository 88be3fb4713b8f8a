/** Conversations of the client face: what a chat service sends. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import { arrives } from './chat-kit.ts';
import {
  ALICE,
  chat,
  failed,
  HELLO,
  inboxFrame,
  lost,
  OWN_QUEUES,
  RECOGNISED,
  sendFrame,
  sendHello,
  TOKEN,
} from './client-kit.ts';
import { eventBodies } from './events.ts';
import { closed, routed, type Step, said, wire } from './kit.ts';

const onQueue = (queue: string, body: string): Step[0] => ({
  wire: wire('MESSAGE', ['subscription:sub-9', `destination:/user/queue/${queue}`, 'message-id:x'], body),
});

export const received: readonly ConversationVector[] = [
  chat('reads a message as the source has it, subscription or not', [
    [{ wire: inboxFrame() }, [routed(2, arrives({ id: 'm-9', sequence: 1 }))]],
    [{ wire: inboxFrame([]) }, [routed(3, arrives({ id: 'm-9', sequence: 1 }))]],
  ]),
  chat('reads what our own server face adds', [
    [
      onQueue(
        'messages',
        '{"id":"m","fromId":"bob","toId":"alice","chatType":"SINGLE","msgType":"IMAGE","content":"https://h/a.png","status":"SENT","createdAt":1715000000000,"text":"look","attachment":{"url":"https://h/a.png","name":"a.png"},"replyTo":"m-0","mentionedUserIds":["alice"]}',
      ),
      [
        routed(
          2,
          arrives({
            id: 'm',
            sequence: 1,
            content: 'look',
            contentType: 'image',
            attachment: { url: 'https://h/a.png', name: 'a.png' },
            replyTo: 'm-0',
            extensions: { stomp: { mentionedUserIds: ['alice'] } },
          }),
        ),
      ],
    ],
  ]),
  chat('takes its own clock for a message without a time', [
    [
      onQueue(
        'messages',
        '{"id":"m","fromId":"bob","toId":"g","chatType":"GROUP","content":"","createdAt":null}',
      ),
      [
        routed(
          2,
          arrives({
            id: 'm',
            sequence: 1,
            to: { type: 'group', id: 'g' },
            content: '',
            sentAt: 1_765_679_400_000,
          }),
        ),
      ],
    ],
  ]),
  chat('knows its own group message when it comes back', [
    [
      { deliver: { type: 'subscribe', target: { type: 'group', id: 'g' } }, ref: 2 },
      [said('SUBSCRIBE', ['receipt:r-1', 'id:sub-4', 'destination:/topic/group/g', 'ack:auto'])],
    ],
    [
      { deliver: { ...sendHello, target: { type: 'group', id: 'g' } }, ref: 3 },
      [
        sendFrame(
          'r-2',
          '{"messageId":"m-1","toId":"g","chatType":"GROUP","msgType":"TEXT","content":"Hello"}',
        ),
      ],
    ],
    [
      {
        wire: wire(
          'MESSAGE',
          ['subscription:sub-4', 'destination:/topic/group/g', 'message-id:y'],
          '{"id":"m-1","fromId":"alice","toId":"g","chatType":"GROUP","msgType":"TEXT","content":"Hello","status":"SENT","createdAt":1715000000000}',
        ),
      },
      [
        routed(
          2,
          arrives({ id: 'm-1', sequence: 1, from: ALICE, to: { type: 'group', id: 'g' } }, { origin: 'c-1' }),
        ),
      ],
    ],
  ]),
  chat('counts a message of somebody who is nobody here', [[{ wire: inboxFrame() }, [lost('message')]]], {
    connection: {
      ...TOKEN,
      identity: {
        toWire: (canonical) => canonical,
        toCanonical: (wireId) => (wireId === 'bob' ? undefined : wireId),
      },
    },
  }),
  ...eventBodies.map(([event, body]) =>
    chat(`reads ${(event as { type: string }).type} from the events queue`, [
      [onQueue('events', body), [{ kind: 'route', ref: 2, value: { namespace: 'main', ...event } }]],
    ]),
  ),
  chat('settles a message that the errors queue refuses', [
    [{ deliver: sendHello, ref: 7 }, [sendFrame('r-1', HELLO)]],
    [
      onQueue('errors', '{"code":"muted","message":"you are muted in this group","messageId":"m-1"}'),
      [failed(7, new GatewayError('muted', { fatal: null, messageId: 'm-1' }))],
    ],
    [onQueue('errors', '{"code":"E42","message":"no","messageId":"m-2"}'), [lost('error')]],
  ]),
  chat('settles the frame that ERROR names, and all others as cut off', [
    [{ deliver: sendHello, ref: 7 }, [sendFrame('r-1', HELLO)]],
    [
      { deliver: { type: 'revoke_message', message: 'm-1' }, ref: 8 },
      [sendFrame('r-2', '{"messageId":"m-1"}', '/app/chat.revoke')],
    ],
    [
      {
        wire: wire('ERROR', ['message:muted', 'receipt-id:r-1', 'code:muted'], 'you are muted in this group'),
      },
      [
        failed(7, new GatewayError('muted', { fatal: null })),
        failed(8, new GatewayError('upstream_unavailable')),
        closed('upstream_unavailable', 'you are muted in this group'),
      ],
    ],
  ]),
  chat('keeps what an ERROR says beyond the words of its code', [
    [{ deliver: sendHello, ref: 7 }, [sendFrame('r-1', HELLO)]],
    [
      {
        wire: wire(
          'ERROR',
          ['message:content_too_long', 'receipt-id:r-1', 'code:content_too_long'],
          'the content is too long: at most 10 characters',
        ),
      },
      [
        failed(7, new GatewayError('content_too_long', { fatal: null, detail: 'at most 10 characters' })),
        closed('upstream_unavailable', 'the content is too long: at most 10 characters'),
      ],
    ],
  ]),
  {
    name: 'acknowledges a message once core has taken it, where the endpoint says so',
    face: 'client',
    connection: TOKEN,
    endpoint: { options: { upstream: { acknowledge: 'client-individual' } } },
    steps: [
      [
        { wire: wire('CONNECTED', ['version:1.2', 'user-name:alice']) },
        [
          RECOGNISED,
          said('SUBSCRIBE', [
            'id:sub-1',
            'destination:/user/queue/messages',
            'ack:client-individual',
            'prefetch-count:1000',
          ]),
          ...OWN_QUEUES.slice(1),
          { kind: 'ready' },
        ],
      ],
      [
        { wire: inboxFrame(['subscription:sub-1', 'ack:a-7']) },
        [routed(2, arrives({ id: 'm-9', sequence: 1 }))],
      ],
      [{ settle: 2, outcome: { ok: true, result: { type: 'done' } } }, [said('ACK', ['id:a-7'])]],
      [{ settle: 1, outcome: { ok: true, result: { type: 'done' } } }, []],
      [{ wire: inboxFrame(['ack:a-8']) }, [routed(3, arrives({ id: 'm-9', sequence: 1 }))]],
      [
        { settle: 3, outcome: { ok: false, error: new GatewayError('store_unavailable') } },
        [said('NACK', ['id:a-8'])],
      ],
    ],
  },
];
