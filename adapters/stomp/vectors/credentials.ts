/** Conversations of the server face: who logs in, and how. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import {
  ALICE,
  closed,
  FRAME_TIMER,
  fault,
  id,
  login,
  ok,
  receiptOf,
  refused,
  routed,
  said,
  wire,
} from './kit.ts';

export const TOKEN = { kind: 'token', token: 'T' } as const;

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

export const credentials: readonly ConversationVector[] = [
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
    'prefers a login to a token where nobody is authenticated',
    ['login:zoe', 'token:T'],
    [{ kind: 'claim', user: { id: 'zoe', name: 'zoe' } }, TOKEN],
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
    name: 'does not blame the token for a fault of its own',
    face: 'server',
    steps: [
      ...login().slice(0, 2),
      [
        refused(1, new GatewayError('store_unavailable')),
        fault('store_unavailable', 'the message could not be stored; try again', { reason: 'internal' }),
      ],
    ],
  },
  {
    name: 'answers a receipt on CONNECT after CONNECTED',
    face: 'server',
    steps: [
      [
        { wire: wire('CONNECT', ['token:T', 'receipt:1']) },
        [routed(1, { type: 'authenticate', credentials: [TOKEN] })],
      ],
      [
        ok(1, { type: 'authenticated', user: ALICE, anonymous: false }),
        [
          said('CONNECTED', [
            'version:1.0',
            'heart-beat:10000,10000',
            `session:${id(1)}`,
            'server:dragoman/0.1',
            'user-name:alice',
          ]),
          { kind: 'ready' },
          receiptOf('1'),
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
