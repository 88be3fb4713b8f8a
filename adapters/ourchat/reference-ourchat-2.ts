/** The frames of the form that the author's later program speaks, field by field. */
import { type FieldNote, type FrameReference, frame, may, must, within } from '../../core/reference.ts';
import { ERROR_MEANINGS, typeIs } from './reference-ourchat.ts';

const CLIENT = "R: the author's chatroom.js";
const SERVER = "R: the author's ChatWebSocket.java";
const OURS = "D: the author's program has none";

const TYPE: FieldNote = must('type', 'Which kind of frame this is; lower case.', { clause: CLIENT });

const TO_ALL = {
  values: { null: 'everybody in the lobby' },
  otherValues: 'one user',
} as const;

const LIST_REQUEST = frame({
  name: 'requestUserList (ourchat_2)',
  direction: 'client',
  when: typeIs('requestUserList'),
  meaning:
    'The first frame of a client: it asks who is there; answered with a system frame that has the lists.',
  clause: CLIENT,
  fields: [TYPE],
});

const CLIENT_CHAT = frame({
  name: 'chat (ourchat_2)',
  direction: 'client',
  when: typeIs('chat'),
  meaning: 'A chat message to everybody or to one user; its copy to the sender says that it is stored.',
  clause: CLIENT,
  fields: [
    TYPE,
    must('senderId', "The sender's integer; anybody but the logged-in user is refused.", {
      becomes: 'send_message.claimedSender',
    }),
    may(
      'senderNickname',
      "Ignored: the directory's name wins. Without a login the first one is the sender's name.",
    ),
    may('receiverId', "The receiver's integer; null or absent: everybody.", {
      becomes: 'send_message.target.id',
      ...TO_ALL,
    }),
    must('content', 'The text, at most 10,000 code points; an empty one counts as missing.', {
      becomes: 'send_message.content',
    }),
    may('time', "ISO 8601. Ignored: the gateway's clock is the only one."),
  ],
});

const SERVER_CHAT_FIELDS: readonly FieldNote[] = [
  must('senderId', "The author's integer.", { becomes: 'message.message.from.id' }),
  may('senderNickname', "The author's name.", { becomes: 'message.message.from.name' }),
  may('receiverId', "The receiver's integer; null or absent: everybody.", {
    becomes: 'message.message.to.id',
    ...TO_ALL,
  }),
  must('content', 'The text.', { becomes: 'message.message.content', mayBeEmpty: true }),
  may('time', 'When the message was taken, epoch ms; some servers write ISO 8601.', {
    becomes: 'message.message.sentAt',
  }),
];

const SERVER_CHAT = frame({
  name: 'chat (ourchat_2)',
  direction: 'server',
  when: typeIs('chat'),
  meaning: 'A chat message, live or missed earlier; to its sender it says that the message is stored.',
  clause: SERVER,
  fields: [TYPE, ...SERVER_CHAT_FIELDS],
});

const UNTYPED_CHAT = frame({
  name: 'chat without a type (ourchat_2)',
  direction: 'server',
  when: [
    { path: 'type', present: false },
    { path: 'senderId', present: true },
  ],
  meaning: "Private chat as the author's server writes it: read from upstream servers, never sent.",
  clause: SERVER,
  fields: [...SERVER_CHAT_FIELDS, may('sendTime', 'When, in that server’s words; not read.')],
});

const LISTED: readonly FieldNote[] = [
  must('[].userId', "The user's integer.", { becomes: 'id', clause: SERVER }),
  may('[].nickname', "The user's name.", { becomes: 'name', clause: SERVER }),
  may('[].online', 'The list that it is in, once more; not read.', { clause: SERVER }),
];

const SYSTEM = frame({
  name: 'system (ourchat_2)',
  direction: 'server',
  when: typeIs('system'),
  meaning: 'Somebody has come or gone; with both lists it is a user list as well.',
  clause: SERVER,
  fields: [
    TYPE,
    must('userId', "The user's integer.", { becomes: 'presence_changed.user.id' }),
    may('nickname', "The user's name.", { becomes: 'presence_changed.user.name' }),
    must('status', 'Come or gone.', {
      becomes: 'presence_changed.online',
      values: { ONLINE: 'has come', OFFLINE: 'has gone' },
    }),
    may('time', 'When, epoch ms.', { becomes: 'presence_changed.at' }),
    may('onlineUsers', 'Who of the lobby is online.', { becomes: 'user_list.online' }),
    ...within('onlineUsers', 'user_list.online', LISTED),
    may('offlineUsers', 'Who is not.', { becomes: 'user_list.offline' }),
    ...within('offlineUsers', 'user_list.offline', LISTED),
  ],
});

const CLIENT_ERROR = frame({
  name: 'error (ourchat_2)',
  direction: 'client',
  when: typeIs('error'),
  meaning: 'The client reports a fault of its own: logged, never answered, whatever it looks like.',
  clause: OURS,
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
  name: 'error (ourchat_2)',
  direction: 'server',
  when: typeIs('error'),
  meaning: 'A frame is refused, or the connection is about to end; it does not say which frame.',
  clause: OURS,
  fields: [
    TYPE,
    must('code', 'What is wrong, by its number.', {
      becomes: 'error.code',
      values: ERROR_MEANINGS,
      otherValues: "a number of that server's own",
    }),
    must('message', 'The same for people.', { becomes: 'error.message', mayBeEmpty: true }),
  ],
});

export const LATER_FORM_REFERENCE: readonly FrameReference[] = [
  LIST_REQUEST,
  CLIENT_CHAT,
  SERVER_CHAT,
  UNTYPED_CHAT,
  SYSTEM,
  CLIENT_ERROR,
  SERVER_ERROR,
];
