/** What servers send but for chat messages and events, field by field. */
import { ERRORS } from '../../core/errors.ts';
import { type FieldNote, type FrameReference, frame, may, must } from '../../core/reference.ts';
import { ERRORS_QUEUE } from './destinations.ts';
import {
  COMMAND,
  CONTENT,
  commandIs,
  destinationIs,
  OURS,
  RECEIPT,
  specified,
  stated,
} from './reference-support.ts';

const ERROR_MEANINGS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ERRORS).map(([code, { en }]) => [code, en]),
);

const MESSAGE_CLAUSE = specified('MESSAGE');

/** The command and the headers of each MESSAGE. */
export const DELIVERY: readonly FieldNote[] = [
  COMMAND,
  may(
    'headers.subscription',
    'The subscription that it is for; always sent here, and missed by clients where it is not.',
    {
      clause: MESSAGE_CLAUSE,
    },
  ),
  must('headers.destination', 'Where it was sent to.', { clause: MESSAGE_CLAUSE }),
  must('headers.message-id', 'Unique id of this delivery.', { clause: MESSAGE_CLAUSE }),
  may('headers.ack', 'What ACK and NACK have to name; only for subscriptions that confirm.', {
    clause: MESSAGE_CLAUSE,
  }),
  ...CONTENT,
];

const CONNECTED = frame({
  name: 'CONNECTED',
  direction: 'server',
  when: [commandIs('CONNECTED')],
  meaning: 'The login is accepted.',
  clause: specified('CONNECTED Frame'),
  fields: [
    COMMAND,
    may('headers.version', 'The version that both speak from now on; 1.0 without it.', {
      clause: stated('CONNECTED 帧'),
    }),
    may('headers.heart-beat', 'What the server can send and wants to get: two numbers in ms, 0 for none.', {
      clause: specified('Heart-beating'),
    }),
    may('headers.session', 'Id of the connection.'),
    may('headers.server', 'Name of the server’s software.'),
    may('headers.user-name', 'Who the client now is; left out if a header cannot hold the name.', {
      becomes: 'authenticated.user.id',
      clause: 'R: sent by Spring',
    }),
    ...CONTENT,
  ],
});

const RECEIPT_FRAME = frame({
  name: 'RECEIPT',
  direction: 'server',
  when: [commandIs('RECEIPT')],
  meaning: 'A frame that asked for it has taken effect, durably.',
  clause: specified('RECEIPT'),
  fields: [COMMAND, must('headers.receipt-id', 'What the frame had in its header receipt.'), ...CONTENT],
});

const ERROR = frame({
  name: 'ERROR',
  direction: 'server',
  when: [commandIs('ERROR')],
  meaning: 'A frame or the login is refused; the connection is closed after it.',
  clause: specified('ERROR'),
  fields: [
    COMMAND,
    may('headers.message', 'Why, in one word.', { becomes: 'error.code', clause: stated('ERROR 帧') }),
    may('headers.receipt-id', 'What the frame at fault had in its header receipt.'),
    may('headers.code', 'Why, by its code in the error table.', {
      becomes: 'error.code',
      clause: OURS,
      values: ERROR_MEANINGS,
      otherValues: "a code of that server's own",
    }),
    may('headers.version', 'The versions that the server speaks, if none was common.', {
      clause: specified('Protocol Negotiation'),
    }),
    RECEIPT,
    ...CONTENT,
    may('body', 'Why, for people.', {
      becomes: 'error.message',
      clause: stated('ERROR 帧'),
      anythingBelow: true,
    }),
  ],
});

const REFUSAL = frame({
  name: 'MESSAGE on /user/queue/errors',
  direction: 'server',
  when: [commandIs('MESSAGE'), destinationIs(ERRORS_QUEUE)],
  meaning: "The chat's rules refuse something; the connection stays open.",
  clause: OURS,
  fields: [
    ...DELIVERY,
    must('body.code', 'Why, by its code in the error table.', {
      becomes: 'error.code',
      values: ERROR_MEANINGS,
      otherValues: "a code of that server's own",
    }),
    may('body.message', 'The same for people.', { becomes: 'error.message' }),
    may('body.messageId', "The message's id, where it belongs to one message.", {
      becomes: 'error.messageId',
    }),
  ],
});

const RELAYED = frame({
  name: 'MESSAGE on any other destination',
  direction: 'server',
  when: [commandIs('MESSAGE')],
  otherwise: true,
  meaning: 'A frame that was sent to a destination of the option destinations, whole.',
  clause: 'D: option destinations',
  fields: [
    ...DELIVERY,
    may('headers.redelivered', 'Whether an entry of a queue was delivered before.', {
      becomes: 'relayed.redelivered',
      values: { true: 'it was', false: 'it was not' },
    }),
    may('headers.*', 'Passed on from the frame that was sent.', {
      becomes: 'relayed.headers',
      clause: MESSAGE_CLAUSE,
    }),
    may('body', 'As it was sent.', { becomes: 'relayed.body', clause: MESSAGE_CLAUSE, anythingBelow: true }),
  ],
});

export const SERVER_REFERENCE: readonly FrameReference[] = [
  CONNECTED,
  RECEIPT_FRAME,
  ERROR,
  REFUSAL,
  RELAYED,
];
