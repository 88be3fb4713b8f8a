/** Results: how the router settles a command that succeeded. A failure carries a `GatewayError` instead. */
import { z } from 'zod';
import { Destination, Group, Message, record, Target, User } from './model.ts';

/** `duplicate`: the same client id with the same content was stored before; nothing new was sent. */
const Stored = record({ type: z.literal('stored'), message: Message, duplicate: z.boolean() });

export const Result = z.discriminatedUnion('type', [
  /** authenticate. `anonymous`: let in to listen, not to speak. */
  record({ type: z.literal('authenticated'), user: User, anonymous: z.boolean() }),
  /** send_message */
  Stored,
  /** send_batch: the messages of the batch, in order (relays and revocations have no result of their own). */
  record({ type: z.literal('batch_stored'), stored: z.array(Stored).readonly() }),
  /** join_group: `attending` is everybody present through any dialect, once, the joiner included. */
  record({ type: z.literal('joined'), group: Group, user: User, attending: z.array(User).readonly() }),
  /** leave_group */
  record({ type: z.literal('left'), group: Group, user: User }),
  /** subscribe, unsubscribe */
  record({ type: z.literal('subscribed'), target: Destination }),
  record({ type: z.literal('unsubscribed'), target: Destination }),
  /** list_users */
  record({
    type: z.literal('users'),
    group: Group,
    online: z.array(User).readonly(),
    offline: z.array(User).readonly(),
  }),
  /** sync: the replay is complete; `count` messages were delivered. */
  record({ type: z.literal('synced'), target: Target.optional(), count: z.int().nonnegative() }),
  /** revoke_message, mark_read, settle_delivery, relay, report_error, disconnect */
  record({ type: z.literal('done') }),
]);
export type Result = z.infer<typeof Result>;
export type ResultOf<Type extends Result['type']> = Extract<Result, { readonly type: Type }>;
