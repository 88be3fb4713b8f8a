/** What is wrong with the file itself: its YAML and its keys. */
import { describe, expect, it } from 'vitest';
import { problemsOf } from './fixture.ts';

type Case = readonly [title: string, text: string, problems: readonly string[]];

const ENDPOINT = 'endpoints: [{ path: /a, dialect: plain, auth: none, namespace: n }]';
const ENDPOINT_KEYS =
  'path, dialect, namespace, auth, anonymous, credentials, limits, origins, sockjs, closeCodes, encryption, flushInterval, presenceInterval, options, upstream, identity, singleSession, heartbeat, locale';
const LIMIT_KEYS =
  'frame, beforeLogin, content, inbox, inFlight, sendBuffer, closeTimeout, rate, connections, held, subscriptions, replayPage';
const TOP_KEYS =
  'listen, data, store, log, authenticators, hooks, users, groups, blocks, bridgeGroups, limits, drain, api, endpoints';

const endpoint = (more: string) =>
  `groups: [{ id: lobby, namespace: n }]\nendpoints:\n  - path: /a\n    dialect: full\n    auth: none\n    namespace: n\n    ${more}\n`;

const yaml: readonly Case[] = [
  ['an empty file', '', ['x.yaml:1:1: expected a map of keys and values, not an empty value']],
  ['a list', '- a\n', ['x.yaml:1:1: expected a map of keys and values, not a list']],
  [
    'a bracket that is not closed',
    `listen: { port: 80\n${ENDPOINT}\n`,
    [
      'x.yaml:2:1: not valid YAML: Flow map in block collection must be sufficiently indented and end with a }',
    ],
  ],
  [
    'a line that is not indented as its neighbours',
    'listen:\n  port: 1\n host: a\n',
    ['x.yaml:3:1: not valid YAML: All mapping items must start at the same column'],
  ],
  [
    'a key that is there twice',
    `listen:\n  port: 1\n  host: a\n  port: 2\n${ENDPOINT}\n`,
    ['x.yaml:4:3 listen.port: this key is there twice; delete one of the two'],
  ],
  [
    'a second document',
    `${ENDPOINT}\n---\nlisten: {}\n`,
    ['x.yaml:2:1: not valid YAML: a second document begins here; one file is one document'],
  ],
  ['a tag', 'data: !secret x\n', ['x.yaml:1:7: not valid YAML: Unresolved tag: !secret']],
  ['a key that is no text', '? [a]\n: b\n', ['x.yaml:1:3: not valid YAML: a key must be text']],
  ['an alias of nothing', 'data: *nope\n', ['x.yaml:1:7 data: the alias *nope refers to nothing']],
  ['an alias of itself', 'data: &a { b: *a }\n', ['x.yaml:1:15 data.b: the alias *a refers to itself']],
  [
    'more aliases than any person writes',
    `data: &a b\nusers: [${'*a, '.repeat(100)}*a]\n`,
    ['x.yaml:2:409 users[100]: the file has more than 100 aliases, counted where they are used'],
  ],
  [
    'aliases of aliases of aliases',
    `a: &a [x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c, *c]\n`,
    ['x.yaml:2:20 d[0][4][3]: the file has more than 100 aliases, counted where they are used'],
  ],
  [
    'nesting without end',
    `data: ${'['.repeat(70)}${']'.repeat(70)}\n`,
    [`x.yaml:1:71 data${'[0]'.repeat(64)}: is nested deeper than 64 levels`],
  ],
  [
    'a merge key',
    `listen: { <<: { port: 1 } }\n${ENDPOINT}\n`,
    ['x.yaml:1:11 listen["<<"]: merge keys are not supported; an alias may stand for a whole value only'],
  ],
  ['the key __proto__', `__proto__: 1\n${ENDPOINT}\n`, ['x.yaml:1:1 __proto__: this key is not allowed']],
];

const keys: readonly Case[] = [
  [
    'a slip in a top-level key',
    `lisen: {}\n${ENDPOINT}\n`,
    [`x.yaml:1:1 lisen: unknown key, did you mean "listen"? allowed: ${TOP_KEYS}`],
  ],
  [
    'a swap in an inner key',
    `listen:\n  host: a\n  prot: 80\n${ENDPOINT}\n`,
    ['x.yaml:3:3 listen.prot: unknown key, did you mean "port"? allowed: host, port, trustProxy, tls'],
  ],
  [
    'a key that is like no other',
    `listen: { backlog: 80 }\n${ENDPOINT}\n`,
    ['x.yaml:1:11 listen.backlog: unknown key; allowed: host, port, trustProxy, tls'],
  ],
  [
    'several unknown keys, each by itself',
    `listen: { hots: a, prt: 1 }\n${ENDPOINT}\n`,
    [
      'x.yaml:1:11 listen.hots: unknown key, did you mean "host"? allowed: host, port, trustProxy, tls',
      'x.yaml:1:20 listen.prt: unknown key, did you mean "port"? allowed: host, port, trustProxy, tls',
    ],
  ],
  [
    'an option of the dialect that stands outside of options',
    endpoint('lobby: lobby'),
    [`x.yaml:7:5 endpoints[0].lobby: unknown key, did you mean "options.lobby"? allowed: ${ENDPOINT_KEYS}`],
  ],
  [
    'a slip in an option of the dialect',
    endpoint('options: { pingIntervallMs: 3, nested: { dpth: 2 } }'),
    [
      'x.yaml:7:16 endpoints[0].options.pingIntervallMs: unknown key, did you mean "pingIntervalMs"? allowed: lobby, channels, pingIntervalMs, nested',
      'x.yaml:7:46 endpoints[0].options.nested.dpth: unknown key, did you mean "depth"? allowed: depth',
    ],
  ],
  [
    'a limit of the whole gateway on an endpoint',
    endpoint('limits: { backlog: {} }'),
    [`x.yaml:7:15 endpoints[0].limits.backlog: unknown key; allowed: ${LIMIT_KEYS}`],
  ],
  [
    'a slip inside of one of several forms',
    endpoint('sockjs: { heartbeet: 5s }\n    identity: { prefx: a }'),
    [
      'x.yaml:7:15 endpoints[0].sockjs.heartbeet: unknown key, did you mean "heartbeat"? allowed: heartbeat, disconnectDelay, responseLimit, sessions',
      'x.yaml:8:5 endpoints[0].identity.prefix: is missing; expected text',
      'x.yaml:8:17 endpoints[0].identity.prefx: unknown key, did you mean "prefix"? allowed: prefix',
    ],
  ],
  [
    'keys that every object inherits',
    endpoint('toString: 1\n    constructor: 2'),
    [
      `x.yaml:7:5 endpoints[0].toString: unknown key; allowed: ${ENDPOINT_KEYS}`,
      `x.yaml:8:5 endpoints[0].constructor: unknown key; allowed: ${ENDPOINT_KEYS}`,
    ],
  ],
  [
    'a path that is hard to write',
    `"a.b c": 1\n${ENDPOINT}\n`,
    [`x.yaml:1:1 ["a.b c"]: unknown key; allowed: ${TOP_KEYS}`],
  ],
];

for (const [name, table] of Object.entries({ yaml, keys })) {
  describe(`errors in ${name}`, () => {
    it.each(table)('finds %s', (_title, text, problems) => {
      expect(problemsOf(text)).toEqual(problems);
    });
  });
}

describe('a broken file', () => {
  it('gives all its problems at once, in the order of the file', () => {
    const text = `endpoints:
  - { path: /a, dialect: plain, auth: nobody, typo: 1 }
users: [{ id: alice }, { id: alice, integer: 0 }]
listen: { port: x }
data: \${MISSING}
`;
    expect(problemsOf(text).map((line) => line.split(': ')[0])).toEqual([
      'x.yaml:2:39 endpoints[0].auth',
      'x.yaml:2:47 endpoints[0].typo',
      'x.yaml:3:30 users[1].id',
      'x.yaml:3:46 users[1].integer',
      'x.yaml:4:17 listen.port',
      'x.yaml:5:7 data',
    ]);
  });

  it('lists a thousand problems at most', () => {
    const lines = problemsOf(
      `${Array.from({ length: 1500 }, (_, index) => `k${index}: 1`).join('\n')}\n${ENDPOINT}\n`,
    );
    expect(lines).toHaveLength(1001);
    expect(lines.at(-1)).toBe('x.yaml: and 500 problems more');
  });

  it.each([
    '[',
    '{a: ',
    '- ',
    '"',
    '!',
    '&a ',
    '*',
    '%a\n',
    '---\n',
    '\t',
    '\0',
    '\r',
    '${',
    '? ',
    '| ',
    ': ',
  ])('made of %j alone is refused and nothing is thrown', (piece) => {
    expect(problemsOf(piece.repeat(5000)).length).toBeGreaterThan(0);
  });
});
