/** What is wrong with single values. */
import { describe, expect, it } from 'vitest';
import { problemsOf } from './fixture.ts';

type Case = readonly [title: string, text: string, problems: readonly string[]];

const ENDPOINT = 'endpoints: [{ path: /a, dialect: plain, auth: none, namespace: n }]';

const endpoint = (more: string) =>
  `groups: [{ id: lobby, namespace: n }]\nendpoints:\n  - path: /a\n    dialect: full\n    auth: none\n    namespace: n\n    ${more}\n`;

const values: readonly Case[] = [
  ['no endpoints', 'data: ./x\n', ['x.yaml:1:1 endpoints: is missing; expected a list']],
  [
    'an empty list of endpoints',
    'endpoints: []\n',
    ['x.yaml:1:12 endpoints: expected at least one endpoint, not an empty list'],
  ],
  [
    'a key without a value',
    `listen:\n${ENDPOINT}\n`,
    ['x.yaml:1:8 listen: expected a map of keys and values, not an empty value'],
  ],
  [
    'a port in quotes',
    `listen: { port: "8080" }\n${ENDPOINT}\n`,
    ['x.yaml:1:17 listen.port: expected a whole number from 0 to 65535, not "8080"'],
  ],
  [
    'a port too high',
    `listen: { port: 65536 }\n${ENDPOINT}\n`,
    ['x.yaml:1:17 listen.port: expected a whole number from 0 to 65535, not the number 65536'],
  ],
  [
    'a number where text belongs',
    `users: [{ id: 42 }]\n${ENDPOINT}\n`,
    ['x.yaml:1:15 users[0].id: expected text, not the number 42; put it in quotes to make it text'],
  ],
  [
    'a choice with a slip, and a word for a truth value',
    `log: { level: dbug, pretty: yes }\n${ENDPOINT}\n`,
    [
      'x.yaml:1:15 log.level: expected "trace", "debug", "info", "warn", "error", "fatal" or "silent", not "dbug"; did you mean "debug"?',
      'x.yaml:1:29 log.pretty: expected "auto", true or false, not "yes"',
    ],
  ],
  [
    'a size and a duration that are none',
    `limits: { frame: 12XB, closeTimeout: 10 parsecs }\n${ENDPOINT}\n`,
    [
      'x.yaml:1:18 limits.frame: expected a size: bytes, or a number with B, KiB, MiB or GiB, such as "256KiB", not "12XB"',
      'x.yaml:1:38 limits.closeTimeout: expected a duration: milliseconds, or a number with ms, s, min, h or days, such as "10s", not "10 parsecs"',
    ],
  ],
  [
    'quantities out of range',
    `limits: { frame: 10, content: 0, backlog: { age: 1s, messages: 1.5 } }\n${ENDPOINT}\n`,
    [
      'x.yaml:1:18 limits.frame: expected a size from 1KiB to 64MiB, not the number 10',
      'x.yaml:1:31 limits.content: expected a whole number from 1 to 10000000, not the number 0',
      'x.yaml:1:50 limits.backlog.age: expected a duration from 1min to 36500 days, not "1s"',
      'x.yaml:1:64 limits.backlog.messages: expected a whole number from 1 to 1000000000, not the number 1.5',
    ],
  ],
  [
    'a dialect with a slip',
    'endpoints:\n  - { path: /a, dialect: plian, auth: none, namespace: n }\n',
    ['x.yaml:2:26 endpoints[0].dialect: expected "plain" or "full", not "plian"; did you mean "plain"?'],
  ],
  [
    'an endpoint without a dialect, one that is a number, one that is nothing',
    'endpoints:\n  - path: /a\n    auth: none\n    namespace: n\n  - 42\n  -\n',
    [
      'x.yaml:2:5 endpoints[0].dialect: is missing; expected "plain" or "full"',
      'x.yaml:5:5 endpoints[1]: expected a map of keys and values, not the number 42',
      'x.yaml:6:4 endpoints[2]: expected a map of keys and values, not an empty value',
    ],
  ],
  [
    'an endpoint that does not say how to log in',
    'endpoints:\n  - path: /a\n    dialect: plain\n',
    [
      'x.yaml:2:5 endpoints[0].auth: is missing; expected "none", "upstream", the name of an authenticator, or a list of such names',
    ],
  ],
  [
    'a path that is none',
    'endpoints: [{ path: "ws?x", dialect: plain, auth: none, namespace: n }]\n',
    [
      'x.yaml:1:21 endpoints[0].path: expected a path such as "/ws/chat": it starts with /, has no / at its end, no query, and only letters, digits and - . _ ~, not "ws?x"',
    ],
  ],
  [
    'close codes that may not be sent',
    endpoint('closeCodes: { silence: 1005, normal: 999, sielnce: 4000 }'),
    [
      'x.yaml:7:28 endpoints[0].closeCodes.silence: expected a close code: 1000 to 1003, 1007 to 1014, or 3000 to 4999, not the number 1005',
      'x.yaml:7:42 endpoints[0].closeCodes.normal: expected a close code: 1000 to 1003, 1007 to 1014, or 3000 to 4999, not the number 999',
      'x.yaml:7:47 endpoints[0].closeCodes.sielnce: unknown key, did you mean "silence"? allowed: normal, unauthenticated, replaced, silence, token_expired, slow_consumer, protocol_error, unsupported_data, invalid_payload, policy, too_large, internal, shutting_down, upstream_unavailable',
    ],
  ],
  [
    'origins that are no origins',
    endpoint('origins: [https://a.example/x, "null", https://b.example]'),
    [
      'x.yaml:7:15 endpoints[0].origins[0]: expected an origin such as "https://chat.example.com": scheme, host and port only, not "https://a.example/x"',
      'x.yaml:7:36 endpoints[0].origins[1]: expected an origin such as "https://chat.example.com": scheme, host and port only, not "null"',
    ],
  ],
  [
    'one origin without a list',
    endpoint('origins: https://a.example'),
    [
      'x.yaml:7:14 endpoints[0].origins: expected "same", "*" or a list of origins such as ["https://chat.example.com"], not "https://a.example"',
    ],
  ],
  [
    'values of which there are several forms',
    endpoint('identity: number\n    sockjs: 3\n    heartbeat: { silence: maybe }'),
    [
      'x.yaml:7:15 endpoints[0].identity: expected "string", "integer" or {prefix: text}, not "number"',
      'x.yaml:8:13 endpoints[0].sockjs: expected true, false or SockJS settings, not the number 3',
      'x.yaml:9:27 endpoints[0].heartbeat.silence: expected a duration such as "90s", or "never", not "maybe"',
    ],
  ],
  [
    'a secret that is too short, without showing it',
    `authenticators:\n  a: { type: jwt, secret: hunter2 }\n  b: { type: jwt, secret: 12345 }\n${ENDPOINT}\n`,
    [
      'x.yaml:2:27 authenticators.a.secret: is too short: HS256 needs at least 32 bytes',
      'x.yaml:3:27 authenticators.b.secret: expected text, not a number; put it in quotes to make it text',
    ],
  ],
  [
    'a token of a user that is no text, without showing the token',
    `authenticators:\n  a: { type: static, tokens: { hunter2: 5 } }\n${ENDPOINT}\n`,
    ['x.yaml:2:41 authenticators.a.tokens[*]: expected text, not a number; put it in quotes to make it text'],
  ],
  [
    'names and types of authenticators',
    `authenticators:\n  "my auth": { type: static, tokens: {} }\n  b: { type: jtw }\n  c: { type: jwt }\n${ENDPOINT}\n`,
    [
      'x.yaml:2:3 authenticators["my auth"]: the name is wrong: expected a name of letters, digits, - and _ that starts with a letter',
      'x.yaml:3:14 authenticators.b.type: expected "static", "jwt" or "http", not "jtw"; did you mean "jwt"?',
      'x.yaml:4:3 authenticators.c.secret: is missing; expected text',
    ],
  ],
  [
    'an id with half of a character',
    `users: [{ id: "\\ud800" }]\n${ENDPOINT}\n`,
    ['x.yaml:1:15 users[0].id: must not contain a lone surrogate'],
  ],
  [
    'a time without a zone',
    `groups: [{ id: g, createdAt: 2025-01-31T09:00:00 }]\n${ENDPOINT}\n`,
    [
      'x.yaml:1:30 groups[0].createdAt: expected a time: epoch milliseconds, or ISO 8601 with a zone, such as "2025-01-31T09:00:00Z", not "2025-01-31T09:00:00"',
    ],
  ],
];

describe('errors in values', () => {
  it.each(values)('finds %s', (_title, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });
});
