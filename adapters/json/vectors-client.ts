/** The client's side: logging in upstream, what we ask of it, and how it answers. */
import type { ConversationVector } from '../../core/dialect-vectors.ts';
import { GatewayError } from '../../core/errors.ts';
import { lost, send } from '../../core/session-kit.ts';
import type { Command } from '../../schemas/command.ts';
import type { Message } from '../../schemas/model.ts';
import { BARE_GROUP, client, closed, DONE, LOGGED_IN, ME, NOW, SILENCE_TIMER } from './vector-samples.ts';

const PING_TIMER = { kind: 'timer', name: 'ping', afterMs: 30_000 } as const;
const namespace = 'main';
const ok = (ref: number, result: object) =>
  ({ kind: 'settled', ref, outcome: { ok: true, result } }) as never;
const failed = (ref: number, error: GatewayError) =>
  ({ kind: 'settled', ref, outcome: { ok: false, error } }) as const;

const SEND: Command = {
  type: 'send_message',
  target: { type: 'user', id: 'user_002' },
  content: '你好!',
  contentType: 'text',
  clientId: 'msg_uuid_001',
};
const SENT = {
  id: 'msg_uuid_001',
  fromId: 'user_001',
  toId: 'user_002',
  chatType: 'single',
  content: '你好!',
  contentType: 'text',
  replyTo: '',
  imageUrl: '',
};
const STORED: Message = {
  id: 'msg_uuid_001',
  clientId: 'msg_uuid_001',
  namespace,
  sequence: 1,
  from: ME,
  to: { type: 'user', id: 'user_002' },
  content: '你好!',
  contentType: 'text',
  sentAt: NOW,
};
const ACK = '{"type":"ack","data":{"id":"msg_uuid_001","status":"success"}}';
const refusedAs = (text: string) =>
  `{"type":"error","data":{"message":"${text}","messageId":"msg_uuid_001"}}`;

/** Commands that the dialect has no frame for. */
const UNSAYABLE: readonly Command[] = [
  { type: 'send_batch', items: [] },
  { type: 'revoke_message', message: 'm1' },
  { type: 'settle_delivery', deliveries: [{ kind: 'queue', queue: 'q', delivery: 'd' }], accepted: true },
  { type: 'list_users', group: 'group_001' },
  {
    type: 'relay',
    target: { type: 'topic', id: 't' },
    name: 'typing',
    headers: [],
    body: '',
    ephemeral: true,
  },
  { type: 'report_error', code: '1', message: 'x' },
  { type: 'subscribe', target: { type: 'topic', id: 't' } },
  { type: 'subscribe', target: { type: 'user', id: 'user_002' } },
  { type: 'unsubscribe', target: { type: 'queue', id: 'q' } },
];

export const conversations: readonly ConversationVector[] = [
  {
    name: 'a client logs in with its token and is ready after auth_success',
    face: 'client',
    connection: { credentials: [{ kind: 'anonymous' }, { kind: 'token', token: 't' }] },
    steps: [
      [{ open: true }, [SILENCE_TIMER, PING_TIMER, send({ type: 'auth', data: { token: 't' } })]],
      ...LOGGED_IN,
      [{ settle: 1, outcome: DONE }, []],
      [{ wire: '{"type":"auth_success","data":{"userId":"user_001"}}' }, []],
    ],
  },
  {
    name: 'a claimed name is sent as the token',
    face: 'client',
    endpoint: { heartbeat: { silenceMs: null }, options: { pingIntervalMs: 0 } },
    connection: { credentials: [{ kind: 'claim', user: { id: 'user_001', name: 'x' } }] },
    steps: [[{ open: true }, [send({ type: 'auth', data: { token: 'user_001' } })]]],
  },
  {
    name: 'without a token the server speaks first',
    face: 'client',
    steps: [[{ open: true }, [SILENCE_TIMER, PING_TIMER]], ...LOGGED_IN],
  },
  {
    name: 'auth_error ends the connection',
    face: 'client',
    steps: [
      [
        { wire: '{"type":"auth_error","data":{"message":"令牌无效或已过期"}}' },
        [closed('unauthenticated', '令牌无效或已过期')],
      ],
    ],
  },
  {
    name: 'an upstream user without an identity ends the connection',
    face: 'client',
    connection: { identity: { toWire: (id) => id, toCanonical: () => undefined } },
    steps: [
      [
        { wire: '{"type":"auth_success","data":{"userId":"user_001"}}' },
        [lost('auth_success'), closed('unauthenticated', 'the upstream user has no identity here')],
      ],
    ],
  },
  {
    name: 'before auth_success nothing can be asked or told',
    face: 'client',
    steps: [
      [{ deliver: SEND, ref: 4 }, [failed(4, new GatewayError('upstream_unavailable'))]],
      [{ wire: '{"type":"group_dissolved","data":{"groupId":"group_001"}}' }, [lost('group_dissolved')]],
      [{ wire: '{"type":"error","data":{"message":"未认证"}}' }, [lost('error')]],
    ],
  },
  client(
    'the client pings in JSON, and hears both forms of pong',
    [{ expire: 'ping' }, [send({ type: 'ping' }), PING_TIMER]],
    [{ wire: '{"type":"pong"}' }, []],
    [{ wire: 'pong' }, []],
  ),
  client('a silent server is left', [{ expire: 'silence' }, [closed('silence', '心跳超时')]]),
  client(
    'a fault of the server is not answered',
    [{ fail: new GatewayError('frame_malformed') }, []],
    [{ fail: new GatewayError('data_unsupported') }, [closed('unsupported_data', '不支持的数据类型')]],
    [{ expire: 'unknown' }, []],
  ),
  client(
    'an ack settles the message that it names',
    [{ deliver: SEND, ref: 7 }, [send({ type: 'message', data: SENT })]],
    [{ wire: ACK }, [ok(7, { type: 'stored', message: STORED, duplicate: false })]],
    [{ wire: ACK }, []],
  ),
  client(
    'one id twice in flight is settled in the order of sending',
    [{ deliver: SEND, ref: 7 }, [send({ type: 'message', data: SENT })]],
    [{ deliver: SEND, ref: 8 }, [send({ type: 'message', data: SENT })]],
    [{ wire: ACK }, [ok(7, { type: 'stored', message: STORED, duplicate: false })]],
    [
      { wire: refusedAs('你已被禁言') },
      [failed(8, new GatewayError('muted', { fatal: null, messageId: 'msg_uuid_001' }))],
    ],
  ),
  client('a message without a client id gets one, and every optional field is said', [
    {
      deliver: {
        type: 'send_message',
        target: { type: 'group', id: 'group_001' },
        content: 'x',
        contentType: 'image',
        replyTo: 'm0',
        attachment: { url: '/a', name: 'a', size: 1 },
        onlineOnly: true,
        extensions: { json: { contentType: 'Image' } },
      } satisfies Command,
      ref: 1,
    },
    [
      send({
        type: 'message',
        data: {
          id: '00000000-0000-4000-8000-000000000001',
          fromId: 'user_001',
          toId: 'group_001',
          chatType: 'group',
          content: 'x',
          contentType: 'Image',
          replyTo: 'm0',
          imageUrl: '/a',
        },
      }),
      lost('send_message', 'attachment.name', 'attachment.size', 'onlineOnly'),
    ],
  ]),
  client(
    'an error settles the message that it names, by its words, and never ends the sender’s connection',
    ...(
      [
        ['消息发送过于频繁', new GatewayError('rate_limited', { fatal: null, messageId: 'msg_uuid_001' })],
        ['internal error', new GatewayError('internal', { fatal: null, messageId: 'msg_uuid_001' })],
        [
          '今天不行',
          new GatewayError('forbidden', { fatal: null, messageId: 'msg_uuid_001', detail: '今天不行' }),
        ],
      ] as const
    ).flatMap(([text, error]): ConversationVector['steps'] => [
      [{ deliver: SEND, ref: 3 }, [send({ type: 'message', data: SENT })]],
      [{ wire: refusedAs(text) }, [failed(3, error)]],
    ]),
    [{ wire: refusedAs('你已被禁言') }, [lost('error')]],
    [{ wire: '{"type":"error","data":{"message":"你已被禁言"}}' }, [lost('error')]],
  ),
  client(
    'an ack that is no success is a refusal',
    [{ deliver: SEND, ref: 3 }, [send({ type: 'message', data: SENT })]],
    [
      { wire: '{"type":"ack","data":{"id":"msg_uuid_001","status":"failed"}}' },
      [
        failed(
          3,
          new GatewayError('forbidden', { fatal: null, messageId: 'msg_uuid_001', detail: 'failed' }),
        ),
      ],
    ],
  ),
  client(
    'mark_read is said of users and groups, and no answer comes',
    [
      { deliver: { type: 'mark_read', target: { type: 'user', id: 'user_002' } }, ref: 1 },
      [send({ type: 'read', data: { chatId: 'user_002' } }), ok(1, { type: 'done' })],
    ],
    [
      { deliver: { type: 'mark_read', target: { type: 'group', id: 'group_001' }, message: 'm1' }, ref: 2 },
      [
        send({ type: 'read', data: { chatId: 'group_001' } }),
        lost('mark_read', 'message'),
        ok(2, { type: 'done' }),
      ],
    ],
  ),
  client(
    'what a login already brings is settled at once',
    [
      { deliver: { type: 'authenticate', credentials: [{ kind: 'anonymous' }] }, ref: 1 },
      [ok(1, { type: 'authenticated', user: ME, anonymous: false })],
    ],
    [
      { deliver: { type: 'subscribe', target: { type: 'group', id: 'group_001' } }, ref: 2 },
      [ok(2, { type: 'subscribed', target: { type: 'group', id: 'group_001' } })],
    ],
    [
      { deliver: { type: 'unsubscribe', target: { type: 'user', id: 'user_001' } }, ref: 3 },
      [ok(3, { type: 'unsubscribed', target: { type: 'user', id: 'user_001' } })],
    ],
    [
      { deliver: { type: 'join_group', group: 'group_001', exclusive: false }, ref: 4 },
      [
        lost('join_group', 'attending'),
        ok(4, { type: 'joined', group: BARE_GROUP, user: ME, attending: [ME] }),
      ],
    ],
    [
      { deliver: { type: 'leave_group', group: 'group_001' }, ref: 5 },
      [lost('leave_group', 'attending'), ok(5, { type: 'left', group: BARE_GROUP, user: ME })],
    ],
    [{ deliver: { type: 'sync' }, ref: 6 }, [ok(6, { type: 'synced', count: 0 })]],
    [
      { deliver: { type: 'sync', target: { type: 'group', id: 'group_001' } }, ref: 7 },
      [ok(7, { type: 'synced', target: { type: 'group', id: 'group_001' }, count: 0 })],
    ],
    [{ deliver: { type: 'disconnect' }, ref: 8 }, [ok(8, { type: 'done' }), closed('normal', '')]],
  ),
  client(
    'a command without a frame is lost and settled as unsupported',
    ...UNSAYABLE.map((command, index): ConversationVector['steps'][number] => [
      { deliver: command, ref: index },
      [lost(command.type), failed(index, new GatewayError('unsupported'))],
    ]),
  ),
  {
    name: 'what names a user without an identity is lost, and cannot be sent',
    face: 'client',
    connection: {
      identity: {
        toWire: (id) => (id === 'user_002' ? undefined : id),
        toCanonical: (id) => (id === 'user_002' ? undefined : id),
      },
    },
    steps: [
      ...LOGGED_IN,
      [
        { deliver: SEND, ref: 1 },
        [failed(1, new GatewayError('recipient_unknown', { messageId: 'msg_uuid_001' }))],
      ],
      [
        { deliver: { type: 'mark_read', target: { type: 'user', id: 'user_002' } }, ref: 2 },
        [failed(2, new GatewayError('recipient_unknown'))],
      ],
      [
        {
          wire: '{"type":"message","data":{"id":"m","fromId":"user_002","toId":"user_001","chatType":"single","content":"x"}}',
        },
        [lost('message')],
      ],
      [
        {
          wire: '{"type":"message","data":{"id":"m","fromId":"user_001","toId":"user_002","chatType":"single","content":"x"}}',
        },
        [lost('message')],
      ],
      [
        { wire: '{"type":"group_member_quit","data":{"groupId":"g","userId":"user_002"}}' },
        [lost('group_member_quit')],
      ],
    ],
  },
];
