/** Hooks: what the business backend is asked or told about while clients talk. */
import { z } from 'zod';
import { Id } from '../model.ts';
import {
  allowPrivate,
  answerSize,
  backoff,
  breaker,
  concurrency,
  HttpUrl,
  retries,
  SigningSecret,
} from './outbound.ts';
import { count, duration, size } from './units.ts';

/** Asked before a message is stored; told after it was; told when a user comes online or goes offline. */
export const HOOK_EVENTS = ['before_message', 'after_message', 'presence'] as const;
export type HookEvent = (typeof HOOK_EVENTS)[number];

const EXPECTED_EVENT =
  'expected "before_message", "after_message" or "presence"; about logins an authenticator with "type: http" asks';

const Hook = z
  .strictObject({
    url: HttpUrl.describe(
      'Asked and told by POST with {type, timestamp, attempt, data}. Redirects are not followed.',
    ),
    events: z
      .array(z.enum(HOOK_EVENTS, { error: EXPECTED_EVENT }))
      .min(1)
      .max(HOOK_EVENTS.length)
      .readonly()
      .describe(
        '`before_message`: asked before a message is stored; may refuse or change it. `after_message`: told of each stored message. `presence`: told when a user comes online or goes offline.',
      ),
    secret: SigningSecret.describe(
      'Signs each request (Standard Webhooks): `whsec_` and base64, or text of at least 24 bytes; a list signs with each of them, to change it without a gap. Take it from the environment.',
    ),
    onFailure: z
      .enum(['open', 'closed'])
      .exactOptional()
      .describe(
        'What becomes of a message when nobody gives a usable answer in time: `open` lets it pass, `closed` refuses it (upstream_unavailable). Required with `before_message`, there is no default.',
      ),
    endpoints: z
      .array(z.string().min(1))
      .min(1)
      .readonly()
      .exactOptional()
      .describe('Paths of the endpoints that it is for; by default all.'),
    namespaces: z
      .array(Id)
      .min(1)
      .readonly()
      .exactOptional()
      .describe('Namespaces that it is for; by default all.'),
    timeout: duration({ min: '10ms', max: '1min' }).prefault('2s').describe('How long one attempt may take.'),
    deadline: duration({ min: '10ms', max: '5min' })
      .prefault('5s')
      .describe(
        'How long a message may wait for its answer: waiting for a turn, all attempts and the pauses between them.',
      ),
    retries: retries.default(1).describe('Further attempts of a question, as far as the deadline allows.'),
    backoff,
    breaker,
    concurrency,
    waiting: count({ min: 0, max: 1_000_000 })
      .default(1024)
      .describe('Questions that wait for their turn. Further ones fail at once, and `onFailure` decides.'),
    maxBytes: answerSize.prefault('128KiB').describe('Largest answer accepted.'),
    queue: z
      .strictObject({
        entries: count({ min: 1, max: 10_000_000 }).default(10_000).describe('Notifications that wait.'),
        bytes: size({ min: '1KiB', max: '4GiB' }).prefault('64MiB').describe('Their size in bytes.'),
      })
      .readonly()
      .prefault({})
      .describe(
        'What is to be told and is not told yet. Over it the oldest are dropped, counted and logged.',
      ),
    keep: duration({ min: '0ms', max: '7 days' })
      .prefault('1h')
      .describe('How long a notification is tried again before it is given up, counted and logged.'),
    drain: duration({ min: '0ms', max: '5min' })
      .prefault('5s')
      .describe('How long a gateway that stops goes on telling what still waits.'),
    allowPrivate,
  })
  .readonly();
export type HookConfig = z.infer<typeof Hook>;

const EXPECTED_NAME = 'expected a name of letters, digits, - and _ that starts with a letter';
const Name = z.string().regex(/^[A-Za-z][\w-]{0,63}$/, { error: EXPECTED_NAME });

export const Hooks = z
  .record(Name, Hook)
  .readonly()
  .prefault({})
  .describe(
    'Servers of the business that are asked or told about messages and presence, by a name of your choice. Several for one event are asked in this order.',
  );
