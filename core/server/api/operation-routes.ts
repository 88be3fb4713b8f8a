/** What an operator asks of the gateway as a whole: reloads, and what they would do. */
import {
  type PlanAnswer,
  PlanRequest,
  PlanAnswer as PlanSchema,
  type ReloadAnswer,
  ReloadAnswer as ReloadSchema,
} from '../../../schemas/api/operation.ts';
import { needsRestart } from '../../config/plan.ts';
import type { Hub } from '../../hub.ts';
import type { Operator, ReloadOutcome } from '../../operator.ts';
import { RequestRefused } from './problem.ts';
import { type Route, route } from './route.ts';

const tag = 'Operation';
const PROBLEMS_NAMED = 100;

function operatorOf({ operator }: Hub): Operator {
  if (operator === undefined) throw new Error('nobody operates this hub');
  return operator;
}

/** @throws RequestRefused config_invalid, restart_needed */
function answerOf(done: ReloadOutcome): ReloadAnswer {
  switch (done.outcome) {
    case 'reloaded':
    case 'unchanged':
      return done;
    case 'invalid':
      throw new RequestRefused('config_invalid', done.problems.slice(0, PROBLEMS_NAMED).join('\n'));
    case 'refused': {
      const bound = done.steps.filter(({ action }) => action === 'restart').map(({ name }) => name);
      throw new RequestRefused('restart_needed', `only a restart changes ${bound.join(', ')}`);
    }
    default:
      return done satisfies never;
  }
}

export const operationRoutes: readonly Route[] = [
  route({
    id: 'plan',
    method: 'POST',
    path: '/plan',
    tag,
    summary: 'Say what a reload would do',
    description:
      "Changes nothing. The configuration is checked with the gateway's own environment; what it says of secrets is not told.",
    scope: 'admin:reload',
    body: PlanRequest,
    bodyOptional: true,
    result: PlanSchema,
    problems: [],
    example: {},
    handle({ hub, body: { config } }): PlanAnswer {
      const { problems, steps } = operatorOf(hub).plan(config);
      return { possible: problems.length === 0 && !needsRestart(steps), problems, steps };
    },
  }),
  route({
    id: 'reload',
    method: 'POST',
    path: '/reload',
    tag,
    summary: 'Read the configuration file again and take it over',
    description:
      'As a SIGHUP does. Answered when the new configuration is in force; connections that have to go are asked to within `drain.window` of it. A file that is invalid, or that needs a restart, changes nothing.',
    scope: 'admin:reload',
    result: ReloadSchema,
    problems: ['store_unavailable'],
    refusals: ['config_invalid', 'restart_needed'],
    handle: async ({ hub }) => answerOf(await operatorOf(hub).reload()),
  }),
];
