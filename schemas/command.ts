/**
 * Commands: what a client wants, in the imperative. A server session turns frames into these; the router
 * settles each exactly once with an `Outcome`.
 */
import { z } from 'zod';
import {
  Attachment,
  DeliveryReference,
  Destination,
  Extensions,
  Headers,
  Id,
  Profile,
  RelayBody,
  record,
  Target,
} from './model.ts';

/**
 * A way to say who one is. `token` is opaque here; `password` is a login with its passcode; `claim` is a
 * name that nobody checks and is accepted only where the endpoint says `auth: none`; `anonymous` asks to
 * be let in without one.
 */
export const Credential = z.discriminatedUnion('kind', [
  record({ kind: z.literal('token'), token: z.string() }),
  record({ kind: z.literal('password'), login: z.string(), passcode: z.string() }),
  record({ kind: z.literal('claim'), user: Profile }),
  record({ kind: z.literal('anonymous') }),
]);
export type Credential = z.infer<typeof Credential>;

/** Accepted when at least one credential is good and all good ones name the same user. */
export const Authenticate = record({
  type: z.literal('authenticate'),
  credentials: z.array(Credential).min(1).readonly(),
});

/**
 * `claimedSender` is who the frame says it is from, in canonical form: the router refuses anybody but the
 * authenticated user (`sender_mismatch`). A frame that names no sender leaves it out.
 *
 * `onlineOnly`: a direct message is refused (`recipient_unknown`) and not stored while its recipient has no
 * connection. It means nothing for a group.
 */
export const SendMessage = record({
  type: z.literal('send_message'),
  target: Target,
  content: z.string(),
  contentType: z.string().min(1).max(64),
  clientId: Id.optional(),
  claimedSender: Id.optional(),
  replyTo: Id.optional(),
  attachment: Attachment.optional(),
  onlineOnly: z.boolean().optional(),
  extensions: Extensions.optional(),
});
export type SendMessage = z.infer<typeof SendMessage>;

/**
 * A frame that is passed through whole. `ephemeral` ones (typing, a live price) are fanned out and
 * forgotten; others are kept until a consumer of the queue has acknowledged them.
 */
export const Relay = record({
  type: z.literal('relay'),
  target: Destination,
  name: z.string().max(256),
  headers: Headers,
  body: RelayBody,
  ephemeral: z.boolean(),
});
export type Relay = z.infer<typeof Relay>;

/** `message` is the gateway's id or the author's own; `target`, if the dialect names it, narrows the search. */
export const RevokeMessage = record({
  type: z.literal('revoke_message'),
  message: Id,
  target: Target.optional(),
  claimedSender: Id.optional(),
});
export type RevokeMessage = z.infer<typeof RevokeMessage>;

/** A transaction: all items take effect, in order, or none does. */
export const SendBatch = record({
  type: z.literal('send_batch'),
  items: z.array(z.discriminatedUnion('type', [SendMessage, Relay, RevokeMessage])).readonly(),
});

/** The user has seen the conversation with `target` up to its newest message, or up to `message`. */
export const MarkRead = record({ type: z.literal('mark_read'), target: Target, message: Id.optional() });

/** The client's own ack (`accepted`) or nack of deliveries. */
export const SettleDelivery = record({
  type: z.literal('settle_delivery'),
  deliveries: z.array(DeliveryReference).min(1).readonly(),
  accepted: z.boolean(),
});

/** Replays what the user missed: all of it, or one conversation's. */
export const Sync = record({ type: z.literal('sync'), target: Target.optional() });

/**
 * Attend a group visibly: others see `member_joined`. `exclusive`: refused (`already_joined`) while
 * another connection of the same dialect attends it for the same user. `claimedSender` as in send_message.
 */
export const JoinGroup = record({
  type: z.literal('join_group'),
  group: Id,
  exclusive: z.boolean(),
  claimedSender: Id.optional(),
});
export const LeaveGroup = record({ type: z.literal('leave_group'), group: Id, claimedSender: Id.optional() });

/** Receive what is sent to a destination on this connection; `user` is the user's own inbox only. */
export const Subscribe = record({ type: z.literal('subscribe'), target: Destination });
export const Unsubscribe = record({ type: z.literal('unsubscribe'), target: Destination });

/** Who belongs to a group, and who of them is online. */
export const ListUsers = record({ type: z.literal('list_users'), group: Id });

/** The client reports a fault of its own: logged and counted, never answered. */
export const ReportError = record({ type: z.literal('report_error'), code: z.string(), message: z.string() });

/** The client says goodbye. */
export const Disconnect = record({ type: z.literal('disconnect') });

export const Command = z.discriminatedUnion('type', [
  Authenticate,
  SendMessage,
  SendBatch,
  RevokeMessage,
  MarkRead,
  SettleDelivery,
  Sync,
  JoinGroup,
  LeaveGroup,
  Subscribe,
  Unsubscribe,
  ListUsers,
  Relay,
  ReportError,
  Disconnect,
]);
export type Command = z.infer<typeof Command>;
export type CommandType = Command['type'];
export type CommandOf<Type extends CommandType> = Extract<Command, { readonly type: Type }>;
