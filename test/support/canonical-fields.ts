/** Whether a dotted path names a field of the canonical model. */
import { z } from 'zod';
import { Command } from '../../schemas/command.ts';
import { Event } from '../../schemas/event.ts';
import { Result } from '../../schemas/outcome.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly const?: unknown;
}

const schemaOf = (type: z.ZodType): Schema => z.toJSONSchema(type, { unrepresentable: 'any' }) as Schema;

/** What is said of a failure. */
const ERROR: Schema = { properties: { code: {}, message: {}, messageId: {}, detail: {} } };

const records: ReadonlyMap<string, readonly Schema[]> = Map.groupBy(
  [Command, Event, Result].flatMap((union) => {
    const { oneOf, anyOf } = schemaOf(union);
    return oneOf ?? anyOf ?? [];
  }),
  ({ properties }) => String(properties?.type?.const),
);

/** `send_message.target.id`: the field of a command, an event, a result, or of `error`; items count as their array. */
export function isCanonical(path: string): boolean {
  const [type = '', ...keys] = path.split('.');
  const roots = type === 'error' ? [ERROR] : (records.get(type) ?? []);
  return keys.length > 0 && roots.some((root) => leadsOn(root, keys));
}

function leadsOn(schema: Schema, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return true;
  const fields = schema.items === undefined ? schema : schema.items;
  const next =
    fields.properties !== undefined && Object.hasOwn(fields.properties, key)
      ? fields.properties[key]
      : undefined;
  return next !== undefined && leadsOn(next, rest);
}
