/** The events that a backend may publish, by the names that the canonical model has for them. */
import { z } from 'zod';
import { Destination, Headers, Id, record, Target } from '../model.ts';
import { named } from './common.ts';

/** Most users whom one event names. */
const MAX_RECIPIENTS = 1000;
/** Longest body of a relayed frame, in UTF-16 units; the request's own limit counts as well. */
const MAX_RELAY_BODY = 1_000_000;

named('Destination', Destination);

const event = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  record({ type: z.literal(type), ...shape });

export const PublishedEvent = named(
  'PublishedEvent',
  z.discriminatedUnion('type', [
    event('contact_requested', {
      request: Id.describe("The request's id, the backend's own."),
      from: Id,
      to: Id.describe('Who hears of it.'),
    }).describe('Somebody asks to be a contact.'),
    event('contact_accepted', {
      contact: Id.describe('Who agreed.'),
      to: Id.describe('Who had asked, and hears of it.'),
    }).describe('Both are contacts of each other from now on.'),
    event('group_announcement', { group: Id, text: z.string().min(1).max(10_000) }).describe(
      'Members and whoever attends hear it.',
    ),
    event('group_invited', {
      group: Id,
      inviter: Id,
      user: Id.describe('Who is invited, and hears of it.'),
    }).describe('An invitation. Nobody becomes a member by it.'),
    event('group_transferred', { group: Id, newOwner: Id.describe('A member.') }).describe(
      'The group has another owner.',
    ),
    event('group_dissolved', { group: Id }).describe('The group is gone.'),
    event('member_removed', { group: Id, user: Id, reason: z.enum(['quit', 'kicked']) }).describe(
      'A member is put out, or went.',
    ),
    event('member_muted', { group: Id, user: Id, muted: z.boolean() }).describe(
      'A member may not write any more, or may again.',
    ),
    event('message_revoked', {
      message: Id.describe("The gateway's id, or with `author` the author's own."),
      author: Id.optional().describe('Who wrote it.'),
    }).describe('A message is taken back, whoever wrote it.'),
    event('message_read', { reader: Id, target: Target, message: Id.optional() }).describe(
      'A user has seen a conversation, up to a message or the newest.',
    ),
    event('presence_changed', {
      user: Id,
      online: z.boolean(),
      to: z
        .array(Id)
        .min(1)
        .max(MAX_RECIPIENTS)
        .readonly()
        .optional()
        .describe("Who hears it; without it: whoever hears of the user's own coming and going."),
    }).describe('What clients show of a user. It changes nothing about who is connected.'),
    event('relayed', {
      from: Id.optional(),
      target: Destination,
      name: z.string().min(1).max(256).describe('What kind of frame it is, such as `price`.'),
      headers: Headers.default([]),
      body: z.string().max(MAX_RELAY_BODY).default(''),
      ephemeral: z
        .boolean()
        .default(true)
        .describe('Not kept. Only what goes to a queue can be: users and groups are sent messages.'),
    }).describe('A frame that is passed through whole to a user, a group, a topic or a queue.'),
    event('going_away', { user: Id }).describe('Every connection of the user is told to go, and ended.'),
  ]),
);
export type PublishedEvent = z.infer<typeof PublishedEvent>;
