/** What the labels of metrics may say: each has its list, however many users, groups and frames there are. */
import { expect } from 'vitest';
import { dialects } from '../../adapters/index.ts';
import { CLOSE_CODES } from '../../core/close.ts';
import { ERRORS } from '../../core/errors.ts';
import { PROBLEM_KINDS } from '../../core/server/api/problem.ts';
import { routes } from '../../core/server/api/routes.ts';
import type { TestGateway } from './gateway.ts';
import { publishedSchemas, type Schema } from './published.ts';

/** What may stand in a label, by its name. */
export function valuesOfLabels({
  config,
  gateway,
}: TestGateway): Readonly<Record<string, ReadonlySet<string>>> {
  const types = (file: string): readonly string[] => {
    const { oneOf = [], $defs = {} } = publishedSchemas()[file] as Schema & {
      readonly $defs?: Readonly<Record<string, Schema>>;
    };
    return oneOf.map((variant) => {
      const schema = variant.$ref === undefined ? variant : $defs[variant.$ref.replace('#/$defs/', '')];
      return String(schema?.properties?.type?.const);
    });
  };
  const commands = types('command.json');
  const events = types('event.json');
  const losses = new Set<string>();
  const lossFields = new Set<string>();
  for (const { metrics } of gateway.hub.endpoints) {
    for (const { type, field } of metrics.losses.all()) {
      losses.add(type);
      // Names of our model's fields, in our code's hand.
      if (/^(\*|[a-zA-Z]+([._][a-zA-Z]+)*)$/.test(field)) lossFields.add(field);
    }
  }
  expect(lossFields.size).toBeLessThan(60);
  return {
    endpoint: new Set(config.endpoints.map(({ path }) => path)),
    dialect: new Set(dialects.map(({ id }) => id)),
    upstream: new Set(dialects.map(({ id }) => id)),
    command: new Set(commands),
    event: new Set(events),
    'dragoman_hook_outcomes_total event': new Set(['before_message', 'after_message', 'presence']),
    'dragoman_hook_attempt_seconds event': new Set(['before_message', 'after_message', 'presence']),
    // An `error` of the server behind a bridge that answers nothing in particular is neither a command nor an event.
    'dragoman_losses_total event': new Set(
      [...commands, ...events, 'error', 'other'].filter((type) => losses.has(type)),
    ),
    field: lossFields,
    code: new Set(Object.keys(ERRORS)),
    reason: new Set([
      ...Object.keys(CLOSE_CODES),
      'login_refused',
      'login_timeout',
      'protocol_error',
      'closed',
    ]),
    limit: new Set([
      'commands_per_connection',
      'frames_before_login',
      'bytes_before_login',
      'connections_per_user',
      'failed_logins',
    ]),
    hook: new Set(['it']),
    outcome: new Set(['allowed', 'told', 'reloaded', 'unchanged', 'invalid', 'refused', 'failed']),
    queue: new Set(['questions', 'notifications']),
    state: new Set(['closed', 'open', 'half_open']),
    route: new Set(['unknown', ...routes.map(({ path }) => `/api/v1${path}`)]),
    method: new Set(['GET', 'PUT', 'POST', 'DELETE']),
    status: new Set(['2xx', '4xx', '5xx']),
    problem: new Set(PROBLEM_KINDS.map(({ kind }) => kind)),
    key: new Set(['backend', 'other']),
    quantile: new Set(['0.5', '0.99', '1']),
  };
}
