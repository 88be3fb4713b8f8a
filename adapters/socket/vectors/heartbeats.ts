/** Server face: pings, pongs and silence. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import {
  authenticated,
  CONNECTED,
  CREDENTIALS,
  closed,
  errorSent,
  LOGIN,
  READY,
  route,
  SILENCE,
  send,
  TOKEN,
} from './samples.ts';

const face = 'server';
const ping = (id: unknown) => ({ wire: JSON.stringify({ event: 'socket:ping', data: { id } }) });
const pong = (reply: unknown) => send({ event: 'socket:pong', data: { reply } });
const timer = (name: string, afterMs: number | null) => ({ kind: 'timer', name, afterMs }) as const;

export const conversations: readonly ConversationVector[] = [
  {
    name: 'repeats the id of a ping in the pong, whatever number or string it is [source: socket:ping]',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [ping(1), [pong(1)]],
      [ping(2), [pong(2)]],
      [ping(-1.5), [pong(-1.5)]],
      [ping(0), [pong(0)]],
      [ping('a'), [pong('a')]],
      [ping(''), [pong('')]],
    ],
  },
  {
    name: 'answers a ping without id with a pong without data',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [{ wire: '{"event":"socket:ping"}' }, [send({ event: 'socket:pong' })]],
      [{ wire: '{"event":"socket:ping","data":null}' }, [send({ event: 'socket:pong' })]],
      [{ wire: '{"event":"socket:ping","data":{}}' }, [send({ event: 'socket:pong' })]],
      [ping(null), [send({ event: 'socket:pong' })]],
    ],
  },
  {
    name: 'tolerates socket:connect and a pong that nobody asked for',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [{ wire: '{"event":"socket:connect","data":{"token":"t"}}' }, []],
      [{ wire: '{"event":"socket:pong"}' }, []],
    ],
  },
  {
    name: 'closes a silent connection with its own words',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [{ expire: 'silence' }, [errorSent('silence'), closed('silence', 'nothing was heard for too long')]],
    ],
  },
  {
    name: 'arms no silence timer where the endpoint has none',
    face,
    endpoint: { heartbeat: { silenceMs: null } },
    steps: [[{ open: true }, [CONNECTED]]],
  },
  {
    name: 'pings each 30 s if the endpoint says so, and takes the pong [source: 服务端发送心跳检测]',
    face,
    endpoint: { options: { serverPing: true } },
    connection: CREDENTIALS,
    steps: [
      [
        { open: true },
        [CONNECTED, SILENCE, timer('ping', 30_000), route(1, { type: 'authenticate', credentials: [TOKEN] })],
      ],
      [{ settle: 1, outcome: authenticated() }, [READY]],
      [{ expire: 'ping' }, [send({ event: 'socket:ping' }), timer('ping', 30_000), timer('pong', 25_000)]],
      [{ wire: '{"event":"socket:pong"}' }, [timer('pong', null)]],
      [{ wire: '{"event":"socket:pong"}' }, []],
      [{ expire: 'ping' }, [send({ event: 'socket:ping' }), timer('ping', 30_000), timer('pong', 25_000)]],
    ],
  },
  {
    name: 'closes a client that does not answer a ping by a pong, whatever else it says [source: 25 秒以内回复]',
    face,
    endpoint: { options: { serverPing: true, pingIntervalMs: 1000, pongTimeoutMs: 5000 } },
    connection: CREDENTIALS,
    steps: [
      [
        { open: true },
        [CONNECTED, SILENCE, timer('ping', 1000), route(1, { type: 'authenticate', credentials: [TOKEN] })],
      ],
      [{ settle: 1, outcome: authenticated() }, [READY]],
      [{ expire: 'ping' }, [send({ event: 'socket:ping' }), timer('ping', 1000), timer('pong', 5000)]],
      [ping(7), [pong(7)]],
      [{ expire: 'ping' }, [timer('ping', 1000)]],
      [
        { expire: 'pong' },
        [
          errorSent('silence', { detail: 'no socket:pong in time' }),
          closed('silence', 'nothing was heard for too long: no socket:pong in time'),
        ],
      ],
    ],
  },
];
