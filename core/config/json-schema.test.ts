/** The published JSON Schemas accept what the parser accepts. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configJsonSchema, modelJsonSchemas } from '../../schemas/publish.ts';
import { dialects, GOOD } from './fixture.ts';

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const validate = ajv.compile(configJsonSchema(dialects));

/** Every property of every object in a schema, with its path. */
function* properties(schema: unknown, path = ''): Generator<readonly [string, Record<string, unknown>]> {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') {
      for (const [name, property] of Object.entries(value as Record<string, Record<string, unknown>>)) {
        yield [`${path}.${name}`, property];
        yield* properties(property, `${path}.${name}`);
      }
    } else if (key !== 'default') yield* properties(value, key === '$defs' ? `${path}.$defs` : path);
  }
}

describe('the JSON Schema of the configuration', () => {
  it.each([
    ['a good file', GOOD],
    ['values from the environment', `listen: { port: "$\{PORT:-8080}" }\nlog: { pretty: "$\{P}" }\n${GOOD}`],
    [
      'sizes and durations',
      `limits: { frame: 16KiB, closeTimeout: 500, backlog: { age: 30 days } }\n${GOOD}`,
    ],
    [
      'several forms',
      GOOD.replace('auth: demo', 'auth: [demo], sockjs: { heartbeat: 1s }, origins: [https://a]'),
    ],
  ])('accepts %s', (_title, text) => {
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each([
    ['an unknown key', `lisen: {}\n${GOOD}`],
    ['a value of the wrong type', `listen: { port: many }\n${GOOD}`],
    ['a duration without a unit that exists', `limits: { closeTimeout: 10 parsecs }\n${GOOD}`],
    [
      'a close code that may not be sent',
      GOOD.replace('auth: demo', 'auth: demo, closeCodes: { normal: 1005 }'),
    ],
    ['an option that the dialect has not', GOOD.replace('auth: demo', 'auth: demo, options: { x: 1 }')],
    ['a missing login', GOOD.replace(', auth: demo', '')],
  ])('refuses %s', (_title, text) => {
    expect(validate(parse(text))).toBe(false);
  });

  it('describes every key for the reader of an editor', () => {
    const without = [...properties(configJsonSchema(dialects))]
      .filter(([, property]) => typeof property.description !== 'string')
      .map(([path]) => path);
    expect(without).toEqual([]);
  });

  it('shows defaults as one would write them', () => {
    const all = new Map(properties(configJsonSchema(dialects)));
    expect(all.get('.limits.frame')?.default).toBe('256KiB');
    expect(all.get('.limits.backlog.age')?.default).toBe('30 days');
    expect(all.get('.endpoints.heartbeat.silence')?.default).toBe('90s');
    expect(all.get('.endpoints.origins')?.default).toBe('same');
  });
});

describe('the JSON Schemas of the canonical model', () => {
  const schemas = modelJsonSchemas();

  it.each(Object.keys(schemas))('%s is a valid schema', (name) => {
    const schema = schemas[name as keyof typeof schemas];
    expect(ajv.validateSchema({ ...schema })).toBe(true);
    expect(schema.title).toBe(name);
  });

  it('shows bytes of a relayed body as base64 text', () => {
    expect(JSON.stringify(schemas.Command)).toContain('"contentEncoding":"base64"');
  });

  it('accepts a command and refuses one with a key too many', () => {
    const check = ajv.compile({ ...schemas.Command });
    const join = { type: 'join_group', group: 'lobby', exclusive: false };
    expect(check(join)).toBe(true);
    expect(check({ ...join, extra: 1 })).toBe(false);
  });
});
