/**
 * Reading a configuration that may be broken: whatever is not as expected is undefined or empty, and
 * somebody else's message.
 */

import { DEFAULT_NAMESPACE } from './directory.ts';
import type { ConfigDialect } from './endpoint.ts';
import { didYouMean } from './suggest.ts';

export type Path = readonly (string | number)[];

export interface CheckContext {
  readonly dialects: ReadonlyMap<string, ConfigDialect>;
  /** Whether nothing else is wrong at or below a path. */
  sound(path: Path): boolean;
  report(path: Path, message: string): void;
}

export const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;

export const text = (value: unknown, key: string): string | undefined => {
  const found = field(value, key);
  return typeof found === 'string' ? found : undefined;
};

export const number = (value: unknown, key: string): number | undefined => {
  const found = field(value, key);
  return typeof found === 'number' ? found : undefined;
};

export const list = (value: unknown, key: string): readonly unknown[] => {
  const found = field(value, key);
  return Array.isArray(found) ? found : [];
};

export const keys = (value: unknown): readonly string[] =>
  typeof value === 'object' && value !== null ? Object.keys(value) : [];

export const namespaceOf = (value: unknown): string => text(value, 'namespace') ?? DEFAULT_NAMESPACE;

export const quote = (word: string): string => JSON.stringify(word);

/** Ids of `users` or `groups` by namespace, or undefined if that section can't be read. */
export function declared(config: unknown, section: 'users' | 'groups'): Map<string, Set<string>> | undefined {
  if (!Array.isArray(field(config, section))) return undefined;
  const byNamespace = new Map<string, Set<string>>();
  for (const item of list(config, section)) {
    const id = text(item, 'id');
    if (id === undefined) return undefined;
    const ids = byNamespace.get(namespaceOf(item));
    if (ids === undefined) byNamespace.set(namespaceOf(item), new Set([id]));
    else ids.add(id);
  }
  return byNamespace;
}

/** What is said about a reference that leads nowhere. */
export function unknownReference(
  kind: 'user' | 'group',
  id: string,
  namespace: string,
  known: Iterable<string>,
): string {
  const hint = didYouMean(id, known) || `; add it to "${kind}s" or name one that is there`;
  return `there is no ${kind} ${quote(id)} in namespace ${quote(namespace)}${hint}`;
}

/** Notes who was first with a key; gives the index of an earlier one. */
export function claim(seen: Map<string, number>, key: readonly unknown[], index: number): number | undefined {
  const name = JSON.stringify(key);
  const first = seen.get(name);
  if (first === undefined) seen.set(name, index);
  return first;
}
