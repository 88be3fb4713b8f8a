/**
 * What the schema has to say, in words for people. A text that starts with "expected" says what is allowed;
 * what was found instead is put behind it.
 */
import { z } from 'zod';
import { suggest } from '../../schemas/config/suggest.ts';
import { isShowable, type PathKey, type Problem } from './problem.ts';
import { locate, type Source, type SourceNode } from './source.ts';

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/** Longest value that a message repeats. */
const MAX_SHOWN = 40;
/** Most allowed words that a message lists. */
const MAX_LISTED = 40;

export interface Validation<Value> {
  readonly value?: Value;
  readonly issues: readonly Issue[];
  /** The keys that an object allows, by the `keys` list of its `unrecognized_keys` issue. */
  readonly allowed: WeakMap<readonly string[], readonly AllowedKey[]>;
}

interface AllowedKey {
  readonly name: string;
  /** Keys of the object that stands under this one, for hints of the kind "it belongs into options". */
  readonly inner: readonly string[];
}

/** Parses a value, with every issue in our words. */
export function validate<Value>(schema: z.ZodType<Value>, value: unknown): Validation<Value> {
  const allowed = new WeakMap<readonly string[], readonly AllowedKey[]>();
  const result = schema.safeParse(value, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys' && issue.inst instanceof z.ZodObject) {
        allowed.set(
          issue.keys,
          Object.entries(issue.inst.shape).map(([name, inner]) => ({ name, inner: keysOf(inner) })),
        );
      }
      return expectation(issue);
    },
  });
  return result.success
    ? { value: result.data, issues: [], allowed }
    : { issues: result.error.issues.flatMap(innermost), allowed };
}

/**
 * A value that fits none of several forms: if its outer shape is that of just one of them, what is wrong
 * inside of that one says more than that none fits.
 */
function innermost(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union' || issue.discriminator !== undefined) return [issue];
  const fitting = issue.errors.filter((branch) =>
    branch.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  const [branch] = fitting;
  if (branch === undefined || fitting.length > 1) return [issue];
  return branch.flatMap((inner) => innermost({ ...inner, path: [...issue.path, ...inner.path] }));
}

function keysOf(schema: z.core.$ZodType): readonly string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodReadonly
  ) {
    return keysOf(schema.def.innerType);
  }
  return [];
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys and values',
  record: 'a map of keys and values',
  null: 'nothing',
};

const bound = (limit: number | bigint, origin: string): string => {
  const one = Number(limit) === 1;
  if (origin === 'string') return `${limit} ${one ? 'character' : 'characters'}`;
  if (origin === 'array') return `${limit} ${one ? 'entry' : 'entries'}`;
  return String(limit);
};

function expectation(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${TYPES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${oneOf(issue.values)}`;
    case 'invalid_union':
      return issue.discriminator === undefined ? undefined : `expected ${oneOf(choicesOf(issue))}`;
    case 'too_small':
      return `expected at least ${bound(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `expected at most ${bound(issue.maximum, issue.origin)}`;
    case 'not_multiple_of':
      return `expected a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return `expected text of the form ${issue.pattern ?? issue.format}`;
    default:
      return undefined;
  }
}

/** The values that an issue's schema allows, where they are few. */
function choicesOf(issue: RawIssue | Issue): readonly unknown[] {
  if (issue.code === 'invalid_value') return issue.values;
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) {
    return issue.options;
  }
  return [];
}

function oneOf(values: readonly unknown[]): string {
  const words = values
    .slice(0, MAX_LISTED)
    .map((value) => (typeof value === 'string' ? JSON.stringify(value) : String(value)));
  const last = words.pop();
  return words.length === 0 ? `${last ?? 'nothing'}` : `${words.join(', ')} or ${last}`;
}

/** The problems that an issue stands for: one for each unknown key, else one. */
export function explain(
  issue: Issue,
  validation: Validation<unknown>,
  source: Source,
  root: SourceNode,
): readonly Problem[] {
  const path = issue.path.filter((key) => typeof key !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const allowed = validation.allowed.get(issue.keys) ?? [];
    return issue.keys.map((key) => {
      const { node } = locate(root, [...path, key]);
      return source.problemAt(node.key ?? node.at, [...path, key], `unknown key${hintForKey(key, allowed)}`);
    });
  }
  const { node, missing } = locate(root, path);
  if (node.content.kind === 'scalar' && node.content.broken) return [];
  if (issue.code === 'invalid_key') {
    const [reason] = issue.issues;
    return [
      source.problemAt(node.key ?? node.at, path, `the name is wrong: ${reason?.message ?? issue.message}`),
    ];
  }
  if (missing > 0) {
    const offset = node.key ?? node.at;
    const message = issue.message.startsWith('expected') ? `is missing; ${issue.message}` : issue.message;
    return [source.problemAt(offset, path, message)];
  }
  if (!issue.message.startsWith('expected')) return [source.problemAt(node.at, path, issue.message)];
  const message = `${issue.message}, not ${found(node, path)}${hintForValue(issue, node)}`;
  return [source.problemAt(node.at, path, message)];
}

function hintForKey(key: string, allowed: readonly AllowedKey[]): string {
  const names = allowed.map(({ name }) => name);
  const listed = names.length > MAX_LISTED ? [...names.slice(0, MAX_LISTED), '...'] : names;
  const tail = names.length === 0 ? '; no key is allowed here' : `; allowed: ${listed.join(', ')}`;
  const holder = allowed.find(({ inner }) => inner.includes(key));
  const near = holder === undefined ? suggest(key, names) : `${holder.name}.${key}`;
  return near === undefined ? tail : `, did you mean "${near}"?${tail.replace(';', '')}`;
}

/** What stands in the file, without giving away what may be secret. */
function found({ content }: SourceNode, path: readonly PathKey[]): string {
  if (content.kind === 'map') return 'a map';
  if (content.kind === 'list') return content.items.length === 0 ? 'an empty list' : 'a list';
  const { value, substituted } = content;
  if (value === null) return 'an empty value';
  if (value === '') return 'empty text';
  if (substituted)
    return `the ${typeof value === 'string' ? 'text' : typeof value} that the environment gives`;
  const isShort = String(value).length <= MAX_SHOWN;
  if (typeof value === 'string') return isShort && isShowable(path) ? JSON.stringify(value) : 'this text';
  return isShort && isShowable(path) ? `the ${typeof value} ${String(value)}` : `a ${typeof value}`;
}

/** What was probably meant; nothing where there is no choice. */
function hintForValue(issue: Issue, { content }: SourceNode): string {
  if (content.kind !== 'scalar') return '';
  const { value, substituted } = content;
  if (issue.code === 'invalid_type' && issue.expected === 'string' && value !== null) {
    return typeof value === 'string' ? '' : '; put it in quotes to make it text';
  }
  const choices = choicesOf(issue).filter((choice) => typeof choice === 'string');
  if (typeof value !== 'string' || substituted || choices.length < 2) return '';
  const near = suggest(value, choices);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}
