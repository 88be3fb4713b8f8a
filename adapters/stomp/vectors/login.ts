/** Conversations of the server face: login, heart-beats, faults, goodbyes. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import {
  ALICE,
  closed,
  done,
  FRAME_TIMER,
  fault,
  id,
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

const TOKEN = { kind: 'token', token: 'T' } as const;

const UNAUTHORIZED = [
  said('ERROR', ['message:Unauthorized', 'code:unauthenticated', 'content-type:text/plain'], 'Unauthorized'),
  closed('unauthenticated', 'log in first'),
];

/** CONNECT with these headers asks to authenticate with these credentials. */
const asks = (
  name: string,
  headers: readonly string[],
  credentials: Extract<Parameters<typeof routed>[1], { type: 'authenticate' }>['credentials'],
  more: Partial<ConversationVector> = {},
): ConversationVector => ({
  name,
  face: 'server',
  ...more,
  steps: [[{ wire: wire('CONNECT', headers) }, [routed(1, { type: 'authenticate', credentials })]]],
});

const none = { authentication: 'none' } as const;

const credentials: readonly ConversationVector[] = [
  asks('takes a bearer token', ['Authorization:Bearer T'], [TOKEN]),
  asks('takes a bearer token whatever the case of its words', ['authorization:bearer  T'], [TOKEN]),
  asks('takes an Authorization without a scheme for a token', ['Authorization:T'], [TOKEN]),
  asks('takes the token of the URL', ['accept-version:1.2'], [TOKEN], {
    connection: { credentials: [TOKEN] },
  }),
  asks(
    'asks about the tokens of URL and header together',
    ['Authorization:Bearer U'],
    [TOKEN, { kind: 'token', token: 'U' }],
    { connection: { credentials: [TOKEN] } },
  ),
  asks('asks once about one token in two places', ['Authorization:Bearer T', 'token:T'], [TOKEN], {
    connection: { credentials: [TOKEN] },
  }),
  asks(
    'takes tokens under the names that services use',
    ['token:A', 'userSig:B', 'im_jwt:C'],
    [
      { kind: 'token', token: 'A' },
      { kind: 'token', token: 'B' },
      { kind: 'token', token: 'C' },
    ],
  ),
  asks('takes tokens under names of its own', ['x-auth:A', 'token:B'], [{ kind: 'token', token: 'A' }], {
    endpoint: { options: { tokenHeaders: ['x-auth'] } },
  }),
  asks(
    'takes login and passcode',
    ['login:alice', 'passcode:secret'],
    [{ kind: 'password', login: 'alice', passcode: 'secret' }],
  ),
  asks('ignores the empty login of stompjs 2.3.3', ['login:', 'passcode:', 'Authorization:T'], [TOKEN]),
  asks(
    'takes a login for a claim where nobody is authenticated',
    ['login:zoe', 'passcode:any'],
    [{ kind: 'claim', user: { id: 'zoe', name: 'zoe' } }],
    { endpoint: none },
  ),
  asks(
    'makes up a guest where nobody is authenticated',
    [],
    [{ kind: 'claim', user: { id: 'guest-00000001', name: 'guest-00000001' } }],
    { endpoint: none },
  ),
  asks(
    'maps the login to its canonical id',
    ['login:7'],
    [{ kind: 'claim', user: { id: 'u7', name: '7' } }],
    {
      endpoint: none,
      connection: {
        identity: { toWire: (canonical) => canonical.slice(1), toCanonical: (wireId) => `u${wireId}` },
      },
    },
  ),
  asks('asks to listen only where that is allowed', [], [{ kind: 'anonymous' }], {
    endpoint: { authentication: 'anonymous' },
  }),
  {
    name: 'refuses CONNECT without any credential in the words of the source',
    face: 'server',
    steps: [[{ wire: wire('CONNECT', ['accept-version:1.2']) }, UNAUTHORIZED]],
  },
  {
    name: 'refuses a login that is no user here',
    face: 'server',
    endpoint: none,
    connection: { identity: { toWire: () => undefined, toCanonical: () => undefined } },
    steps: [
      [
        { wire: wire('CONNECT', ['login:zoe']) },
        [
          said(
            'ERROR',
            ['message:Unauthorized', 'code:unauthenticated', 'content-type:text/plain'],
            'Unauthorized: this login is no user here',
          ),
          closed('unauthenticated', 'log in first: this login is no user here'),
        ],
      ],
    ],
  },
  {
    name: 'refuses a bad token in the words of the source, then closes',
    face: 'server',
    steps: [
      ...login().slice(0, 2),
      [
        refused(1, new GatewayError('token_invalid')),
        [
          said(
            'ERROR',
            ['message:Unauthorized', 'code:token_invalid', 'content-type:text/plain'],
            'Unauthorized',
          ),
          closed('unauthenticated', 'the token is invalid or has expired'),
        ],
      ],
    ],
  },
  {
    name: 'refuses two credentials that name different users',
    face: 'server',
    steps: [
      ...login().slice(0, 2),
      [
        refused(1, new GatewayError('forbidden', { detail: 'the credentials name two users' })),
        fault('forbidden', 'not allowed: the credentials name two users', { reason: 'unauthenticated' }),
      ],
    ],
  },
  {
    name: 'answers the login deadline in the words of the source',
    face: 'server',
    steps: [
      [{ open: true }, [FRAME_TIMER]],
      [{ fail: new GatewayError('unauthenticated', { fatal: 'unauthenticated' }) }, UNAUTHORIZED],
      [{ wire: wire('CONNECT', ['Authorization:T']) }, []],
    ],
  },
];

/** CONNECT with these headers leads to CONNECTED with this version and heart-beat, and these timers. */
const connects = (
  name: string,
  headers: readonly string[],
  [version, heartBeat]: readonly [string, string],
  timers: readonly Step[1][number][] = [],
  more: Partial<ConversationVector> = {},
): ConversationVector => ({
  name,
  face: 'server',
  ...more,
  steps: [
    [
      { wire: wire('CONNECT', [...headers, 'token:T']) },
      [routed(1, { type: 'authenticate', credentials: [TOKEN] })],
    ],
    [
      ok(1, { type: 'authenticated', user: ALICE, anonymous: false }),
      [
        said('CONNECTED', [
          `version:${version}`,
          `heart-beat:${heartBeat}`,
          `session:${id(1)}`,
          'server:dragoman/0.1',
          'user-name:alice',
        ]),
        { kind: 'ready' },
        ...timers,
      ],
    ],
  ],
});

const outgoing = (afterMs: number) =>
  ({ kind: 'timer', name: 'heart-beat-out', afterMs, restart: 'sent' }) as const;
const incoming = (afterMs: number) =>
  ({ kind: 'timer', name: 'heart-beat-in', afterMs, restart: 'received' }) as const;

const negotiation: readonly ConversationVector[] = [
  connects('chooses 1.0 without accept-version', [], ['1.0', '10000,10000']),
  connects('chooses the highest common version', ['accept-version:1.0,1.2,1.1,9.9'], ['1.2', '10000,10000']),
  connects(
    'chooses 1.1 where that is the highest, as for stompjs 2.3.3',
    ['accept-version:1.1,1.0'],
    ['1.1', '10000,10000'],
  ),
  connects(
    'sends and expects no heart-beats where the client wants none',
    ['heart-beat:0,0'],
    ['1.0', '10000,10000'],
  ),
  connects(
    'agrees on heart-beats both ways, sends early and waits twice as long',
    ['heart-beat:10000,10000'],
    ['1.0', '10000,10000'],
    [outgoing(9000), incoming(20_000)],
  ),
  connects(
    'takes the longer interval of the two',
    ['heart-beat:60000,30000'],
    ['1.0', '10000,10000'],
    [outgoing(27_000), incoming(120_000)],
  ),
  connects(
    'honours a heart-beat of a second or less',
    ['heart-beat:1000,500'],
    ['1.0', '500,1000'],
    [outgoing(450), incoming(2000)],
  ),
  connects(
    'promises no interval under 100 ms',
    ['heart-beat:1,1'],
    ['1.0', '100,100'],
    [outgoing(90), incoming(200)],
  ),
  connects(
    'sends without expecting any, as the client asks',
    ['heart-beat:0,5000'],
    ['1.0', '5000,10000'],
    [outgoing(4500)],
  ),
  connects(
    'offers no heart-beats where the endpoint has none',
    ['heart-beat:1000,1000'],
    ['1.0', '0,0'],
    [],
    {
      endpoint: { options: { heartBeat: { outgoingMs: 0, incomingMs: 0 } } },
    },
  ),
  {
    name: 'refuses a CONNECT with no common version and lists its own [STOMP 1.2, Protocol Negotiation]',
    face: 'server',
    steps: [
      [
        { wire: wire('CONNECT', ['accept-version:2.0,3.1', 'token:T']) },
        [
          said(
            'ERROR',
            [
              'message:protocol_violation',
              'code:protocol_violation',
              'version:1.2,1.1,1.0',
              'content-type:text/plain',
            ],
            'the protocol does not allow this: supported protocol versions are 1.2,1.1,1.0',
          ),
          closed(
            'protocol_error',
            'the protocol does not allow this: supported protocol versions are 1.2,1.1,1.0',
          ),
        ],
      ],
    ],
  },
  ...['1000', '1000,', ',1000', 'a,b', '1000,-1', '1000,1000,1000', '1.5,1'].map(
    (header): ConversationVector => ({
      name: `refuses the heart-beat ${header}`,
      face: 'server',
      steps: [
        [
          { wire: wire('CONNECT', [`heart-beat:${header}`, 'token:T']) },
          fault(
            'frame_malformed',
            'the frame cannot be read: heart-beat is two numbers of milliseconds, such as 10000,10000',
          ),
        ],
      ],
    }),
  ),
  {
    name: 'leaves out a user name that the plain headers of CONNECTED cannot hold',
    face: 'server',
    steps: [
      [{ wire: wire('CONNECT', ['token:T']) }, [routed(1, { type: 'authenticate', credentials: [TOKEN] })]],
      [
        ok(1, { type: 'authenticated', user: user('a b:c'), anonymous: false }),
        [
          said('CONNECTED', [
            'version:1.0',
            'heart-beat:10000,10000',
            `session:${id(1)}`,
            'server:dragoman/0.1',
          ]),
          { kind: 'ready' },
        ],
      ],
    ],
  },
  {
    name: 'delivers the inbox as subscription auto until the client subscribes',
    face: 'server',
    endpoint: { options: { autoSubscribe: true } },
    steps: [
      [
        { wire: wire('CONNECT', ['accept-version:1.2', 'token:T']) },
        [routed(1, { type: 'authenticate', credentials: [TOKEN] })],
      ],
      [
        ok(1, { type: 'authenticated', user: ALICE, anonymous: false }),
        [
          said('CONNECTED', [
            'version:1.2',
            'heart-beat:10000,10000',
            `session:${id(1)}`,
            'server:dragoman/0.1',
            'user-name:alice',
          ]),
          { kind: 'ready' },
          routed(2, { type: 'subscribe', target: { type: 'user', id: 'alice' } }),
        ],
      ],
      [ok(2, { type: 'subscribed', target: { type: 'user', id: 'alice' } }), []],
      [{ deliver: direct('m1') }, [message('auto', 'm1')]],
      [
        { wire: wire('SUBSCRIBE', ['id:7', 'destination:/user/queue/messages', 'receipt:r']) },
        [receiptOf('r')],
      ],
      [{ deliver: direct('m2') }, [message('7', 'm2')]],
    ],
  },
];

function direct(messageId: string) {
  return {
    type: 'message',
    namespace: 'main',
    message: {
      id: messageId,
      namespace: 'main',
      sequence: 1,
      from: user('bob'),
      to: { type: 'user', id: 'alice' },
      content: 'hi',
      contentType: 'text',
      sentAt: 5,
    },
  };
}

function message(subscription: string, messageId: string) {
  return said(
    'MESSAGE',
    [
      `subscription:${subscription}`,
      `message-id:${messageId}`,
      'destination:/user/queue/messages',
      'content-type:application/json',
    ],
    `{"id":"${messageId}","fromId":"bob","toId":"alice","chatType":"SINGLE","msgType":"TEXT","content":"hi","status":"SENT","createdAt":5}`,
  );
}

const goodbyes: readonly ConversationVector[] = [
  {
    name: 'answers DISCONNECT with RECEIPT, then closes',
    face: 'server',
    steps: [
      ...login(),
      [{ wire: wire('DISCONNECT', ['receipt:bye']) }, [routed(2, { type: 'disconnect' })]],
      [{ wire: wire('SEND', ['destination:/app/chat.sync']) }, []],
      [done(2), [receiptOf('bye'), closed('normal', 'DISCONNECT')]],
    ],
  },
  {
    name: 'closes after a DISCONNECT that asks for no receipt',
    face: 'server',
    steps: [
      ...login(),
      [{ wire: wire('DISCONNECT') }, [routed(2, { type: 'disconnect' })]],
      [done(2), [closed('normal', 'DISCONNECT')]],
    ],
  },
  {
    name: 'answers DISCONNECT only when everything before it is settled [STOMP 1.2, DISCONNECT]',
    face: 'server',
    steps: [
      ...login(),
      [
        { wire: wire('SEND', ['destination:/app/chat.revoke', 'receipt:1'], '{"messageId":"m"}') },
        [routed(2, { type: 'revoke_message', message: 'm' })],
      ],
      [{ wire: wire('DISCONNECT', ['receipt:2']) }, [routed(3, { type: 'disconnect' })]],
      [done(3), []],
      [done(2), [receiptOf('1'), receiptOf('2'), closed('normal', 'DISCONNECT')]],
    ],
  },
  {
    name: 'sends ERROR in place of the last receipt if a frame before DISCONNECT failed',
    face: 'server',
    steps: [
      ...login(),
      [
        { wire: wire('SEND', ['destination:/app/chat.revoke', 'receipt:1'], '{"messageId":"m"}') },
        [routed(2, { type: 'revoke_message', message: 'm' })],
      ],
      [{ wire: wire('DISCONNECT', ['receipt:2']) }, [routed(3, { type: 'disconnect' })]],
      [refused(2, new GatewayError('forbidden')), fault('forbidden', 'not allowed', { receipt: '1' })],
      [done(3), []],
    ],
  },
  {
    name: 'tells the older connection that it is replaced',
    face: 'server',
    steps: [
      ...login(),
      [
        { deliver: { type: 'session_replaced', namespace: 'main', user: ALICE } },
        [
          said(
            'ERROR',
            ['message:session_replaced', 'content-type:text/plain'],
            'the same user has logged in elsewhere',
          ),
          closed('replaced', 'the same user has logged in elsewhere'),
        ],
      ],
    ],
  },
  {
    name: 'closes without an ERROR at shutdown',
    face: 'server',
    steps: [
      ...login(),
      [
        { deliver: { type: 'going_away', namespace: 'main', reason: 'shutting_down', afterMs: 1000 } },
        [
          { kind: 'lost', type: 'going_away', fields: ['afterMs'] },
          closed('shutting_down', 'shutting down; reconnect'),
        ],
      ],
      [{ deliver: direct('m1') }, []],
    ],
  },
  {
    name: 'closes normally when the backend ends the connection',
    face: 'server',
    steps: [
      ...login(),
      [
        { deliver: { type: 'going_away', namespace: 'main', reason: 'disconnected', afterMs: 0 } },
        [
          { kind: 'lost', type: 'going_away', fields: ['afterMs'] },
          closed('normal', 'disconnected by the server'),
        ],
      ],
    ],
  },
  {
    name: 'says why a slow consumer is closed',
    face: 'server',
    steps: [
      ...login(),
      [
        { fail: new GatewayError('slow_consumer') },
        fault('slow_consumer', 'this connection reads too slowly', { reason: 'slow_consumer' }),
      ],
    ],
  },
  {
    name: 'says that the token has expired, and closes with that reason',
    face: 'server',
    steps: [
      ...login(),
      [
        { fail: new GatewayError('token_expired') },
        fault('token_expired', 'the token has expired or was revoked; log in again', {
          reason: 'token_expired',
        }),
      ],
    ],
  },
  {
    name: 'sends a heart-beat when nothing was sent, and goes on',
    face: 'server',
    steps: [
      ...connects('', ['heart-beat:0,1000'], ['1.0', '1000,10000'], [outgoing(900)]).steps,
      [{ expire: 'heart-beat-out' }, [said('heart-beat'), outgoing(900)]],
      [{ wire: '\n' }, []],
    ],
  },
  {
    name: 'ends a connection whose heart-beats stopped',
    face: 'server',
    steps: [
      ...login(),
      [
        { expire: 'heart-beat-in' },
        fault('silence', 'nothing was heard for too long', { reason: 'silence' }),
      ],
    ],
  },
  {
    name: 'ends a silent connection where the endpoint says so',
    face: 'server',
    endpoint: { heartbeat: { silenceMs: 5000 } },
    steps: [
      [
        { open: true },
        [FRAME_TIMER, { kind: 'timer', name: 'silence', afterMs: 5000, restart: 'received_or_pong' }],
      ],
      [{ expire: 'silence' }, fault('silence', 'nothing was heard for too long', { reason: 'silence' })],
    ],
  },
];

const faults: readonly ConversationVector[] = [
  {
    name: 'refuses SEND before CONNECT [STOMP 1.2, CONNECT]',
    face: 'server',
    steps: [
      [
        { wire: wire('SEND', ['destination:/app/chat.send', 'receipt:9'], '{}') },
        [
          said(
            'ERROR',
            ['message:Unauthorized', 'receipt-id:9', 'code:unauthenticated', 'content-type:text/plain'],
            'Unauthorized: CONNECT comes first',
          ),
          closed('unauthenticated', 'log in first: CONNECT comes first'),
        ],
      ],
    ],
  },
  {
    name: 'refuses a second CONNECT',
    face: 'server',
    steps: [
      ...login(),
      [
        { wire: wire('CONNECT', ['accept-version:1.2', 'token:T']) },
        fault('protocol_violation', 'the protocol does not allow this: CONNECT comes once'),
      ],
    ],
  },
  {
    name: 'names the receipt of a frame that could not be read',
    face: 'server',
    steps: [
      ...login(),
      [
        {
          fail: new GatewayError('frame_malformed', {
            fatal: 'protocol_error',
            detail: 'content-length is not a number of bytes',
            salvaged: { receipt: 'r-9' },
          }),
        },
        fault('frame_malformed', 'the frame cannot be read: content-length is not a number of bytes', {
          receipt: 'r-9',
        }),
      ],
    ],
  },
  {
    name: 'ends a connection on an error without a frame before login, whatever it is',
    face: 'server',
    steps: [
      [{ fail: new GatewayError('rate_limited') }, fault('rate_limited', 'too many messages; slow down')],
    ],
  },
  {
    name: 'reports an error without a frame on the errors queue',
    face: 'server',
    steps: [
      ...login(),
      ...subscribed(0, 'e', '/user/queue/errors', { local: true }),
      [
        { fail: new GatewayError('rate_limited') },
        [
          said(
            'MESSAGE',
            [
              'subscription:e',
              `message-id:${id(2)}`,
              'destination:/user/queue/errors',
              'content-type:application/json',
            ],
            '{"code":"rate_limited","message":"too many messages; slow down"}',
          ),
        ],
      ],
    ],
  },
  {
    name: 'explains errors in the language of the endpoint',
    face: 'server',
    endpoint: { locale: 'zh-CN' },
    steps: [
      ...login(),
      [
        { fail: new GatewayError('rate_limited') },
        fault('rate_limited', '\u6d88\u606f\u53d1\u9001\u8fc7\u4e8e\u9891\u7e41'),
      ],
    ],
  },
  {
    name: 'ends a connection whose frame does not end',
    face: 'server',
    steps: [
      ...login(),
      [{ wire: 'SEND\ndestination:/app/chat.send\ncontent-length:99\n\n{}\0' }, []],
      [{ expire: 'frame' }, [FRAME_TIMER]],
      [{ wire: '\n' }, []],
      [
        { expire: 'frame' },
        fault('frame_malformed', 'the frame cannot be read: the frame did not end in time'),
      ],
    ],
  },
  {
    name: 'waits for a frame that goes on, however slowly it comes',
    face: 'server',
    steps: [
      ...login(),
      [{ wire: `SEND\ndestination:/app/chat.revoke\n\n{"messageId":"m"${' '.repeat(100)}` }, []],
      [{ expire: 'frame' }, [FRAME_TIMER]],
      [{ wire: ' '.repeat(100) }, []],
      [{ expire: 'frame' }, [FRAME_TIMER]],
      [{ wire: '}\0' }, [routed(2, { type: 'revoke_message', message: 'm' })]],
      [{ expire: 'frame' }, [FRAME_TIMER]],
    ],
  },
  {
    name: 'does not blame the client for an unfinished frame while its commands are in flight',
    face: 'server',
    steps: [
      ...login(),
      [
        { wire: `${wire('SEND', ['destination:/app/chat.revoke'], '{"messageId":"m"}')}SEND\n` },
        [routed(2, { type: 'revoke_message', message: 'm' })],
      ],
      [{ expire: 'frame' }, [FRAME_TIMER]],
      [{ expire: 'frame' }, [FRAME_TIMER]],
      [done(2), []],
      [{ expire: 'frame' }, [FRAME_TIMER]],
    ],
  },
  {
    name: 'cuts frames at the end of a wire message where NULs get lost',
    face: 'server',
    endpoint: { options: { assumeEndOfMessage: true } },
    steps: [
      [
        { wire: 'CONNECT\naccept-version:1.2\ntoken:T\n\n' },
        [routed(1, { type: 'authenticate', credentials: [TOKEN] })],
      ],
    ],
  },
];

export const loginConversations: readonly ConversationVector[] = [
  ...credentials,
  ...negotiation,
  ...goodbyes,
  ...faults,
];
