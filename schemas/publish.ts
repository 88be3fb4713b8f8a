/** The JSON Schemas (draft 2020-12) that are published: of the configuration, and of the canonical model. */
import { z } from 'zod';
import { AdminCommand } from './admin-command.ts';
import { Command } from './command.ts';
import type { ConfigDialect } from './config/endpoint.ts';
import { configSchema } from './config.ts';
import { Event } from './event.ts';
import { RelayBytes } from './model.ts';
import { Result } from './outcome.ts';

/** A JSON Schema, as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override']>;

/** `readOnly` says something else to readers of a JSON Schema than a TypeScript `readonly` does. */
const dropReadOnly: Override = ({ jsonSchema }) => {
  delete jsonSchema.readOnly;
};

const override: Override = (context) => {
  dropReadOnly(context);
  if ((context.zodSchema as unknown) === RelayBytes) {
    Object.assign(context.jsonSchema, {
      type: 'string',
      contentEncoding: 'base64',
      description: 'Bytes that are not UTF-8 text.',
    });
  }
};

/** The schema of what people write in the configuration file, for editors and `dragoman schema`. */
export function configJsonSchema(dialects: readonly ConfigDialect[]): JsonSchema {
  const schema = z.toJSONSchema(configSchema(dialects), {
    io: 'input',
    unrepresentable: 'any',
    override: dropReadOnly,
  });
  const definitions: Record<string, unknown> = { substitution: SUBSTITUTION };
  const { $defs: own = {}, ...rest } = admitSubstitution(
    hoist(schema, 'upstream', definitions),
  ) as JsonSchema;
  const { upstream } = definitions;
  return {
    title: 'Dragoman configuration',
    ...rest,
    $defs: { ...(own as JsonSchema), ...definitions, upstream: admitSubstitution(upstream) },
  };
}

/**
 * Takes the schema of a key out, into the definitions. An endpoint of each dialect may have a server of each:
 * written out every time, that would be most of the file.
 */
function hoist(schema: unknown, key: string, definitions: Record<string, unknown>): unknown {
  if (Array.isArray(schema)) return schema.map((item) => hoist(item, key, definitions));
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) => {
      if (name !== key || typeof value !== 'object') return [name, hoist(value, key, definitions)];
      const { description, ...inner } = value as JsonSchema;
      definitions[key] ??= inner;
      return [name, { ...(description === undefined ? {} : { description }), $ref: `#/$defs/${key}` }];
    }),
  );
}

/** A value that the file takes from the environment is text until it is read, whatever it becomes then. */
const SUBSTITUTION: JsonSchema = {
  type: 'string',
  pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}',
  description:
    'A value from the environment: a name in braces after a dollar sign, optionally with :-default.',
};

/** Schemas of names: a substitution never takes place there. */
const NOT_VALUES = ['propertyNames', 'const', 'default', 'enum'];

function admitSubstitution(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(admitSubstitution);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      NOT_VALUES.includes(key) ? value : admitSubstitution(value),
    ]),
  );
  const isTyped = ['integer', 'number', 'boolean'].includes(String(copy.type));
  const isChoice = copy.enum !== undefined || (copy.type === 'string' && copy.pattern !== undefined);
  if (!isTyped && !isChoice) return copy;
  const { description, default: fallback, ...value } = copy;
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [value, { $ref: '#/$defs/substitution' }],
  };
}

/** The schemas of the canonical model by name. Bytes, which JSON has not, appear as base64 text. */
export function modelJsonSchemas(): Readonly<
  Record<'Command' | 'AdminCommand' | 'Event' | 'Result', JsonSchema>
> {
  const publish = (title: string, schema: z.ZodType): JsonSchema => ({
    title,
    ...z.toJSONSchema(schema, { unrepresentable: 'any', override, reused: 'ref' }),
  });
  return {
    Command: publish('Command', Command),
    AdminCommand: publish('AdminCommand', AdminCommand),
    Event: publish('Event', Event),
    Result: publish('Result', Result),
  };
}
