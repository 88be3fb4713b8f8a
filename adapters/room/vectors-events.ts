/** The server's side: what clients hear of what happens, and what can't be said. */
import type { ConversationVector } from '../../core/dialect-vectors.ts';
import { lost, route, send } from '../../core/session-kit.ts';
import {
  BOB,
  BOB_USER,
  chat,
  GROUP,
  join,
  MESSAGE,
  MESSAGE_FRAME,
  NOBODY_USER,
  NOW,
  ONLY_KNOWN,
  ROOM,
  refused,
  SAN,
  SAN_USER,
} from './vector-samples.ts';
import { LOGGED_IN, TOKEN } from './vectors-login.ts';
import { JOINED } from './vectors-rooms.ts';

type Steps = ConversationVector['steps'];

const NAMESPACE = { namespace: 'main' } as const;
const about = (type: string, user: object) => ({
  deliver: { type, ...NAMESPACE, group: GROUP, user, at: NOW },
});
const removed = (user: object) => ({
  deliver: { type: 'member_removed', ...NAMESPACE, group: GROUP, user, reason: 'kicked', at: NOW },
});
const message = (fields: object) => ({
  deliver: { type: 'message', ...NAMESPACE, message: { ...MESSAGE, ...fields } },
});
const left = (member: object) => send({ type: 'left', room: { ...ROOM, newLeaveMember: member } });
const REJOIN = [route(3, { type: 'join_group', group: 'E00001', exclusive: true, claimedSender: 'jk2' })];

const conversation = (
  name: string,
  steps: Steps,
  more: Partial<ConversationVector> = {},
): ConversationVector => ({ name, face: 'server', connection: TOKEN, steps, ...more });

export const conversations: readonly ConversationVector[] = [
  conversation('the others hear who came, without a list of members', [
    ...JOINED,
    [
      about('member_joined', BOB_USER),
      [send({ type: 'joined', room: { ...ROOM, newJoinMember: BOB } }), lost('member_joined', 'at')],
    ],
  ]),
  conversation('the others hear who left', [
    ...JOINED,
    [about('member_left', BOB_USER), [left(BOB), lost('member_left', 'at')]],
  ]),
  conversation('who is put out of a room has left it, for the others and for itself', [
    ...JOINED,
    [removed(BOB_USER), [left(BOB), lost('member_removed', 'reason', 'at')]],
    [removed(SAN_USER), [left(SAN), lost('member_removed', 'reason', 'at')]],
    [{ wire: chat() }, [refused('not_joined')]],
    [removed(BOB_USER), [lost('member_removed')]],
    [{ wire: join() }, REJOIN],
  ]),
  conversation('an attendance that ends elsewhere is a leave', [
    ...JOINED,
    [about('member_left', SAN_USER), [left(SAN), lost('member_left', 'at')]],
    [{ wire: join() }, REJOIN],
  ]),
  conversation('when a room is dissolved each client has left it', [
    ...JOINED,
    [
      { deliver: { type: 'group_dissolved', ...NAMESPACE, group: GROUP, at: NOW } },
      [left(SAN), lost('group_dissolved', 'at')],
    ],
    [
      { deliver: { type: 'group_dissolved', ...NAMESPACE, group: GROUP, at: NOW } },
      [lost('group_dissolved')],
    ],
  ]),
  conversation('a message without an id of its author shows the id of the gateway', [
    ...JOINED,
    [
      message({ clientId: undefined }),
      [send({ ...MESSAGE_FRAME, chat: { ...MESSAGE_FRAME.chat, id: MESSAGE.id } })],
    ],
  ]),
  conversation('a missed message comes like any other', [
    ...JOINED,
    [{ deliver: { type: 'message', ...NAMESPACE, message: MESSAGE, replayed: true } }, [send(MESSAGE_FRAME)]],
  ]),
  conversation('the spare fields of a chat are given back', [
    ...JOINED,
    [
      message({ extensions: { room: { extendFields: { a: 1 } } } }),
      [send({ ...MESSAGE_FRAME, extendFields: { a: 1 } })],
    ],
    [message({ extensions: { room: { extendFields: [1] }, other: {} } }), [send(MESSAGE_FRAME)]],
  ]),
  conversation('a user of another dialect is shown by its name', [
    ...JOINED,
    [message({ from: BOB_USER }), [send({ ...MESSAGE_FRAME, chat: { ...MESSAGE_FRAME.chat, from: BOB } })]],
  ]),
  conversation('references and attachments of a message are lost', [
    ...JOINED,
    [
      message({ replyTo: 'm-0', attachment: { url: '/a.png' } }),
      [send(MESSAGE_FRAME), lost('message', 'message.replyTo', 'message.attachment')],
    ],
    [message({ replyTo: 'm-0' }), [send(MESSAGE_FRAME), lost('message', 'message.replyTo')]],
  ]),
  conversation('a direct message is lost', [
    ...LOGGED_IN,
    [message({ to: { type: 'user', id: 'jk2' }, from: BOB_USER }), [lost('message')]],
  ]),
  conversation(
    'what is about a user without an id on this wire is lost',
    [
      ...JOINED,
      [message({ from: NOBODY_USER }), [lost('message')]],
      [about('member_joined', NOBODY_USER), [lost('member_joined')]],
      [about('member_left', NOBODY_USER), [lost('member_left')]],
    ],
    { connection: { ...TOKEN, identity: ONLY_KNOWN } },
  ),
  conversation('an older connection that is replaced is told and ends', [
    ...JOINED,
    [
      { deliver: { type: 'session_replaced', ...NAMESPACE, user: SAN_USER } },
      [
        send({ type: 'refused', msg: '您已在其他页面或客户端登录' }),
        { kind: 'close', reason: 'replaced', text: '您已在其他页面或客户端登录' },
      ],
    ],
  ]),
  conversation('a shutdown is told and ends the connection', [
    ...JOINED,
    [
      { deliver: { type: 'going_away', ...NAMESPACE, reason: 'shutting_down', afterMs: 1_000 } },
      [
        refused('shutting_down'),
        lost('going_away', 'afterMs'),
        { kind: 'close', reason: 'shutting_down', text: '服务器正在关闭，请重新连接' },
      ],
    ],
  ]),
  conversation('a disconnected client is closed without a word', [
    ...JOINED,
    [
      { deliver: { type: 'going_away', ...NAMESPACE, reason: 'disconnected', afterMs: 0 } },
      [{ kind: 'close', reason: 'normal', text: '' }],
    ],
  ]),
  conversation('what the dialect has no words for is lost', [
    ...LOGGED_IN,
    ...[
      'authenticated',
      'message_read',
      'message_revoked',
      'relayed',
      'presence_changed',
      'user_list',
      'contact_requested',
      'contact_accepted',
      'group_transferred',
      'member_muted',
      'group_announcement',
      'group_invited',
    ].map((type): Steps[number] => [{ deliver: { type, ...NAMESPACE } }, [lost(type)]]),
  ]),
];
