/** Conversations of the client face that has its chat at a general broker. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import type { Command } from '../../../schemas/command.ts';
import { JSON_TYPE } from './broker-kit.ts';
import { arrives } from './chat-kit.ts';
import { ALICE, CONNECT, failed, lost, receipt, result, sendHello, settled, TOKEN } from './client-kit.ts';
import { IDLE_TIMER, routed, type Step, said, user, wire } from './kit.ts';

const PLACES = { chat: false, groups: '/topic/group.{id}', users: '/queue/user.{id}' };

const ACCOUNT = {
  credentials: [
    { kind: 'password', login: 'gateway', passcode: 'a password' },
    { kind: 'claim', user: { id: 'alice', name: 'alice' } },
  ],
} as const;

/** Logged in with a service account, on behalf of alice. */
const login = (ack: string): readonly Step[] => [
  [
    { open: true },
    [
      said('CONNECT', [
        'accept-version:1.2,1.1,1.0',
        'heart-beat:10000,10000',
        'host:/',
        'login:gateway',
        'passcode:a password',
      ]),
      IDLE_TIMER,
    ],
  ],
  [
    { wire: `${wire('CONNECTED', ['version:1.2', 'heart-beat:0,0', 'server:RabbitMQ/4'])}\n` },
    [
      said('SUBSCRIBE', [
        'id:sub-1',
        'destination:/queue/user.alice',
        `ack:${ack}`,
        ...(ack === 'auto' ? [] : ['prefetch-count:1000']),
      ]),
      { kind: 'ready' },
    ],
  ],
];

const chat = (name: string, steps: readonly Step[], upstream: object = {}): ConversationVector => ({
  name,
  face: 'client',
  connection: ACCOUNT,
  endpoint: { options: { upstream: { ...PLACES, ...upstream } } },
  steps: [...login('acknowledge' in upstream ? String(upstream.acknowledge) : 'auto'), ...steps],
});

const toGroup: Command = {
  type: 'send_message',
  target: { type: 'group', id: 'a/b #1' },
  content: 'Hello',
  contentType: 'text',
  clientId: 'm-1',
  replyTo: 'm-0',
};

const body = (id: string, fromId: string, to: string, more = ''): string =>
  `{"id":"${id}","fromId":"${fromId}",${to},"msgType":"TEXT","content":"Hello","status":"SENT","createdAt":1765679400000${more}}`;

const GROUP = '"toId":"a/b #1","chatType":"GROUP"';

const published = (subscription: string, text: string, ack: readonly string[] = []): Step[0] => ({
  wire: wire(
    'MESSAGE',
    [`subscription:${subscription}`, 'destination:/topic/any', 'message-id:T_1', ...ack, 'persistent:true'],
    text,
  ),
});

const subscribeGroup: readonly Step[] = [
  [
    { deliver: { type: 'subscribe', target: toGroup.target }, ref: 1 },
    [said('SUBSCRIBE', ['receipt:r-1', 'id:sub-2', 'destination:/topic/group.a=2Fb=20=231', 'ack:auto'])],
  ],
  [receipt('r-1'), [settled(1, { type: 'subscribed', target: toGroup.target })]],
];

export const chatAtBrokers: readonly ConversationVector[] = [
  chat('publishes to a group at a general broker and hears itself and others', [
    ...subscribeGroup,
    [
      { deliver: toGroup, ref: 2 },
      [
        said(
          'SEND',
          ['receipt:r-2', 'destination:/topic/group.a=2Fb=20=231', 'persistent:true', JSON_TYPE],
          body('m-1', 'alice', GROUP, ',"replyTo":"m-0"'),
        ),
      ],
    ],
    [
      published('sub-2', body('m-1', 'alice', GROUP, ',"replyTo":"m-0"')),
      [
        routed(1, {
          ...arrives({
            id: 'm-1',
            from: ALICE,
            to: toGroup.target,
            sequence: 1,
            sentAt: 1_765_679_400_000,
            replyTo: 'm-0',
          }),
          origin: 'c-1',
        }),
      ],
    ],
    [receipt('r-2'), [settled(2, result({ from: ALICE, to: toGroup.target, replyTo: 'm-0' }))]],
    [
      published('sub-2', body('m-1', 'bob', GROUP)),
      [
        routed(
          2,
          arrives({
            id: 'm-1',
            from: user('bob'),
            to: toGroup.target,
            sequence: 1,
            sentAt: 1_765_679_400_000,
          }),
        ),
      ],
    ],
  ]),
  chat('sends a direct message to the place of its recipient', [
    [
      { deliver: sendHello, ref: 1 },
      [
        said(
          'SEND',
          ['receipt:r-1', 'destination:/queue/user.bob', 'persistent:true', JSON_TYPE],
          body('m-1', 'alice', '"toId":"bob","chatType":"SINGLE"'),
        ),
      ],
    ],
    [receipt('r-1'), [settled(1, result())]],
  ]),
  chat(
    'acknowledges to a general broker what was taken, and what nobody can read',
    [
      [
        published('sub-1', body('m-1', 'bob', '"toId":"alice","chatType":"SINGLE"'), ['ack:T_1']),
        [
          routed(
            1,
            arrives({
              id: 'm-1',
              from: user('bob'),
              to: { type: 'user', id: 'alice' },
              sequence: 1,
              sentAt: 1_765_679_400_000,
            }),
          ),
        ],
      ],
      [{ settle: 1, outcome: { ok: true, result: { type: 'done' } } }, [said('ACK', ['id:T_1'])]],
      [published('sub-1', 'tick', ['ack:T_2']), [lost('message'), said('ACK', ['id:T_2'])]],
      [published('sub-1', '{}', ['ack:T_3']), [lost('message'), said('ACK', ['id:T_3'])]],
      [
        published('sub-1', body('m-2', 'bob', GROUP), ['ack:T_4']),
        [lost('message'), said('ACK', ['id:T_4'])],
      ],
    ],
    { acknowledge: 'client-individual' },
  ),
  chat('has no word for a revocation, a replay and a name that is too long', [
    [
      { deliver: { type: 'revoke_message', message: 'm-1' }, ref: 1 },
      [lost('revoke_message'), failed(1, new GatewayError('unsupported'))],
    ],
    [{ deliver: { type: 'sync' }, ref: 2 }, [lost('sync'), failed(2, new GatewayError('unsupported'))]],
    [
      { deliver: { ...toGroup, target: { type: 'group', id: '#'.repeat(100) } }, ref: 3 },
      [failed(3, new GatewayError('recipient_unknown'))],
    ],
  ]),
  {
    name: 'only listens at a general broker that it has no name for',
    face: 'client',
    connection: TOKEN,
    endpoint: { options: { upstream: PLACES } },
    steps: [
      [{ open: true }, [CONNECT, IDLE_TIMER]],
      [{ wire: `${wire('CONNECTED', ['version:1.2'])}\n` }, [{ kind: 'ready' }]],
      [{ deliver: toGroup, ref: 1 }, [lost('send_message'), failed(1, new GatewayError('unsupported'))]],
      [
        { deliver: { type: 'subscribe', target: { type: 'group', id: 'g' } }, ref: 2 },
        [said('SUBSCRIBE', ['receipt:r-1', 'id:sub-1', 'destination:/topic/group.g', 'ack:auto'])],
      ],
    ],
  },
  chat('publishes a transaction to a general broker', [
    [
      { deliver: { type: 'send_batch', items: [sendHello] }, ref: 1 },
      [
        said('BEGIN', ['transaction:tx-1']),
        said(
          'SEND',
          ['transaction:tx-1', 'destination:/queue/user.bob', 'persistent:true', JSON_TYPE],
          body('m-1', 'alice', '"toId":"bob","chatType":"SINGLE"'),
        ),
        said('COMMIT', ['receipt:r-1', 'transaction:tx-1']),
      ],
    ],
  ]),
];
