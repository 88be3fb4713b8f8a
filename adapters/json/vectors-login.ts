/** The server's side: logging in, staying, and being put out. */
import type { ConversationVector } from '../../core/dialect-vectors.ts';
import { GatewayError } from '../../core/errors.ts';
import { lost, READY, route, send } from '../../core/session-kit.ts';
import type { Credential } from '../../schemas/command.ts';
import { authenticated, closed, errorSent, HONG, MING, SILENCE_TIMER } from './vector-samples.ts';

const TOKEN: Credential = { kind: 'token', token: 'good' };
const BY_URL = { credentials: [TOKEN] };
const AUTH = '{"type":"auth","data":{"token":"good"}}';
const SUCCESS = send({ type: 'auth_success', data: { userId: 'user_001' } });
const REFUSED = [
  send({ type: 'auth_error', data: { message: '令牌无效或已过期' } }),
  closed('unauthenticated', '令牌无效或已过期'),
];
const logIn = (ref: number) => route(ref, { type: 'authenticate', credentials: [TOKEN] });

/** Opens a connection that is logged in by its URL token. */
const LOGGED_IN: ConversationVector['steps'] = [
  [{ open: true }, [SILENCE_TIMER, logIn(1)]],
  [{ settle: 1, outcome: authenticated(MING) }, [SUCCESS, READY]],
];

const failed = (error: GatewayError) => ({ ok: false, error }) as const;
const KICK = send({ type: 'kick', data: { reason: '您的账号在其他设备登录' } });
const REPLACED = { type: 'session_replaced', namespace: 'main', user: MING } as const;

export const conversations: readonly ConversationVector[] = [
  {
    name: 'a good URL token is answered with auth_success at once',
    face: 'server',
    connection: BY_URL,
    steps: LOGGED_IN,
  },
  {
    name: 'a bad URL token gets auth_error and the connection ends',
    face: 'server',
    connection: BY_URL,
    steps: [
      [{ open: true }, [SILENCE_TIMER, logIn(1)]],
      [{ settle: 1, outcome: failed(new GatewayError('token_invalid')) }, REFUSED],
    ],
  },
  {
    name: 'an auth frame logs in a connection that came without a token',
    face: 'server',
    steps: [
      [{ open: true }, [SILENCE_TIMER]],
      [{ wire: AUTH }, [logIn(1)]],
      [{ settle: 1, outcome: authenticated(MING) }, [SUCCESS, READY]],
    ],
  },
  {
    name: 'a bad auth frame gets auth_error and the connection ends',
    face: 'server',
    steps: [
      [{ open: true }, [SILENCE_TIMER]],
      [{ wire: AUTH }, [logIn(1)]],
      [{ settle: 1, outcome: failed(new GatewayError('token_invalid')) }, REFUSED],
    ],
  },
  {
    name: 'an expired token at login is told with the one text that the source has for it',
    face: 'server',
    steps: [
      [{ wire: AUTH }, [logIn(1)]],
      [
        { settle: 1, outcome: failed(new GatewayError('token_expired')) },
        [
          send({ type: 'auth_error', data: { message: '令牌无效或已过期' } }),
          closed('token_expired', '令牌无效或已过期'),
        ],
      ],
    ],
  },
  {
    name: 'a login that fails by our own fault is an error, so that the client keeps its token',
    face: 'server',
    steps: [
      [{ wire: AUTH }, [logIn(1)]],
      [
        { settle: 1, outcome: failed(new GatewayError('store_unavailable')) },
        [errorSent('store_unavailable'), closed('internal', '消息保存失败，请重试')],
      ],
    ],
  },
  {
    name: 'no login in time gets auth_error and close',
    face: 'server',
    steps: [
      [{ open: true }, [SILENCE_TIMER]],
      [
        { fail: new GatewayError('unauthenticated', { fatal: 'unauthenticated' }) },
        [send({ type: 'auth_error', data: { message: '未认证' } }), closed('unauthenticated', '未认证')],
      ],
    ],
  },
  {
    name: 'before login only auth and ping are heard, and the connection stays open',
    face: 'server',
    steps: [
      [{ open: true }, [SILENCE_TIMER]],
      [
        {
          wire: '{"type":"message","data":{"id":"m1","fromId":"user_001","toId":"user_002","chatType":"single","content":"x"}}',
        },
        [errorSent('unauthenticated', 'm1')],
      ],
      [{ wire: '{"type":"read","data":{"chatId":"user_002"}}' }, [errorSent('unauthenticated')]],
      [{ wire: 'ping' }, [send({ type: 'bare_pong' })]],
      [{ wire: '{"type":"ping"}' }, [send({ type: 'pong' })]],
      [
        { fail: new GatewayError('field_missing', { messageId: 'm2' }) },
        [errorSent('unauthenticated', 'm2')],
      ],
      [{ fail: new GatewayError('frame_unknown') }, [errorSent('unauthenticated')]],
      [{ fail: new GatewayError('field_missing', { detail: 'data/token' }) }, [errorSent('field_missing')]],
      [{ fail: new GatewayError('frame_malformed') }, [errorSent('frame_malformed')]],
      [{ wire: AUTH }, [logIn(1)]],
      [{ settle: 1, outcome: authenticated(MING) }, [SUCCESS, READY]],
    ],
  },
  {
    name: 'auth again as the same user gets auth_success again',
    face: 'server',
    connection: BY_URL,
    steps: [
      ...LOGGED_IN,
      [{ wire: AUTH }, [logIn(2)]],
      [{ settle: 2, outcome: authenticated(MING) }, [SUCCESS]],
    ],
  },
  {
    name: 'auth again as somebody else gets auth_error and close',
    face: 'server',
    connection: BY_URL,
    steps: [
      ...LOGGED_IN,
      [{ wire: AUTH }, [logIn(2)]],
      [{ settle: 2, outcome: authenticated(HONG) }, REFUSED],
    ],
  },
  {
    name: 'auth again with a bad token gets auth_error and close',
    face: 'server',
    connection: BY_URL,
    steps: [
      ...LOGGED_IN,
      [{ wire: AUTH }, [logIn(2)]],
      [{ settle: 2, outcome: failed(new GatewayError('token_invalid')) }, REFUSED],
    ],
  },
  {
    name: 'auth again during a fault of ours leaves the login as it was',
    face: 'server',
    connection: BY_URL,
    steps: [
      ...LOGGED_IN,
      [{ wire: AUTH }, [logIn(2)]],
      [
        { settle: 2, outcome: failed(new GatewayError('upstream_unavailable')) },
        [errorSent('upstream_unavailable')],
      ],
    ],
  },
  {
    name: 'a user without an id on this wire cannot log in',
    face: 'server',
    connection: { ...BY_URL, identity: { toWire: () => undefined, toCanonical: (id) => id } },
    steps: [
      [{ open: true }, [SILENCE_TIMER, logIn(1)]],
      [{ settle: 1, outcome: authenticated(MING) }, REFUSED],
    ],
  },
  {
    name: 'where nobody checks, the token is the name claimed',
    face: 'server',
    endpoint: { authentication: 'none' },
    steps: [
      [
        { wire: '{"type":"auth","data":{"token":"user_001"}}' },
        [
          route(1, {
            type: 'authenticate',
            credentials: [{ kind: 'claim', user: { id: 'user_001', name: 'user_001' } }],
          }),
        ],
      ],
    ],
  },
  {
    name: 'where nobody checks, a name over 256 units is refused',
    face: 'server',
    endpoint: { authentication: 'none' },
    steps: [[{ wire: `{"type":"auth","data":{"token":"${'x'.repeat(257)}"}}` }, REFUSED]],
  },
  {
    name: 'a token that expires while connected gets auth_error and its own close',
    face: 'server',
    connection: BY_URL,
    steps: [
      ...LOGGED_IN,
      [
        { fail: new GatewayError('token_expired') },
        [
          send({ type: 'auth_error', data: { message: '令牌无效或已过期' } }),
          closed('token_expired', '令牌无效或已过期'),
        ],
      ],
    ],
  },
  {
    name: 'a newer login: kick, 200 ms, close; a second one changes nothing',
    face: 'server',
    connection: BY_URL,
    steps: [
      ...LOGGED_IN,
      [{ deliver: REPLACED }, [KICK, { kind: 'timer', name: 'kick', afterMs: 200 }]],
      [{ deliver: REPLACED }, []],
      [{ expire: 'kick' }, [closed('replaced', '您的账号在其他设备登录')]],
    ],
  },
  {
    name: 'a newer login with kickDelayMs 0: kick and close at once',
    face: 'server',
    endpoint: { options: { kickDelayMs: 0 } },
    connection: BY_URL,
    steps: [...LOGGED_IN, [{ deliver: REPLACED }, [KICK, closed('replaced', '您的账号在其他设备登录')]]],
  },
  {
    name: 'silence is told and closed',
    face: 'server',
    connection: BY_URL,
    steps: [...LOGGED_IN, [{ expire: 'silence' }, [errorSent('silence'), closed('silence', '心跳超时')]]],
  },
  {
    name: 'without a silence limit there is no silence timer',
    face: 'server',
    endpoint: { heartbeat: { silenceMs: null } },
    steps: [
      [{ open: true }, []],
      [{ expire: 'unknown' }, []],
    ],
  },
  {
    name: 'a shutdown is an error with its text, then close',
    face: 'server',
    connection: BY_URL,
    steps: [
      ...LOGGED_IN,
      [
        { deliver: { type: 'going_away', namespace: 'main', reason: 'shutting_down', afterMs: 1000 } },
        [
          errorSent('shutting_down'),
          lost('going_away', 'afterMs'),
          closed('shutting_down', '服务器正在关闭，请重新连接'),
        ],
      ],
    ],
  },
  {
    name: 'an end by an administrator is a kick with a reason of its own',
    face: 'server',
    connection: BY_URL,
    steps: [
      ...LOGGED_IN,
      [
        { deliver: { type: 'going_away', namespace: 'main', reason: 'disconnected', afterMs: 0 } },
        [
          send({ type: 'kick', data: { reason: '您已被管理员强制下线' } }),
          lost('going_away', 'afterMs'),
          closed('normal', '您已被管理员强制下线'),
        ],
      ],
    ],
  },
  {
    name: 'an endpoint in English speaks English',
    face: 'server',
    endpoint: { locale: 'en', options: { kickDelayMs: 0 } },
    connection: BY_URL,
    steps: [
      ...LOGGED_IN,
      [
        { fail: new GatewayError('rate_limited', { messageId: 'm1' }) },
        [send({ type: 'error', data: { message: 'too many messages; slow down', messageId: 'm1' } })],
      ],
      [
        { deliver: REPLACED },
        [
          send({ type: 'kick', data: { reason: 'your account has logged in on another device' } }),
          closed('replaced', 'your account has logged in on another device'),
        ],
      ],
    ],
  },
];
