/** What a reload does or would do: told by the API, by `dragoman plan` and in the log. */
import { z } from 'zod';
import { record } from './model.ts';

export const PlanStep = record({
  subject: z
    .enum(['setting', 'authenticator', 'hook', 'user', 'group', 'block', 'key', 'endpoint'])
    .describe('What kind of thing.'),
  name: z
    .string()
    .describe(
      'Which one: the path of a setting or an endpoint, a name, an id (`namespace/id` outside `main`).',
    ),
  action: z
    .enum(['unchanged', 'added', 'changed', 'removed', 'replaced', 'restart'])
    .describe(
      '`changed`: taken over where it is, no socket is touched. `replaced`, `removed`: the connections of the endpoint are asked to go. `restart`: only a restart changes this, and there is no reload while it differs.',
    ),
  fields: z.array(z.string()).readonly().optional().describe('What differs, without values.'),
  connections: z
    .int()
    .nonnegative()
    .optional()
    .describe('Of an endpoint: how many are open. Those of a replaced or removed one are asked to go.'),
});
export type PlanStep = z.infer<typeof PlanStep>;
