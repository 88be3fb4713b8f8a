/** Messages and their history, as the HTTP API has them. */
import { z } from 'zod';
import { Attachment, Extensions, Id, Message, record, Target } from '../model.ts';
import { decimal, limit, named } from './common.ts';

named('Message', Message);
named('Target', Target);

export const SendMessage = named(
  'SendMessage',
  record({
    from: Id.optional().describe(
      "The user in whose name it is sent, bound by the same mutes, blocks and memberships; without it, the message is the system's, which nothing binds.",
    ),
    to: Target,
    content: z.string().min(1).describe('At most `limits.content` code points.'),
    contentType: z.string().min(1).max(64).default('text').describe('`text`, `image`, or any other word.'),
    clientId: Id.optional().describe(
      "The sender's own id: sent again under it within `limits.deduplication.window`, the message is acknowledged and not stored twice. This survives a restart.",
    ),
    replyTo: Id.optional().describe('A message of the same conversation.'),
    attachment: Attachment.optional(),
    extensions: Extensions.optional(),
  }),
);

export const SentMessage = named(
  'SentMessage',
  record({
    message: Message,
    duplicate: z.boolean().describe('It was stored before under its `clientId`; nothing new was sent.'),
  }),
);

export const HistoryQuery = z.strictObject({
  before: decimal(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe(
      'Only messages with a lower `sequence`: the `next` of the page before. Without it: the newest.',
    ),
  limit,
});

export const HistoryPage = named(
  'HistoryPage',
  record({
    messages: z.array(Message).readonly().describe('Oldest first. Revoked ones are left out.'),
    next: z
      .int()
      .positive()
      .optional()
      .describe('Give it as `before` for the older messages. Absent: there are none.'),
  }),
);
export type HistoryPage = z.infer<typeof HistoryPage>;
