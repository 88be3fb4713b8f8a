/** What clients send but for the chat's own SENDs, field by field; and the heart-beat of both. */
import { type Condition, type FrameReference, frame, may, must, mustIf } from '../../core/reference.ts';
import { COMMAND, CONTENT, commandIs, RECEIPT, specified, stated, TRANSACTION } from './reference-support.ts';

const TOKEN_HEADERS = ['token', 'userSig', 'im_jwt'].map((name) =>
  may(`headers.${name}`, 'A token, in a header that the option tokenHeaders names.', {
    becomes: 'authenticate.credentials',
    clause: 'R: seen in clients',
  }),
);

const CONNECT = frame({
  name: 'CONNECT',
  direction: 'client',
  when: [commandIs('CONNECT', 'STOMP')],
  meaning: 'The client logs in and says which versions it speaks; answered with CONNECTED or ERROR.',
  clause: specified('CONNECT or STOMP Frame'),
  fields: [
    COMMAND,
    may(
      'headers.accept-version',
      'The versions, separated by commas; the highest common one is taken, 1.0 without it.',
      {
        clause: specified('Protocol Negotiation'),
      },
    ),
    may('headers.heart-beat', 'What the client can send and wants to get: two numbers in ms, 0 for none.', {
      clause: specified('Heart-beating'),
    }),
    may('headers.host', 'The virtual host; not needed and not looked at.'),
    may('headers.Authorization', 'Bearer and the token; one of several ways to log in.', {
      becomes: 'authenticate.credentials',
      clause: stated('CONNECT 帧'),
    }),
    ...TOKEN_HEADERS,
    may(
      'headers.login',
      'The name, with passcode; alone it is a name that nobody checks, where no login is needed.',
      {
        becomes: 'authenticate.credentials',
      },
    ),
    may('headers.passcode', 'The password to login.', { becomes: 'authenticate.credentials' }),
    RECEIPT,
    ...CONTENT,
  ],
});

const SUBSCRIBE = frame({
  name: 'SUBSCRIBE',
  direction: 'client',
  when: [commandIs('SUBSCRIBE')],
  meaning: 'The client wants what is sent to a destination.',
  clause: specified('SUBSCRIBE'),
  fields: [
    COMMAND,
    must(
      'headers.id',
      "The client's own id of the subscription; each MESSAGE names it. In 1.0 it may be absent.",
      {
        clause: specified('SUBSCRIBE id Header'),
      },
    ),
    must(
      'headers.destination',
      'What to listen to, exactly: /user/queue/messages, /topic/group/{id} or one that the endpoint opens.',
      {
        becomes: 'subscribe.target.id',
        clause: stated('订阅路径'),
      },
    ),
    may('headers.ack', 'How deliveries are confirmed.', {
      clause: specified('SUBSCRIBE ack Header'),
      values: {
        auto: 'not at all: delivered is received (the default)',
        client: 'an ACK confirms all deliveries up to its own',
        'client-individual': 'an ACK confirms its own delivery',
      },
    }),
    may('headers.prefetch-count', 'How many deliveries may wait for ACK; said to RabbitMQ, not read here.', {
      clause: 'R: RabbitMQ',
    }),
    RECEIPT,
    ...CONTENT,
  ],
});

const UNSUBSCRIBE = frame({
  name: 'UNSUBSCRIBE',
  direction: 'client',
  when: [commandIs('UNSUBSCRIBE')],
  meaning: 'The client ends a subscription.',
  clause: specified('UNSUBSCRIBE'),
  fields: [
    COMMAND,
    mustIf({ path: 'headers.destination', present: false }, 'headers.id', {
      meaning: 'The id of the subscription.',
    }),
    may('headers.destination', 'In 1.0 it can stand for the id.', { clause: 'S: STOMP 1.0, UNSUBSCRIBE' }),
    RECEIPT,
    ...CONTENT,
  ],
});

const is12: Condition = { path: 'headers.message-id', present: false };

const settling = (command: 'ACK' | 'NACK', meaning: string): FrameReference =>
  frame({
    name: command,
    direction: 'client',
    when: [commandIs(command)],
    meaning,
    clause: specified(command),
    fields: [
      COMMAND,
      mustIf(is12, 'headers.id', {
        meaning: 'What the MESSAGE had in its header ack.',
        becomes: 'settle_delivery.deliveries',
      }),
      may('headers.message-id', 'In 1.0 and 1.1, instead of id: the message-id of the MESSAGE.', {
        becomes: 'settle_delivery.deliveries',
        clause: `S: STOMP 1.1, ${command}`,
      }),
      may('headers.subscription', 'In 1.1, beside message-id: the id of the subscription.', {
        clause: `S: STOMP 1.1, ${command}`,
      }),
      TRANSACTION,
      RECEIPT,
      ...CONTENT,
    ],
  });

const transaction = (command: 'BEGIN' | 'COMMIT' | 'ABORT', meaning: string): FrameReference =>
  frame({
    name: command,
    direction: 'client',
    when: [commandIs(command)],
    meaning,
    clause: specified(command),
    fields: [
      COMMAND,
      must('headers.transaction', "The client's own id of the transaction."),
      RECEIPT,
      ...CONTENT,
    ],
  });

const RELAY = frame({
  name: 'SEND to any other destination',
  direction: 'client',
  when: [commandIs('SEND')],
  otherwise: true,
  meaning: 'Anything, to a destination that the option destinations opens; passed on whole.',
  clause: 'D: option destinations',
  fields: [
    COMMAND,
    must('headers.destination', 'Where to.', { becomes: 'relay.target.id', clause: specified('SEND') }),
    TRANSACTION,
    RECEIPT,
    ...CONTENT,
    may('headers.*', 'Passed on with the frame.', { becomes: 'relay.headers', clause: specified('SEND') }),
    may('body', 'Passed on as it is.', {
      becomes: 'relay.body',
      clause: specified('SEND'),
      anythingBelow: true,
    }),
  ],
});

const DISCONNECT = frame({
  name: 'DISCONNECT',
  direction: 'client',
  when: [commandIs('DISCONNECT')],
  meaning: 'The client says goodbye; answered, if it asks for a receipt, when everything before is settled.',
  clause: specified('DISCONNECT'),
  fields: [COMMAND, RECEIPT, ...CONTENT],
});

const HEART_BEAT = frame({
  name: 'heart-beat',
  direction: 'both',
  when: [{ path: '', is: ['\n'] }],
  meaning: 'A lone line end: the sender is alive.',
  clause: specified('Heart-beating'),
});

export const CLIENT_REFERENCE: readonly FrameReference[] = [
  CONNECT,
  SUBSCRIBE,
  UNSUBSCRIBE,
  settling('ACK', 'The client has taken a delivery.'),
  settling('NACK', 'The client has not taken a delivery: it stays unconfirmed and comes again.'),
  transaction('BEGIN', 'A transaction begins: SEND, ACK and NACK can be part of it.'),
  transaction('COMMIT', 'Everything in the transaction takes effect, or nothing.'),
  transaction('ABORT', 'Nothing in the transaction takes effect.'),
  RELAY,
  DISCONNECT,
  HEART_BEAT,
];
