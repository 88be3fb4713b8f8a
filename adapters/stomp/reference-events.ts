/** MESSAGE on /user/queue/events, one kind for each `type` of the body, field by field. */
import { type FieldNote, type FrameReference, frame, may, must, within } from '../../core/reference.ts';
import { EVENTS_QUEUE } from './destinations.ts';
import type { EventBody } from './event-wire.ts';
import { DELIVERY } from './reference-server.ts';
import { CHAT_TYPES, commandIs, destinationIs, OURS } from './reference-support.ts';

const USER: readonly FieldNote[] = [
  must('id', 'The id.', { becomes: 'id' }),
  must('name', 'The name, else the id.', { becomes: 'name', mayBeEmpty: true }),
  may('avatar', "URL of the user's picture.", { becomes: 'avatar' }),
];

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

const AT: FieldNote = must('at', 'When, epoch ms.', { becomes: 'at' });

/** The conversation; `target` is the canonical field that names it. */
const toward = (target: 'target' | 'to'): readonly FieldNote[] => [
  must('chatType', 'Whom toId names.', { becomes: `${target}.type`, values: CHAT_TYPES }),
  must('toId', "The conversation: a user's id or a group's.", { becomes: `${target}.id` }),
];

interface Told {
  readonly type: EventBody['type'];
  readonly meaning: string;
  /** Below `body`; what they become is said without the event's name. */
  readonly body: readonly FieldNote[];
}

const told = ({ type, meaning, body }: Told): FrameReference =>
  frame({
    name: `MESSAGE on /user/queue/events: ${type}`,
    direction: 'server',
    when: [commandIs('MESSAGE'), destinationIs(EVENTS_QUEUE), { path: 'body.type', is: [type] }],
    meaning,
    clause: OURS,
    fields: [...DELIVERY, must('body.type', 'Which event it is.'), ...within('body', type, body)],
  });

export const EVENT_REFERENCE: readonly FrameReference[] = [
  told({
    type: 'message_read',
    meaning: 'Somebody has read a conversation.',
    body: [
      ...toward('target'),
      ...user('reader', 'Who.'),
      may('messageId', 'The newest message that was read; absent: all of them.', { becomes: 'message' }),
      AT,
    ],
  }),
  told({
    type: 'message_revoked',
    meaning: 'A message was taken back.',
    body: [
      must('messageId', "The message's id, as it was shown.", { becomes: 'message' }),
      ...user('from', 'The author.'),
      ...toward('to'),
      AT,
    ],
  }),
  told({
    type: 'member_joined',
    meaning: 'Somebody has begun to listen to a group.',
    body: [...GROUP, ...user('user', 'Who.'), AT],
  }),
  told({
    type: 'member_left',
    meaning: 'Somebody no longer listens to a group.',
    body: [...GROUP, ...user('user', 'Who.'), AT],
  }),
  told({
    type: 'member_removed',
    meaning: 'Somebody is no longer a member of a group.',
    body: [
      ...GROUP,
      ...user('user', 'Who.'),
      must('reason', 'Why.', { becomes: 'reason', values: { quit: 'left', kicked: 'was removed' } }),
      AT,
    ],
  }),
  told({
    type: 'presence_changed',
    meaning: 'Somebody has come online or gone.',
    body: [
      ...user('user', 'Who.'),
      must('online', 'Come or gone.', { becomes: 'online', values: { true: 'has come', false: 'has gone' } }),
      AT,
    ],
  }),
  told({
    type: 'contact_requested',
    meaning: 'Somebody wants to be a contact.',
    body: [
      must('requestId', 'Id of the request.', { becomes: 'request' }),
      ...user('from', 'Who asks.'),
      must('toId', 'Id of who is asked.', { becomes: 'to' }),
      AT,
    ],
  }),
  told({
    type: 'contact_accepted',
    meaning: 'Somebody has become a contact.',
    body: [...user('contact', 'Who.'), must('toId', 'Id of who had asked.', { becomes: 'to' }), AT],
  }),
  told({ type: 'group_dissolved', meaning: 'A group exists no more.', body: [...GROUP, AT] }),
  told({
    type: 'group_transferred',
    meaning: 'A group has a new owner.',
    body: [...GROUP, ...user('newOwner', 'The new owner.'), AT],
  }),
  told({
    type: 'member_muted',
    meaning: 'A member may no longer write in a group, or may again.',
    body: [
      ...GROUP,
      ...user('user', 'Who.'),
      must('muted', 'Whether they are muted now.', {
        becomes: 'muted',
        values: { true: 'muted', false: 'may write again' },
      }),
      AT,
    ],
  }),
  told({
    type: 'group_announcement',
    meaning: "A group's announcement has changed.",
    body: [...GROUP, must('text', 'The new text.', { becomes: 'text', mayBeEmpty: true }), AT],
  }),
  told({
    type: 'group_invited',
    meaning: 'Somebody invites a user into a group.',
    body: [
      ...GROUP,
      ...user('inviter', 'Who invites.'),
      must('toId', 'Id of who is invited.', { becomes: 'to' }),
      AT,
    ],
  }),
  told({
    type: 'relayed',
    meaning: 'A frame that a client of another dialect sent to a user or a group, whole.',
    body: [
      ...toward('target'),
      must('id', 'Id of this relay.', { becomes: 'id' }),
      must('name', "The other dialect's name of the frame.", { becomes: 'name', mayBeEmpty: true }),
      may('from', 'Who sent it.', { becomes: 'from' }),
      ...within('from', 'from', USER),
      must('headers', 'Its headers: pairs of name and value.', { becomes: 'headers' }),
      must('body', 'Its body.', { becomes: 'body', mayBeEmpty: true }),
    ],
  }),
];
