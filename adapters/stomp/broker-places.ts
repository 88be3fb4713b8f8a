/** Where chat lives on a general broker, which has no destinations of a chat's own: templates of the options. */

/** Longest destination: AMQP brokers keep the name in a string with one byte of length. */
const MAX_DESTINATION_BYTES = 255;

const PLACEHOLDER = '{id}';

/** What is wrong with a template, or undefined. */
export function templateFault(template: string): string | undefined {
  if (!template.startsWith('/')) return 'must begin with /';
  if (template.split(PLACEHOLDER).length !== 2) return `must have ${PLACEHOLDER} once`;
  return /[{}*#>%=\s]/.test(template.replace(PLACEHOLDER, ''))
    ? 'must not contain white space, further braces or any of * # > % ='
    : undefined;
}

/**
 * What no broker reads anything into. Of the others `*`, `#` and `>` would be wildcards, with which one reads what is
 * meant for everybody, `/` would be a further part, and `%` is an escape to some and not to others.
 */
const PLAIN = /^[A-Za-z0-9._@~+-]*$/;

/** An id as a part of a name, one to one: `=` and two hexadecimal digits for each byte of UTF-8 that is not plain. */
export function escapeId(id: string): string {
  if (PLAIN.test(id)) return id;
  let escaped = '';
  for (const byte of new TextEncoder().encode(id)) {
    const character = String.fromCharCode(byte);
    escaped += PLAIN.test(character) ? character : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}

/** The destination of an id; undefined if the broker can't take so long a name. */
export function fillPlace(template: string, id: string): string | undefined {
  const destination = template.replace(PLACEHOLDER, () => escapeId(id));
  return destination.length <= MAX_DESTINATION_BYTES ? destination : undefined;
}
