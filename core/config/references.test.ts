/** What is wrong between the parts of a configuration. */
import { describe, expect, it } from 'vitest';
import { GOOD, problemsOf } from './fixture.ts';

type Case = readonly [title: string, text: string, problems: readonly string[]];

const DEMO = 'authenticators: { demo: { type: static, tokens: {} } }\n';
const endpoints = (...list: readonly string[]) =>
  `${DEMO}groups: [{ id: lobby }]\nendpoints:\n${list.map((entry) => `  - { ${entry} }\n`).join('')}`;

const directory: readonly Case[] = [
  [
    'a token of an unknown user, without showing the token',
    GOOD.replace('t-alice: alice', 't-alice: alcie'),
    ['x.yaml:2:44 authenticators.demo.tokens[*]: there is no user "alcie", did you mean "alice"?'],
  ],
  [
    'an authenticator named none',
    GOOD.replace('demo:', 'none:').replace('auth: demo', 'auth: [none]'),
    [
      'x.yaml:2:9 authenticators.none: the name "none" is taken: it stands for no authentication at all',
      'x.yaml:6:39 endpoints[0].auth: "none" stands alone: an endpoint either asks who somebody is or does not',
    ],
  ],
  [
    'a user and a number that are there twice',
    GOOD.replace('{ id: bob }', '{ id: bob, integer: 7 }, { id: alice, integer: 7 }'),
    [
      'x.yaml:3:55 users[2].id: user "alice" of namespace "main" is listed twice, first in users[0]',
      'x.yaml:3:71 users[2].integer: the number 7 is taken by users[1]; each user of a namespace needs one of its own',
    ],
  ],
  [
    'a group that is there twice',
    GOOD.replace('members: [alice] }', 'members: [alice] }, { id: lobby }'),
    ['x.yaml:4:49 groups[1].id: group "lobby" of namespace "main" is listed twice, first in groups[0]'],
  ],
  [
    'members, owners and muted users who are unknown',
    GOOD.replace('members: [alice]', 'members: [alcie, bob], owner: zed, muted: [alice, eve]'),
    [
      'x.yaml:4:33 groups[0].members[0]: there is no user "alcie" in namespace "main", did you mean "alice"?',
      'x.yaml:4:53 groups[0].owner: there is no user "zed" in namespace "main"; add it to "users" or name one that is there',
      'x.yaml:4:73 groups[0].muted[1]: there is no user "eve" in namespace "main"; add it to "users" or name one that is there',
    ],
  ],
  [
    'a member from another namespace',
    GOOD.replace('{ id: bob }', '{ id: bob, namespace: other }').replace('[alice] }', '[alice, bob] }'),
    [
      'x.yaml:4:40 groups[0].members[1]: there is no user "bob" in namespace "main"; add it to "users" or name one that is there',
    ],
  ],
  [
    'blocks of unknown users and of oneself',
    `${GOOD}blocks: [{ user: alice, blocked: alice }, { user: bob, blocked: alcie }]\n`,
    [
      'x.yaml:7:34 blocks[0].blocked: nobody can block themselves',
      'x.yaml:7:65 blocks[1].blocked: there is no user "alcie" in namespace "main", did you mean "alice"?',
    ],
  ],
  [
    'a bridge to an unknown group, and one inside of a namespace',
    `${GOOD}bridgeGroups:\n  - from: { namespace: main, group: loby }\n    to: { namespace: main, group: lobby }\n`,
    [
      'x.yaml:8:37 bridgeGroups[0].from.group: there is no group "loby" in namespace "main", did you mean "lobby"?',
      'x.yaml:9:22 bridgeGroups[0].to.namespace: a bridge joins groups of two namespaces; both ends are in the same one',
    ],
  ],
];

const paths: readonly Case[] = [
  [
    'the same path twice',
    endpoints('path: /a, dialect: plain, auth: demo', 'path: /a, dialect: full, auth: demo'),
    [
      'x.yaml:5:13 endpoints[1].path: the path "/a" is served by endpoints[0] already; each endpoint needs one of its own',
    ],
  ],
  [
    "the gateway's own paths",
    endpoints(
      'path: /healthz, dialect: plain, auth: demo',
      'path: /metrics, dialect: plain, auth: demo',
      'path: /api, dialect: plain, auth: demo',
      'path: /api/v1, dialect: plain, auth: demo',
      'path: /readyz, dialect: plain, auth: demo',
      'path: /apis, dialect: plain, auth: demo',
    ),
    [
      'x.yaml:4:13 endpoints[0].path: "/healthz" is the gateway\'s own; choose another path, such as "/ws/healthz"',
      'x.yaml:5:13 endpoints[1].path: "/metrics" is the gateway\'s own; choose another path, such as "/ws/metrics"',
      'x.yaml:6:13 endpoints[2].path: "/api" is the gateway\'s own; choose another path, such as "/ws/api"',
      'x.yaml:7:13 endpoints[3].path: "/api" is the gateway\'s own; choose another path, such as "/ws/api/v1"',
      'x.yaml:8:13 endpoints[4].path: "/readyz" is the gateway\'s own; choose another path, such as "/ws/readyz"',
    ],
  ],
  [
    'a path below the one of a SockJS endpoint',
    endpoints(
      'path: /im/info, dialect: plain, auth: demo',
      'path: /im, dialect: plain, auth: demo, sockjs: true',
      'path: /image, dialect: plain, auth: demo',
    ),
    ['x.yaml:4:13 endpoints[0].path: the path "/im/info" lies below the SockJS path of endpoints[1]'],
  ],
  [
    'SockJS at the root',
    endpoints('path: /, dialect: plain, auth: demo, sockjs: {}'),
    ['x.yaml:4:13 endpoints[0].path: SockJS takes all paths below its own; "/" would take the whole server'],
  ],
];

const logins: readonly Case[] = [
  [
    'an unknown authenticator',
    endpoints('path: /a, dialect: plain, auth: dmeo', 'path: /b, dialect: plain, auth: [demo, jwt]'),
    [
      'x.yaml:4:39 endpoints[0].auth: there is no authenticator "dmeo", did you mean "demo"? allowed: demo, none',
      'x.yaml:5:39 endpoints[1].auth: there is no authenticator "jwt"; allowed: demo, none',
    ],
  ],
  [
    'an authenticator where there are none',
    'endpoints: [{ path: /a, dialect: plain, auth: demo }]\n',
    ['x.yaml:1:47 endpoints[0].auth: there is no authenticator "demo"; "authenticators" is empty'],
  ],
  [
    'no authentication in the default namespace',
    endpoints(
      'path: /a, dialect: plain, auth: none',
      'path: /b, dialect: plain, auth: none, namespace: main',
    ),
    [
      'x.yaml:4:39 endpoints[0].auth: without authentication an endpoint needs a namespace of its own, not "main"; add "namespace: guests", say',
      'x.yaml:5:39 endpoints[1].auth: without authentication an endpoint needs a namespace of its own, not "main"; add "namespace: guests", say',
    ],
  ],
  [
    'no authentication in a namespace of people who log in',
    endpoints(
      'path: /a, dialect: plain, auth: none, namespace: n',
      'path: /b, dialect: plain, auth: none, namespace: m',
      'path: /c, dialect: plain, auth: demo, namespace: n',
    ),
    [
      'x.yaml:4:56 endpoints[0].namespace: endpoints[2] authenticates its users in namespace "n"; without authentication an endpoint needs one of its own',
    ],
  ],
  [
    'anonymous readers where there is no login at all',
    endpoints('path: /a, dialect: plain, auth: none, namespace: n, anonymous: true'),
    [
      'x.yaml:4:70 endpoints[0].anonymous: has no meaning with "auth: none", where anybody may speak; leave one of the two out',
    ],
  ],
];

const rest: readonly Case[] = [
  [
    'a lobby that is no group',
    endpoints('path: /a, dialect: full, auth: demo, options: { lobby: loby }'),
    [
      'x.yaml:4:62 endpoints[0].options.lobby: there is no group "loby" in namespace "main", did you mean "lobby"?',
    ],
  ],
  [
    'a default lobby that is no group of the namespace',
    endpoints('path: /a, dialect: full, auth: demo, namespace: other'),
    [
      'x.yaml:4:5 endpoints[0].options.lobby: there is no group "lobby" in namespace "other"; add it to "groups" or name one that is there',
    ],
  ],
  [
    'frames that fit into no send buffer',
    `limits: { frame: 4MiB }\n${endpoints(
      'path: /a, dialect: plain, auth: demo, limits: { sendBuffer: 8MiB }',
      'path: /b, dialect: plain, auth: demo, limits: { frame: 16MiB, sendBuffer: 8MiB }',
    )}`,
    [
      'x.yaml:1:18 limits.frame: a frame (4194304 bytes) must fit into sendBuffer (1048576 bytes)',
      'x.yaml:6:81 endpoints[1].limits.sendBuffer: a frame (16777216 bytes) must fit into sendBuffer (8388608 bytes)',
    ],
  ],
];

for (const [name, table] of Object.entries({ directory, paths, logins, rest })) {
  describe(`references: ${name}`, () => {
    it.each(table)('finds %s', (_title, text, problems) => {
      expect(problemsOf(text)).toEqual(problems);
    });
  });
}

it('finds nothing wrong with a good file', () => {
  expect(problemsOf(GOOD)).toEqual([]);
});
