/** The frames of the source's form, field by field. */
import { ERRORS, type ErrorCode } from '../../core/errors.ts';
import {
  type FieldNote,
  type FrameReference,
  frame,
  may,
  must,
  mustIf,
  within,
} from '../../core/reference.ts';
import { ERROR_NUMBERS } from './error-codes.ts';

/** A clause of the source, by its heading. */
export const stated = (heading: string): string => `S: ${heading}`;

const SUMMARY = stated('三、消息协议总结');
const CHAT = stated('二、1️⃣ CHAT 消息');

export const typeIs = (type: string) => [{ path: 'type', is: [type] }];

const TYPE: FieldNote = must('type', 'Which kind of frame this is.', { clause: stated('一、消息类型概览') });

export const ERROR_MEANINGS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ERROR_NUMBERS).map(([code, number]) => [String(number), ERRORS[code as ErrorCode].en]),
);

const MESSAGE_TYPES = {
  PRIVATE: 'to one user, whom toUserId names',
  GROUP: 'to everybody in the lobby; toUserId is null or absent',
} as const;

const IS_PRIVATE = { path: 'messageType', is: ['PRIVATE'] } as const;

const CLIENT_CHAT = frame({
  name: 'CHAT',
  direction: 'client',
  when: typeIs('CHAT'),
  meaning: 'A chat message to everybody or to one user; its copy to the sender says that it is stored.',
  clause: CHAT,
  fields: [
    TYPE,
    must('fromUserId', "The sender's integer; anybody but the logged-in user is refused with 1011.", {
      becomes: 'send_message.claimedSender',
      clause: SUMMARY,
    }),
    may(
      'fromNickname',
      "Ignored: the directory's name wins. Without a login the first one is the sender's name.",
    ),
    mustIf(IS_PRIVATE, 'toUserId', {
      meaning: "The receiver's integer in private chat.",
      becomes: 'send_message.target.id',
      values: { null: 'everybody in the lobby' },
      otherValues: 'one user',
    }),
    may('toNickname', "Ignored: the directory's name wins.", {
      values: { null: 'everybody in the lobby' },
      otherValues: 'one user',
    }),
    must(
      'content',
      'The text, at most 10,000 code points; white space counts as text, an empty one as missing.',
      {
        becomes: 'send_message.content',
        clause: SUMMARY,
      },
    ),
    must('messageType', 'Private or for everybody; must agree with toUserId.', {
      becomes: 'send_message.target.type',
      values: MESSAGE_TYPES,
      clause: SUMMARY,
    }),
    may('createTime', "Ignored: the gateway's clock is the only one."),
  ],
});

const SERVER_CHAT = frame({
  name: 'CHAT',
  direction: 'server',
  when: typeIs('CHAT'),
  meaning: 'A chat message, live or missed earlier; to its sender it says that the message is stored.',
  clause: CHAT,
  fields: [
    TYPE,
    must('fromUserId', "The author's integer.", { becomes: 'message.message.from.id', clause: SUMMARY }),
    may('fromNickname', "The author's name, filled in by the server.", {
      becomes: 'message.message.from.name',
    }),
    mustIf(IS_PRIVATE, 'toUserId', {
      meaning: "The receiver's integer in private chat.",
      becomes: 'message.message.to.id',
      values: { null: 'everybody in the lobby' },
      otherValues: 'one user',
    }),
    may('toNickname', "The receiver's name in private chat, as far as it is known; else the id.", {
      values: { null: 'everybody in the lobby' },
      otherValues: 'one user',
    }),
    must('content', 'The text.', { becomes: 'message.message.content', clause: SUMMARY, mayBeEmpty: true }),
    must('messageType', 'Private or for everybody.', {
      becomes: 'message.message.to.type',
      values: MESSAGE_TYPES,
      clause: SUMMARY,
    }),
    may(
      'createTime',
      'When the gateway took the message: local time of the option timeZone, whole seconds.',
      {
        becomes: 'message.message.sentAt',
      },
    ),
  ],
});

const SYSTEM_CLAUSE = stated('二、2️⃣ SYSTEM 消息');

const SYSTEM = frame({
  name: 'SYSTEM',
  direction: 'server',
  when: typeIs('SYSTEM'),
  meaning: 'Somebody has come or gone; never said to that user.',
  clause: SYSTEM_CLAUSE,
  fields: [
    TYPE,
    must('userId', "The user's integer.", { becomes: 'presence_changed.user.id', clause: SUMMARY }),
    may('nickname', "The user's name.", { becomes: 'presence_changed.user.name' }),
    must('action', 'Come or gone.', {
      becomes: 'presence_changed.online',
      clause: SUMMARY,
      values: { ONLINE: 'has come', OFFLINE: 'has gone' },
    }),
    may('createTime', 'When: local time of the option timeZone, whole seconds.', {
      becomes: 'presence_changed.at',
    }),
  ],
});

const LIST_CLAUSE = stated('二、3️⃣ USER_LIST 消息');

const LISTED: readonly FieldNote[] = [
  must('[].userId', "The user's integer.", { becomes: 'id', clause: LIST_CLAUSE }),
  may('[].nickname', "The user's name.", { becomes: 'name', clause: LIST_CLAUSE }),
];

const USER_LIST = frame({
  name: 'USER_LIST',
  direction: 'server',
  when: typeIs('USER_LIST'),
  meaning: 'Who of the lobby is online and who is not; whole each time, the receiver included.',
  clause: LIST_CLAUSE,
  fields: [
    TYPE,
    must('onlineUsers', 'Who is online, through any endpoint.', {
      becomes: 'user_list.online',
      clause: SUMMARY,
    }),
    ...within('onlineUsers', 'user_list.online', LISTED),
    must('offlineUsers', 'Who is not.', { becomes: 'user_list.offline', clause: SUMMARY }),
    ...within('offlineUsers', 'user_list.offline', LISTED),
    may('onlineCount', 'How many onlineUsers there are; not read.'),
  ],
});

const ERROR_CLAUSE = stated('二、4️⃣ ERROR 消息');

const CLIENT_ERROR = frame({
  name: 'ERROR',
  direction: 'client',
  when: typeIs('ERROR'),
  meaning: 'The client reports a fault of its own: logged, never answered, whatever it looks like.',
  clause: ERROR_CLAUSE,
  fields: [
    TYPE,
    may('code', "The client's number for it.", {
      becomes: 'report_error.code',
      values: ERROR_MEANINGS,
      otherValues: "a number of the client's own",
    }),
    may('message', 'The same in words.', { becomes: 'report_error.message' }),
  ],
});

const SERVER_ERROR = frame({
  name: 'ERROR',
  direction: 'server',
  when: typeIs('ERROR'),
  meaning: 'A frame is refused, or the connection is about to end; it does not say which frame.',
  clause: ERROR_CLAUSE,
  fields: [
    TYPE,
    must('code', 'What is wrong, by its number. 1001 is stated, the others are ours and never change.', {
      becomes: 'error.code',
      values: ERROR_MEANINGS,
      otherValues: "a number of that server's own",
    }),
    must('message', 'The same for people.', { becomes: 'error.message', mayBeEmpty: true }),
  ],
});

export const FORM_REFERENCE: readonly FrameReference[] = [
  CLIENT_CHAT,
  SERVER_CHAT,
  SYSTEM,
  USER_LIST,
  CLIENT_ERROR,
  SERVER_ERROR,
];
