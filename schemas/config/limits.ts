/**
 * Every bound of the gateway: its name, its default and what happens at it. Those of a connection may be
 * set for all endpoints and again for each.
 */
import { z } from 'zod';
import { Admission } from './admission.ts';
import { count, duration, size } from './units.ts';

/** The least frame limit: enough for any dialect's login and heartbeat. */
const BYTES = { min: '1KiB', max: '64MiB' };

const frame = size(BYTES).describe(
  'Largest wire message or frame from a client, in bytes after reassembly. A larger one ends the connection with 1009.',
);
const content = count({ min: 1, max: 10_000_000 }).describe(
  'Longest content of a message, in code points. Longer ones are refused; outbound content is never cut.',
);
const inFlight = count({ min: 1, max: 100_000 }).describe(
  'Commands of one connection that wait for their outcome. At the limit the connection is not read further.',
);
const sendBuffer = size({ min: '4KiB', max: '1GiB' }).describe(
  'Bytes queued for a client that reads too slowly. Over it the connection is closed as a slow consumer (4008).',
);
const closeTimeout = duration({ min: '0ms', max: '10min' }).describe(
  "How long the gateway waits for a client's part of the closing handshake before it ends the socket.",
);
const connections = count({ min: 1, max: 10_000_000 }).describe(
  'Connections of the endpoint at a time. Further ones are refused with 1008.',
);
const held = count({ min: 1, max: 1_000_000 }).describe(
  'Live values held back for a connection while it logs in or while missed messages are replayed to it.',
);
const subscriptions = count({ min: 1, max: 1_000_000 }).describe(
  'Subscriptions and joined groups of one connection. Further ones are refused.',
);
const replayPage = count({ min: 1, max: 10_000 }).describe(
  'Missed messages read from the store at a time; the next page is read when the socket has drained.',
);

const beforeLogin = {
  bytes: size(BYTES).describe('Bytes that a connection may send before it has logged in.'),
  frames: count({ min: 1, max: 10_000 }).describe(
    'Frames that a connection may send before it has logged in.',
  ),
  deadline: duration({ min: '100ms', max: '1h' }).describe(
    'Time to log in, from the opening of the connection.',
  ),
};
const inbox = {
  messages: count({ min: 1, max: 1_000_000 }).describe(
    'Wire messages that wait to be handled. At the limit the socket is not read further.',
  ),
  bytes: size({ min: '1KiB', max: '1GiB' }).describe(
    'Bytes that wait to be handled. At the limit the socket is not read further.',
  ),
};
const rate = {
  perSecond: count({ min: 1, max: 1_000_000 }).describe(
    'Commands a second that a connection may send in the long run.',
  ),
  burst: count({ min: 1, max: 1_000_000 }).describe('Commands that it may send at once after a pause.'),
};

const WHAT = {
  beforeLogin: 'Bounds of a connection that has not logged in yet.',
  inbox: 'What a connection has sent and the gateway has not handled yet.',
  rate: 'How often a connection may send. More is refused (rate_limited), the connection stays open.',
};

const connectionLimits = {
  frame: frame.prefault('256KiB'),
  beforeLogin: z
    .strictObject({
      bytes: beforeLogin.bytes.prefault('8KiB'),
      frames: beforeLogin.frames.default(8),
      deadline: beforeLogin.deadline.prefault('10s'),
    })
    .readonly()
    .prefault({})
    .describe(WHAT.beforeLogin),
  content: content.default(10_000),
  inbox: z
    .strictObject({ messages: inbox.messages.default(256), bytes: inbox.bytes.prefault('1MiB') })
    .readonly()
    .prefault({})
    .describe(WHAT.inbox),
  inFlight: inFlight.default(256),
  sendBuffer: sendBuffer.prefault('1MiB'),
  closeTimeout: closeTimeout.prefault('5s'),
  rate: z
    .strictObject({ perSecond: rate.perSecond.default(50), burst: rate.burst.default(100) })
    .readonly()
    .prefault({})
    .describe(WHAT.rate),
  connections: connections.default(50_000),
  held: held.default(1000),
  subscriptions: subscriptions.default(2000),
  replayPage: replayPage.default(200),
};

/** Bounds of each connection of an endpoint. Sizes in bytes, durations in ms, `content` in code points. */
const ConnectionLimits = z.strictObject(connectionLimits).readonly();
export type ConnectionLimits = z.infer<typeof ConnectionLimits>;

/** Bounds of the whole gateway and, as defaults, of each endpoint's connections. */
export const Limits = z
  .strictObject({
    ...connectionLimits,
    backlog: z
      .strictObject({
        messages: count({ min: 1, max: 1_000_000_000 })
          .default(1_000_000)
          .describe('Undelivered direct messages of one user.'),
        bytes: size({ min: '64KiB', max: '1024TiB' }).prefault('1GiB').describe('Their size in bytes.'),
        age: duration({ min: '1min', max: '36500 days' })
          .prefault('30 days')
          .describe('How long a message is kept: undelivered direct ones, and the history of groups.'),
      })
      .readonly()
      .prefault({})
      .describe('What is kept for a user who is away. A message over it is refused; none is dropped.'),
    deduplication: z
      .strictObject({
        window: duration({ min: '1s', max: '36500 days' })
          .prefault('30 days')
          .describe("How long a sender's own message id is remembered."),
      })
      .readonly()
      .prefault({})
      .describe(
        'A message sent again under the same id within the window is acknowledged and not stored twice.',
      ),
    memory: size({ min: '4MiB', max: '1024TiB' })
      .prefault('256MiB')
      .describe(
        'What `store: memory` may take. At the limit the oldest messages go that nobody waits for; a message is refused where all wait to be delivered.',
      ),
    queue: z
      .strictObject({
        entries: count({ min: 1, max: 100_000_000 })
          .default(100_000)
          .describe('Entries of one queue. A sender over it is refused; none is dropped.'),
        names: count({ min: 1, max: 1_000_000 })
          .default(10_000)
          .describe('Queues with entries at a time, of all namespaces. A sender to one more is refused.'),
        prefetch: count({ min: 1, max: 100_000 })
          .default(100)
          .describe('Entries that one consumer may hold unacknowledged.'),
        ready: count({ min: 1, max: 100_000 })
          .default(1000)
          .describe('Entries of one queue held in memory at a time; the rest wait in the store.'),
        returned: count({ min: 0, max: 10_000_000 })
          .default(10_000)
          .describe(
            'Entries known to have been delivered before, of queues without a consumer now. Beyond it the oldest comes again without that mark, which is counted.',
          ),
      })
      .readonly()
      .prefault({})
      .describe('Queues: each entry goes to one consumer and is kept until it is acknowledged.'),
    admission: Admission.prefault({}).describe('Who may come in, by address and by user.'),
    guests: count({ min: 0, max: 10_000_000 })
      .default(100_000)
      .describe('Users at a time who are known by their connection only, not by `users`.'),
    guestIntegers: z
      .strictObject({
        keep: duration({ min: '1s', max: '365 days' })
          .prefault('1 day')
          .describe("How long an integer stays a guest's who has gone. Nobody else gets it meanwhile."),
        entries: count({ min: 1, max: 10_000_000 })
          .default(100_000)
          .describe(
            'Guests who have gone whose integers are remembered. Beyond it the oldest is forgotten, which is counted.',
          ),
      })
      .readonly()
      .prefault({})
      .describe(
        'Integers of guests where a dialect shows integers for ids: those of users that are known are for good.',
      ),
  })
  .readonly();
export type Limits = z.infer<typeof Limits>;

/** What an endpoint may set differently; what it leaves out comes from the top-level `limits`. */
export const LimitOverrides = z
  .strictObject({
    frame,
    beforeLogin: z.strictObject(beforeLogin).partial().readonly().describe(WHAT.beforeLogin),
    content,
    inbox: z.strictObject(inbox).partial().readonly().describe(WHAT.inbox),
    inFlight,
    sendBuffer,
    closeTimeout,
    rate: z.strictObject(rate).partial().readonly().describe(WHAT.rate),
    connections,
    held,
    subscriptions,
    replayPage,
  })
  .partial()
  .readonly();
type LimitOverrides = z.infer<typeof LimitOverrides>;

/** The limits of an endpoint: its own where it has them, else those of the gateway. */
export function endpointLimits(general: Limits, own: LimitOverrides): ConnectionLimits {
  const {
    admission: _admission,
    backlog: _backlog,
    deduplication: _window,
    guests: _guests,
    memory: _memory,
    guestIntegers: _guestIntegers,
    queue: _queue,
    ...shared
  } = general;
  const { beforeLogin: ownBeforeLogin, inbox: ownInbox, rate: ownRate, ...rest } = own;
  return Object.freeze({
    ...shared,
    ...defined(rest),
    beforeLogin: Object.freeze({ ...shared.beforeLogin, ...defined(ownBeforeLogin ?? {}) }),
    inbox: Object.freeze({ ...shared.inbox, ...defined(ownInbox ?? {}) }),
    rate: Object.freeze({ ...shared.rate, ...defined(ownRate ?? {}) }),
  });
}

type Defined<Value> = { [Key in keyof Value]?: Exclude<Value[Key], undefined> };

function defined<Value extends object>(value: Value): Defined<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Defined<Value>;
}
