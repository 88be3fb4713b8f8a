/** The chat's own frames, field by field. */
import { type FieldNote, type FrameReference, frame, may, must, within } from '../../core/reference.ts';
import { GROUP_PREFIX, INBOX, REVOKE_CHAT, SEND_CHAT, SYNC_CHAT } from './destinations.ts';
import { DELIVERY } from './reference-server.ts';
import {
  CHAT_TYPES,
  COMMAND,
  CONTENT,
  commandIs,
  destinationIs,
  EXTRAS,
  MSG_TYPES,
  OURS,
  RECEIPT,
  stated,
  TRANSACTION,
} from './reference-support.ts';

const HEADERS: readonly FieldNote[] = [
  COMMAND,
  must('headers.destination', 'What is to be done with the body.', { clause: stated('SEND 帧 — 发送消息') }),
  TRANSACTION,
  RECEIPT,
  ...CONTENT,
];

const app = (becomes?: string): readonly FieldNote[] => [
  may('body.appId', "The application; refused if it is not the option appId's, where that is set.", {
    ...(becomes !== undefined && { becomes }),
  }),
  may('body.appKey', 'Stands for appId.', { clause: 'R: seen in clients' }),
];

const SEND = frame({
  name: 'SEND to /app/chat.send',
  direction: 'client',
  when: [commandIs('SEND'), destinationIs(SEND_CHAT)],
  meaning: 'A chat message to a user or a group; a RECEIPT, if asked for, says that it is stored.',
  clause: stated('SEND 帧 — 发送消息'),
  fields: [
    ...HEADERS,
    ...app('send_message.extensions'),
    may('body.messageId', "The client's own id: sent again with the same content it is stored once.", {
      becomes: 'send_message.clientId',
    }),
    may('body.fromId', 'Not needed; anybody but the logged-in user is refused.', {
      becomes: 'send_message.claimedSender',
      clause: OURS,
    }),
    must('body.toId', "The receiver: the other user's id or the group's, as chatType says.", {
      becomes: 'send_message.target.id',
    }),
    must('body.chatType', 'Whom toId names.', { becomes: 'send_message.target.type', values: CHAT_TYPES }),
    may('body.msgType', 'What the content is; TEXT if it is absent.', {
      becomes: 'send_message.contentType',
      values: MSG_TYPES,
      otherValues: 'a type of the client’s own: passed through',
    }),
    must(
      'body.content',
      'The text, or the URL of an image, voice, sound, film or file; at most 10,000 code points.',
      {
        becomes: 'send_message.content',
      },
    ),
    ...within('body', 'send_message', EXTRAS),
  ],
});

const REVOKE = frame({
  name: 'SEND to /app/chat.revoke',
  direction: 'client',
  when: [commandIs('SEND'), destinationIs(REVOKE_CHAT)],
  meaning: 'The author takes a message back.',
  clause: stated('SEND 帧 — 撤回消息'),
  fields: [
    ...HEADERS,
    ...app(),
    must('body.messageId', "Either of the message's ids.", { becomes: 'revoke_message.message' }),
    may('body.fromId', 'Not needed; anybody but the logged-in user is refused.', {
      becomes: 'revoke_message.claimedSender',
      clause: OURS,
    }),
  ],
});

const SYNC = frame({
  name: 'SEND to /app/chat.sync',
  direction: 'client',
  when: [commandIs('SEND'), destinationIs(SYNC_CHAT)],
  meaning: 'The client asks for what the user missed; it comes on /user/queue/messages.',
  clause: stated('SEND 帧 — 同步离线消息'),
  fields: [...HEADERS, ...app()],
});

const MESSAGE_CLAUSE = stated('MESSAGE 帧 — 接收消息');

const MESSAGE_FIELDS: readonly FieldNote[] = [
  ...DELIVERY,
  must('body.id', "The author's own id of the message, else the gateway's.", {
    becomes: 'message.message.id',
  }),
  must('body.fromId', 'The author.', { becomes: 'message.message.from.id' }),
  must('body.toId', "The receiver: a user's id or a group's, as chatType says.", {
    becomes: 'message.message.to.id',
  }),
  must('body.chatType', 'Whom toId names.', { becomes: 'message.message.to.type', values: CHAT_TYPES }),
  may('body.msgType', 'What the content is.', {
    becomes: 'message.message.contentType',
    values: MSG_TYPES,
    otherValues: 'a type of some client’s own',
  }),
  must('body.content', 'The text, or the URL of the attachment.', {
    becomes: 'message.message.content',
    mayBeEmpty: true,
  }),
  may('body.status', 'Always SENT; not read.', {
    values: { SENT: 'stored and sent' },
    otherValues: "a state of that server's own",
  }),
  may('body.createdAt', 'When the gateway took the message, epoch ms.', {
    becomes: 'message.message.sentAt',
  }),
  ...within('body', 'message.message', EXTRAS),
];

const INBOX_MESSAGE = frame({
  name: 'MESSAGE on /user/queue/messages',
  direction: 'server',
  when: [commandIs('MESSAGE'), destinationIs(INBOX)],
  meaning: 'A direct message, or one that chat.sync replays.',
  clause: MESSAGE_CLAUSE,
  fields: MESSAGE_FIELDS,
});

const GROUP_MESSAGE = frame({
  name: 'MESSAGE on /topic/group/{id}',
  direction: 'server',
  when: [commandIs('MESSAGE'), { path: 'headers.destination', startsWith: GROUP_PREFIX }],
  meaning: 'A message in a group, live.',
  clause: stated('订阅路径'),
  fields: MESSAGE_FIELDS.map((field) => ({ clause: MESSAGE_CLAUSE, ...field })),
});

export const CHAT_REFERENCE: readonly FrameReference[] = [SEND, REVOKE, SYNC, INBOX_MESSAGE, GROUP_MESSAGE];
