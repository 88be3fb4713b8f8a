/** What requests and answers of the HTTP API have in common. */
import { z } from 'zod';
import { Id, JsonObject, record } from '../model.ts';

/** Schemas with a name in the OpenAPI document: what is added here is told there once, under that name. */
export const apiSchemas = z.registry<{ readonly id: string }>();

export function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  apiSchemas.add(schema, { id });
  return schema;
}

// It holds itself: without a name the document would have nowhere to tell it.
if (JsonObject instanceof z.ZodRecord) named('Json', JsonObject.valueType as z.ZodType);

/** What stands in paths, by name; each is an id, percent-encoded. */
export const PATH_PARAMETERS = {
  namespace: 'The namespace. Users, groups and conversations of one are invisible in every other.',
  user: 'The id of a user.',
  other: 'The id of another user.',
  group: 'The id of a group.',
  message: 'The id of a message, as the gateway gave it.',
  connection: 'The id of a connection.',
} as const;
export type PathParameter = keyof typeof PATH_PARAMETERS;

/** Most entries of a page that can be asked for; the configuration may have fewer. */
export const MAX_PAGE = 10_000;

const DIGITS = /^\d{1,16}$/;
const NO_DIGITS = 'expected a whole number in decimal digits';

/** A number in a query: decimal digits and nothing else, from 1 on. */
export const decimal = (max: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && DIGITS.test(value) ? Number(value) : value),
    z
      .int({ error: ({ code }) => (code === 'invalid_type' ? NO_DIGITS : undefined) })
      .min(1)
      .max(max),
  );

export const limit = decimal(MAX_PAGE)
  .optional()
  .describe('Most entries of the page; never more than `api.limits.page` of the configuration.');

/** A list is read page by page, in the order of its ids. */
export const Page = z.strictObject({
  after: Id.optional().describe('The `next` of the page before; without it the list begins.'),
  limit,
});
export type Page = z.infer<typeof Page>;

/** A page of a list: its items, and where the next one begins. */
export function pageSchema<Item extends z.ZodType>(id: string, item: Item) {
  return named(
    id,
    record({
      items: z.array(item).readonly(),
      next: z
        .string()
        .optional()
        .describe('Give it as `after` for the next page. Absent: this was the last one.'),
    }),
  );
}

/** RFC 9457. */
export const Problem = named(
  'Problem',
  record({
    type: z.string().describe('Names the kind of problem: a part of the page that describes the API.'),
    title: z.string().describe('What kind of problem it is; the same for every one of its type.'),
    status: z.int().describe('The HTTP status.'),
    detail: z.string().describe('What is wrong here, and what to do.'),
    code: z.string().describe("One of the gateway's error codes (docs/errors.md)."),
    errors: z
      .array(
        record({
          in: z.enum(['path', 'query', 'header', 'body']),
          pointer: z.string().describe('Where in it: a JSON Pointer (RFC 6901).'),
          detail: z.string(),
        }),
      )
      .readonly()
      .optional()
      .describe('Each field at fault, at most 100.'),
  }),
);
export type Problem = z.infer<typeof Problem>;
