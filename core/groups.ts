/**
 * Groups, and the two relations to them that must not be mixed up: membership, which is durable, and
 * attendance, which belongs to connections.
 */
import type { Group, User } from '../schemas/model.ts';
import type { Connection } from './connection.ts';

export interface GroupRecord {
  /** Frozen; replaced as a whole when it changes. */
  group: Group;
  /** Members by their key. */
  readonly members: Map<string, User>;
  /** Keys of members who may not write. */
  readonly muted: Set<string>;
  /** Connections that attend it, whatever their dialect. */
  readonly connections: Set<Connection>;
  /** Attending connections by user key: a user attends while this is not empty. */
  readonly attending: Map<string, { readonly user: User; readonly connections: Set<Connection> }>;
  /** The same group's ids in other namespaces, if it is bridged. */
  readonly aliases: Map<string, string>;
  /** Goes with its last attending connection; the prefix that it came by. */
  readonly transient: string | undefined;
}

/** A user in any namespace. */
export const userKey = (user: { readonly namespace: string; readonly id: string }): string =>
  `${user.namespace}\u0000${user.id}`;

export class Groups {
  readonly #byKey = new Map<string, GroupRecord>();
  readonly #transients = new Map<string, number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  find(namespace: string, id: string): GroupRecord | undefined {
    return this.#byKey.get(userKey({ namespace, id }));
  }

  add(group: Group, transient?: string): GroupRecord {
    const record: GroupRecord = {
      group: Object.freeze(group),
      members: new Map(),
      muted: new Set(),
      connections: new Set(),
      attending: new Map(),
      aliases: new Map(),
      transient,
    };
    this.#byKey.set(userKey(group), record);
    this.#size++;
    if (transient !== undefined) {
      const counter = userKey({ namespace: group.namespace, id: transient });
      this.#transients.set(counter, (this.#transients.get(counter) ?? 0) + 1);
    }
    return record;
  }

  /** How many groups of a namespace came by this prefix. */
  transientCount(namespace: string, prefix: string): number {
    return this.#transients.get(userKey({ namespace, id: prefix })) ?? 0;
  }

  remove(record: GroupRecord): void {
    const { namespace, id } = record.group;
    this.#byKey.delete(userKey({ namespace, id }));
    for (const [alias, aliasId] of record.aliases)
      this.#byKey.delete(userKey({ namespace: alias, id: aliasId }));
    this.#size--;
    if (record.transient === undefined) return;
    const counter = userKey({ namespace, id: record.transient });
    this.#transients.set(counter, (this.#transients.get(counter) ?? 1) - 1);
  }

  /** From now on `alias` names the same group as `record`: one log, one order, the members of both. */
  bridge(record: GroupRecord, alias: GroupRecord): void {
    const { namespace, id } = alias.group;
    for (const [key, user] of alias.members) record.members.set(key, user);
    for (const key of alias.muted) record.muted.add(key);
    record.aliases.set(namespace, id);
    this.#byKey.set(userKey({ namespace, id }), record);
    this.#size--;
  }
}

/** A group's id as a namespace knows it. */
export function groupIdIn(record: GroupRecord, namespace: string): string {
  return record.aliases.get(namespace) ?? record.group.id;
}
