/** The server's side: every canonical event but a message, said in frames or lost. */
import type { ConversationVector } from '../../core/dialect-vectors.ts';
import { lost, send } from '../../core/session-kit.ts';
import type { Message } from '../../schemas/model.ts';
import { events, GROUP, HONG, LOGIN, MING, messageEvent, SENT_AT, SINGLE } from './vector-samples.ts';

const namespace = 'main';
const at = SENT_AT;
const TO_GROUP: Message = { ...SINGLE, to: { type: 'group', id: 'group_001' } };

export const conversations: readonly ConversationVector[] = [
  events(
    'a revocation names the message as the clients know it',
    [
      {
        type: 'message_revoked',
        namespace,
        message: SINGLE.id,
        clientId: 'msg_uuid_001',
        from: MING,
        to: SINGLE.to,
        at,
      },
      [
        send({
          type: 'message_revoked',
          data: { messageId: 'msg_uuid_001', fromId: 'user_001', toId: 'user_002', chatType: 'single' },
        }),
        lost('message_revoked', 'at'),
      ],
    ],
    [
      { type: 'message_revoked', namespace, message: SINGLE.id, from: MING, to: TO_GROUP.to, at },
      [
        send({
          type: 'message_revoked',
          data: { messageId: SINGLE.id, fromId: 'user_001', toId: 'group_001', chatType: 'group' },
        }),
        lost('message_revoked', 'at'),
      ],
    ],
  ),
  events(
    'a member who is put out gets group_member_kick, the others group_member_quit',
    [
      { type: 'member_removed', namespace, group: GROUP, user: MING, reason: 'kicked', at },
      [
        send({ type: 'group_member_kick', data: { groupId: 'group_001', targetUserId: 'user_001' } }),
        lost('member_removed', 'at'),
      ],
    ],
    [
      { type: 'member_removed', namespace, group: GROUP, user: HONG, reason: 'kicked', at },
      [
        send({ type: 'group_member_quit', data: { groupId: 'group_001', userId: 'user_002' } }),
        lost('member_removed', 'reason', 'at'),
      ],
    ],
    [
      {
        type: 'member_removed',
        namespace: 'guests',
        group: GROUP,
        user: { ...MING, namespace: 'guests' },
        reason: 'kicked',
        at,
      },
      [
        send({ type: 'group_member_quit', data: { groupId: 'group_001', userId: 'user_001' } }),
        lost('member_removed', 'reason', 'at'),
      ],
    ],
  ),
  events(
    'a member who quits is told of with group_member_quit, on their own other connections too',
    [
      { type: 'member_removed', namespace, group: GROUP, user: HONG, reason: 'quit', at },
      [
        send({ type: 'group_member_quit', data: { groupId: 'group_001', userId: 'user_002' } }),
        lost('member_removed', 'at'),
      ],
    ],
    [
      { type: 'member_removed', namespace, group: GROUP, user: MING, reason: 'quit', at },
      [
        send({ type: 'group_member_quit', data: { groupId: 'group_001', userId: 'user_001' } }),
        lost('member_removed', 'at'),
      ],
    ],
  ),
  events(
    'groups change by one frame each',
    [
      { type: 'group_dissolved', namespace, group: GROUP, at },
      [send({ type: 'group_dissolved', data: { groupId: 'group_001' } }), lost('group_dissolved', 'at')],
    ],
    [
      { type: 'group_transferred', namespace, group: GROUP, newOwner: HONG, at },
      [
        send({ type: 'group_transfer', data: { groupId: 'group_001', newOwnerId: 'user_002' } }),
        lost('group_transferred', 'at'),
      ],
    ],
    [
      { type: 'member_muted', namespace, group: GROUP, user: HONG, muted: true, at },
      [
        send({
          type: 'group_member_mute',
          data: { groupId: 'group_001', targetUserId: 'user_002', muted: true },
        }),
        lost('member_muted', 'at'),
      ],
    ],
    [
      { type: 'member_muted', namespace, group: GROUP, user: HONG, muted: false, at },
      [
        send({
          type: 'group_member_mute',
          data: { groupId: 'group_001', targetUserId: 'user_002', muted: false },
        }),
        lost('member_muted', 'at'),
      ],
    ],
    [
      { type: 'group_announcement', namespace, group: GROUP, text: '本周六下午 3 点团建', at },
      [
        send({
          type: 'group_announcement',
          data: { groupId: 'group_001', announcement: '本周六下午 3 点团建' },
        }),
        lost('group_announcement', 'at'),
      ],
    ],
    [
      { type: 'group_invited', namespace, group: GROUP, inviter: MING, to: 'user_001', at },
      [
        send({
          type: 'group_invite',
          data: { groupId: 'group_001', groupName: '技术交流群', inviterName: '小明' },
        }),
        lost('group_invited', 'inviter.id', 'at'),
      ],
    ],
    [
      {
        type: 'group_invited',
        namespace,
        group: { ...GROUP, name: '' },
        inviter: { ...MING, name: '' },
        to: 'user_001',
        at,
      },
      [
        send({
          type: 'group_invite',
          data: { groupId: 'group_001', groupName: 'group_001', inviterName: 'user_001' },
        }),
        lost('group_invited', 'inviter.id', 'at'),
      ],
    ],
  ),
  events(
    'contacts are friends',
    [
      { type: 'contact_requested', namespace, request: 'req_001', from: HONG, to: 'user_001', at },
      [
        send({
          type: 'friend_request',
          data: { id: 'req_001', fromId: 'user_002', fromName: '小红', createTime: SENT_AT },
        }),
      ],
    ],
    [
      { type: 'contact_accepted', namespace, contact: HONG, to: 'user_001', at },
      [
        send({ type: 'friend_accepted', data: { friendId: 'user_002', friendName: '小红' } }),
        lost('contact_accepted', 'at'),
      ],
    ],
  ),
  events(
    'what has no frame is counted as lost',
    [{ type: 'message_read', namespace, target: SINGLE.to, reader: HONG, at }, [lost('message_read')]],
    [{ type: 'member_joined', namespace, group: GROUP, user: HONG, at }, [lost('member_joined')]],
    [{ type: 'member_left', namespace, group: GROUP, user: HONG, at }, [lost('member_left')]],
    [{ type: 'presence_changed', namespace, user: HONG, online: true, at }, [lost('presence_changed')]],
    [{ type: 'user_list', namespace, group: GROUP, online: [HONG], offline: [] }, [lost('user_list')]],
    [
      {
        type: 'relayed',
        namespace,
        id: 'r1',
        target: SINGLE.to,
        name: 'typing',
        headers: [],
        body: '',
        ephemeral: true,
      },
      [lost('relayed')],
    ],
  ),
  events('a login is told by auth_success alone', [{ type: 'authenticated', namespace, user: MING }, []]),
  {
    name: 'what names a user without an id on this wire is lost',
    face: 'server',
    connection: {
      identity: { toWire: (id) => (id === 'user_002' ? undefined : id), toCanonical: (id) => id },
    },
    steps: [
      ...LOGIN,
      [{ deliver: messageEvent(SINGLE) }, [lost('message')]],
      [{ deliver: messageEvent({ ...TO_GROUP, from: HONG }) }, [lost('message')]],
      [
        { deliver: { type: 'message_revoked', namespace, message: 'm', from: HONG, to: TO_GROUP.to, at } },
        [lost('message_revoked')],
      ],
      [
        { deliver: { type: 'member_removed', namespace, group: GROUP, user: HONG, reason: 'quit', at } },
        [lost('member_removed')],
      ],
      [
        { deliver: { type: 'member_muted', namespace, group: GROUP, user: HONG, muted: true, at } },
        [lost('member_muted')],
      ],
      [
        { deliver: { type: 'group_transferred', namespace, group: GROUP, newOwner: HONG, at } },
        [lost('group_transferred')],
      ],
      [
        { deliver: { type: 'contact_requested', namespace, request: 'r', from: HONG, to: 'user_001', at } },
        [lost('contact_requested')],
      ],
      [
        { deliver: { type: 'contact_accepted', namespace, contact: HONG, to: 'user_001', at } },
        [lost('contact_accepted')],
      ],
    ],
  },
];
