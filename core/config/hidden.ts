/**
 * Keeps what the environment gives to a text out of what is said of it: who sends a text to be checked may name any
 * variable of the gateway, and must not learn by it what the variable holds.
 */
import type { Environment } from './substitute.ts';

/** Shorter values are in any text by chance, in UTF-16 units. */
const MIN_HIDDEN = 4;
/** So much of the beginning of a value is known again where a message has cut it, in UTF-16 units. */
const MIN_KNOWN = 8;

export interface Watched {
  /** The same environment; what is read of it is remembered. */
  readonly environment: Environment;
  /** The text with `${NAME}` in place of each value that was read. */
  hide(said: string): string;
}

export function watched(environment: Environment): Watched {
  const read = new Map<string, string>();
  const remembering = new Proxy(environment, {
    get(target, name) {
      const value = typeof name === 'string' && Object.hasOwn(target, name) ? target[name] : undefined;
      if (value !== undefined && value.length >= MIN_HIDDEN) read.set(String(name), value);
      return value;
    },
  });
  return {
    environment: remembering,
    hide: (said) => {
      // The longest first: it may have another one inside.
      const values = [...read].toSorted(([, left], [, right]) => right.length - left.length);
      return values.reduce((text, [name, value]) => {
        const escaped = JSON.stringify(value).slice(1, -1);
        const shown = without(text, value, name);
        return escaped === value ? shown : without(shown, escaped, name);
      }, said);
    },
  };
}

/** Also without a beginning of the value, where the rest of it was cut. */
function without(text: string, value: string, name: string): string {
  const known = value.slice(0, MIN_KNOWN);
  let result = '';
  let position = 0;
  for (let at = text.indexOf(known); at !== -1; at = text.indexOf(known, position)) {
    let length = known.length;
    while (length < value.length && text[at + length] === value[length]) length++;
    result += `${text.slice(position, at)}\${${name}}`;
    position = at + length;
  }
  return result + text.slice(position);
}
