/**
 * Events: what the gateway says, as facts. Answers to commands are not events; they settle the command.
 *
 * Every event has the `namespace` in which it happened and, if a connection caused it, that connection's
 * id as `origin`.
 */
import { z } from 'zod';
import {
  Destination,
  EpochMs,
  Group,
  Headers,
  Id,
  Message,
  RelayBody,
  record,
  Target,
  User,
} from './model.ts';

const event = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  record({ type: z.literal(type), namespace: Id, origin: Id.optional(), ...shape });

export const Event = z.discriminatedUnion('type', [
  /** The peer accepted who we are (emitted by a client session when its upstream says so). */
  event('authenticated', { user: User }),
  /** The same user logged in elsewhere and this connection has to go. */
  event('session_replaced', { user: User }),
  /** `replayed`: missed earlier and delivered now, in `sequence` order, before anything live. */
  event('message', { message: Message, replayed: z.boolean().optional() }),
  /** `reader` has seen the conversation with `target` (as the reader names it) up to `message`. */
  event('message_read', { target: Target, reader: User, message: Id.optional(), at: EpochMs }),
  /** `from` is the author; `message` and `clientId` are the revoked message's two ids. */
  event('message_revoked', { message: Id, clientId: Id.optional(), from: User, to: Target, at: EpochMs }),
  /** A relayed frame, whole. `delivery` is present where the consumer must acknowledge it. */
  event('relayed', {
    id: Id,
    target: Destination,
    name: z.string(),
    headers: Headers,
    body: RelayBody,
    ephemeral: z.boolean(),
    from: User.optional(),
    delivery: Id.optional(),
    redelivered: z.boolean().optional(),
  }),
  /** Attendance: the user's first attending connection has come, its last one has gone. */
  event('member_joined', { group: Group, user: User, at: EpochMs }),
  event('member_left', { group: Group, user: User, at: EpochMs }),
  /** Membership: the user no longer belongs to the group. */
  event('member_removed', { group: Group, user: User, reason: z.enum(['quit', 'kicked']), at: EpochMs }),
  event('presence_changed', { user: User, online: z.boolean(), at: EpochMs }),
  event('user_list', { group: Group, online: z.array(User).readonly(), offline: z.array(User).readonly() }),
  event('contact_requested', { request: Id, from: User, to: Id, at: EpochMs }),
  event('contact_accepted', { contact: User, to: Id, at: EpochMs }),
  event('group_dissolved', { group: Group, at: EpochMs }),
  event('group_transferred', { group: Group, newOwner: User, at: EpochMs }),
  event('member_muted', { group: Group, user: User, muted: z.boolean(), at: EpochMs }),
  event('group_announcement', { group: Group, text: z.string(), at: EpochMs }),
  event('group_invited', { group: Group, inviter: User, to: Id, at: EpochMs }),
  /** The gateway is about to end this connection; clients should come back after `afterMs`. */
  event('going_away', { reason: z.enum(['shutting_down', 'disconnected']), afterMs: z.int().nonnegative() }),
]);
export type Event = z.infer<typeof Event>;
export type EventType = Event['type'];
export type EventOf<Type extends EventType> = Extract<Event, { readonly type: Type }>;
