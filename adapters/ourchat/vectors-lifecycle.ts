/** Conversations of the server's face about login and the end, form `ourchat`. */

import type { ConversationVector } from '../../core/dialect-vectors.ts';
import { GatewayError } from '../../core/errors.ts';
import {
  alice,
  chatWire,
  connection,
  errorFrame,
  failed,
  identity,
  loggedIn,
  login,
  READY,
  route,
  send,
} from './vectors-support.ts';

type Steps = ConversationVector['steps'];

const START: Steps = [
  [{ open: true }, [login]],
  [{ settle: 1, outcome: loggedIn(alice) }, [READY]],
];

const close = (reason: string, text: string) => ({ kind: 'close', reason, text }) as Steps[number][1][number];

export const groupCommand = {
  type: 'send_message',
  content: 'Hello, all!',
  contentType: 'text',
  claimedSender: 'alice',
  target: { type: 'group', id: 'lobby' },
};

/** After the login of alice. */
export const withAlice = (
  name: string,
  steps: Steps,
  endpoint?: ConversationVector['endpoint'],
): ConversationVector => ({
  name,
  face: 'server',
  connection,
  ...(endpoint !== undefined && { endpoint }),
  steps: [...START, ...steps],
});

const loginVectors: readonly ConversationVector[] = [
  {
    name: 'the token of the URL logs in; there is no frame that says so',
    face: 'server',
    connection,
    steps: START,
  },
  {
    name: 'a bad token is answered with ERROR, then closed',
    face: 'server',
    connection,
    steps: [
      [{ open: true }, [login]],
      [
        { settle: 1, outcome: failed('token_invalid') },
        [send(errorFrame('token_invalid')), close('unauthenticated', '令牌无效或已过期')],
      ],
      [{ wire: chatWire() }, []],
      [{ fail: new GatewayError('frame_malformed') }, []],
    ],
  },
  {
    name: 'without a token there is nobody to wait for',
    face: 'server',
    steps: [[{ open: true }, [send(errorFrame('unauthenticated')), close('unauthenticated', '未认证')]]],
  },
  {
    name: 'without a token an anonymous endpoint lets in to listen',
    face: 'server',
    endpoint: { authentication: 'anonymous' },
    steps: [[{ open: true }, [route(1, { type: 'authenticate', credentials: [{ kind: 'anonymous' }] })]]],
  },
  {
    name: 'where nobody checks, the first CHAT says who it is, and is sent on after the login',
    face: 'server',
    endpoint: { authentication: 'none' },
    connection: { identity },
    steps: [
      [{ open: true }, []],
      [
        { wire: chatWire({ fromNickname: 'Al' }) },
        [
          route(1, {
            type: 'authenticate',
            credentials: [{ kind: 'claim', user: { id: 'alice', name: 'Al' } }],
          }),
        ],
      ],
      [{ settle: 1, outcome: loggedIn(alice) }, [READY, route(2, groupCommand)]],
      [{ wire: chatWire({ fromUserId: 2 }) }, [route(3, { ...groupCommand, claimedSender: 'bob' })]],
    ],
  },
  {
    name: 'where nobody checks, an integer that nobody has is an id of its own',
    face: 'server',
    endpoint: { authentication: 'none' },
    connection: { identity },
    steps: [
      [{ open: true }, []],
      [
        { wire: chatWire({ fromUserId: 77 }) },
        [
          route(1, {
            type: 'authenticate',
            credentials: [{ kind: 'claim', user: { id: '77', name: '77' } }],
          }),
        ],
      ],
      [
        { settle: 1, outcome: loggedIn({ namespace: 'main', id: '77', name: '77' }) },
        [READY, route(2, { ...groupCommand, claimedSender: '77' })],
      ],
    ],
  },
  {
    name: 'a claim that is refused ends the connection and its message is not sent',
    face: 'server',
    endpoint: { authentication: 'none' },
    connection: { identity },
    steps: [
      [{ open: true }, []],
      [
        { wire: chatWire() },
        [
          route(1, {
            type: 'authenticate',
            credentials: [{ kind: 'claim', user: { id: 'alice', name: 'alice' } }],
          }),
        ],
      ],
      [
        { settle: 1, outcome: failed('forbidden') },
        [send(errorFrame('forbidden')), close('unauthenticated', '没有权限')],
      ],
    ],
  },
];

const ending: readonly ConversationVector[] = [
  withAlice('a newer login closes the older connection with a reason', [
    [
      { deliver: { type: 'session_replaced', namespace: 'main', user: alice } },
      [close('replaced', '您的账号在其他设备登录')],
    ],
    [{ wire: chatWire() }, []],
  ]),
  withAlice('a shutdown is ERROR 1090, then the end', [
    [
      { deliver: { type: 'going_away', namespace: 'main', reason: 'shutting_down', afterMs: 0 } },
      [
        send({ type: 'error', code: 1090, message: '服务器正在关闭，请重新连接' }),
        close('shutting_down', '服务器正在关闭，请重新连接'),
      ],
    ],
  ]),
  withAlice('the backend ends the connection without an error', [
    [
      { deliver: { type: 'going_away', namespace: 'main', reason: 'disconnected', afterMs: 0 } },
      [close('normal', '')],
    ],
  ]),
  withAlice('a fault that ends the connection is ERROR first', [
    [
      { fail: new GatewayError('data_unsupported') },
      [send(errorFrame('data_unsupported')), close('unsupported_data', '不支持的数据类型')],
    ],
  ]),
  {
    name: 'silence is ended where the endpoint sets a time for it',
    face: 'server',
    endpoint: { heartbeat: { silenceMs: 90_000 } },
    connection,
    steps: [
      [
        { open: true },
        [{ kind: 'timer', name: 'silence', afterMs: 90_000, restart: 'received_or_pong' }, login],
      ],
      [{ expire: 'silence' }, [send(errorFrame('silence')), close('silence', '心跳超时')]],
      [{ expire: 'silence' }, []],
    ],
  },
];

export const lifecycleConversations: readonly ConversationVector[] = [...loginVectors, ...ending];
