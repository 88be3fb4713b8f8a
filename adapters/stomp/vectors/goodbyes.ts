/** Conversations of the server face: how a connection ends. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import {
  ALICE,
  closed,
  done,
  FRAME_TIMER,
  fault,
  login,
  receiptOf,
  refused,
  routed,
  said,
  wire,
} from './kit.ts';
import { connects, direct, outgoing } from './negotiation.ts';

export const goodbyes: readonly ConversationVector[] = [
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
