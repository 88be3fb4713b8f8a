/** JSON Schemas of the frames in wire.ts, by kind. Unknown properties are allowed and ignored in both directions. */
import type { FrameSchema } from '../../core/json-wire.ts';
import { MAX_ID_LENGTH } from '../../schemas/model.ts';
import type { ServerEventName } from './wire.ts';

type Properties = Readonly<Record<string, unknown>>;

const object = (properties: Properties, required: readonly string[] = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
});

/** A frame with this event name; `fields` are required unless listed in `optional`. */
const frame = (event: string, fields: Properties = {}, optional: Properties = {}): FrameSchema =>
  object({ event: { const: event }, ...fields, ...optional }, ['event', ...Object.keys(fields)]);

/** Longest channel name and event name that is looked at, in UTF-16 units: an id and a pattern around it. */
export const MAX_CHANNEL_LENGTH = 512;
const MAX_AUTH_LENGTH = 1024;

const ID = { type: 'string', minLength: 1, maxLength: MAX_ID_LENGTH };
const OPTIONAL_ID = { type: ['string', 'null'], maxLength: MAX_ID_LENGTH };
const CHANNEL = { type: 'string', minLength: 1, maxLength: MAX_CHANNEL_LENGTH };
const CONTENT = { type: 'string', minLength: 1 };
const TIME = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
const BOOLEAN = { type: 'boolean' };
const CONTENT_TYPE = { type: ['string', 'null'], maxLength: 64 };

/** `data` is anything, so that it needs no schema but must be present or not as the frame says. */
const ANYTHING = {};

/** The kind of frames that are neither system events nor one of the named ones. */
export const PUBLISHED = 'event';
const PUBLISHED_SCHEMA: FrameSchema = object(
  { event: { type: 'string', minLength: 1, maxLength: MAX_ID_LENGTH }, channel: CHANNEL, data: ANYTHING },
  ['event', 'channel'],
);

export const CLIENT_SCHEMAS: Readonly<Record<string, FrameSchema>> = {
  'socket:subscribe': frame('socket:subscribe', {
    data: object({ channel: CHANNEL, auth: { type: ['string', 'null'], maxLength: MAX_AUTH_LENGTH } }, [
      'channel',
    ]),
  }),
  'socket:unsubscribe': frame('socket:unsubscribe', { data: object({ channel: CHANNEL }) }),
  'socket:ping': frame(
    'socket:ping',
    {},
    {
      data: {
        type: ['object', 'null'],
        properties: { id: { type: ['number', 'string', 'null'], maxLength: MAX_ID_LENGTH } },
      },
    },
  ),
  'socket:pong': frame('socket:pong'),
  'socket:connect': frame('socket:connect'),
  message: frame('message', {
    channel: CHANNEL,
    data: object(
      {
        id: OPTIONAL_ID,
        content: CONTENT,
        contentType: CONTENT_TYPE,
        replyTo: OPTIONAL_ID,
        from: {
          type: ['string', 'object', 'null'],
          maxLength: MAX_ID_LENGTH,
          properties: { id: { type: 'string', maxLength: MAX_ID_LENGTH } },
          required: ['id'],
        },
      },
      ['content'],
    ),
  }),
  [PUBLISHED]: PUBLISHED_SCHEMA,
};

const NAME = { type: 'string', maxLength: MAX_ID_LENGTH };
const USER = object({ id: ID, name: NAME, avatar: { type: 'string', maxLength: 4096 } }, ['id']);
const USERS = { type: 'array', items: USER };
const GROUP = object(
  {
    id: ID,
    name: NAME,
    description: { type: 'string', maxLength: 4096 },
    owner: USER,
    createdAt: TIME,
    open: BOOLEAN,
  },
  ['id', 'name', 'description', 'createdAt', 'open'],
);

/** `data` of each server event, as in `ServerEvents`. */
const SERVER_DATA: Readonly<Record<ServerEventName, FrameSchema>> = {
  message: object(
    {
      id: ID,
      from: USER,
      to: ID,
      content: CONTENT,
      contentType: { type: 'string', minLength: 1, maxLength: 64 },
      timestamp: TIME,
      replyTo: ID,
    },
    ['from', 'content'],
  ),
  ack: object({ id: ID, status: { const: 'success' } }),
  error: object({ code: { type: 'string' }, message: { type: 'string' }, messageId: ID }, [
    'code',
    'message',
  ]),
  message_revoked: object({ id: ID, from: USER, to: ID, timestamp: TIME }, ['id', 'from', 'timestamp']),
  message_read: object({ reader: USER, to: ID, id: ID, timestamp: TIME }, ['reader', 'timestamp']),
  member_joined: object({ group: GROUP, user: USER, timestamp: TIME }),
  member_left: object({ group: GROUP, user: USER, timestamp: TIME }),
  member_removed: object({
    group: GROUP,
    user: USER,
    reason: { enum: ['quit', 'kicked'] },
    timestamp: TIME,
  }),
  presence_changed: object({ user: USER, online: BOOLEAN, timestamp: TIME }),
  user_list: object({ group: GROUP, online: USERS, offline: USERS }),
  contact_requested: object({ request: ID, from: USER, to: ID, timestamp: TIME }),
  contact_accepted: object({ contact: USER, to: ID, timestamp: TIME }),
  group_dissolved: object({ group: GROUP, timestamp: TIME }),
  group_transferred: object({ group: GROUP, newOwner: USER, timestamp: TIME }),
  member_muted: object({ group: GROUP, user: USER, muted: BOOLEAN, timestamp: TIME }),
  group_announcement: object({ group: GROUP, text: { type: 'string' }, timestamp: TIME }),
  group_invited: object({ group: GROUP, inviter: USER, to: ID, timestamp: TIME }),
  session_replaced: object({ user: USER }),
  going_away: object({ reason: { enum: ['shutting_down', 'disconnected'] }, afterMs: TIME }),
};

/** `message` is the one server event that means nothing without its channel. */
const serverEvent = (name: string, data: FrameSchema): FrameSchema =>
  name === 'message' ? frame(name, { channel: CHANNEL, data }) : frame(name, { data }, { channel: CHANNEL });

const OPTIONAL_ECHO = { data: { type: ['object', 'null'], properties: { channel: { type: 'string' } } } };
const REFUSAL = object({ error: { type: 'string' }, channel: { type: 'string' } }, ['error']);
const SECONDS = { type: 'number', exclusiveMinimum: 0 };

export const SERVER_SCHEMAS: Readonly<Record<string, FrameSchema>> = {
  'socket:connected': frame('socket:connected', {
    data: object({ socket_id: ID, heart: object({ interval: SECONDS, timeout: SECONDS }) }, ['socket_id']),
  }),
  'socket:subscribed': frame('socket:subscribed', {}, OPTIONAL_ECHO),
  'socket:unsubscribed': frame('socket:unsubscribed', {}, OPTIONAL_ECHO),
  'socket:subscribe.error': frame('socket:subscribe.error', { data: REFUSAL }),
  'socket:unsubscribe.error': frame('socket:unsubscribe.error', { data: REFUSAL }),
  'socket:ping': frame('socket:ping'),
  'socket:pong': frame(
    'socket:pong',
    {},
    {
      data: {
        type: ['object', 'null'],
        properties: { reply: { type: ['number', 'string', 'null'], maxLength: MAX_ID_LENGTH } },
      },
    },
  ),
  ...Object.fromEntries(Object.entries(SERVER_DATA).map(([name, data]) => [name, serverEvent(name, data)])),
  [PUBLISHED]: PUBLISHED_SCHEMA,
};
