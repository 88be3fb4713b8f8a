/** Client face: logging in at a server, and heartbeats. */

import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import { CONNECTED, face, GREETED, timer, wire } from './client-samples.ts';
import { closed, DONE, READY, SILENCE, send, TOKEN } from './samples.ts';

export const conversations: readonly ConversationVector[] = [
  {
    name: 'waits for socket:connected, then is ready and pings as the server wishes',
    face,
    connection: { credentials: [TOKEN] },
    steps: [
      ...GREETED,
      [
        { expire: 'ping' },
        [send({ event: 'socket:ping', data: { id: 1 } }), timer('ping', 30_000), timer('pong', 25_000)],
      ],
      [wire({ event: 'socket:pong', data: { reply: 1 } }), [timer('pong', null)]],
      [
        { expire: 'ping' },
        [send({ event: 'socket:ping', data: { id: 2 } }), timer('ping', 30_000), timer('pong', 25_000)],
      ],
      [{ expire: 'pong' }, [closed('silence', 'nothing was heard for too long')]],
    ],
  },
  {
    name: 'pings each 120 s and waits 30 s where the server announces no heart [source: 默认设置]',
    face,
    steps: [
      [{ open: true }, [SILENCE]],
      [wire({ event: 'socket:connected', data: { socket_id: 's1' } }), [READY, timer('ping', 120_000)]],
      [
        { expire: 'ping' },
        [send({ event: 'socket:ping', data: { id: 1 } }), timer('ping', 120_000), timer('pong', 30_000)],
      ],
    ],
  },
  {
    name: 'lets no server make it busy, nor overflow a timer',
    face,
    endpoint: { heartbeat: { silenceMs: null } },
    steps: [
      [{ open: true }, []],
      [
        wire({
          event: 'socket:connected',
          data: { socket_id: 's1', heart: { interval: 1e-9, timeout: 1e300 } },
        }),
        [READY, timer('ping', 1000)],
      ],
      [
        { expire: 'ping' },
        [send({ event: 'socket:ping', data: { id: 1 } }), timer('ping', 1000), timer('pong', 86_400_000)],
      ],
      [CONNECTED, []],
    ],
  },
  {
    name: 'answers the ping of a server with a pong [source: 客户端发送心跳回复]',
    face,
    steps: [
      [{ open: true }, [SILENCE]],
      [wire({ event: 'socket:pong' }), []],
      [{ expire: 'ping' }, []],
      [CONNECTED, [READY, timer('ping', 30_000)]],
      [wire({ event: 'socket:ping' }), [send({ event: 'socket:pong' })]],
      [wire({ event: 'socket:pong', data: { reply: 9 } }), []],
      [{ expire: 'silence' }, [closed('silence', 'nothing was heard for too long')]],
      [{ expire: 'unknown' }, []],
    ],
  },
  {
    name: 'closes when the server refuses the login',
    face,
    steps: [
      ...GREETED,
      [
        wire({
          event: 'error',
          data: { code: 'token_invalid', message: 'the token is invalid or has expired' },
        }),
        [closed('unauthenticated', 'the token is invalid or has expired')],
      ],
      [
        wire({ event: 'error', data: { code: 'unauthenticated', message: '未认证' } }),
        [closed('unauthenticated', 'log in first')],
      ],
      [
        wire({ event: 'error', data: { code: 'token_expired', message: 'gone' } }),
        [closed('token_expired', 'the token has expired or was revoked; log in again: gone')],
      ],
    ],
  },
  {
    name: 'has no words for faults of the server, but ends on the fatal ones',
    face,
    steps: [
      ...GREETED,
      [{ fail: new GatewayError('frame_malformed') }, []],
      [{ fail: new GatewayError('internal') }, [closed('internal', 'internal error')]],
      [{ settle: 1, outcome: DONE }, []],
    ],
  },
];
