/** Server face: opening and logging in. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import {
  authenticated,
  CONNECTED,
  CREDENTIALS,
  closed,
  errorSent,
  failed,
  IN_LOBBY,
  joins,
  LOGIN,
  published,
  READY,
  refused,
  route,
  SILENCE,
  SOCKET_ID,
  send,
  subscribe,
  TOKEN,
  unsubscribe,
} from './samples.ts';

const face = 'server';
const message = published('message', 'group:lobby', { id: 'm1', content: 'hi' });

const ping = (id: unknown) => ({ wire: JSON.stringify({ event: 'socket:ping', data: { id } }) });
const pong = (reply: unknown) => send({ event: 'socket:pong', data: { reply } });

export const conversations: readonly ConversationVector[] = [
  {
    name: 'says socket:connected first, then logs in by the URL token, and answers a login with nothing',
    face,
    connection: CREDENTIALS,
    steps: LOGIN,
  },
  {
    name: 'announces the heart that the options name, in seconds',
    face,
    endpoint: {
      options: { heartIntervalSeconds: 60, heartTimeoutSeconds: 10 },
      heartbeat: { silenceMs: null },
    },
    steps: [
      [
        { open: true },
        [
          send({
            event: 'socket:connected',
            data: { socket_id: SOCKET_ID, heart: { interval: 60, timeout: 10 } },
          }),
        ],
      ],
    ],
  },
  {
    name: 'answers a bad token with an error after socket:connected, then closes',
    face,
    connection: CREDENTIALS,
    steps: [
      [{ open: true }, [CONNECTED, SILENCE, route(1, { type: 'authenticate', credentials: [TOKEN] })]],
      [
        { settle: 1, outcome: failed('token_invalid') },
        [errorSent('token_invalid'), closed('unauthenticated', 'the token is invalid or has expired')],
      ],
    ],
  },
  {
    name: 'closes after any failed login, also one whose error is not fatal elsewhere',
    face,
    connection: CREDENTIALS,
    steps: [
      [{ open: true }, [CONNECTED, SILENCE, route(1, { type: 'authenticate', credentials: [TOKEN] })]],
      [
        { settle: 1, outcome: failed('store_unavailable') },
        [
          errorSent('store_unavailable'),
          closed('unauthenticated', 'the message could not be stored; try again'),
        ],
      ],
    ],
  },
  {
    name: 'refuses each frame before login in its own form and stays open until the deadline',
    face,
    steps: [
      [{ open: true }, [CONNECTED, SILENCE]],
      [subscribe('group:lobby'), [refused('unauthenticated')]],
      [
        unsubscribe('group:lobby'),
        [send({ event: 'socket:unsubscribe.error', data: { error: 'log in first' } })],
      ],
      [message, [errorSent('unauthenticated', { messageId: 'm1' })]],
      [published('typing', 'group:lobby', {}), [errorSent('unauthenticated')]],
      [ping(1), [errorSent('unauthenticated')]],
      [{ wire: '{"event":"socket:pong"}' }, []],
      [{ wire: '{"event":"socket:connect"}' }, []],
      [
        { fail: new GatewayError('unauthenticated', { fatal: 'unauthenticated' }) },
        [errorSent('unauthenticated'), closed('unauthenticated', 'log in first')],
      ],
    ],
  },
  {
    name: 'asks to be let in as anonymous where the endpoint allows it, and lets nobody anonymous speak',
    face,
    endpoint: { authentication: 'anonymous' },
    steps: [
      [
        { open: true },
        [CONNECTED, SILENCE, route(1, { type: 'authenticate', credentials: [{ kind: 'anonymous' }] })],
      ],
      [
        {
          settle: 1,
          outcome: authenticated({ namespace: 'main', id: 'anonymous:1', name: '' }, true),
        },
        [READY],
      ],
      ...joins(2, 'group:lobby', IN_LOBBY),
      [message, [errorSent('forbidden', { messageId: 'm1', detail: 'log in to send' })]],
      [published('typing', 'group:lobby', {}), [errorSent('forbidden', { detail: 'log in to send' })]],
      [subscribe('user:alice'), [refused('forbidden', 'the channel is the inbox of another user')]],
      [ping(1), [pong(1)]],
    ],
  },
  {
    name: 'logs in by token also where anonymous is allowed',
    face,
    endpoint: { authentication: 'none' },
    connection: CREDENTIALS,
    steps: LOGIN,
  },
];
