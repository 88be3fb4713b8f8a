/** The client's side: what we ask of an upstream server, and what we understand of it. */
import type { ConversationVector } from '../../core/dialect-vectors.ts';
import type { ErrorCode, GatewayErrorOptions } from '../../core/errors.ts';
import { lost, READY, route, send } from '../../core/session-kit.ts';
import {
  authenticated,
  BOB,
  BOB_USER,
  failed,
  GROUP,
  joinReply,
  leaveReply,
  MESSAGE,
  MESSAGE_FRAME,
  NOW,
  ok,
  refusedWire,
  reply,
  SAN,
  SAN_USER,
} from './vector-samples.ts';

type Steps = ConversationVector['steps'];
type Step = Steps[number];

const BEAT = { kind: 'timer', name: 'heartbeat', afterMs: 120_000 } as const;
const WAIT = { kind: 'timer', name: 'answer', afterMs: 10_000 } as const;
const STOP = { kind: 'timer', name: 'answer', afterMs: null } as const;
const OPENED: Step = [{ open: true }, [BEAT, READY]];

const { namespace: _namespace, ...SAN_PROFILE } = SAN_USER;
const CLAIM = { credentials: [{ kind: 'claim', user: SAN_PROFILE }] } as const;
const NAMESPACE = { namespace: 'main' } as const;

const done = (ref: number, result: object) => ({ kind: 'settled', ref, outcome: ok(result) }) as const;
const notDone = (ref: number, code: ErrorCode, options?: GatewayErrorOptions) =>
  ({ kind: 'settled', ref, outcome: failed(code, options) }) as const;

const JOIN = { type: 'join_group', group: 'E00001', exclusive: true };
const JOIN_FRAME = send({ type: 'join', from: SAN, roomNumber: 'E00001' });
const JOINED = { type: 'joined', group: GROUP, user: SAN_USER, attending: [SAN_USER, BOB_USER] };
const SELF_JOINED = joinReply({ members: [SAN, BOB], newJoinMember: SAN });

const IN_ROOM: Steps = [
  OPENED,
  [{ deliver: JOIN, ref: 1 }, [JOIN_FRAME, WAIT]],
  [{ wire: SELF_JOINED }, [done(1, JOINED), STOP]],
];

const SEND = {
  type: 'send_message',
  target: { type: 'group', id: 'E00001' },
  content: '大家好',
  contentType: 'text',
  clientId: 'm-1',
};
const CHAT = { id: 'm-1', from: SAN, roomNumber: 'E00001', content: '大家好', contentType: 'text' };
const ECHO = reply('Message', 3, MESSAGE_FRAME.chat);
const { clientId: _clientId, ...REST } = MESSAGE;
const HEARD = { ...REST, id: 'm-1', sequence: 1 };
const message = (fields: object = {}) => ({
  type: 'message',
  ...NAMESPACE,
  message: { ...HEARD, ...fields },
});
const group = { type: 'group', id: 'E00001' };

const conversation = (
  name: string,
  steps: Steps,
  more: Partial<ConversationVector> = {},
): ConversationVector => ({ name, face: 'client', connection: CLAIM, steps, ...more });

export const conversations: readonly ConversationVector[] = [
  conversation('a client is ready at once and sends a heartbeat every 120 s [心跳]', [
    OPENED,
    [{ expire: 'heartbeat' }, [send({ type: 'heartbeat' }), BEAT]],
  ]),
  conversation('a join is settled by its own reply', IN_ROOM),
  conversation(
    'without a claim the first reply says who we are',
    [
      OPENED,
      [
        { deliver: { type: 'authenticate', credentials: [{ kind: 'token', token: 't' }] }, ref: 9 },
        [done(9, { type: 'done' })],
      ],
      [{ deliver: JOIN, ref: 1 }, [send({ type: 'join', roomNumber: 'E00001' }), WAIT]],
      [
        { wire: joinReply({ newJoinMember: BOB }) },
        [route(1, { type: 'member_joined', ...NAMESPACE, group: GROUP, user: BOB_USER, at: NOW })],
      ],
      [{ wire: SELF_JOINED }, [done(1, JOINED), STOP]],
      [{ deliver: SEND, ref: 2 }, [send({ type: 'chat', chat: CHAT }), WAIT]],
    ],
    { connection: { credentials: [{ kind: 'token', token: 't' }] } },
  ),
  conversation(
    'a claimed sender is named by its id',
    [
      OPENED,
      [
        { deliver: { ...JOIN, claimedSender: 'jk2' }, ref: 1 },
        [send({ type: 'join', from: { id: 'jk2' }, roomNumber: 'E00001' }), WAIT],
      ],
    ],
    { connection: {} },
  ),
  conversation('a login on a connection that is logged in is settled at once', [
    OPENED,
    [
      { deliver: { type: 'authenticate', ...CLAIM }, ref: 1 },
      [{ kind: 'settled', ref: 1, outcome: authenticated(SAN_USER) }],
    ],
  ]),
  conversation('a refused join is settled with the code of its text', [
    OPENED,
    [{ deliver: JOIN, ref: 1 }, [JOIN_FRAME, WAIT]],
    [
      { wire: refusedWire('连接被拒,您已在其他页面或客户端加入该房间,请先将其退出!') },
      [notDone(1, 'already_joined', { fatal: null }), STOP],
    ],
    [{ deliver: JOIN, ref: 2 }, [JOIN_FRAME, WAIT]],
    [{ wire: refusedWire('房间已满') }, [notDone(2, 'forbidden', { fatal: null, detail: '房间已满' }), STOP]],
  ]),
  conversation('a message is settled by its echo', [
    ...IN_ROOM,
    [{ deliver: SEND, ref: 2 }, [send({ type: 'chat', chat: CHAT }), WAIT]],
    [{ wire: ECHO }, [done(2, { type: 'stored', message: HEARD, duplicate: false }), STOP]],
  ]),
  conversation('a message without an id of its own gets one, so that its echo is known', [
    ...IN_ROOM,
    [
      { deliver: { ...SEND, clientId: undefined } },
      [send({ type: 'chat', chat: { ...CHAT, id: '00000000-0000-4000-8000-000000000001' } }), WAIT],
    ],
  ]),
  conversation('a server without message ids is understood by the content', [
    ...IN_ROOM,
    [{ deliver: SEND, ref: 2 }, [send({ type: 'chat', chat: CHAT }), WAIT]],
    [
      { wire: reply('Message', 3, { roomNumber: 'E00001', from: SAN, content: '大家好' }) },
      [
        done(2, {
          type: 'stored',
          message: { ...HEARD, id: '00000000-0000-4000-8000-000000000001', sentAt: NOW },
          duplicate: false,
        }),
        STOP,
      ],
    ],
  ]),
  conversation('requests wait in line, because a refusal names none', [
    ...IN_ROOM,
    [{ deliver: SEND, ref: 2 }, [send({ type: 'chat', chat: CHAT }), WAIT]],
    [{ deliver: { ...SEND, clientId: 'm-2' }, ref: 3 }, []],
    [
      { wire: reply('Message', 3, { ...MESSAGE_FRAME.chat, id: 'x', from: BOB }) },
      [route(1, message({ id: 'x', from: BOB_USER }))],
    ],
    [
      { wire: refusedWire('你已被禁言') },
      [
        notDone(2, 'muted', { fatal: null }),
        { kind: 'send', frame: { type: 'chat', chat: { ...CHAT, id: 'm-2' } }, ref: 3 },
        WAIT,
      ],
    ],
    [{ expire: 'answer' }, [notDone(3, 'upstream_unavailable'), STOP]],
    [{ wire: ECHO }, [route(2, message())]],
  ]),
  conversation('spare fields go along and what has no place is counted', [
    ...IN_ROOM,
    [
      {
        deliver: {
          ...SEND,
          replyTo: 'm-0',
          attachment: { url: '/a' },
          extensions: { room: { extendFields: { a: 1 } } },
        },
        ref: 2,
      },
      [
        send({ type: 'chat', chat: CHAT, extendFields: { a: 1 } }),
        WAIT,
        lost('send_message', 'replyTo', 'attachment'),
      ],
    ],
  ]),
  conversation('a leave is settled by its reply', [
    ...IN_ROOM,
    [
      { deliver: { type: 'leave_group', group: 'E00001' }, ref: 2 },
      [send({ type: 'leave', from: SAN, roomNumber: 'E00001' }), WAIT],
    ],
    [
      { wire: leaveReply(BOB) },
      [route(1, { type: 'member_left', ...NAMESPACE, group: GROUP, user: BOB_USER, at: NOW })],
    ],
    [{ wire: leaveReply(SAN) }, [done(2, { type: 'left', group: GROUP, user: SAN_USER }), STOP]],
  ]),
  conversation('to subscribe to a room is to join it', [
    OPENED,
    [{ deliver: { type: 'subscribe', target: group }, ref: 1 }, [JOIN_FRAME, WAIT]],
    [{ wire: SELF_JOINED }, [done(1, { type: 'subscribed', target: group }), STOP]],
    [
      { deliver: { type: 'subscribe', target: group }, ref: 2 },
      [done(2, { type: 'subscribed', target: group })],
    ],
    [
      { deliver: { type: 'unsubscribe', target: group }, ref: 3 },
      [send({ type: 'leave', from: SAN, roomNumber: 'E00001' }), WAIT],
    ],
    [{ wire: leaveReply(SAN) }, [done(3, { type: 'unsubscribed', target: group }), STOP]],
  ]),
  conversation('to be put out of a room is to leave it', [
    ...IN_ROOM,
    [
      { wire: leaveReply(SAN) },
      [route(1, { type: 'member_left', ...NAMESPACE, group: GROUP, user: SAN_USER, at: NOW })],
    ],
    [{ deliver: { type: 'subscribe', target: group }, ref: 2 }, [JOIN_FRAME, WAIT]],
  ]),
  conversation('what comes unasked is told', [
    OPENED,
    [{ wire: ECHO }, [route(1, message())]],
    [
      { wire: joinReply({ members: null, newJoinMember: BOB }) },
      [route(2, { type: 'member_joined', ...NAMESPACE, group: GROUP, user: BOB_USER, at: NOW })],
    ],
    [
      { wire: refusedWire('您已在其他页面或客户端登录') },
      [route(3, { type: 'session_replaced', ...NAMESPACE, user: SAN_USER })],
    ],
    [
      { wire: refusedWire('服务器正在关闭，请重新连接') },
      [route(4, { type: 'going_away', ...NAMESPACE, reason: 'shutting_down', afterMs: 0 })],
    ],
    [{ wire: refusedWire('心跳超时') }, [{ kind: 'close', reason: 'silence', text: '心跳超时' }]],
  ]),
  conversation('a goodbye closes the connection', [
    OPENED,
    [
      { deliver: { type: 'disconnect' }, ref: 1 },
      [done(1, { type: 'done' }), { kind: 'close', reason: 'normal', text: '' }],
    ],
  ]),
  conversation('what the dialect has no words for is refused and counted', [
    OPENED,
    ...[
      { ...SEND, target: { type: 'user', id: 'bob' } },
      { type: 'subscribe', target: { type: 'topic', id: 't' } },
      { type: 'unsubscribe', target: { type: 'user', id: 'jk2' } },
      { type: 'send_batch', items: [] },
      { type: 'revoke_message', message: 'm-1' },
      { type: 'mark_read', target: group },
      { type: 'settle_delivery', deliveries: [], accepted: true },
      { type: 'sync' },
      { type: 'list_users', group: 'E00001' },
      { type: 'relay', target: group, name: 'n', headers: [], body: '', ephemeral: true },
      { type: 'report_error', code: 'c', message: 'm' },
    ].map((command): Step => [{ deliver: command, ref: 1 }, [lost(command.type), notDone(1, 'unsupported')]]),
  ]),
];
