/** The server behind an endpoint: where it is, what it speaks, how clients are logged in there, and every bound. */
import { z } from 'zod';
import { Id } from '../model.ts';
import type { ConfigDialect } from './endpoint.ts';
import {
  allowPrivate,
  answerSize,
  backoff,
  bearer,
  breaker,
  concurrency,
  HttpUrl,
  retries,
  secretLikeHooks,
} from './outbound.ts';
import { count, duration, size, writeDuration } from './units.ts';

/** Words in braces that a template may use, each for a value of the client's login. */
export const TEMPLATE_WORDS = ['user', 'name', 'avatar', 'token'] as const;
export type TemplateWord = (typeof TEMPLATE_WORDS)[number];

const PLACEHOLDER = /\{([^{}]*)\}/g;

/** The words in braces of a template, and whether all of them may be there. */
const wordsOf = (template: string): readonly string[] =>
  [...template.matchAll(PLACEHOLDER)].map(([, word]) => word ?? '');
const knownWords = (template: string): boolean =>
  wordsOf(template).every((word) => (TEMPLATE_WORDS as readonly string[]).includes(word));

const WRONG_WORD = `uses a word in braces that is not known; there are ${TEMPLATE_WORDS.map((word) => `{${word}}`).join(', ')}`;
const WRONG_URL =
  'must be a URL such as "wss://chat.example.com/ws?user={user}": ws or wss, no user and no # in it, and no braces before its path';

/** The host is the configuration's alone: a template begins after it. */
function isUpstreamUrl(template: string): boolean {
  const path = template.indexOf('/', template.indexOf('://') + 3);
  const origin = path < 0 ? template : template.slice(0, path);
  if (/[{}?#@\\]/.test(origin) || template.includes('#')) return false;
  if (!URL.canParse(template)) return false;
  const { protocol, username, password } = new URL(template);
  return (protocol === 'ws:' || protocol === 'wss:') && username === '' && password === '';
}

const Template = z.string().max(8192).refine(knownWords, { error: WRONG_WORD });

const Exchange = z
  .strictObject({
    url: HttpUrl.describe(
      'Asked by POST with {credential, user, endpoint}; 200 with {token} or {login, passcode} gives what to log in with, 401 and 403 refuse the login.',
    ),
    bearer,
    secret: secretLikeHooks,
    timeout: duration({ min: '10ms', max: '1min' }).prefault('5s').describe('How long one attempt may take.'),
    retries: retries.default(1).describe('Further attempts when the first gets no usable answer.'),
    backoff,
    breaker,
    maxBytes: answerSize.prefault('16KiB').describe('Largest answer accepted.'),
    concurrency,
    waiting: count({ min: 0, max: 1_000_000 })
      .default(1024)
      .describe('Logins that wait for their turn. Further ones fail at once.'),
    allowPrivate,
  })
  .readonly();

const EXPECTED_AUTH =
  'expected "pass", "claim", "none", {token: text}, {login: text, passcode: text} or {exchange: {url: …}}';
const UpstreamAuth = z
  .union(
    [
      z.literal(['pass', 'claim', 'none']),
      z
        .strictObject({ token: Template.min(1).describe('A service token, or a template with {user}.') })
        .readonly(),
      z
        .strictObject({
          login: Template.min(1).describe('Login name of a service account, or a template with {user}.'),
          passcode: Template.describe('Its passcode. Take it from the environment.'),
        })
        .readonly(),
      z.strictObject({ exchange: Exchange.describe('A backend that gives the credential.') }).readonly(),
    ],
    { error: EXPECTED_AUTH },
  )
  .default('pass')
  .describe(
    'How a client is logged in there: "pass" (with what it showed here), "claim" (by its user id, where nobody checks), "none", a token or a login and passcode (a service account, or templates), or an exchange.',
  );

const heartbeat = (dialect: ConfigDialect) => {
  const { silenceMs } = dialect.defaults;
  return z
    .strictObject({
      ping: duration({ min: '100ms', max: '1h' })
        .prefault('30s')
        .describe('Time between WebSocket pings to the server.'),
      pongTimeout: duration({ min: '100ms', max: '1h' })
        .prefault('30s')
        .describe('How long its pong may take before the connection is given up.'),
      silence: z
        .union([z.literal('never'), duration({ min: '1s', max: '7 days' })], {
          error: 'expected a duration such as "90s", or "never"',
        })
        .transform((value) => (value === 'never' ? null : value))
        .prefault(silenceMs === null ? 'never' : writeDuration(silenceMs))
        .describe('How long the server may show no sign of life by the dialect\'s own rules, or "never".'),
    })
    .readonly()
    .prefault({})
    .describe('How a dead server is found.');
};

const common = {
  url: z
    .string()
    .max(8192)
    .refine(isUpstreamUrl, { error: WRONG_URL })
    .refine(knownWords, { error: WRONG_WORD })
    .describe(
      "Where the server is. {user}, {name}, {avatar} and {token} in path and query stand for the client's own, escaped.",
    ),
  auth: UpstreamAuth,
  tokenParameter: z
    .union([z.literal('none'), z.string().min(1).max(64)])
    .default('token')
    .describe(
      'Query parameter for the token where the dialect has its token in the URL; "none": the url or a header has a place for it.',
    ),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/, { error: 'expected the name of a header' }), Template)
    .readonly()
    .prefault({})
    .describe('Headers of the handshake, as templates: `Origin`, say, or `Authorization: Bearer {token}`.'),
  identity: z
    .union(
      [
        z.literal(['string', 'integer']),
        z
          .strictObject({
            prefix: z.string().min(1).max(64).describe('Put before a wire id, cut from a user id.'),
          })
          .readonly(),
      ],
      { error: 'expected "string", "integer" or {prefix: text}' },
    )
    .default('string')
    .describe(
      'How its user ids become ours: "string" (as they are on its wire), "integer" (by the map of this namespace) or {prefix}.',
    ),
  attend: z
    .array(Id)
    .max(1000)
    .readonly()
    .prefault([])
    .describe(
      'Groups that are joined there at login, for clients whose dialect joins none and a server whose dialect wants it.',
    ),
  connectTimeout: duration({ min: '10ms', max: '5min' })
    .prefault('5s')
    .describe('How long opening the connection may take.'),
  loginTimeout: duration({ min: '10ms', max: '5min' })
    .prefault('10s')
    .describe('How long the server may take from there until it has let the client in.'),
  answerTimeout: duration({ min: '10ms', max: '1h' })
    .prefault('15s')
    .describe('How long the server may take to answer a command.'),
  reconnect: z
    .strictObject({
      min: duration({ min: '1ms', max: '1min' }).prefault('250ms').describe('Most before the first try.'),
      max: duration({ min: '1ms', max: '1h' })
        .prefault('10s')
        .describe('Most between tries, which double up to it. Each is random between nothing and that.'),
      giveUpAfter: duration({ min: '0ms', max: '7 days' })
        .prefault('1min')
        .describe('How long a client is kept while its server is gone; 0: not at all.'),
    })
    .readonly()
    .prefault({})
    .describe('What happens when the server goes while the client stays.'),
  spool: z
    .strictObject({
      commands: count({ min: 0, max: 100_000 }).default(100).describe('Commands of one client.'),
      bytes: size({ min: '0B', max: '1GiB' }).prefault('256KiB').describe('Their size, about.'),
      age: duration({ min: '1ms', max: '7 days' }).prefault('30s').describe('How long one waits.'),
    })
    .readonly()
    .prefault({})
    .describe('What waits while the server is gone. Over it, commands are refused; none is dropped.'),
  resend: z
    .boolean()
    .default(false)
    .describe(
      "Send a message again whose answer was lost with the connection. Only for servers that know a message again by its sender's own id; otherwise the client is told that it may or may not have arrived.",
    ),
  breaker: z
    .strictObject({
      failures: count({ min: 1, max: 1_000_000 })
        .default(5)
        .describe('Failed connections in a row, of all clients, after which none is tried.'),
      openFor: duration({ min: '10ms', max: '1h' })
        .prefault('10s')
        .describe('How long, before one client tries again for all.'),
    })
    .readonly()
    .prefault({})
    .describe('Spares a server that is down, and its clients the wait.'),
  limits: z
    .strictObject({
      frame: size({ min: '1KiB', max: '64MiB' })
        .prefault('1MiB')
        .describe('Largest wire message from the server. A larger one ends the connection to it.'),
      buffer: size({ min: '4KiB', max: '1GiB' })
        .prefault('256KiB')
        .describe('Bytes queued for the server. Over it the client is not read further.'),
      inFlight: count({ min: 1, max: 100_000 })
        .default(256)
        .describe(
          'Commands without an answer, and deliveries without a confirmation. At the limit the other side is not read further.',
        ),
      remembered: count({ min: 0, max: 1_000_000 })
        .default(1000)
        .describe('Messages of one client by which one that comes twice is known.'),
      listed: count({ min: 1, max: 1_000_000 })
        .default(10_000)
        .describe(
          'People in a list of who is there, for clients that are pushed one. Further ones are left out and counted as lost.',
        ),
      texts: count({ min: 0, max: 1_000_000 })
        .default(512)
        .describe(
          'Texts of the server, of all connections to it, by which what it says to the next client need not be read again. Beyond it the oldest is forgotten.',
        ),
      textLength: count({ min: 1, max: 10_000_000 })
        .default(4096)
        .describe('Longest text that is kept for that, in UTF-16 units.'),
    })
    .readonly()
    .prefault({})
    .describe('Bounds of the connections to the server.'),
};

/** The schema of `upstream`: one form for each dialect that the server may speak. */
export function upstreamSchema(dialects: readonly ConfigDialect[]) {
  const [first, ...others] = dialects.map((dialect) =>
    z
      .strictObject({
        dialect: z.literal(dialect.id).describe(dialect.title),
        ...common,
        options: dialect.options.prefault({}).describe(`Settings of the dialect ${dialect.id}.`),
        heartbeat: heartbeat(dialect),
        locale: z
          .enum(['en', 'zh-CN'])
          .default(dialect.defaults.locale)
          .describe('Language of the texts that the server is told.'),
      })
      .readonly(),
  );
  if (first === undefined) throw new RangeError('a configuration needs at least one dialect');
  return z.discriminatedUnion('dialect', [first, ...others]);
}

/** An endpoint's `upstream`. Durations are ms, sizes bytes. */
export type UpstreamConfig = z.infer<ReturnType<typeof upstreamSchema>>;
export type UpstreamAuthConfig = UpstreamConfig['auth'];
export type ExchangeConfig = z.infer<typeof Exchange>;
