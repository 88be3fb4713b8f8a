/** The system events of the source, field by field. */
import { type FieldNote, type FrameReference, frame, may, must } from '../../core/reference.ts';
import { EVENT, eventIs, stated } from './reference-support.ts';

const ECHOED: FieldNote = may(
  'data.channel',
  'The channel of the request, if the endpoint has echoChannel.',
  {
    clause: 'D: option echoChannel',
  },
);

const CLIENT: readonly FrameReference[] = [
  frame({
    name: 'socket:subscribe',
    direction: 'client',
    when: eventIs('socket:subscribe'),
    meaning: 'The client wants what is said on a channel; answered, in the order of the requests.',
    clause: stated('客户端订阅频道 socket:subscribe'),
    fields: [
      EVENT,
      must('data.channel', "The channel's name; the option channels says what it stands for.", {
        becomes: 'subscribe.target.id',
      }),
      may('data.auth', 'Signature of socket_id and channel; names that begin with private- need it.', {
        clause: stated('频道说明'),
      }),
    ],
  }),
  frame({
    name: 'socket:unsubscribe',
    direction: 'client',
    when: eventIs('socket:unsubscribe'),
    meaning: 'The client wants no more of a channel; answered, in the order of the requests.',
    clause: stated('客户端取消订阅频道 socket:unsubscribe'),
    fields: [EVENT, must('data.channel', "The channel's name.", { becomes: 'unsubscribe.target.id' })],
  }),
  frame({
    name: 'socket:ping',
    direction: 'client',
    when: eventIs('socket:ping'),
    meaning: 'The client is alive; answered with socket:pong.',
    clause: stated('客户端发送心跳检测 socket:ping'),
    fields: [EVENT, may('data.id', "The ping's id, mostly a counter; the pong repeats it.")],
  }),
  frame({
    name: 'socket:pong',
    direction: 'client',
    when: eventIs('socket:pong'),
    meaning: "The answer to the server's ping, due within 25 s; nothing answers it.",
    clause: stated('客户端发送心跳回复 socket:pong'),
    fields: [EVENT],
  }),
  frame({
    name: 'socket:connect',
    direction: 'client',
    when: eventIs('socket:connect'),
    meaning: 'Named in the source as an example and never defined: let pass, and not answered.',
    clause: stated('命名规范'),
    fields: [EVENT, may('data', 'Not read.', { anythingBelow: true })],
  }),
];

const SERVER: readonly FrameReference[] = [
  frame({
    name: 'socket:connected',
    direction: 'server',
    when: eventIs('socket:connected'),
    meaning: 'The first frame of each connection.',
    clause: stated('WSS 连接成功 socket:connected'),
    fields: [
      EVENT,
      must('data.socket_id', 'Id of the connection, a UUID; signatures of private channels contain it.'),
      must('data.heart.interval', 'How often the client is to ping, in seconds.'),
      must('data.heart.timeout', 'How long the client is to wait for the pong, in seconds.'),
      may('data.heart', "When to ping; without it the client's own 120 s and 30 s hold.", {
        clause: stated('心跳检测说明'),
      }),
    ],
  }),
  frame({
    name: 'socket:subscribed',
    direction: 'server',
    when: eventIs('socket:subscribed'),
    meaning: 'The oldest unanswered subscription is accepted; what was missed follows.',
    clause: stated('频道订阅成功 socket:subscribed'),
    fields: [EVENT, ECHOED],
  }),
  frame({
    name: 'socket:subscribe.error',
    direction: 'server',
    when: eventIs('socket:subscribe.error'),
    meaning: 'The oldest unanswered subscription is refused.',
    clause: stated('频道订阅失败 socket:subscribe.error'),
    fields: [
      EVENT,
      must('data.error', 'Why, in words.', { becomes: 'error.message', mayBeEmpty: true }),
      ECHOED,
    ],
  }),
  frame({
    name: 'socket:unsubscribed',
    direction: 'server',
    when: eventIs('socket:unsubscribed'),
    meaning: 'The oldest unanswered request to end a subscription is accepted.',
    clause: stated('取消订阅频道成功 socket:unsubscribed'),
    fields: [EVENT, ECHOED],
  }),
  frame({
    name: 'socket:unsubscribe.error',
    direction: 'server',
    when: eventIs('socket:unsubscribe.error'),
    meaning: 'The oldest unanswered request to end a subscription is refused.',
    clause: stated('取消订阅频道失败 socket:unsubscribe.error'),
    fields: [
      EVENT,
      must('data.error', 'Why, in words.', { becomes: 'error.message', mayBeEmpty: true }),
      ECHOED,
    ],
  }),
  frame({
    name: 'socket:pong',
    direction: 'server',
    when: eventIs('socket:pong'),
    meaning: "The answer to the client's ping.",
    clause: stated('服务端发送心跳回复 socket:pong'),
    fields: [EVENT, may('data.reply', 'The id of the ping; without one there is no data.')],
  }),
  frame({
    name: 'socket:ping',
    direction: 'server',
    when: eventIs('socket:ping'),
    meaning: 'The server asks whether the client is alive, every 30 s if the endpoint has serverPing.',
    clause: stated('服务端发送心跳检测 socket:ping'),
    fields: [EVENT],
  }),
];

export const SYSTEM_REFERENCE: readonly FrameReference[] = [...CLIENT, ...SERVER];
