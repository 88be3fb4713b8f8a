/** The business backend's door: whose keys open it, where it is, and what bounds it. */
import { z } from 'zod';
import { Id, MAX_ID_LENGTH } from '../model.ts';
import { DEFAULT_NAMESPACE } from './directory.ts';
import { count, duration, size } from './units.ts';

/** Shortest secret of a key, in bytes: what a generator of passwords or `openssl rand -hex 16` gives. */
export const MIN_API_SECRET_BYTES = 32;

/** What a key may be used for. */
export const API_SCOPES = [
  'events:publish',
  'messages:send',
  'users:read',
  'users:write',
  'groups:read',
  'groups:write',
  'connections:read',
  'connections:write',
  'history:read',
  'losses:read',
  'admin:reload',
] as const;
export const ApiScope = z.enum(API_SCOPES);
export type ApiScope = z.infer<typeof ApiScope>;

const EXPECTED_NAME = 'expected a name of letters, digits, - and _ that starts with a letter';

const Key = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z][\w-]{0,63}$/, { error: EXPECTED_NAME })
      .describe('Its name in logs and metrics.'),
    secret: z
      .string()
      .max(1024)
      .regex(/^[\x21-\x7e]*$/, { error: 'must be visible ASCII characters, as a header takes them' })
      .refine((value) => value.length >= MIN_API_SECRET_BYTES, {
        error: `is too short: a key needs at least ${MIN_API_SECRET_BYTES} characters`,
      })
      .describe(
        'What `Authorization: Bearer` has to carry, at least 32 characters. Take it from the environment.',
      ),
    scopes: z
      .array(ApiScope)
      .min(1, { error: 'expected at least one scope' })
      .readonly()
      .describe('What it may be used for; nothing else.'),
    namespaces: z
      .union([z.literal('*'), z.array(Id).min(1).readonly()], {
        error: 'expected a list of namespaces, or "*" for all of them',
      })
      .prefault([DEFAULT_NAMESPACE])
      .describe('The namespaces in which it may be used, or "*": all of them.'),
  })
  .readonly();
export type ApiKeyConfig = z.infer<typeof Key>;

const ApiLimits = z
  .strictObject({
    body: size({ min: '1KiB', max: '16MiB' })
      .prefault('256KiB')
      .describe('Largest body of a request. A larger one is refused with 413.'),
    rate: z
      .strictObject({
        perSecond: count({ min: 1, max: 1_000_000 })
          .default(100)
          .describe('Requests a second that a key may make in the long run.'),
        burst: count({ min: 1, max: 1_000_000 })
          .default(200)
          .describe('Requests that it may make at once after a pause.'),
      })
      .readonly()
      .prefault({})
      .describe('How often a key may be used. More is refused with 429 and `Retry-After`.'),
    idempotency: z
      .strictObject({
        window: duration({ min: '1s', max: '30 days' })
          .prefault('24h')
          .describe('How long the answer to an `Idempotency-Key` is remembered, in memory.'),
        entries: count({ min: 1, max: 10_000_000 })
          .default(10_000)
          .describe('Answers remembered; beyond it the oldest is forgotten, which is counted.'),
        bytes: size({ min: '64KiB', max: '16GiB' })
          .prefault('16MiB')
          .describe('Their size; beyond it the oldest is forgotten, which is counted.'),
      })
      .readonly()
      .prefault({})
      .describe('A request that comes again under the same `Idempotency-Key` gets the same answer again.'),
    page: count({ min: 1, max: 10_000 })
      .default(200)
      .describe('Most entries of a page of any list. Who asks for more gets this many.'),
  })
  .readonly();
export type ApiLimits = z.infer<typeof ApiLimits>;

export const Api = z
  .strictObject({
    keys: z
      .array(Key)
      .max(1000)
      .readonly()
      .prefault([])
      .describe('Who may use the API. Without a key there is no API.'),
    listen: z
      .strictObject({
        host: z
          .string()
          .min(1)
          .default('127.0.0.1')
          .describe('Address to listen on, as in the top-level `listen`.'),
        port: count({ min: 0, max: 65_535 }).describe('TCP port; 0 takes a free one.'),
      })
      .readonly()
      .exactOptional()
      .describe(
        "Serve the API here and not beside the endpoints, so that clients' networks can not reach it. It speaks https if the top-level `listen` does, with the same certificate.",
      ),
    system: z
      .strictObject({
        id: Id.default('system').describe('Its user id. Nobody may log in under it.'),
        name: z.string().max(MAX_ID_LENGTH).default('System').describe('What clients show.'),
        avatar: z.string().max(4096).exactOptional().describe('URL or path of a picture.'),
      })
      .readonly()
      .prefault({})
      .describe('Who a message is from that is sent in the name of no user.'),
    limits: ApiLimits.prefault({}).describe('Bounds of the API.'),
  })
  .readonly();
export type ApiConfig = z.infer<typeof Api>;
