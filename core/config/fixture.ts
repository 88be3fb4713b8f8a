/** Two small dialects for the tests of this folder: `plain` has little, `full` has everything. */
import { z } from 'zod';
import type { ConfigDialect } from '../../schemas/config.ts';
import { parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';
import type { Environment } from './substitute.ts';

const FullOptions = z.strictObject({
  lobby: z.string().default('lobby').describe('The group of everybody.'),
  channels: z
    .array(z.strictObject({ pattern: z.string().describe('A pattern.') }))
    .default([])
    .describe('Patterns.'),
  pingIntervalMs: z.int().min(0).max(60_000).default(500).describe('Time between pings, in ms.'),
  nested: z
    .strictObject({ depth: z.int().default(1).describe('A number further down.') })
    .prefault({})
    .describe('More.'),
});

export const dialects: readonly ConfigDialect[] = [
  {
    id: 'plain',
    title: 'A dialect with no options',
    options: z.strictObject({}),
    defaults: { locale: 'en', identity: 'string', singleSession: false, silenceMs: null, closeCodes: {} },
  },
  {
    id: 'full',
    title: 'A dialect with options and a lobby',
    options: FullOptions,
    defaults: {
      locale: 'zh-CN',
      identity: 'integer',
      singleSession: true,
      silenceMs: 90_000,
      closeCodes: { replaced: 1000, silence: 4100 },
    },
    policy: (options) => {
      const { lobby } = FullOptions.parse(options);
      return { groups: [lobby], roster: { group: lobby } };
    },
  },
];

/** The lines that `dragoman check` would print for a text in the file `x.yaml`; empty if nothing is wrong. */
export function problemsOf(text: string, environment: Environment = {}): readonly string[] {
  const { problems = [] } = parseConfig(text, { file: 'x.yaml', dialects, environment });
  return problems.map(formatProblem);
}

/** The configuration that a text gives; throws its problems. */
export function configOf(text: string, environment: Environment = {}) {
  const { config, problems } = parseConfig(text, { file: 'x.yaml', dialects, environment });
  if (config === undefined) throw new Error(problems.map(formatProblem).join('\n'));
  return config;
}

/** A text in which nothing is wrong, to put more in front of. */
export const GOOD = `authenticators:
  demo: { type: static, tokens: { t-alice: alice } }
users: [{ id: alice }, { id: bob }]
groups: [{ id: lobby, members: [alice] }]
endpoints:
  - { path: /ws, dialect: full, auth: demo }
`;
