/** Conversations of the client face: login and the end of a connection. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import { ALICE, CONNECT, chat, failed, TOKEN } from './client-kit.ts';
import { closed, IDLE_TIMER, routed, said, wire } from './kit.ts';

export const logins: readonly ConversationVector[] = [
  chat('logs in with a token and listens to its own queues, as the service’s own clients do', []),
  {
    name: 'logs in with login and passcode',
    face: 'client',
    connection: { credentials: [{ kind: 'password', login: 'alice', passcode: 's' }] },
    endpoint: {
      heartbeat: { silenceMs: 5 },
      options: { upstream: { host: 'vh' }, heartBeat: { incomingMs: 0 } },
    },
    steps: [
      [
        { open: true },
        [
          said('CONNECT', [
            'accept-version:1.2,1.1,1.0',
            'heart-beat:10000,0',
            'host:vh',
            'login:alice',
            'passcode:s',
          ]),
          IDLE_TIMER,
          { kind: 'timer', name: 'silence', afterMs: 5, restart: 'received_or_pong' },
        ],
      ],
      [{ expire: 'silence' }, [closed('silence', 'nothing was heard for too long')]],
    ],
  },
  {
    name: 'logs in by a claim, and without anything',
    face: 'client',
    connection: {
      credentials: [{ kind: 'claim', user: { id: 'alice', name: 'Alice' } }, { kind: 'anonymous' }],
    },
    steps: [
      [
        { open: true },
        [
          said('CONNECT', ['accept-version:1.2,1.1,1.0', 'heart-beat:10000,10000', 'host:/', 'login:alice']),
          IDLE_TIMER,
        ],
      ],
    ],
  },
  {
    name: 'agrees on heart-beats with the server and keeps them',
    face: 'client',
    connection: TOKEN,
    endpoint: { options: { upstream: { chat: false } } },
    steps: [
      [
        { wire: wire('CONNECTED', ['version:1.1', 'heart-beat:15000,0']) },
        [{ kind: 'timer', name: 'heart-beat-in', afterMs: 30_000, restart: 'received' }, { kind: 'ready' }],
      ],
      [{ wire: '\n' }, []],
      [{ expire: 'heart-beat-in' }, [closed('silence', 'nothing was heard for too long')]],
      [{ expire: 'heart-beat-out' }, []],
    ],
  },
  {
    name: 'sends heart-beats that the server wants',
    face: 'client',
    endpoint: { options: { upstream: { chat: false } } },
    steps: [
      [
        { wire: wire('CONNECTED', ['version:1.2', 'heart-beat:0,20000']) },
        [{ kind: 'timer', name: 'heart-beat-out', afterMs: 18_000, restart: 'sent' }, { kind: 'ready' }],
      ],
      [
        { expire: 'heart-beat-out' },
        [said('heart-beat'), { kind: 'timer', name: 'heart-beat-out', afterMs: 18_000, restart: 'sent' }],
      ],
    ],
  },
  {
    name: 'ends when the server refuses the login',
    face: 'client',
    connection: TOKEN,
    steps: [
      [{ open: true }, [CONNECT, IDLE_TIMER]],
      [
        { wire: wire('ERROR', ['message:Unauthorized'], 'Unauthorized\n') },
        [closed('unauthenticated', 'log in first')],
      ],
      [{ wire: wire('CONNECTED', ['version:1.2']) }, []],
      [{ deliver: { type: 'sync' }, ref: 1 }, [failed(1, new GatewayError('upstream_unavailable'))]],
    ],
  },
  {
    name: 'ends when a broker refuses the login in its own words',
    face: 'client',
    steps: [
      [
        { wire: wire('ERROR', ['message:Bad CONNECT'], 'Access refused') },
        [closed('unauthenticated', 'log in first: Bad CONNECT')],
      ],
    ],
  },
  {
    name: 'reports a frame that never ends',
    face: 'client',
    steps: [
      [{ expire: 'frame' }, [IDLE_TIMER]],
      [{ wire: 'CONNECTED\nversion:1.2\n' }, []],
      [
        { expire: 'frame' },
        [closed('protocol_error', 'the frame cannot be read: the frame did not end in time')],
      ],
    ],
  },
  {
    name: 'ends on a frame that cannot be read, and on nothing less',
    face: 'client',
    steps: [
      [{ fail: new GatewayError('frame_malformed', { detail: 'a body' }) }, []],
      [
        { fail: new GatewayError('frame_unknown', { fatal: 'protocol_error' }) },
        [closed('protocol_error', 'this kind of frame is not known')],
      ],
    ],
  },
  chat('is replaced when the server says so', [
    [
      { wire: wire('ERROR', ['message:session_replaced'], 'the same user has logged in elsewhere') },
      [
        routed(2, { type: 'session_replaced', namespace: 'main', user: ALICE }),
        closed('replaced', 'the same user has logged in elsewhere'),
      ],
    ],
  ]),
];
