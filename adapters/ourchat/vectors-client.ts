/** Conversations of the client's face, form `ourchat`. */

import type { ConversationVector } from '../../core/dialect-vectors.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Credential } from '../../schemas/command.ts';
import {
  alice,
  bareChatFrame,
  bob,
  chatWire,
  connection,
  DONE,
  failed,
  identity,
  lobby,
  loggedIn,
  lost,
  message,
  ok,
  presence,
  privateWire,
  READY,
  route,
  send,
  settled,
  userList,
} from './vectors-support.ts';

type Steps = ConversationVector['steps'];

const ID = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const start: Steps = [[{ open: true }, [READY]]];

const toLobby = {
  type: 'send_message',
  target: { type: 'group', id: 'lobby' },
  content: 'Hello, all!',
  contentType: 'text',
  claimedSender: 'alice',
};
const toBob = { ...toLobby, target: { type: 'user', id: 'bob' }, content: 'Hello, Bob!' };
const echo = { fromNickname: 'Alice', createTime: '2025-12-14T10:30:00' };
const errorWire = (code: number, text: string) => JSON.stringify({ type: 'ERROR', code, message: text });

const upstream = (name: string, steps: Steps): ConversationVector => ({
  name,
  face: 'client',
  connection,
  steps: [...start, ...steps],
});

const reading: readonly ConversationVector[] = [
  upstream('CHAT becomes a message with an id of ours', [
    [
      { wire: chatWire(echo) },
      [route(1, { type: 'message', namespace: 'main', message: message({ id: ID(1) }) })],
    ],
    [
      { wire: privateWire({ fromUserId: 2, toUserId: 1 }) },
      [
        route(2, {
          type: 'message',
          namespace: 'main',
          message: message({
            id: ID(2),
            from: { ...bob, name: 'bob' },
            to: { type: 'user', id: 'alice' },
            content: 'Hello, Bob!',
          }),
        }),
      ],
    ],
  ]),
  upstream('an integer that we do not know is the id itself', [
    [
      {
        wire: '{"type":"SYSTEM","userId":99,"nickname":"Zoe","action":"ONLINE","createTime":"2025-12-14T10:30:00"}',
      },
      [route(1, presence({ namespace: 'main', id: '99', name: 'Zoe' }, true))],
    ],
  ]),
  upstream('SYSTEM without a time happens now', [
    [
      { wire: '{"type":"SYSTEM","userId":2,"nickname":"Bob","action":"OFFLINE"}' },
      [route(1, presence(bob, false))],
    ],
  ]),
  upstream('USER_LIST is the list of the lobby and answers list_users from then on', [
    [
      { deliver: { type: 'list_users', group: 'lobby' }, ref: 1 },
      [lost('list_users'), settled(1, failed('unsupported'))],
    ],
    [
      {
        wire: '{"type":"USER_LIST","onlineUsers":[{"userId":1,"nickname":"Alice"}],"offlineUsers":[{"userId":2,"nickname":"Bob"}]}',
      },
      [route(1, userList([alice], [bob]))],
    ],
    [
      { deliver: { type: 'list_users', group: 'lobby' }, ref: 2 },
      [settled(2, ok({ type: 'users', group: lobby, online: [alice], offline: [bob] }))],
    ],
  ]),
  upstream('ERROR 1090 says that the server is going away', [
    [
      { wire: errorWire(1090, '服务器正在关闭，请重新连接') },
      [route(1, { type: 'going_away', namespace: 'main', reason: 'shutting_down', afterMs: 0 })],
    ],
  ]),
  upstream('ERROR for a bad token ends the connection', [
    [
      { wire: errorWire(1003, '令牌无效或已过期') },
      [{ kind: 'close', reason: 'unauthenticated', text: '令牌无效或已过期' }],
    ],
  ]),
  upstream('a frame that cannot be read is not answered', [
    [{ fail: new GatewayError('frame_unknown') }, []],
    [
      { fail: new GatewayError('data_unsupported', { detail: 'send text, not binary' }) },
      [{ kind: 'close', reason: 'unsupported_data', text: '不支持的数据类型: send text, not binary' }],
    ],
  ]),
  {
    name: 'silence ends the connection to the upstream',
    face: 'client',
    endpoint: { heartbeat: { silenceMs: 90_000 } },
    connection,
    steps: [
      [
        { open: true },
        [{ kind: 'timer', name: 'silence', afterMs: 90_000, restart: 'received_or_pong' }, READY],
      ],
      [{ expire: 'silence' }, [{ kind: 'close', reason: 'silence', text: '心跳超时' }]],
    ],
  },
];

const sending: readonly ConversationVector[] = [
  upstream('the echo of a message is its ack', [
    [{ deliver: toLobby, ref: 7 }, [send(bareChatFrame())]],
    [
      { wire: chatWire(echo) },
      [settled(7, ok({ type: 'stored', message: message({ id: ID(1) }), duplicate: false }))],
    ],
  ]),
  upstream("somebody else's message of the same words is no ack", [
    [{ deliver: toLobby, ref: 7 }, [send(bareChatFrame())]],
    [
      { wire: chatWire({ fromUserId: 2, createTime: echo.createTime }) },
      [
        route(1, {
          type: 'message',
          namespace: 'main',
          message: message({ id: ID(1), from: { ...bob, name: 'bob' } }),
        }),
      ],
    ],
  ]),
  upstream('ERROR refuses the one message that waits', [
    [{ deliver: toBob, ref: 7 }, [send(bareChatFrame({ toUserId: 2, content: 'Hello, Bob!' }))]],
    [{ wire: errorWire(1001, '用户不存在或已离线') }, [settled(7, failed('recipient_unknown'))]],
  ]),
  upstream('ERROR with a number that is not ours keeps its words', [
    [{ deliver: toLobby, ref: 7 }, [send(bareChatFrame())]],
    [
      { wire: errorWire(4711, 'no') },
      [settled(7, failed('internal', { fatal: null, detail: 'upstream error 4711: no' }))],
    ],
  ]),
  upstream('ERROR that comes before the echo of an earlier message is for the later one', [
    [{ deliver: toLobby, ref: 1 }, [send(bareChatFrame())]],
    [{ deliver: { ...toLobby, content: 'again' }, ref: 2 }, [send(bareChatFrame({ content: 'again' }))]],
    [{ wire: errorWire(1015, '消息发送过于频繁') }, []],
    [
      { wire: chatWire(echo) },
      [
        settled(2, failed('rate_limited')),
        settled(1, ok({ type: 'stored', message: message({ id: ID(1) }), duplicate: false })),
      ],
    ],
  ]),
  upstream('a message that the echo of a later one passed over was refused', [
    [{ deliver: { ...toLobby, content: 'first' }, ref: 1 }, [send(bareChatFrame({ content: 'first' }))]],
    [{ deliver: toLobby, ref: 2 }, [send(bareChatFrame())]],
    [{ wire: errorWire(1014, '你已被禁言') }, []],
    [
      { wire: chatWire(echo) },
      [
        settled(1, failed('muted')),
        settled(2, ok({ type: 'stored', message: message({ id: ID(1) }), duplicate: false })),
      ],
    ],
  ]),
  upstream('what CHAT has no field for is counted', [
    [
      {
        deliver: { ...toLobby, contentType: 'image', clientId: 'm', replyTo: 'x', onlineOnly: true },
        ref: 1,
      },
      [send(bareChatFrame()), lost('send_message', 'contentType', 'clientId', 'replyTo', 'onlineOnly')],
    ],
  ]),
  upstream('another group, a sender and a recipient without an integer are refused here', [
    [
      { deliver: { ...toLobby, target: { type: 'group', id: 'staff' } }, ref: 1 },
      [lost('send_message', 'target'), settled(1, failed('unsupported'))],
    ],
    [
      { deliver: { ...toLobby, claimedSender: 'eve' }, ref: 2 },
      [lost('send_message', 'claimedSender'), settled(2, failed('unsupported'))],
    ],
    [
      { deliver: { ...toBob, target: { type: 'user', id: 'eve' } }, ref: 3 },
      [settled(3, failed('recipient_unknown'))],
    ],
  ]),
  {
    name: 'a claim says who we are',
    face: 'client',
    connection: {
      identity,
      credentials: [{ kind: 'claim', user: { id: 'alice', name: 'Alice' } }] satisfies Credential[],
    },
    steps: [
      ...start,
      [{ deliver: { type: 'authenticate', credentials: [] }, ref: 1 }, [settled(1, loggedIn(alice))]],
      [
        {
          deliver: { type: 'send_message', target: message().to, content: 'x', contentType: 'text' },
          ref: 2,
        },
        [send(bareChatFrame({ fromNickname: 'Alice', content: 'x' }))],
      ],
    ],
  },
];

const joined = (ref: number) =>
  settled(
    ref,
    ok({
      type: 'joined',
      group: lobby,
      user: { ...alice, name: 'alice' },
      attending: [{ ...alice, name: 'alice' }],
    }),
  );

const others: readonly ConversationVector[] = [
  upstream('attendance is being logged in: the lobby and the own inbox need no frame', [
    [{ deliver: { type: 'authenticate', credentials: [] }, ref: 1 }, [settled(1, DONE)]],
    [
      { deliver: { type: 'subscribe', target: { type: 'group', id: 'lobby' } }, ref: 2 },
      [settled(2, ok({ type: 'subscribed', target: { type: 'group', id: 'lobby' } }))],
    ],
    [
      { deliver: { type: 'subscribe', target: { type: 'topic', id: 'prices' } }, ref: 3 },
      [lost('subscribe'), settled(3, failed('unsupported'))],
    ],
    [
      { deliver: { type: 'join_group', group: 'lobby', exclusive: false, claimedSender: 'alice' }, ref: 4 },
      [lost('join_group'), joined(4)],
    ],
    [
      { deliver: { type: 'leave_group', group: 'lobby', claimedSender: 'alice' }, ref: 5 },
      [
        lost('leave_group'),
        settled(5, ok({ type: 'left', group: lobby, user: { ...alice, name: 'alice' } })),
      ],
    ],
    [
      { deliver: { type: 'join_group', group: 'staff', exclusive: false, claimedSender: 'alice' }, ref: 6 },
      [lost('join_group'), settled(6, failed('unsupported'))],
    ],
  ]),
  upstream('a report is an ERROR, by number', [
    [
      { deliver: { type: 'report_error', code: '42', message: 'odd' }, ref: 1 },
      [send({ type: 'error', code: 42, message: 'odd' }), settled(1, DONE)],
    ],
    [
      { deliver: { type: 'report_error', code: 'muted', message: 'odd' }, ref: 2 },
      [send({ type: 'error', code: 1014, message: 'odd' }), settled(2, DONE)],
    ],
  ]),
  upstream('goodbye is a close', [
    [
      { deliver: { type: 'disconnect' }, ref: 1 },
      [settled(1, DONE), { kind: 'close', reason: 'normal', text: '' }],
    ],
  ]),
  upstream('what the dialect has no frame for is refused and counted', [
    [
      { deliver: { type: 'mark_read', target: message().to }, ref: 1 },
      [lost('mark_read'), settled(1, failed('unsupported'))],
    ],
    [
      { deliver: { type: 'revoke_message', message: 'x' }, ref: 2 },
      [lost('revoke_message'), settled(2, failed('unsupported'))],
    ],
    [{ deliver: { type: 'sync' }, ref: 3 }, [lost('sync'), settled(3, failed('unsupported'))]],
    [{ settle: 1, outcome: DONE }, []],
  ]),
];

export const clientConversations: readonly ConversationVector[] = [...reading, ...sending, ...others];
