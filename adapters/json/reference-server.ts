/** What servers send, field by field. */
import { type FieldNote, type FrameReference, frame, may, must } from '../../core/reference.ts';
import { CHAT_TYPES, stated, TYPE, typeIs } from './reference-client.ts';

interface Said {
  readonly name: string;
  readonly heading: string;
  readonly meaning: string;
  readonly fields?: readonly FieldNote[];
}

const said = ({ name, heading, meaning, fields = [] }: Said): FrameReference =>
  frame({
    name,
    direction: 'server',
    when: typeIs(name),
    meaning,
    clause: stated(`${name} — ${heading}`),
    fields: [TYPE, ...fields],
  });

const SESSION: readonly FrameReference[] = [
  said({
    name: 'auth_success',
    heading: '认证成功',
    meaning: 'The login is accepted; what the user missed follows.',
    fields: [must('data.userId', 'Who the client now is.', { becomes: 'authenticated.user.id' })],
  }),
  said({
    name: 'auth_error',
    heading: '认证失败',
    meaning: 'The login is refused or no longer good; the connection is closed after it (4001 or 4003).',
    fields: [must('data.message', 'Why, for people.', { becomes: 'error.message', mayBeEmpty: true })],
  }),
  said({
    name: 'ack',
    heading: '消息发送确认',
    meaning: 'The message is stored.',
    fields: [
      must('data.id', "The message's id, as the client gave it.", { becomes: 'stored.message.clientId' }),
      must('data.status', 'Always success: a refusal is an error.', {
        values: { success: 'stored' },
        otherValues: 'not defined: read as success',
        mayBeEmpty: true,
      }),
    ],
  }),
  said({
    name: 'error',
    heading: '错误',
    meaning: 'A frame is refused, or something went wrong; the connection mostly stays open.',
    fields: [
      must('data.message', "The reason, for people: one of the source's six texts or of the error table.", {
        becomes: 'error.message',
        values: {
          未认证: 'a message before the login',
          消息缺少必要字段: 'a required field is missing',
          消息内容过长: 'the content has more than 10,000 characters',
          对方已将你屏蔽: 'the receiver has blocked the sender',
          你已被禁言: 'the sender is muted in the group',
          消息发送过于频繁: 'too many messages',
        },
        otherValues: 'another text of the error table (ours)',
        mayBeEmpty: true,
      }),
      may('data.messageId', "The message's id, where the fault belongs to one message.", {
        becomes: 'error.messageId',
      }),
    ],
  }),
  said({ name: 'pong', heading: '心跳响应', meaning: 'The answer to a ping in JSON.' }),
  said({
    name: 'kick',
    heading: '被踢下线(SSO)',
    meaning:
      'The account logged in elsewhere, or an administrator ended the connection, which is closed next.',
    fields: [must('data.reason', 'Why, for people.', { mayBeEmpty: true })],
  }),
];

const TIP = stated('message — 新消息, TIP');

const CHAT: readonly FrameReference[] = [
  said({
    name: 'message',
    heading: '新消息',
    meaning: 'A chat message for the user, live or missed earlier.',
    fields: [
      must('data.id', "The author's own id of the message, else the gateway's.", {
        becomes: 'message.message.id',
      }),
      must('data.fromId', 'The author.', { becomes: 'message.message.from.id' }),
      must('data.toId', "The receiver: a user's id or a group's, as chatType says.", {
        becomes: 'message.message.to.id',
      }),
      must('data.chatType', 'Whom toId names.', { becomes: 'message.message.to.type', values: CHAT_TYPES }),
      must('data.content', 'The text.', { becomes: 'message.message.content', mayBeEmpty: true }),
      may('data.timestamp', 'When the gateway took the message, epoch ms.', {
        becomes: 'message.message.sentAt',
      }),
      may('data.contentType', 'What the content is.', {
        becomes: 'message.message.contentType',
        values: { text: 'text', image: 'an image, at imageUrl' },
        otherValues: 'a type of some client’s own',
      }),
      may('data.replyTo', 'Id of the message that this one answers; empty for none.', {
        becomes: 'message.message.replyTo',
      }),
      may('data.imageUrl', 'URL of the image or file; empty for none.', {
        becomes: 'message.message.attachment.url',
      }),
      may('data.from_name', "The author's name, else the id. In snake case, as the source has it.", {
        becomes: 'message.message.from.name',
        clause: TIP,
      }),
      may('data.from_avatar', "URL of the author's picture; empty for none.", {
        becomes: 'message.message.from.avatar',
        clause: TIP,
      }),
    ],
  }),
  said({
    name: 'message_revoked',
    heading: '消息撤回',
    meaning: 'A message was taken back; the client removes or marks it.',
    fields: [
      must('data.messageId', "The message's id, as it was shown.", { becomes: 'message_revoked.message' }),
      must('data.fromId', 'The author.', { becomes: 'message_revoked.from.id' }),
      must('data.toId', "The conversation: a user's id or a group's.", { becomes: 'message_revoked.to.id' }),
      must('data.chatType', 'Whom toId names.', { becomes: 'message_revoked.to.type', values: CHAT_TYPES }),
    ],
  }),
];

const FRIENDS: readonly FrameReference[] = [
  said({
    name: 'friend_request',
    heading: '收到好友请求',
    meaning: 'Somebody wants to be a friend.',
    fields: [
      must('data.id', 'Id of the request.', { becomes: 'contact_requested.request' }),
      must('data.fromId', 'Who asks.', { becomes: 'contact_requested.from.id' }),
      must('data.fromName', 'Their name, else the id.', {
        becomes: 'contact_requested.from.name',
        mayBeEmpty: true,
      }),
      must('data.createTime', 'When, epoch ms.', { becomes: 'contact_requested.at' }),
    ],
  }),
  said({
    name: 'friend_accepted',
    heading: '好友请求被接受',
    meaning: 'Somebody has become a friend.',
    fields: [
      must('data.friendId', 'Who.', { becomes: 'contact_accepted.contact.id' }),
      must('data.friendName', 'Their name, else the id.', {
        becomes: 'contact_accepted.contact.name',
        mayBeEmpty: true,
      }),
    ],
  }),
];

const groupId = (event: string): FieldNote =>
  must('data.groupId', 'The group.', { becomes: `${event}.group.id` });

const GROUPS: readonly FrameReference[] = [
  said({
    name: 'group_member_quit',
    heading: '成员退出/被踢',
    meaning: 'A member has left or was removed; said to the others.',
    fields: [
      groupId('member_removed'),
      must('data.userId', 'Who is no longer a member.', { becomes: 'member_removed.user.id' }),
    ],
  }),
  said({
    name: 'group_member_kick',
    heading: '被踢出群(仅发给被踢者)',
    meaning: 'The receiver was removed from the group; said to that user only.',
    fields: [
      groupId('member_removed'),
      must('data.targetUserId', 'The removed user, which is the receiver.', {
        becomes: 'member_removed.user.id',
      }),
    ],
  }),
  said({
    name: 'group_dissolved',
    heading: '群聊已解散',
    meaning: 'The group exists no more.',
    fields: [groupId('group_dissolved')],
  }),
  said({
    name: 'group_transfer',
    heading: '群主转让',
    meaning: 'The group has a new owner.',
    fields: [
      groupId('group_transferred'),
      must('data.newOwnerId', 'The new owner.', { becomes: 'group_transferred.newOwner.id' }),
    ],
  }),
  said({
    name: 'group_member_mute',
    heading: '成员禁言状态变更',
    meaning: 'A member may no longer write in the group, or may again.',
    fields: [
      groupId('member_muted'),
      must('data.targetUserId', 'Whom it concerns.', { becomes: 'member_muted.user.id' }),
      must('data.muted', 'Whether they are muted now.', {
        becomes: 'member_muted.muted',
        values: { true: 'muted', false: 'may write again' },
      }),
    ],
  }),
  said({
    name: 'group_announcement',
    heading: '群公告更新',
    meaning: "The group's announcement has changed.",
    fields: [
      groupId('group_announcement'),
      must('data.announcement', 'The new text.', { becomes: 'group_announcement.text', mayBeEmpty: true }),
    ],
  }),
  said({
    name: 'group_invite',
    heading: '群邀请',
    meaning: 'Somebody invites the receiver into a group.',
    fields: [
      groupId('group_invited'),
      must('data.groupName', "The group's name, else its id.", {
        becomes: 'group_invited.group.name',
        mayBeEmpty: true,
      }),
      must('data.inviterName', 'Name of who invites, else the id.', {
        becomes: 'group_invited.inviter.name',
        mayBeEmpty: true,
      }),
    ],
  }),
];

export const SERVER_REFERENCE: readonly FrameReference[] = [...SESSION, ...CHAT, ...FRIENDS, ...GROUPS];
