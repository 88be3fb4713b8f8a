/** A request's parts against their schemas, and every field at fault at once. */
import type { z } from 'zod';
import { Id } from '../../../schemas/model.ts';
import { type FieldError, MAX_DETAIL, placeIn, pointerTo, RequestRefused } from './problem.ts';
import { paramsOf, type Route } from './route.ts';

const MAX_ERRORS = 100;

export interface Raw {
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
}

export interface Checked {
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
}

/** @throws RequestRefused invalid_request, with each field at fault */
export function checked(route: Route, raw: Raw): Checked {
  const errors: FieldError[] = [];
  for (const name of paramsOf(route.path)) {
    const { error } = Id.safeParse(raw.params[name]);
    if (error !== undefined) errors.push(...fieldErrors('path', error, [name]));
  }
  const query = parsed('query', route.query, raw.query, errors);
  const given = raw.body === undefined && route.bodyOptional === true ? {} : raw.body;
  const body = parsed('body', route.body, given, errors);
  if (errors.length > 0) {
    const [first] = errors as [FieldError, ...FieldError[]];
    const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
    throw new RequestRefused(
      'invalid_request',
      `${placeIn(first.in, first.pointer)}: ${first.detail}${more}`,
      {
        errors: errors.slice(0, MAX_ERRORS),
      },
    );
  }
  return { params: raw.params, query, body };
}

function parsed(
  where: 'query' | 'body',
  schema: z.ZodType | undefined,
  value: unknown,
  errors: FieldError[],
): unknown {
  if (schema === undefined) {
    const isEmpty = value === undefined || (where === 'query' && Object.keys(value as object).length === 0);
    if (!isEmpty) errors.push({ in: where, pointer: '', detail: `this request takes no ${where}` });
    return undefined;
  }
  const plain = where === 'query' ? { ...(value as object) } : value;
  const result = schema.safeParse(plain);
  if (!result.success) errors.push(...fieldErrors(where, result.error, []));
  return result.data;
}

function fieldErrors(
  where: FieldError['in'],
  { issues }: z.ZodError,
  above: readonly string[],
): readonly FieldError[] {
  return issues.map(({ path, message }) => ({
    in: where,
    pointer: pointerTo([...above, ...path].map(String)),
    detail: message.slice(0, MAX_DETAIL),
  }));
}
