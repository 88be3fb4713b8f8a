/**
 * The nouns of the canonical model: who, where, what was said.
 *
 * Everything is plain data and `readonly`; the router freezes an event before it fans out, so that no
 * destination can alter what the next one sees.
 */
import { z } from 'zod';

/** A strict, read-only object: unknown keys are errors, and the inferred type is `Readonly`. */
export const record = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape).readonly();

/** Longest id of a user, a group, a message or a destination, in UTF-16 units. */
export const MAX_ID_LENGTH = 256;

/** Whether a text may be an id; for hot paths, where `Id` would cost more than all other checks. */
export const isId = (value: string): boolean =>
  value.length > 0 && value.length <= MAX_ID_LENGTH && value.isWellFormed();

/** An id: 1 to 256 UTF-16 units, well-formed Unicode. Ids are opaque and compared exactly. */
export const Id = z
  .string()
  .min(1)
  .max(MAX_ID_LENGTH)
  .refine((value) => value.isWellFormed(), 'must not contain a lone surrogate');

/** Milliseconds since 1970-01-01T00:00:00Z. */
export const EpochMs = z.int().nonnegative();

/** A JSON value, as `JSON.parse` gives it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };
export const JsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json()) as z.ZodType<JsonObject>;

/** Fields that only one dialect has, by dialect id: a dialect reads back here what it wrote. */
export const Extensions = z.record(z.string(), JsonObject).readonly();
export type Extensions = z.infer<typeof Extensions>;

/** What others may know of a user. `name` is what clients show; `avatar` is a URL or path. */
export const Profile = record({
  id: Id,
  name: z.string().max(MAX_ID_LENGTH),
  avatar: z.string().max(4096).optional(),
  extensions: Extensions.optional(),
});
export type Profile = z.infer<typeof Profile>;

/** A profile in its namespace. Two users with one id in two namespaces are strangers. */
export const User = record({ namespace: Id, ...Profile.unwrap().shape });
export type User = z.infer<typeof User>;

/** Whom a message is for: one user, or a group. */
export const Target = record({ type: z.enum(['user', 'group']), id: Id });
export type Target = z.infer<typeof Target>;

/**
 * What can be subscribed to or relayed to. Besides users and groups: a `topic` (every subscriber gets a
 * copy, nothing is kept) and a `queue` (each entry goes to one consumer and is kept until acknowledged).
 */
export const Destination = record({ type: z.enum(['user', 'group', 'topic', 'queue']), id: Id });
export type Destination = z.infer<typeof Destination>;

/** A group as clients see it. In an `open` group anybody of the namespace may attend and send. */
export const Group = record({
  namespace: Id,
  id: Id,
  name: z.string().max(MAX_ID_LENGTH),
  description: z.string().max(4096),
  owner: User.optional(),
  createdAt: EpochMs,
  open: z.boolean(),
  extensions: Extensions.optional(),
});
export type Group = z.infer<typeof Group>;

export const Attachment = record({
  url: z.string().max(8192),
  name: z.string().max(1024).optional(),
  /** Size in bytes. */
  size: z.int().nonnegative().optional(),
});
export type Attachment = z.infer<typeof Attachment>;

/**
 * One stored chat message.
 *
 * - `id`: the gateway's ULID, unique over all namespaces.
 * - `clientId`: the sender's own id, the idempotency key per namespace and user.
 * - `sequence`: position in the conversation, from 1, without gaps or repeats; the order for everybody. (A store that
 *   has forgotten whole conversations for want of memory begins new ones higher.)
 * - `contentType`: lower-case and open-ended (`text`, `image`, ...); unknown values pass through.
 * - `sentAt`: when the gateway accepted it, epoch ms.
 * - `replyTo`: id or client id of a message of the same conversation.
 */
export const Message = record({
  id: Id,
  clientId: Id.optional(),
  namespace: Id,
  sequence: z.int().positive(),
  from: User,
  to: Target,
  content: z.string(),
  contentType: z.string().min(1).max(64),
  sentAt: EpochMs,
  replyTo: Id.optional(),
  attachment: Attachment.optional(),
  extensions: Extensions.optional(),
});
export type Message = z.infer<typeof Message>;

/** Body of a relayed frame: text, or bytes that are not UTF-8 text. */
export type RelayBody = string | Uint8Array;
/** The bytes alone, for the published JSON Schema. */
export const RelayBytes: z.ZodType<Uint8Array> = z.instanceof(Uint8Array);
export const RelayBody: z.ZodType<RelayBody> = z.union([z.string(), RelayBytes]);

/** Headers of a relayed frame, in order; names may repeat. */
export const Headers = z.array(z.tuple([z.string(), z.string()]).readonly()).readonly();
export type Headers = z.infer<typeof Headers>;

/**
 * Names one delivery that a client acknowledges by its dialect's own words: a message by its conversation
 * and sequence, or an entry of a queue by the delivery id that the `relayed` event carried.
 */
export const DeliveryReference = z.discriminatedUnion('kind', [
  record({ kind: z.literal('message'), message: Id, conversation: z.string(), sequence: z.int().positive() }),
  record({ kind: z.literal('queue'), queue: Id, delivery: Id }),
]);
export type DeliveryReference = z.infer<typeof DeliveryReference>;
