/** The endpoint's options of this dialect; PROTOCOL.md describes each. */
import { z } from 'zod';
import { Id } from '../../schemas/model.ts';
import { isTimeZone } from './local-time.ts';

export const Options = z.strictObject({
  variant: z
    .enum(['ourchat', 'ourchat_2'])
    .default('ourchat')
    .describe(
      'The form that the clients speak: `ourchat` (CHAT, fromUserId, toUserId) or `ourchat_2` (chat, senderId, receiverId).',
    ),
  lobby: Id.default('lobby').describe('The group that a message without a recipient goes to.'),
  lobbyAttendance: z
    .enum(['members', 'everyone'])
    .default('members')
    .describe('Who is in the lobby: its members only, or everyone who logs in here and whom it admits.'),
  timeZone: z
    .string()
    .refine(isTimeZone, 'must be an IANA time zone, such as Asia/Shanghai or UTC')
    .default('Asia/Shanghai')
    .describe('The zone of `createTime`, which names none. `ourchat_2` has epoch milliseconds instead.'),
  offline: z
    .enum(['store', 'refuse'])
    .default('store')
    .describe(
      'A private message to a user who is offline: kept and replayed at the next login, or refused with ERROR 1001.',
    ),
  rosterIntervalMs: z
    .int()
    .min(0)
    .max(3_600_000)
    .default(500)
    .describe('At most one user list per connection in this time, in milliseconds.'),
});
export type Options = z.infer<typeof Options>;
export type Variant = Options['variant'];
