/** Options of a `socket` endpoint. Each is a decision of ours; PROTOCOL.md has the reasons. */
import { z } from 'zod';
import { PLACEHOLDER } from './channels.ts';

const Pattern = z.strictObject({
  pattern: z
    .string()
    .min(1)
    .max(256)
    .refine(
      (pattern) => pattern.split(PLACEHOLDER).length === 2,
      `must contain ${PLACEHOLDER} exactly once, as in "group:${PLACEHOLDER}"`,
    )
    .describe('Channel names of this form, with {id} for the id of the user or group.'),
  target: z.enum(['user', 'group']).describe('What the id names: a user (its own inbox) or a group.'),
});

/** Longest timer, in ms: a day. */
const Duration = z.int().min(1).max(86_400_000);
const Seconds = z.int().min(1).max(86_400);

export const SocketOptions = z.strictObject({
  channels: z
    .array(Pattern)
    .max(64)
    .default([
      { pattern: 'user:{id}', target: 'user' },
      { pattern: 'group:{id}', target: 'group' },
      { pattern: 'private-group:{id}', target: 'group' },
    ])
    .describe(
      'Which channel names stand for users and groups; the first match wins. Any other name is an open group.',
    ),
  channelKeys: z
    .record(z.string().min(1).max(256), z.string().min(1))
    .default({})
    .describe(
      'Keys that sign `auth` of private channels: name to secret. Several for rotation; none: private channels are refused.',
    ),
  maxChannels: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(1000)
    .describe('How many channels beyond the patterns may exist on this endpoint at a time.'),
  maxSubscriptions: z
    .int()
    .min(1)
    .max(100_000)
    .default(2000)
    .describe('How many channels one connection may be subscribed to.'),
  clientEvents: z
    .boolean()
    .default(true)
    .describe(
      'Whether clients may publish events of their own (`typing`, ...) to channels that they are subscribed to.',
    ),
  echoChannel: z
    .boolean()
    .default(false)
    .describe('Adds `data.channel` to the answers to subscribe and unsubscribe.'),
  heartIntervalSeconds: Seconds.default(30).describe(
    'Announced in `socket:connected`: how often the client should ping, in seconds.',
  ),
  heartTimeoutSeconds: Seconds.default(25).describe(
    'Announced in `socket:connected`: how long the client should wait for a pong, in seconds.',
  ),
  serverPing: z
    .boolean()
    .default(false)
    .describe(
      'Whether the server sends `socket:ping` and closes connections that do not answer with `socket:pong`.',
    ),
  pingIntervalMs: Duration.default(30_000).describe('Time between pings of the server, in ms.'),
  pongTimeoutMs: Duration.default(25_000).describe(
    'Time that a client has to answer a ping of the server, in ms.',
  ),
});
export type SocketOptions = z.infer<typeof SocketOptions>;
