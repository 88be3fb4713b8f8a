/** One endpoint: a path, the dialect spoken there, and how its connections are treated. */
import { z } from 'zod';
import { Id } from '../model.ts';
import { DEFAULT_NAMESPACE } from './directory.ts';
import { LimitOverrides } from './limits.ts';
import { count, duration, size, writeDuration } from './units.ts';
import type { upstreamSchema } from './upstream.ts';

/** What the configuration needs to know of a dialect; every registered dialect fits. */
export interface ConfigDialect {
  readonly id: string;
  readonly title: string;
  readonly options: z.ZodType<unknown>;
  readonly defaults: {
    readonly locale: 'en' | 'zh-CN';
    readonly identity: 'string' | 'integer';
    readonly singleSession: boolean;
    readonly silenceMs: number | null;
    readonly closeCodes: CloseCodes;
  };
  /** Names the groups that an endpoint with these options needs. */
  policy?(options: unknown): {
    readonly attendAtLogin?: readonly string[];
    readonly groups?: readonly string[];
    readonly roster?: { readonly group: string };
  };
}

/** Why a connection may end, as far as an operator can choose the code; each with one sentence for editors. */
export const CLOSE_REASONS = {
  normal: 'The client or the gateway is done.',
  unauthenticated: 'No login in time, or a bad one.',
  replaced: 'The same user logged in elsewhere.',
  silence: 'Nothing was heard for too long.',
  token_expired: 'The token expired or was revoked while connected.',
  slow_consumer: 'The client reads too slowly.',
  protocol_error: 'A fault after which the dialect does not go on.',
  unsupported_data: 'A binary message where text is spoken, or the other way round.',
  invalid_payload: 'Text that is not UTF-8.',
  policy: 'The endpoint does not allow this connection.',
  too_large: 'A wire message over the limit.',
  internal: 'A fault of the gateway.',
  shutting_down: 'The gateway is shutting down.',
  upstream_unavailable: 'The server behind the gateway is gone.',
} as const;
type CloseReasonName = keyof typeof CLOSE_REASONS;
export type CloseCodes = Readonly<Partial<Record<CloseReasonName, number>>>;

/** The codes that a server may send: RFC 6455, section 7.4, and the registry's 1012 to 1014. */
const CLOSE_CODE_RANGES = [
  [1000, 1003],
  [1007, 1014],
  [3000, 4999],
] as const;
const EXPECTED_CLOSE_CODE = 'expected a close code: 1000 to 1003, 1007 to 1014, or 3000 to 4999';

const CloseCode = z
  .int({ error: EXPECTED_CLOSE_CODE })
  .refine((code) => CLOSE_CODE_RANGES.some(([first, last]) => code >= first && code <= last), {
    error: EXPECTED_CLOSE_CODE,
  })
  .meta({ anyOf: CLOSE_CODE_RANGES.map(([minimum, maximum]) => ({ minimum, maximum })) });

const EXPECTED_PATH =
  'expected a path such as "/ws/chat": it starts with /, has no / at its end, no query, and only letters, digits and - . _ ~';
const Path = z
  .string({ error: EXPECTED_PATH })
  .max(256, { error: EXPECTED_PATH })
  .regex(/^(?:\/|(?:\/[A-Za-z0-9._~-]+)+)$/, { error: EXPECTED_PATH })
  .describe('Where clients connect.');

const EXPECTED_AUTH = 'expected "none", "upstream", the name of an authenticator, or a list of such names';
const Auth = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1).readonly()], { error: EXPECTED_AUTH })
  .transform((value) => {
    if (value === 'none' || value === 'upstream') return value;
    return typeof value === 'string' ? Object.freeze([value]) : value;
  })
  .describe(
    'Authenticators by name, tried in this order; or "none": anybody is whoever they claim to be, in a namespace of their own; or "upstream": the server behind decides.',
  );

const EXPECTED_IDENTITY = 'expected "string", "integer" or {prefix: text}';
const identity = z.union(
  [
    z.literal(['string', 'integer']),
    z
      .strictObject({
        prefix: z.string().min(1).max(64).describe('Put before a wire id, cut from a user id.'),
      })
      .readonly(),
  ],
  { error: EXPECTED_IDENTITY },
);

const EXPECTED_ORIGIN = 'expected an origin such as "https://chat.example.com": scheme, host and port only';
const Origin = z.string().transform((value, context) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url !== undefined && url.origin !== 'null' && url.href === `${url.origin}/`) return url.origin;
  context.addIssue({ code: 'custom', message: EXPECTED_ORIGIN });
  return z.NEVER;
});
const Origins = z
  .union([z.literal(['same', '*']), z.array(Origin).min(1).readonly()], {
    error: 'expected "same", "*" or a list of origins such as ["https://chat.example.com"]',
  })
  .prefault('same')
  .describe(
    'Pages that may connect: "same" (the host that the request names), "*" (any) or a list. Programs that are no browser send no Origin and are always allowed.',
  );

const Sockjs = z
  .strictObject({
    heartbeat: duration({ min: '1s', max: '1h' })
      .prefault('25s')
      .describe('Time between the `h` frames that keep proxies from closing an idle connection.'),
    disconnectDelay: duration({ min: '100ms', max: '10min' })
      .prefault('5s')
      .describe('How long a session outlives its last receiving request.'),
    responseLimit: size({ min: '4KiB', max: '64MiB' })
      .prefault('128KiB')
      .describe('Bytes of one streaming response, after which the client opens the next.'),
    sessions: count({ min: 1, max: 10_000_000 })
      .default(10_000)
      .describe('Sessions over HTTP at a time. Further ones are refused.'),
  })
  .readonly();
export type SockjsConfig = z.infer<typeof Sockjs>;

const EXPECTED_KEY = 'expected 32 bytes as base64, such as `openssl rand -base64 32` prints';
const Encryption = z
  .strictObject({
    keys: z
      .record(
        z.string().regex(/^(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])$/, {
          error: 'expected a key id from 0 to 255',
        }),
        z
          .string({ error: EXPECTED_KEY })
          .regex(/^[A-Za-z0-9+/]{43}=$/, { error: EXPECTED_KEY })
          .describe('The key: 32 bytes as base64. Take it from the environment.'),
      )
      .readonly()
      .describe('Keys by their id, 0 to 255: several while clients move from one to the next.'),
    active: count({ min: 0, max: 255 }).describe(
      'Id of the key for clients that have not sent anything yet; others are answered under the key that they used last.',
    ),
  })
  .refine(({ keys, active }) => Object.hasOwn(keys, String(active)), {
    path: ['active'],
    error: 'expected the id of one of `keys`',
  })
  .readonly();

/** What an endpoint has whatever its dialect. Durations are ms, sizes bytes. */
const commonShape = {
  namespace: Id.default(DEFAULT_NAMESPACE).describe(
    'Where its users and groups live. A namespace of its own if `auth: none`.',
  ),
  auth: Auth,
  anonymous: z
    .boolean()
    .default(false)
    .describe('Whether one may connect without a credential, to listen and not to speak.'),
  credentials: z
    .strictObject({
      query: z
        .array(z.string().min(1).max(64))
        .max(8)
        .readonly()
        .prefault(['token'])
        .describe('Query parameters of the URL that may hold a token.'),
      cookie: z
        .array(z.string().min(1).max(64))
        .max(8)
        .readonly()
        .prefault([])
        .describe('Cookies that may hold a token. Keep `origins` narrow where there is one.'),
    })
    .readonly()
    .prefault({})
    .describe('Where a connection may carry a token before its first frame.'),
  limits: LimitOverrides.prefault({}).describe('What differs from the top-level `limits` here.'),
  origins: Origins,
  sockjs: z
    .union([z.boolean(), Sockjs], { error: 'expected true, false or SockJS settings' })
    .transform((value) => (value === true ? Sockjs.parse({}) : value))
    .prefault(false)
    .describe('Serve SockJS at and below the path too: true, or an object of settings.'),
  closeCodes: z
    .strictObject(
      Object.fromEntries(
        Object.entries(CLOSE_REASONS).map(([reason, why]) => [
          reason,
          CloseCode.exactOptional().describe(why),
        ]),
      ) as Record<CloseReasonName, z.ZodExactOptional<typeof CloseCode>>,
    )
    .readonly()
    .prefault({})
    .describe("Close codes by reason, where they should differ from the dialect's."),
  encryption: Encryption.optional().describe(
    'Encrypts wire messages below the dialect (AES-256-GCM): base64 of key id, nonce, ciphertext and tag. Off by default.',
  ),
  flushInterval: duration({ min: '0ms', max: '1s' })
    .prefault('0ms')
    .describe('How long output is gathered before it is written: 0 is to the end of the event-loop turn.'),
  presenceInterval: z
    .strictObject({
      base: duration({ min: '0ms', max: '10s' }).prefault('50ms').describe('The least time.'),
      perThousand: duration({ min: '0ms', max: '10s' })
        .prefault('50ms')
        .describe('As much more for each thousand connections that had some news the last time.'),
    })
    .readonly()
    .prefault({})
    .describe(
      'How long news of who comes and goes is gathered before it is written, if a connection is told nothing else meanwhile.',
    ),
};

/** The schema of an endpoint that speaks one dialect, with that dialect's defaults. */
export function endpointSchema(dialect: ConfigDialect, upstream: ReturnType<typeof upstreamSchema>) {
  const { locale, silenceMs, singleSession } = dialect.defaults;
  const silence = z.union([z.literal('never'), duration({ min: '1s', max: '7 days' })], {
    error: 'expected a duration such as "90s", or "never"',
  });
  return z
    .strictObject({
      path: Path,
      dialect: z.literal(dialect.id).describe(dialect.title),
      ...commonShape,
      options: dialect.options.prefault({}).describe(`Settings of the dialect ${dialect.id}.`),
      upstream: upstream
        .exactOptional()
        .describe(
          'The server behind: each client gets a connection of its own to it. Without it, the gateway is the server.',
        ),
      identity: identity
        .default(dialect.defaults.identity)
        .describe(
          'User ids on the wire: "string" (as they are), "integer" (numbers, by a durable two-way map) or {prefix} (as they are after a prefix is cut).',
        ),
      singleSession: z
        .boolean()
        .default(singleSession)
        .describe(
          'Whether a second login of a user on this endpoint replaces the first. With `upstream` the server behind decides.',
        ),
      heartbeat: z
        .strictObject({
          ping: duration({ min: '100ms', max: '1h' })
            .prefault('30s')
            .describe('Time between WebSocket pings to a connection.'),
          pongTimeout: duration({ min: '100ms', max: '1h' })
            .prefault('30s')
            .describe('How long a pong may take before the connection is ended.'),
          confirm: duration({ min: '0ms', max: '1min' })
            .prefault('1s')
            .describe(
              'How long after an unconfirmed delivery a further ping asks whether it has arrived, or up to twice as long: not everybody is asked at once.',
            ),
          probe: duration({ min: '100ms', max: '1min' })
            .prefault('5s')
            .describe(
              'How long the connection that holds a place in a room has to show that it is alive when the same user joins again.',
            ),
          silence: silence
            .transform((value) => (value === 'never' ? null : value))
            .prefault(silenceMs === null ? 'never' : writeDuration(silenceMs))
            .describe(
              'How long a client may show no sign of life by the dialect\'s own rules, or "never" to end it.',
            ),
        })
        .readonly()
        .prefault({})
        .describe('How a dead connection is found.'),
      locale: z.enum(['en', 'zh-CN']).default(locale).describe('Language of error texts.'),
    })
    .readonly();
}

/** An endpoint as its schema gives it; `limits` and `closeCodes` still hold overrides only. */
export type ParsedEndpoint = z.infer<ReturnType<typeof endpointSchema>>;
