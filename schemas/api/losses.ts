/** What dialects could not say, as the HTTP API has it. */
import { z } from 'zod';
import { record } from '../model.ts';
import { limit, named, pageSchema } from './common.ts';

export const LossState = named(
  'Loss',
  record({
    endpoint: z.string().describe('The path of the endpoint.'),
    dialect: z.string(),
    event: z.string().describe('The type of the event or command; `other` once there are too many.'),
    field: z.string().describe('What of it was lost; `*`: all of it.'),
    count: z.int().positive().describe('How often since the start.'),
    examples: z
      .array(z.unknown())
      .readonly()
      .describe('The shapes of a few values of which it was lost: no text, no number and no id is shown.'),
  }),
);
export type LossState = z.infer<typeof LossState>;
export const LossPage = pageSchema('LossPage', LossState);

export const LossQuery = z.strictObject({
  endpoint: z.string().min(1).max(1024).optional().describe('Only those of this path.'),
  after: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .describe('The `next` of the page before; without it the list begins.'),
  limit,
});
