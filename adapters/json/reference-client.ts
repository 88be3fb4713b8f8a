/** What clients send, field by field. */
import { type FieldNote, type FrameReference, frame, may, must } from '../../core/reference.ts';

/** A clause of the source, by its heading. */
export const stated = (heading: string): string => `S: ${heading}`;

export const typeIs = (type: string) => [{ path: 'type', is: [type] }];

/** The field that names the kind. */
export const TYPE: FieldNote = must('type', 'Which event this is.', { clause: stated('事件总览') });

export const CHAT_TYPES = {
  single: 'between two users',
  group: 'in a group',
} as const;

const TABLE = stated('message — 发送消息, table');

const AUTH = frame({
  name: 'auth',
  direction: 'client',
  when: typeIs('auth'),
  meaning: 'The client says who it is; answered with auth_success or auth_error.',
  clause: stated('auth — 手动认证'),
  fields: [
    TYPE,
    must(
      'data.token',
      'The token that the user was given. On an endpoint without a login it is taken for the name.',
      {
        becomes: 'authenticate.credentials',
      },
    ),
  ],
});

const MESSAGE = frame({
  name: 'message',
  direction: 'client',
  when: typeIs('message'),
  meaning: 'A chat message to a user or a group; answered with one ack or one error that names it.',
  clause: TABLE,
  fields: [
    TYPE,
    must(
      'data.id',
      "The client's own id of the message (a UUID): sent again with the same content it is stored once.",
      {
        becomes: 'send_message.clientId',
      },
    ),
    must('data.fromId', 'The sender; anybody but the authenticated user is refused.', {
      becomes: 'send_message.claimedSender',
    }),
    must('data.toId', "The receiver: the other user's id, or the group's, as chatType says.", {
      becomes: 'send_message.target.id',
    }),
    must('data.chatType', 'Whom toId names.', { becomes: 'send_message.target.type', values: CHAT_TYPES }),
    must(
      'data.content',
      'The text, at most 10,000 characters; white space counts as text, an empty one as missing.',
      {
        becomes: 'send_message.content',
      },
    ),
    may(
      'data.contentType',
      'What the content is. Kept in lower case; its own spelling is shown to clients of this dialect.',
      {
        becomes: 'send_message.contentType',
        values: { text: 'text, which is the default', image: 'an image, at imageUrl' },
        otherValues: 'a type of the client’s own: passed through',
      },
    ),
    may('data.replyTo', 'Id of the message that this one answers.', { becomes: 'send_message.replyTo' }),
    may('data.imageUrl', 'URL of the image; taken whatever contentType says.', {
      becomes: 'send_message.attachment.url',
    }),
  ],
});

const READ = frame({
  name: 'read',
  direction: 'client',
  when: typeIs('read'),
  meaning: 'The user has read a conversation to its end. There is no answer.',
  clause: stated('read — 标记已读, table'),
  fields: [
    TYPE,
    must('data.chatId', "The other user's id or the group's; taken for a group only if no user has it.", {
      becomes: 'mark_read.target.id',
    }),
  ],
});

const PING = frame({
  name: 'ping',
  direction: 'client',
  when: typeIs('ping'),
  meaning: 'The client is alive; answered with pong.',
  clause: stated('ping — 心跳(JSON 格式)'),
  fields: [TYPE],
});

export const CLIENT_REFERENCE: readonly FrameReference[] = [AUTH, MESSAGE, READ, PING];
