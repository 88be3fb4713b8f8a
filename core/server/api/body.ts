/** Bodies: JSON in UTF-8, not nested beyond reason, and its one spelling that repetitions are known by. */
import { createHash } from 'node:crypto';
import { RequestRefused } from './problem.ts';

/** Deepest nesting of a body: more than any schema here has, and no danger to what walks through it. */
const MAX_DEPTH = 32;

/** @throws RequestRefused invalid_request */
export function checkDepth(value: unknown): void {
  if (!isWithin(value, MAX_DEPTH))
    throw new RequestRefused('invalid_request', `the body is nested deeper than ${MAX_DEPTH} levels`);
}

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  return Object.values(value).every((item) => isWithin(item, depth - 1));
}

/** The same text for the same JSON, whatever the order of its keys. Only for what `checkDepth` has let through. */
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
