/** Conversations of the server face: versions and heart-beats. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { TOKEN } from './credentials.ts';
import { ALICE, closed, fault, id, ok, receiptOf, routed, type Step, said, user, wire } from './kit.ts';

/** CONNECT with these headers leads to CONNECTED with this version and heart-beat, and these timers. */
export const connects = (
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

export const outgoing = (afterMs: number) =>
  ({ kind: 'timer', name: 'heart-beat-out', afterMs, restart: 'sent' }) as const;

const incoming = (afterMs: number) =>
  ({ kind: 'timer', name: 'heart-beat-in', afterMs, restart: 'received' }) as const;

export const negotiation: readonly ConversationVector[] = [
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
    [outgoing(440), incoming(2000)],
  ),
  connects(
    'promises no interval under 100 ms',
    ['heart-beat:1,1'],
    ['1.0', '100,100'],
    [outgoing(40), incoming(200)],
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

export function direct(messageId: string) {
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

export function message(subscription: string, messageId: string) {
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
