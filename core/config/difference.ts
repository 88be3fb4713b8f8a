/** Where two values of a configuration differ, by path. Values never appear: some of them are secrets. */
import { isDeepStrictEqual } from 'node:util';
import { formatPath, type PathKey } from './problem.ts';

/** How far down a difference is named: `limits.frame`, and not what is inside. */
const DEPTH = 2;

export const isSame = (left: unknown, right: unknown): boolean => isDeepStrictEqual(left, right);

/** The paths at which they differ, sorted; names below a secret key are shown as `*`. */
export function differences(left: object, right: object): readonly string[] {
  const paths = new Set<string>();
  walk(left, right, [], (path) => paths.add(formatPath(path)));
  return [...paths].toSorted();
}

function walk(
  left: unknown,
  right: unknown,
  path: readonly PathKey[],
  found: (path: readonly PathKey[]) => void,
) {
  if (isSame(left, right)) return;
  if (path.length >= DEPTH || !isMap(left) || !isMap(right)) {
    found(path);
    return;
  }
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    walk(left[key], right[key], [...path, key], found);
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
