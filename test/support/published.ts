/** Those parts of the documents that are made from the code, and the JSON Schemas that are published. */
import { dialects } from '../../adapters/index.ts';
import { CLOSE_CODES, type CloseReason } from '../../core/close.ts';
import { ERRORS } from '../../core/errors.ts';
import { commandAcks, messageAcks, type NamedWire } from '../../core/translate/ack-truth.ts';
import { lossDocument } from '../../core/translate/losses-document.ts';
import { CLOSE_REASONS } from '../../schemas/config/endpoint.ts';
import { configJsonSchema, modelJsonSchemas } from '../../schemas/publish.ts';
import { fixedBoundTables } from './fixed-bounds.ts';
import { cell, code, table } from './markdown.ts';
import { metricTables } from './metric-tables.ts';

/** A JSON Schema as far as it is read here. */
export interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly $defs?: Readonly<Record<string, Schema>>;
}

export interface Key {
  readonly path: string;
  /** As one would write it; undefined if there is none. */
  readonly fallback: string | undefined;
  readonly required: boolean;
  readonly description: string;
}

/** Files of `schemas/published/`, by name. */
export function publishedSchemas(): Readonly<Record<string, unknown>> {
  const { Command, AdminCommand, Event, Result } = modelJsonSchemas();
  return {
    'config.json': configJsonSchema(dialects),
    'command.json': Command,
    'admin-command.json': AdminCommand,
    'event.json': Event,
    'result.json': Result,
  };
}

const config = (): Schema => configJsonSchema(dialects) as Schema;

type ByDialect = ReadonlyMap<string, Schema>;

const byDialect = (variants: readonly Schema[] = []): ByDialect =>
  new Map(variants.map((variant) => [String(variant.properties?.dialect?.const), variant]));

/** The schemas of the endpoint by dialect, in the order of the registry. */
const endpoints = (): ByDialect => byDialect(config().properties?.endpoints?.items?.oneOf);

/** Those of the server behind. */
const upstreams = (): ByDialect => byDialect(config().$defs?.upstream?.oneOf);

/** Keys whose own keys are described elsewhere: those of `limits`, and the close reasons. */
const SUMMARISED: ReadonlySet<string> = new Set(['endpoints[].limits', 'endpoints[].closeCodes']);

function written(value: unknown): string | undefined {
  if (
    value === undefined ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  ) {
    return Array.isArray(value) ? '[]' : undefined;
  }
  if (value === '') return '""';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Every key at and below a schema. */
export function* keysOf(schema: Schema, path: string, required = false): Generator<Key> {
  if (schema.description !== undefined) {
    const within = SUMMARISED.has(path)
      ? ` Any of: ${Object.keys(schema.properties ?? {})
          .map((key) => `\`${key}\``)
          .join(', ')}.`
      : '';
    const value = schema.const === undefined ? '' : `${code(String(schema.const))}: `;
    const description = value + schema.description + within;
    yield { path, fallback: written(schema.default), required, description };
  }
  if (!SUMMARISED.has(path)) yield* keysBelow(schema, path);
}

function* keysBelow(schema: Schema, path: string): Generator<Key> {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const own = path === '' ? name : `${path}.${name}`;
    yield* keysOf(property, own, schema.required?.includes(name) === true && property.default === undefined);
  }
  if (schema.items !== undefined) yield* keysBelow(schema.items, `${path}[]`);
  if (typeof schema.additionalProperties === 'object') {
    yield* keysBelow(schema.additionalProperties, `${path}.<name>`);
  }
  for (const variant of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) yield* keysBelow(variant, path);
}

/** One row a key: variants of a list (authenticators by type) have keys of the same name. */
function merged(keys: Iterable<Key>): readonly Key[] {
  const rows = new Map<string, Key>();
  for (const key of keys) {
    const known = rows.get(key.path);
    const description =
      known === undefined || known.description.includes(key.description)
        ? (known?.description ?? key.description)
        : `${known.description} / ${key.description}`;
    rows.set(key.path, { ...key, ...known, description });
  }
  return [...rows.values()];
}

const fallbackCell = ({ fallback, required }: Key): string =>
  fallback === undefined ? (required ? 'required' : '') : code(fallback);

const keyTable = (keys: readonly Key[]): string =>
  table(
    ['key', 'default', 'what it is'],
    keys.map((key) => [code(key.path), fallbackCell(key), cell(key.description)]),
  );

/** The keys of some top-level sections. */
export function sectionKeys(sections: readonly string[]): readonly Key[] {
  const { properties, required } = config();
  return merged(
    sections.flatMap((name) => [
      ...keysOf(properties?.[name] ?? {}, name, required?.includes(name) === true),
    ]),
  );
}

/** The keys that every endpoint has. */
export const endpointKeys = (): readonly Key[] =>
  keysOfAll(endpoints(), 'endpoints[]', 'The dialect that is spoken there');

/** Those that every server behind has. */
const upstreamKeys = (): readonly Key[] =>
  keysOfAll(upstreams(), 'endpoints[].upstream', 'The dialect that the server speaks');

/** The keys of all dialects' forms; where dialects differ in a default, all are told. */
function keysOfAll(forms: ByDialect, path: string, dialectIs: string): readonly Key[] {
  const keysBy = [...forms].map(([id, variant]) => {
    const { options: _options, ...properties } = variant.properties ?? {};
    return [id, merged(keysBelow({ ...variant, properties }, path))] as const;
  });
  const [, first = []] = keysBy[0] ?? [];
  return first.map((key) => {
    const all = keysBy.map(([id, keys]) => [id, keys.find(({ path }) => path === key.path)] as const);
    if (key.path === `${path}.dialect`) {
      const ids = keysBy.map(([id]) => `\`${id}\``).join(', ');
      return { ...key, description: `${dialectIs}: ${ids}.` };
    }
    const values = new Set(all.map(([, each]) => each?.fallback));
    if (values.size < 2) return key;
    const groups = [...values].map((value) => {
      const ids = all.filter(([, each]) => each?.fallback === value).map(([id]) => id);
      return `${value} (${ids.join(', ')})`;
    });
    return { ...key, fallback: groups.join(', ') };
  });
}

export function optionKeys(dialect: string): readonly Key[] {
  const options = endpoints().get(dialect)?.properties?.options;
  return options === undefined ? [] : merged(keysBelow(options, 'options'));
}

/** Every key of the configuration by its path, as the document should list them. */
export const topLevelSections = (): readonly string[] => Object.keys(config().properties ?? {});

const closeCodesOf = (reason: CloseReason): string => {
  const own = dialects
    .filter(({ defaults }) => defaults.closeCodes[reason] !== undefined)
    .map(({ id, defaults }) => `${id} ${defaults.closeCodes[reason]}`);
  return [String(CLOSE_CODES[reason]), ...own].join('; ');
};

/** What a server may speak, by the defaults and by the options that change what its answers are worth. */
function ackServers(): readonly NamedWire[] {
  const stomp = dialects.filter(({ id }) => id === 'stomp');
  return [
    ...dialects.map((dialect) => ({ name: dialect.id, dialect })),
    ...stomp.flatMap((dialect) => [
      { name: 'stomp, receipts: false', dialect, options: { upstream: { receipts: false } } },
      {
        name: 'stomp, acknowledge: client-individual',
        dialect,
        options: { upstream: { acknowledge: 'client-individual' } },
      },
    ]),
  ];
}

/** The generated parts of the documents, by the name in their markers. */
export function generatedParts(): Readonly<Record<string, () => string>> {
  const sections = Object.fromEntries(
    topLevelSections()
      .filter((name) => name !== 'endpoints')
      .map((name) => [`keys of ${name}`, () => keyTable(sectionKeys([name]))]),
  );
  const options = Object.fromEntries(
    dialects.map(({ id }) => [`options of ${id}`, () => keyTable(optionKeys(id))]),
  );
  return {
    ...sections,
    ...options,
    ...lossDocument(dialects),
    ...metricTables(),
    ...fixedBoundTables(),
    'keys of endpoints': () => keyTable(endpointKeys()),
    'keys of upstream': () => keyTable(upstreamKeys()),
    limits: () =>
      table(
        ['limit', 'default', 'what it bounds'],
        sectionKeys(['limits'])
          .filter(({ fallback }) => fallback !== undefined)
          .map(({ path, fallback = '', description }) => [code(path), fallback, cell(description)]),
      ),
    'acks of messages': () => {
      const { head, rows } = messageAcks(dialects, ackServers());
      return table(head, rows);
    },
    'acks of commands': () => {
      const { head, rows } = commandAcks(ackServers());
      return table(head, rows);
    },
    errors: () =>
      table(
        ['code', 'message (en)', 'message (zh-CN)', 'fatal'],
        Object.entries(ERRORS).map(([name, entry]) => [
          code(name),
          cell(entry.en),
          cell(entry['zh-CN']),
          'fatal' in entry ? code(entry.fatal) : '',
        ]),
      ),
    'close codes': () =>
      table(
        ['reason', 'code', 'when'],
        (Object.keys(CLOSE_CODES) as CloseReason[]).map((reason) => [
          code(reason),
          closeCodesOf(reason),
          cell(CLOSE_REASONS[reason]),
        ]),
      ),
  };
}

const MARKED = /(<!-- generated: (.+?) -->\n)[\s\S]*?(<!-- end -->)/g;

/** A document with its generated parts as they should be. @throws on a marker that names nothing */
export function withGeneratedParts(document: string): string {
  const parts = generatedParts();
  return document.replace(MARKED, (_all, begin: string, name: string, end: string) => {
    const make = parts[name];
    if (make === undefined) throw new Error(`a document wants "${name}", which nothing makes`);
    return `${begin}\n${make()}\n\n${end}`;
  });
}

/** The names in the markers of a document. */
export const generatedPartsIn = (document: string): readonly string[] =>
  [...document.matchAll(MARKED)].map(([, , name = '']) => name);
