/**
 * `${NAME}` and `${NAME:-default}` in a text, from the environment. `$${` stands for a literal `${`.
 *
 * As in a shell, the default is taken where the variable is missing or empty. What a variable holds is
 * taken as it is: it is never read for further substitutions.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Substituted {
  readonly text: string;
  /** Whether any part of the text comes from a substitution. */
  readonly changed: boolean;
  /** What went wrong, one message each. */
  readonly faults: readonly string[];
}

const OPENING = '$' + '{';
const REFERENCE = /^([A-Za-z_][A-Za-z0-9_]{0,255})(?::-(.*))?$/s;

export function substitute(text: string, environment: Environment): Substituted {
  const faults: string[] = [];
  let result = '';
  let changed = false;
  let position = 0;
  for (;;) {
    const start = text.indexOf(OPENING, position);
    if (start === -1) break;
    if (text[start - 1] === '$' && start > position) {
      result += `${text.slice(position, start - 1)}\${`;
      position = start + 2;
      continue;
    }
    result += text.slice(position, start);
    const end = text.indexOf('}', start);
    if (end === -1) {
      faults.push(`a "${OPENING}" has no "}"; write "$${OPENING}" for the two characters themselves`);
      position = start;
      break;
    }
    const reference = resolve(text.slice(start + 2, end), environment);
    if (reference.fault === undefined) result += reference.value;
    else faults.push(reference.fault);
    changed = true;
    position = end + 1;
  }
  return { text: result + text.slice(position), changed, faults };
}

type Resolved = { readonly value: string; readonly fault?: undefined } | { readonly fault: string };

function resolve(reference: string, environment: Environment): Resolved {
  const match = REFERENCE.exec(reference);
  if (match === null) {
    return {
      fault: `"\${${reference.slice(0, 40)}}" is no reference; allowed: \${NAME} and \${NAME:-default}`,
    };
  }
  const [, name = '', fallback] = match;
  if (fallback?.includes(OPENING)) {
    return { fault: `the default of \${${name}} holds another reference; only plain text is allowed there` };
  }
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (fallback !== undefined) return { value: value === undefined || value === '' ? fallback : value };
  if (value !== undefined) return { value };
  return { fault: `the environment variable ${name} is not set; set it, or write \${${name}:-default}` };
}

/** A substituted text as the number or truth value that it spells, or undefined if it spells neither. */
export function spelled(text: string): number | boolean | undefined {
  if (text === 'true') return true;
  if (text === 'false') return false;
  return /^[+-]?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
}
