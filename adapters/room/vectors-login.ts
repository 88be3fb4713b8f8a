/** The server's side: who is there, how the connection stays, and how it ends. */
import type { ConversationVector } from '../../core/dialect-vectors.ts';
import { GatewayError } from '../../core/errors.ts';
import { READY, route } from '../../core/session-kit.ts';
import {
  authenticated,
  BOB,
  BOB_USER,
  chat,
  failed,
  HEARTBEAT,
  join,
  leave,
  NOBODY_USER,
  ONLY_KNOWN,
  refused,
  SAN,
  SAN_USER,
} from './vector-samples.ts';

type Steps = ConversationVector['steps'];

export const TOKEN = { credentials: [{ kind: 'token', token: 'good' }] } as const;
export const SILENCE_TIMER = {
  kind: 'timer',
  name: 'silence',
  afterMs: 300_000,
  restart: 'received',
} as const;

/** Opens a connection that its URL token logs in as the source's 张三. */
export const LOGGED_IN: Steps = [
  [{ open: true }, [SILENCE_TIMER, route(1, { type: 'authenticate', ...TOKEN })]],
  [{ settle: 1, outcome: authenticated(SAN_USER) }, [READY]],
];

const NO_LOGIN = { authentication: 'none' } as const;
const claimOf = (user: object) => ({ type: 'authenticate', credentials: [{ kind: 'claim', user }] });
const { namespace: _namespace, ...SAN_PROFILE } = SAN_USER;
const joinBy = (claimedSender: string) => ({
  type: 'join_group',
  group: 'E00001',
  exclusive: true,
  claimedSender,
});
const close = (reason: string, text: string) => ({ kind: 'close', reason, text }) as never;

export const conversations: readonly ConversationVector[] = [
  {
    name: 'a good token makes the connection ready and is not answered',
    face: 'server',
    connection: TOKEN,
    steps: LOGGED_IN,
  },
  {
    name: 'a bad token is refused in words and the connection ends',
    face: 'server',
    connection: TOKEN,
    steps: [
      [{ open: true }, [SILENCE_TIMER, route(1, { type: 'authenticate', ...TOKEN })]],
      [
        { settle: 1, outcome: failed('token_invalid') },
        [refused('token_invalid'), close('unauthenticated', '令牌无效或已过期')],
      ],
    ],
  },
  {
    name: 'a login that could not be checked ends the connection too, and a shutdown under its own reason',
    face: 'server',
    connection: TOKEN,
    steps: [
      [{ open: true }, [SILENCE_TIMER, route(1, { type: 'authenticate', ...TOKEN })]],
      [
        { settle: 1, outcome: failed('shutting_down') },
        [refused('shutting_down'), close('shutting_down', '服务器正在关闭，请重新连接')],
      ],
    ],
  },
  {
    name: 'without a token everything but a heartbeat is refused, and the deadline ends the connection',
    face: 'server',
    steps: [
      [{ open: true }, [SILENCE_TIMER]],
      [{ wire: HEARTBEAT }, []],
      [{ wire: join() }, [refused('unauthenticated')]],
      [{ wire: chat() }, [refused('unauthenticated')]],
      [{ wire: '{"msgType":4}' }, [refused('unauthenticated')]],
      [
        { fail: new GatewayError('unauthenticated', { fatal: 'unauthenticated' }) },
        [refused('unauthenticated'), close('unauthenticated', '未认证')],
      ],
    ],
  },
  {
    name: 'where nobody logs in the first join says who the client is',
    face: 'server',
    endpoint: NO_LOGIN,
    steps: [
      [{ open: true }, [SILENCE_TIMER]],
      [{ wire: join() }, [route(1, claimOf(SAN_PROFILE))]],
      [{ settle: 1, outcome: authenticated(SAN_USER) }, [READY, route(2, joinBy('jk2'))]],
      // Another name in a later join is for the router to refuse.
      [{ wire: join(BOB, 'E00002') }, [route(3, { ...joinBy('bob'), group: 'E00002' })]],
      [{ settle: 3, outcome: failed('sender_mismatch') }, [refused('sender_mismatch')]],
    ],
  },
  {
    name: 'where nobody logs in a member with an id alone is called by it',
    face: 'server',
    endpoint: NO_LOGIN,
    steps: [
      [{ wire: join({ id: 'x' }) }, [route(1, claimOf({ id: 'x', name: 'x' }))]],
      [
        { settle: 1, outcome: authenticated({ namespace: 'main', id: 'x', name: 'x' }) },
        [READY, route(2, joinBy('x'))],
      ],
    ],
  },
  {
    name: 'where nobody logs in the fullest name there is becomes the name',
    face: 'server',
    endpoint: NO_LOGIN,
    steps: [
      [
        { wire: join({ id: 'x', nickName: '', personName: '张三', personNum: '7' }) },
        [
          route(
            1,
            claimOf({ id: 'x', name: '张三', extensions: { room: { personName: '张三', personNum: '7' } } }),
          ),
        ],
      ],
    ],
  },
  {
    name: 'where nobody logs in over-long names are cut and an over-long picture is left out',
    face: 'server',
    endpoint: NO_LOGIN,
    steps: [
      [
        {
          wire: join({
            id: 'x',
            nickName: `${'n'.repeat(255)}😀`,
            personName: `${'n'.repeat(255)}😀`,
            headImgUrl: 'u'.repeat(4097),
          }),
        },
        [route(1, claimOf({ id: 'x', name: 'n'.repeat(255) }))],
      ],
    ],
  },
  {
    name: 'where nobody logs in a chat or a leave before the join is refused and the connection stays',
    face: 'server',
    endpoint: NO_LOGIN,
    steps: [
      [{ wire: chat() }, [refused('not_joined')]],
      [{ wire: leave() }, [refused('not_joined')]],
      [{ wire: '{"msgType":4}' }, [refused('unsupported')]],
      [{ wire: '{"msgType":3,"textData":{"dataType":1,"data":{}}}' }, [refused('frame_unknown')]],
      [{ wire: HEARTBEAT }, []],
    ],
  },
  {
    name: 'where nobody logs in a join without a sender is refused',
    face: 'server',
    endpoint: NO_LOGIN,
    steps: [
      [
        { wire: '{"msgType":2,"textData":{"dataType":1,"data":{"roomNumber":"E00001"}}}' },
        [refused('field_missing')],
      ],
    ],
  },
  {
    name: 'a claim that is refused can be made again',
    face: 'server',
    endpoint: NO_LOGIN,
    connection: { identity: ONLY_KNOWN },
    steps: [
      [{ wire: join({ id: 'nobody' }) }, [refused('sender_mismatch')]],
      [{ wire: join(BOB) }, [route(1, claimOf({ id: 'bob', name: 'Bob' }))]],
      // One claim at a time.
      [{ wire: join(SAN) }, [refused('unauthenticated')]],
      [{ settle: 1, outcome: failed('forbidden') }, [refused('forbidden')]],
      [{ wire: join(BOB) }, [route(2, claimOf({ id: 'bob', name: 'Bob' }))]],
      [{ settle: 2, outcome: authenticated(BOB_USER) }, [READY, route(3, joinBy('bob'))]],
    ],
  },
  {
    name: 'an endpoint that lets listeners in asks so, and checks no name of theirs',
    face: 'server',
    endpoint: { authentication: 'anonymous' },
    steps: [
      [
        { open: true },
        [SILENCE_TIMER, route(1, { type: 'authenticate', credentials: [{ kind: 'anonymous' }] })],
      ],
      [{ settle: 1, outcome: authenticated(NOBODY_USER, true) }, [READY]],
      [{ wire: join() }, [route(2, { type: 'join_group', group: 'E00001', exclusive: true })]],
    ],
  },
  {
    name: 'silence is told and ends the connection',
    face: 'server',
    connection: TOKEN,
    steps: [
      ...LOGGED_IN,
      [{ expire: 'silence' }, [refused('silence'), close('silence', '心跳超时')]],
      [{ expire: 'other' }, []],
    ],
  },
  {
    name: 'an endpoint may wait for ever',
    face: 'server',
    endpoint: { heartbeat: { silenceMs: null } },
    steps: [[{ open: true }, []]],
  },
  {
    name: 'a frame that cannot be read is refused and the connection stays',
    face: 'server',
    connection: TOKEN,
    steps: [
      ...LOGGED_IN,
      [{ fail: new GatewayError('frame_malformed', { detail: 'not JSON' }) }, [refused('frame_malformed')]],
      [
        { fail: new GatewayError('data_unsupported') },
        [refused('data_unsupported'), close('unsupported_data', '不支持的数据类型')],
      ],
    ],
  },
  {
    name: 'an English endpoint refuses in English',
    face: 'server',
    endpoint: { locale: 'en' },
    steps: [[{ wire: join() }, [refused('unauthenticated', 'en')]]],
  },
];
