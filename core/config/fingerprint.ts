/** A short name for what a configuration says, so that nodes and times can be compared. Secrets are no part of it. */
import { createHash } from 'node:crypto';
import type { Config } from '../../schemas/config.ts';
import { isShowable, type PathKey } from './problem.ts';

const LENGTH = 16;

/** Hexadecimal; the same for the same configuration, whatever the order of its keys. */
export function fingerprint(config: Config): string {
  return createHash('sha256').update(written(config, [])).digest('hex').slice(0, LENGTH);
}

function written(value: unknown, path: readonly PathKey[]): string {
  if (!isShowable(path)) return '""';
  if (Array.isArray(value))
    return `[${value.map((item, index) => written(item, [...path, index])).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${written(item, [...path, key])}`).join(',')}}`;
}
