/** Bodies: JSON in UTF-8, not nested beyond reason, of well-formed text, and its one spelling that repetitions are known by. */
import { createHash } from 'node:crypto';
import { placeIn, pointerTo, RequestRefused } from './problem.ts';

/** Deepest nesting of a body: more than any schema here has, and no danger to what walks through it. */
const MAX_DEPTH = 32;

const NOT_WELL_FORMED = 'must not contain a lone surrogate';

/** @throws RequestRefused invalid_request */
export function checkBody(value: unknown): void {
  if (!isWithin(value, MAX_DEPTH))
    throw new RequestRefused('invalid_request', `the body is nested deeper than ${MAX_DEPTH} levels`);
  const place = malformedIn(value);
  if (place === undefined) return;
  const pointer = pointerTo(place);
  throw new RequestRefused('invalid_request', `${placeIn('body', pointer)}: ${NOT_WELL_FORMED}`, {
    errors: [{ in: 'body', pointer, detail: NOT_WELL_FORMED }],
  });
}

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  return Object.values(value).every((item) => isWithin(item, depth - 1));
}

/** Where the first text is that no UTF-8 can say: `\\ud800` is JSON, and no character. Where a key is one, its parent. */
function malformedIn(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : [];
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    if (!key.isWellFormed()) return [];
    const below = malformedIn(item);
    if (below !== undefined) return [key, ...below];
  }
  return undefined;
}

/** The same text for the same JSON, whatever the order of its keys. Only for what `checkBody` has let through. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}

/** What makes two requests the same one. */
export function fingerprintOf(method: string, url: string, body: unknown): string {
  return createHash('sha256')
    .update(`${method} ${url}\n${body === undefined ? '' : canonical(body)}`)
    .digest('base64');
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** @throws RequestRefused invalid_request */
export function textOf(body: Uint8Array): string {
  try {
    return UTF8.decode(body);
  } catch {
    throw new RequestRefused('invalid_request', 'the body is not UTF-8');
  }
}
