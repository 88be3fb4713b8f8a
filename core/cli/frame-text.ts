/** Frames and values on a terminal. */
import type { WireMessage } from '../dialect.ts';

/** Whatever a terminal would take for a command, or what changes the order of what follows. */
const UNPRINTABLE = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

function escaped(character: string): string {
  if (character === '\n' || character === '\t') return character;
  return character === '\0' ? '^@' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A text as it is, but for what can't be shown: a NUL is `^@`, other control characters are escapes. */
export const printable = (text: string): string => text.toWellFormed().replace(UNPRINTABLE, escaped);

/** Text if it is UTF-8, else base64. */
export function wireText(wire: WireMessage): string | { readonly base64: string } {
  if (typeof wire === 'string') return wire;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(wire);
  } catch {
    return { base64: Buffer.from(wire).toString('base64') };
  }
}

/** Every line indented. */
export const indented = (text: string, by: string): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? line : by + line))
    .join('\n');

/** A frame for people, indented. */
export function frameText(wire: WireMessage, by: string): string {
  const text = wireText(wire);
  return indented(printable(typeof text === 'string' ? text : `base64: ${text.base64}`), by);
}

/** JSON in which bytes are `{"base64": "..."}`. */
export function jsonText(value: unknown): string {
  return JSON.stringify(
    value,
    function (this: Readonly<Record<string, unknown>>, key: string, part: unknown) {
      // A Buffer has made itself into something else by now.
      const original = this[key];
      return original instanceof Uint8Array ? { base64: Buffer.from(original).toString('base64') } : part;
    },
    2,
  );
}
