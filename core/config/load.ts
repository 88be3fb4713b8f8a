/** From a YAML file to a `Config`, or to the list of everything that is wrong with it. */
import { closeSync, openSync, readSync } from 'node:fs';
import { type Config, type ConfigDialect, configSchema } from '../../schemas/config.ts';
import { explain, type Validation, validate } from './explain.ts';
import { inOrder, type Problem } from './problem.ts';
import { locate, plainValue, readSource, type SourceNode } from './source.ts';
import { type Environment, spelled } from './substitute.ts';

/** Largest configuration file, in bytes. */
export const MAX_FILE_BYTES = 1024 * 1024;

export type ConfigResult =
  | { readonly config: Config; readonly problems?: undefined }
  | { readonly config?: undefined; readonly problems: readonly Problem[] };

/** Reads and checks a file. What is wrong, the file's absence included, is in `problems`; nothing is thrown. */
export function loadConfig(
  file: string,
  dialects: readonly ConfigDialect[],
  environment: Environment,
): ConfigResult {
  const read = readFile(file);
  if (read.fault !== undefined) {
    return { problems: [{ file, line: 0, column: 0, path: '', message: read.fault }] };
  }
  return parseConfig(read.text, { file, dialects, environment });
}

export interface ParseOptions {
  /** The name that problems are reported under. */
  readonly file: string;
  readonly dialects: readonly ConfigDialect[];
  readonly environment: Environment;
}

/** Checks the text of a configuration file; all errors come at once, in the order of the file. */
export function parseConfig(text: string, { file, dialects, environment }: ParseOptions): ConfigResult {
  const source = readSource(text, file, environment);
  const { root } = source;
  if (root === undefined) return { problems: inOrder(source.problems) };

  const schema = configSchema(dialects);
  let validation = validate(schema, plainValue(root));
  while (retypeAll(root, validation)) validation = validate(schema, plainValue(root));

  const { value } = validation;
  if (value !== undefined && source.problems.length === 0) return { config: value };
  const issues = validation.issues.flatMap((issue) => explain(issue, validation, source, root));
  return { problems: inOrder([...source.problems, ...issues]) };
}

/** Brings the values at fault into other types where that may help; gives whether any was changed. */
function retypeAll(root: SourceNode, { issues }: Validation<Config>): boolean {
  return issues.filter(({ path }) => retype(root, path)).length > 0;
}

/**
 * A value from the environment is text; where the schema wants something else and the text spells a number
 * or a truth value, it becomes that. Gives whether it did, which is at most once for each value.
 */
function retype(root: SourceNode, path: readonly PropertyKey[]): boolean {
  const { node, missing } = locate(
    root,
    path.filter((key) => typeof key !== 'symbol'),
  );
  const { content } = node;
  if (missing > 0 || content.kind !== 'scalar' || !content.substituted) return false;
  if (typeof content.value !== 'string') return false;
  const value = spelled(content.value);
  if (value === undefined) return false;
  content.value = value;
  return true;
}

type Read = { readonly text: string; readonly fault?: undefined } | { readonly fault: string };

/** Reads at most the allowed bytes, so that a device or a pipe without end does no harm. */
function readFile(file: string): Read {
  const buffer = new Uint8Array(MAX_FILE_BYTES + 1);
  let length = 0;
  try {
    const descriptor = openSync(file, 'r');
    try {
      for (let count = -1; count !== 0 && length < buffer.length; length += count) {
        count = readSync(descriptor, buffer, length, buffer.length - length, null);
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return { fault: `cannot be read: ${reason(error)}` };
  }
  if (length > MAX_FILE_BYTES) return { fault: `is larger than ${MAX_FILE_BYTES} bytes` };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length)) };
  } catch {
    return { fault: 'is not UTF-8 text' };
  }
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EISDIR':
      return 'it is a directory';
    case 'EACCES':
      return 'permission denied';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
