/** Reloading and planning, as the HTTP API has them. */
import { z } from 'zod';
import { record } from '../model.ts';
import { PlanStep } from '../plan.ts';
import { named } from './common.ts';

const Steps = z
  .array(named('PlanStep', PlanStep))
  .readonly()
  .describe('In the order of the file; of what is unchanged only the endpoints.');

export const PlanRequest = record({
  config: z
    .string()
    .optional()
    .describe("The text of a configuration, in YAML; without it, the gateway's own file as it is now."),
});

export const PlanAnswer = named(
  'Plan',
  record({
    possible: z
      .boolean()
      .describe('Whether a reload would do this: nothing is wrong, nothing needs a restart.'),
    problems: z
      .array(z.string())
      .readonly()
      .describe(
        'What is wrong with the configuration, as `dragoman check` says it. Then there are no steps.',
      ),
    steps: Steps,
  }),
);
export type PlanAnswer = z.infer<typeof PlanAnswer>;

export const ReloadAnswer = named(
  'Reload',
  record({
    outcome: z
      .enum(['reloaded', 'unchanged'])
      .describe('`unchanged`: the file says what is in force already.'),
    steps: Steps,
  }),
);
export type ReloadAnswer = z.infer<typeof ReloadAnswer>;
