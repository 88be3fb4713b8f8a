/**
 * Bodies of relayed frames <-> `data`. A body of this dialect is the JSON text of `data` ("" for none); a
 * text from elsewhere that isn't JSON becomes a JSON string. Binary bodies have no place in JSON.
 */
import type { Json } from '../../schemas/model.ts';

/** Deepest nesting of `data`: with the frame around it, the 32 levels that the codec accepts. */
const MAX_DATA_DEPTH = 31;

export function dataOf(body: string): Json | undefined {
  if (body === '') return undefined;
  try {
    const value = JSON.parse(body) as Json;
    return isRepeatable(value) ? value : body;
  } catch {
    return body;
  }
}

export const bodyOf = (data: Json | undefined): string => (data === undefined ? '' : JSON.stringify(data));

/** Whether JSON.stringify gives a value back whole: `1e400` would become null. */
export const isRepeatable = (data: Json): boolean => isSound(data, MAX_DATA_DEPTH);

/** Depth within bounds, every string well-formed, every number finite. */
function isSound(value: Json, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  return Object.entries(value).every(
    ([key, item]: [string, Json]) => key.isWellFormed() && isSound(item, depth - 1),
  );
}
