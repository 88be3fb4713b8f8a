/** The endpoint's options of this dialect; PROTOCOL.md describes each. */
import { z } from 'zod';
import { Id } from '../../schemas/model.ts';
import { templateFault } from './broker-places.ts';
import { patternFault } from './destinations.ts';

const Interval = z
  .int()
  .max(3_600_000)
  .refine((value) => value === 0 || value >= 100, 'must be 0 (none) or at least 100');

const DestinationOption = z.strictObject({
  pattern: z
    .string()
    .max(256)
    .superRefine((pattern, context) => {
      const message = patternFault(pattern);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .describe(
      'A destination; `{name}` stands for one or more characters of one segment, e.g. /topic/{name}.',
    ),
  kind: z
    .enum(['topic', 'queue'])
    .describe('topic: each subscription gets a copy. queue: each entry goes to one consumer and is kept.'),
  send: z.enum(['anyone', 'nobody']).default('anyone').describe('Who may SEND to it.'),
  subscribe: z.enum(['anyone', 'nobody']).default('anyone').describe('Who may SUBSCRIBE to it.'),
  users: z.array(Id).optional().describe('Narrows `anyone` to these users.'),
});
export type DestinationOption = z.infer<typeof DestinationOption>;

const ChatTemplate = z
  .string()
  .max(200)
  .refine((template) => templateFault(template) === undefined, {
    error: ({ input }) => templateFault(String(input)) ?? '',
  });

export const Options = z.strictObject({
  appId: z
    .string()
    .min(1)
    .max(256)
    .nullable()
    .default(null)
    .describe('The only `appId` (or `appKey`) that bodies may name; null: any.'),
  autoSubscribe: z
    .boolean()
    .default(false)
    .describe('Deliver /user/queue/messages as `subscription:auto` until the client subscribes to it.'),
  destinations: z
    .array(DestinationOption)
    .max(1000)
    .default([])
    .describe('Further destinations, relayed whole. The first pattern that fits decides.'),
  tokenHeaders: z
    .array(z.string().min(1).max(64))
    .max(16)
    .default(['token', 'userSig', 'im_jwt'])
    .describe('Headers of CONNECT that carry a token, besides Authorization.'),
  heartBeat: z
    .strictObject({
      outgoingMs: Interval.default(10_000).describe('How often we can send one, in milliseconds; 0: never.'),
      incomingMs: Interval.default(10_000).describe('How often we want one, in milliseconds; 0: never.'),
    })
    .prefault({})
    .describe('What is offered; a peer that asks for shorter intervals is given them, down to 100 ms.'),
  limits: z
    .strictObject({
      headers: z.int().min(4).max(1000).default(32).describe('Headers in a frame.'),
      headerBytes: z.int().min(256).max(65_536).default(4096).describe('Bytes in a header line.'),
      commandBytes: z.int().min(16).max(256).default(32).describe('Bytes in a command.'),
      subscriptions: z.int().min(1).max(100_000).default(1000).describe('Subscriptions of a connection.'),
      unacked: z
        .int()
        .min(1)
        .max(100_000)
        .default(1000)
        .describe('Deliveries of a connection that wait for its ACK; beyond, it is a slow consumer.'),
      transactions: z.int().min(1).max(1000).default(16).describe('Open transactions of a connection.'),
      transactionFrames: z.int().min(1).max(10_000).default(100).describe('Frames in a transaction.'),
      transactionBytes: z
        .int()
        .min(1024)
        .max(67_108_864)
        .default(1_048_576)
        .describe('Bytes in the open transactions of a connection: headers and bodies.'),
    })
    .prefault({})
    .describe('Bounds of one connection.'),
  frameTimeoutMs: z
    .int()
    .min(1000)
    .max(3_600_000)
    .default(10_000)
    .describe(
      'A frame that has begun must go on within this time, in milliseconds; checked at this interval.',
    ),
  assumeEndOfMessage: z
    .boolean()
    .default(false)
    .describe('The end of a wire message ends a frame whose NUL was cut off (some React Native versions).'),
  upstream: z
    .strictObject({
      chat: z
        .boolean()
        .default(true)
        .describe('Client face: the server has the chat destinations; false: a general broker.'),
      receipts: z
        .boolean()
        .default(true)
        .describe(
          'Client face: the server answers receipts; false (a Spring simple broker): settle at once.',
        ),
      host: z.string().max(256).default('/').describe('Client face: the `host` of CONNECT.'),
      acknowledge: z
        .enum(['auto', 'client-individual'])
        .default('auto')
        .describe('Client face: ack mode of chat subscriptions; queues are always client-individual.'),
      groups: ChatTemplate.nullable()
        .default(null)
        .describe(
          'Client face at a general broker: where a group lives, e.g. /topic/group.{id}; null: there are none.',
        ),
      users: ChatTemplate.nullable()
        .default(null)
        .describe(
          'Client face at a general broker: where a user gets direct messages, e.g. /queue/user.{id}; null: there are none.',
        ),
    })
    .refine(({ chat, groups, users }) => !chat || (groups === null && users === null), {
      error: 'groups and users are for a general broker: set chat to false',
    })
    .prefault({})
    .describe('How we speak as a client of a STOMP server.'),
});
export type Options = z.infer<typeof Options>;
