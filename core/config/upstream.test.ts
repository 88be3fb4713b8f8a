/** The server behind an endpoint, in the configuration file. */
import { describe, expect, it } from 'vitest';
import { configOf, problemsOf } from './fixture.ts';
import { configWarnings } from './warnings.ts';

const HEAD = `authenticators:
  demo: { type: static, tokens: { t-alice: alice } }
users: [{ id: alice }]
endpoints:
  - path: /ws
    dialect: plain
    auth: demo
`;
const upstream = (keys: string, dialect = 'plain'): string =>
  `${HEAD}    upstream: { dialect: ${dialect}, ${keys} }\n`;
const URL = 'url: "wss://h.example/ws"';

describe('upstream', () => {
  it('has its defaults', () => {
    expect(configOf(upstream(URL)).endpoints[0]?.upstream).toMatchObject({
      url: 'wss://h.example/ws',
      dialect: 'plain',
      auth: 'pass',
      tokenParameter: 'token',
      headers: {},
      identity: 'string',
      attend: [],
      connectTimeout: 5000,
      loginTimeout: 10_000,
      answerTimeout: 15_000,
      reconnect: { min: 250, max: 10_000, giveUpAfter: 60_000 },
      spool: { commands: 100, bytes: 262_144, age: 30_000 },
      resend: false,
      breaker: { failures: 5, openFor: 10_000 },
      limits: { frame: 1_048_576, buffer: 262_144, inFlight: 256, remembered: 1000 },
      heartbeat: { ping: 30_000, pongTimeout: 30_000, silence: null },
      locale: 'en',
    });
  });

  it("takes options, locale and silence from the server's dialect, not from the client's", () => {
    const { endpoints } = configOf(upstream(`${URL}, options: { lobby: hall }`, 'full'));
    expect(endpoints[0]?.upstream).toMatchObject({
      options: { lobby: 'hall', pingIntervalMs: 500 },
      locale: 'zh-CN',
      heartbeat: { silence: 90_000 },
    });
  });

  it.each([
    ['claim', 'claim'],
    ['none', 'none'],
    ['{ token: "svc-{user}" }', { token: 'svc-{user}' }],
    ['{ login: "{user}", passcode: p }', { login: '{user}', passcode: 'p' }],
  ])('may log in by %s', (auth, meant) => {
    expect(configOf(upstream(`${URL}, auth: ${auth}`)).endpoints[0]?.upstream?.auth).toEqual(meant);
  });

  it('may log in by an exchange', () => {
    const text = upstream(`${URL}, auth: { exchange: { url: "https://l.example/x", bearer: secret } }`);
    expect(configOf(text).endpoints[0]?.upstream?.auth).toEqual({
      exchange: {
        url: 'https://l.example/x',
        bearer: 'secret',
        timeout: 5000,
        retries: 1,
        backoff: { first: 100, most: 10_000 },
        breaker: { failures: 5, openFor: 10_000 },
        maxBytes: 16_384,
        concurrency: 64,
        waiting: 1024,
        allowPrivate: false,
      },
    });
  });

  it('warns of an exchange in the clear', () => {
    const exchange = (url: string): string => upstream(`${URL}, auth: { exchange: { url: "${url}" } }`);
    const warned = (url: string): readonly string[] =>
      configWarnings(configOf(exchange(url))).filter((line) => line.startsWith('the exchange of '));
    expect(warned('http://l.example/x')).toEqual([
      'the exchange of /ws sends credentials to l.example without TLS (http:)',
    ]);
    expect(warned('https://l.example/x')).toEqual([]);
    expect(warned('http://127.0.0.1/x')).toEqual([]);
  });

  it('takes templates in path and query', () => {
    const text = upstream('url: "wss://h.example/{user}/ws?n={name}"');
    expect(problemsOf(text)).toEqual([]);
  });
});

const WRONG_URL =
  'must be a URL such as "wss://chat.example.com/ws?user={user}": ws or wss, no user and no # in it, and no braces before its path';

describe('errors in upstream', () => {
  it.each([
    'https://h.example/ws',
    'ws://user@h.example/',
    'ws://u:p@h.example/',
    'ws://{user}/ws',
    'ws://{user}.example.com/ws',
    'ws://h.example:{user}/ws',
    'ws://h.example?u={user}',
    'ws://h.example/ws#x',
    'ws://h.example\\\\@evil.example/ws',
    'h.example/ws',
    '{user}',
  ])('refuses the url %s', (url) => {
    const [problem, ...others] = problemsOf(upstream(`url: "${url}"`));
    expect(problem).toContain(`endpoints[0].upstream.url: ${WRONG_URL}`);
    expect(others).toEqual([]);
  });

  it.each([
    [
      'url: "ws://h.example/{id}"',
      'upstream.url: uses a word in braces that is not known; there are {user}, {name}, {avatar}, {token}',
    ],
    [`${URL}, headers: { X: "{secret}" }`, 'upstream.headers.X: uses a word in braces that is not known'],
    [`${URL}, headers: { "X Y": a }`, 'expected the name of a header'],
    [`${URL}, auth: { token: "{nobody}" }`, 'upstream.auth.token: uses a word in braces that is not known'],
    [
      `${URL}, auth: magic`,
      'upstream.auth: expected "pass", "claim", "none", {token: text}, {login: text, passcode: text} or {exchange: {url: …}}',
    ],
    [
      `${URL}, auth: { exchange: { url: "ftp://x" } }`,
      'upstream.auth.exchange.url: must be a URL such as "https://login.example.com/whois": http or https, and no user in it',
    ],
    [
      `${URL}, auth: { exchange: { url: "https://l.example/x", secret: short } }`,
      'upstream.auth.exchange.secret: must be "whsec_" and base64 of 24 to 64 bytes, or text of at least 24 bytes',
    ],
    [`${URL}, identity: number`, 'upstream.identity: expected "string", "integer" or {prefix: text}'],
    [`${URL}, spool: { comands: 1 }`, 'upstream.spool.comands: unknown key, did you mean "commands"?'],
    [`${URL}, options: { lobby: x }`, 'upstream.options.lobby: unknown key'],
    [`${URL}, heartbeat: { silence: soon }`, 'expected a duration such as "90s", or "never"'],
    ['auth: pass', 'upstream.url: is missing'],
  ])('%s', (keys, problem) => {
    expect(problemsOf(upstream(keys)).join('\n')).toContain(problem);
  });

  it.each([
    ['connectTimeout: 1ms', 'upstream.connectTimeout'],
    ['answerTimeout: 2h', 'upstream.answerTimeout'],
    ['breaker: { failures: 0 }', 'upstream.breaker.failures'],
    ['limits: { frame: 1B }', 'upstream.limits.frame'],
    ['limits: { inFlight: 0 }', 'upstream.limits.inFlight'],
    ['spool: { commands: -1 }', 'upstream.spool.commands'],
    ['reconnect: { max: 0ms }', 'upstream.reconnect.max'],
  ])('names the bound that %s is beyond', (keys, path) => {
    const [problem, ...others] = problemsOf(upstream(`${URL}, ${keys}`));
    expect(problem).toContain(`endpoints[0].${path}`);
    expect(problem).toMatch(/expected .* from .* to .*, not/);
    expect(others).toEqual([]);
  });

  it('names the dialects there are', () => {
    const text = problemsOf(upstream(URL, 'morse')).join('\n');
    expect(text).toContain('upstream.dialect');
    expect(text).toContain('plain');
    expect(text).toContain('full');
  });
});

describe('auth: upstream', () => {
  const alone = (more: string): string =>
    `endpoints:\n  - path: /ws\n    dialect: plain\n    auth: upstream\n${more}`;

  it('needs a server that decides', () => {
    expect(problemsOf(alone('')).join('\n')).toContain(
      'endpoints[0].auth: "upstream" needs the key "upstream": the server that decides',
    );
  });

  it('is good with one', () => {
    expect(problemsOf(alone(`    upstream: { dialect: plain, ${URL} }\n`))).toEqual([]);
  });

  it.each([
    ['claim', false],
    ['none', false],
    ['{ token: "service-{user}" }', false],
    ['{ login: bridge, passcode: secret }', false],
    ['pass', true],
    ['{ token: "Token {token}" }', true],
    ['{ exchange: { url: "https://h.example/x" } }', true],
    ['none, headers: { Authorization: "Bearer {token}" }', true],
  ])('wants the server to see who it is: auth: %s', (auth, isGood) => {
    const problems = problemsOf(alone(`    upstream: { dialect: plain, ${URL}, auth: ${auth} }\n`)).join(
      '\n',
    );
    if (isGood) expect(problems).toBe('');
    else expect(problems).toContain('nobody would check who it is');
  });

  it('wants a namespace that no other way of finding out who somebody is shares', () => {
    const text = `${HEAD}  - { path: /b, dialect: plain, auth: upstream, upstream: { dialect: plain, ${URL} } }\n`;
    expect(problemsOf(text).join('\n')).toContain('with "auth: upstream" an endpoint needs one of its own');
  });
});
