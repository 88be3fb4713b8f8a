/** The client's side: what an upstream server tells, read as events. */
import type { ConversationVector } from '../../core/dialect-vectors.ts';
import { route } from '../../core/session-kit.ts';
import type { Event } from '../../schemas/event.ts';
import { BARE_GROUP, client, HONG, ME, NOW, OTHER, SENT_AT } from './vector-samples.ts';

const namespace = 'main';

/** Each frame that tells of something, and the event that it becomes. */
const TELLS: readonly (readonly [string, Event])[] = [
  [
    '{"type":"message","data":{"id":"msg_uuid_001","fromId":"user_002","toId":"user_001","chatType":"single","content":"你好!","timestamp":1719820800000,"contentType":"Image","replyTo":"m0","imageUrl":"/a.png","from_name":"小红","from_avatar":"/h.png"}}',
    {
      type: 'message',
      namespace,
      message: {
        id: 'msg_uuid_001',
        namespace,
        sequence: 1,
        from: { ...HONG, avatar: '/h.png' },
        to: { type: 'user', id: 'user_001' },
        content: '你好!',
        contentType: 'image',
        sentAt: SENT_AT,
        replyTo: 'm0',
        attachment: { url: '/a.png' },
        extensions: { json: { contentType: 'Image' } },
      },
    },
  ],
  [
    '{"type":"message","data":{"id":"m2","fromId":"user_002","toId":"group_001","chatType":"group","content":""}}',
    {
      type: 'message',
      namespace,
      message: {
        id: 'm2',
        namespace,
        sequence: 1,
        from: OTHER,
        to: { type: 'group', id: 'group_001' },
        content: '',
        contentType: 'text',
        sentAt: NOW,
      },
    },
  ],
  [
    '{"type":"kick","data":{"reason":"您的账号在其他设备登录"}}',
    { type: 'session_replaced', namespace, user: ME },
  ],
  [
    '{"type":"kick","data":{"reason":"您已被管理员强制下线"}}',
    { type: 'going_away', namespace, reason: 'disconnected', afterMs: 0 },
  ],
  [
    '{"type":"error","data":{"message":"服务器正在关闭，请重新连接"}}',
    { type: 'going_away', namespace, reason: 'shutting_down', afterMs: 0 },
  ],
  [
    '{"type":"friend_request","data":{"id":"req_001","fromId":"user_002","fromName":"小红","createTime":1719820800000}}',
    { type: 'contact_requested', namespace, request: 'req_001', from: HONG, to: 'user_001', at: SENT_AT },
  ],
  [
    '{"type":"friend_accepted","data":{"friendId":"user_002","friendName":"小红"}}',
    { type: 'contact_accepted', namespace, contact: HONG, to: 'user_001', at: NOW },
  ],
  [
    '{"type":"message_revoked","data":{"messageId":"m1","fromId":"user_002","toId":"group_001","chatType":"group"}}',
    {
      type: 'message_revoked',
      namespace,
      message: 'm1',
      from: OTHER,
      to: { type: 'group', id: 'group_001' },
      at: NOW,
    },
  ],
  [
    '{"type":"group_member_quit","data":{"groupId":"group_001","userId":"user_002"}}',
    { type: 'member_removed', namespace, group: BARE_GROUP, user: OTHER, reason: 'quit', at: NOW },
  ],
  [
    '{"type":"group_member_kick","data":{"groupId":"group_001","targetUserId":"user_001"}}',
    { type: 'member_removed', namespace, group: BARE_GROUP, user: ME, reason: 'kicked', at: NOW },
  ],
  [
    '{"type":"group_dissolved","data":{"groupId":"group_001"}}',
    { type: 'group_dissolved', namespace, group: BARE_GROUP, at: NOW },
  ],
  [
    '{"type":"group_transfer","data":{"groupId":"group_001","newOwnerId":"user_002"}}',
    { type: 'group_transferred', namespace, group: BARE_GROUP, newOwner: OTHER, at: NOW },
  ],
  [
    '{"type":"group_member_mute","data":{"groupId":"group_001","targetUserId":"user_002","muted":true}}',
    { type: 'member_muted', namespace, group: BARE_GROUP, user: OTHER, muted: true, at: NOW },
  ],
  [
    '{"type":"group_announcement","data":{"groupId":"group_001","announcement":"本周六下午 3 点团建"}}',
    { type: 'group_announcement', namespace, group: BARE_GROUP, text: '本周六下午 3 点团建', at: NOW },
  ],
  [
    '{"type":"group_invite","data":{"groupId":"group_001","groupName":"技术交流群","inviterName":"小明"}}',
    {
      type: 'group_invited',
      namespace,
      group: { ...BARE_GROUP, name: '技术交流群' },
      inviter: { namespace, id: '小明', name: '小明' },
      to: 'user_001',
      at: NOW,
    },
  ],
];

export const conversations: readonly ConversationVector[] = [
  client(
    'what the server tells becomes events',
    ...TELLS.map(([wire, event], index): ConversationVector['steps'][number] => [
      { wire },
      [route(index + 2, event)],
    ]),
  ),
  client('names are cut to the model’s limit, and an avatar over it is left out', [
    {
      wire: `{"type":"message","data":{"id":"m","fromId":"user_002","toId":"group_001","chatType":"group","content":"x","timestamp":1,"from_name":"${'x'.repeat(300)}","from_avatar":"${'y'.repeat(4097)}"}}`,
    },
    [
      route(2, {
        type: 'message',
        namespace,
        message: {
          id: 'm',
          namespace,
          sequence: 1,
          from: { ...OTHER, name: 'x'.repeat(256) },
          to: { type: 'group', id: 'group_001' },
          content: 'x',
          contentType: 'text',
          sentAt: 1,
        },
      }),
    ],
  ]),
];
