/**
 * The port to what the backend has changed of users, groups, memberships, mutes, blocks, contacts and tokens. The
 * configuration is the base at every start; these entries go on top of it, the newest of each key.
 */
import type { Profile } from '../../schemas/model.ts';
import type { StoreCallback } from './port.ts';

/** A group's own data; its members are entries of their own. */
export interface StoredGroup {
  readonly name: string;
  readonly description: string;
  readonly open: boolean;
  readonly createdAt: number;
  /** User id. */
  readonly owner?: string;
}

/** `value: null` means that it is no more: a dissolved group. */
export type DirectoryEntry =
  | { readonly kind: 'user'; readonly namespace: string; readonly id: string; readonly value: Profile }
  | {
      readonly kind: 'group';
      readonly namespace: string;
      readonly id: string;
      readonly value: StoredGroup | null;
    }
  /** `other` is the user. */
  | {
      readonly kind: 'member' | 'muted';
      readonly namespace: string;
      readonly id: string;
      readonly other: string;
      readonly value: boolean;
    }
  /** Tokens of the user that were issued before `value` (epoch ms) are revoked, whoever knows the user. */
  | { readonly kind: 'revoked'; readonly namespace: string; readonly id: string; readonly value: number }
  /** `id` has blocked, or is a contact of, `other`. */
  | {
      readonly kind: 'blocked' | 'contact';
      readonly namespace: string;
      readonly id: string;
      readonly other: string;
      readonly value: boolean;
    };

/** Two entries with one key are one fact: the newer stands. */
export function directoryKey(entry: DirectoryEntry): readonly [string, string, string, string] {
  return [entry.kind, entry.namespace, entry.id, 'other' in entry ? entry.other : ''];
}

export interface DirectoryStore {
  /** Everything, in the order in which each key was first saved. Read at the start and at each reload. */
  entries(): readonly DirectoryEntry[];
  /** All of them or none; durable when `done` is called. */
  save(entries: readonly DirectoryEntry[], done: StoreCallback<void>): void;
}

export class MemoryDirectoryStore implements DirectoryStore {
  readonly #entries = new Map<string, DirectoryEntry>();

  entries(): readonly DirectoryEntry[] {
    return [...this.#entries.values()];
  }

  save(entries: readonly DirectoryEntry[], done: StoreCallback<void>): void {
    for (const entry of entries) this.#entries.set(JSON.stringify(directoryKey(entry)), entry);
    queueMicrotask(() => done({ ok: true, value: undefined }));
  }
}
