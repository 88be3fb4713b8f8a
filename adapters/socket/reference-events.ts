/** The events that the server alone may say, field by field. */
import { ERRORS } from '../../core/errors.ts';
import { type FieldNote, type FrameReference, frame, may, must, within } from '../../core/reference.ts';
import { EVENT, eventIs, OURS, USER } from './reference-support.ts';
import type { ServerEventName } from './wire.ts';

const ERROR_MEANINGS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ERRORS).map(([code, { en }]) => [code, en]),
);

interface Said {
  readonly name: ServerEventName;
  readonly meaning: string;
  /** Below `data`; what they become is said without the event's name. */
  readonly data: readonly FieldNote[];
  readonly channel?: FieldNote;
}

const CHANNEL: FieldNote = may('channel', 'The subscribed channel that it belongs to, if there is one.');

const said = ({ name, meaning, data, channel = CHANNEL }: Said): FrameReference =>
  frame({
    name,
    direction: 'server',
    when: eventIs(name),
    meaning,
    clause: OURS,
    fields: [EVENT, channel, ...within('data', name, data)],
  });

const user = (path: string, meaning: string): readonly FieldNote[] => [
  must(path, meaning, { becomes: path }),
  ...within(path, path, USER),
];

const GROUP: readonly FieldNote[] = [
  must('group', 'The group.', { becomes: 'group' }),
  ...within('group', 'group', [
    must('id', 'Its id.', { becomes: 'id' }),
    must('name', 'Its name.', { becomes: 'name', mayBeEmpty: true }),
    must('description', 'Its description.', { becomes: 'description', mayBeEmpty: true }),
    may('owner', 'Its owner, if it has one.', { becomes: 'owner' }),
    ...within('owner', 'owner', USER),
    must('createdAt', 'When it was made, epoch ms.', { becomes: 'createdAt' }),
    must('open', 'Whether anybody may take part.', {
      becomes: 'open',
      values: { true: 'anybody may', false: 'members only' },
    }),
  ]),
];

const AT: FieldNote = must('timestamp', 'When, epoch ms.', { becomes: 'at' });
const COPY_TO =
  "The other party of a direct conversation: only on copies of what the receiver's own user did elsewhere.";

const CHAT: readonly FrameReference[] = [
  frame({
    name: 'message',
    direction: 'server',
    when: eventIs('message'),
    meaning: 'A chat message on a channel, live or missed earlier.',
    clause: OURS,
    fields: [
      EVENT,
      must('channel', "The subscribed channel; direct messages come on the receiver's own."),
      ...within('data', 'message.message', [
        may('id', "The author's own id of the message, else the gateway's.", { becomes: 'id' }),
        ...user('from', 'The author.'),
        may('to', COPY_TO, { becomes: 'to.id' }),
        must('content', 'The text.', { becomes: 'content' }),
        may('contentType', 'What the content is.', { becomes: 'contentType' }),
        may('timestamp', 'When the gateway took the message, epoch ms.', { becomes: 'sentAt' }),
        may('replyTo', 'Id of the message that this one answers.', { becomes: 'replyTo' }),
      ]),
    ],
  }),
  frame({
    name: 'ack',
    direction: 'server',
    when: eventIs('ack'),
    meaning: 'A message is stored.',
    clause: OURS,
    fields: [
      EVENT,
      CHANNEL,
      must('data.id', "The message's id, as the client gave it.", { becomes: 'stored.message.clientId' }),
      must('data.status', 'Always success.', { values: { success: 'stored' } }),
    ],
  }),
  frame({
    name: 'error',
    direction: 'server',
    when: eventIs('error'),
    meaning: 'A frame is refused, or something went wrong.',
    clause: OURS,
    fields: [
      EVENT,
      CHANNEL,
      must('data.code', 'What is wrong, by its code in the error table.', {
        becomes: 'error.code',
        values: ERROR_MEANINGS,
        otherValues: "a code of that server's own",
        mayBeEmpty: true,
      }),
      must('data.message', 'The same for people.', { becomes: 'error.message', mayBeEmpty: true }),
      may('data.messageId', "The message's id, where the fault belongs to one message.", {
        becomes: 'error.messageId',
      }),
    ],
  }),
  said({
    name: 'message_revoked',
    meaning: 'A message was taken back.',
    data: [
      must('id', "The message's id, as it was shown.", { becomes: 'message' }),
      ...user('from', 'The author.'),
      may('to', COPY_TO, { becomes: 'to.id' }),
      AT,
    ],
  }),
  said({
    name: 'message_read',
    meaning: 'Somebody has read the conversation.',
    data: [
      ...user('reader', 'Who.'),
      may('to', COPY_TO, { becomes: 'target.id' }),
      may('id', 'The newest message that was read; absent: all of them.', { becomes: 'message' }),
      AT,
    ],
  }),
];

const GROUPS: readonly FrameReference[] = [
  said({
    name: 'member_joined',
    meaning: 'Somebody has begun to listen to the group.',
    data: [...GROUP, ...user('user', 'Who.'), AT],
  }),
  said({
    name: 'member_left',
    meaning: 'Somebody no longer listens to the group.',
    data: [...GROUP, ...user('user', 'Who.'), AT],
  }),
  said({
    name: 'member_removed',
    meaning: 'Somebody is no longer a member of the group.',
    data: [
      ...GROUP,
      ...user('user', 'Who.'),
      must('reason', 'Why.', { becomes: 'reason', values: { quit: 'left', kicked: 'was removed' } }),
      AT,
    ],
  }),
  said({
    name: 'member_muted',
    meaning: 'A member may no longer write in the group, or may again.',
    data: [
      ...GROUP,
      ...user('user', 'Who.'),
      must('muted', 'Whether they are muted now.', {
        becomes: 'muted',
        values: { true: 'muted', false: 'may write again' },
      }),
      AT,
    ],
  }),
  said({
    name: 'user_list',
    meaning: 'Who of a group is online and who is not.',
    data: [
      ...GROUP,
      must('online', 'Who is online.', { becomes: 'online' }),
      ...within('online[]', 'online', USER),
      must('offline', 'Who is not.', { becomes: 'offline' }),
      ...within('offline[]', 'offline', USER),
    ],
  }),
  said({ name: 'group_dissolved', meaning: 'The group exists no more.', data: [...GROUP, AT] }),
  said({
    name: 'group_transferred',
    meaning: 'The group has a new owner.',
    data: [...GROUP, ...user('newOwner', 'The new owner.'), AT],
  }),
  said({
    name: 'group_announcement',
    meaning: "The group's announcement has changed.",
    data: [...GROUP, must('text', 'The new text.', { becomes: 'text', mayBeEmpty: true }), AT],
  }),
  said({
    name: 'group_invited',
    meaning: 'Somebody invites a user into a group.',
    data: [
      ...GROUP,
      ...user('inviter', 'Who invites.'),
      must('to', 'Id of who is invited.', { becomes: 'to' }),
      AT,
    ],
  }),
];

const PEOPLE: readonly FrameReference[] = [
  said({
    name: 'presence_changed',
    meaning: 'Somebody has come online or gone.',
    data: [
      ...user('user', 'Who.'),
      must('online', 'Come or gone.', { becomes: 'online', values: { true: 'has come', false: 'has gone' } }),
      AT,
    ],
  }),
  said({
    name: 'contact_requested',
    meaning: 'Somebody wants to be a contact.',
    data: [
      must('request', 'Id of the request.', { becomes: 'request' }),
      ...user('from', 'Who asks.'),
      must('to', 'Id of who is asked.', { becomes: 'to' }),
      AT,
    ],
  }),
  said({
    name: 'contact_accepted',
    meaning: 'Somebody has become a contact.',
    data: [...user('contact', 'Who.'), must('to', 'Id of who had asked.', { becomes: 'to' }), AT],
  }),
  said({
    name: 'session_replaced',
    meaning: 'The same user logged in elsewhere; the connection is closed next (4000).',
    data: user('user', 'The user.'),
  }),
  said({
    name: 'going_away',
    meaning: 'The server ends the connection, which is closed next.',
    data: [
      must('reason', 'Why.', {
        becomes: 'reason',
        values: { shutting_down: 'the server shuts down', disconnected: 'an administrator ended it' },
      }),
      must('afterMs', 'When to come back, in ms.', { becomes: 'afterMs' }),
    ],
  }),
];

export const SERVER_EVENT_REFERENCE: readonly FrameReference[] = [...CHAT, ...GROUPS, ...PEOPLE];
