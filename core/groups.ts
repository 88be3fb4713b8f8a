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
  /** Whether it is open in those namespaces: each side keeps its own door. */
  readonly openIn: Map<string, boolean>;
  /** Goes with its last attending connection: the path of the endpoint that made it. */
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

  /** Every group that the namespace has, its own and those bridged into it, in no order. */
  *in(namespace: string): Generator<GroupRecord, undefined> {
    const prefix = userKey({ namespace, id: '' });
    for (const [key, record] of this.#byKey) if (key.startsWith(prefix)) yield record;
    return undefined;
  }

  add(group: Group, transient?: string): GroupRecord {
    const record: GroupRecord = {
      group: Object.freeze(group),
      members: new Map(),
      muted: new Set(),
      connections: new Set(),
      attending: new Map(),
      aliases: new Map(),
      openIn: new Map(),
      transient,
    };
    this.#byKey.set(userKey(group), record);
    this.#size++;
    if (transient !== undefined) this.#transients.set(transient, this.transientCount(transient) + 1);
    return record;
  }

  /** How many groups were made on demand by the endpoint of this path. */
  transientCount(path: string): number {
    return this.#transients.get(path) ?? 0;
  }

  remove(record: GroupRecord): void {
    const { namespace, id } = record.group;
    this.#byKey.delete(userKey({ namespace, id }));
    for (const [alias, aliasId] of record.aliases)
      this.#byKey.delete(userKey({ namespace: alias, id: aliasId }));
    this.#size--;
    if (record.transient === undefined) return;
    const left = this.transientCount(record.transient) - 1;
    if (left === 0) this.#transients.delete(record.transient);
    else this.#transients.set(record.transient, left);
  }

  /** From now on `alias` names the same group as `record`: one log, one order, the members of both. */
  bridge(record: GroupRecord, alias: GroupRecord): void {
    const { namespace, id } = alias.group;
    for (const [key, user] of alias.members) record.members.set(key, user);
    for (const key of alias.muted) record.muted.add(key);
    record.aliases.set(namespace, id);
    record.openIn.set(namespace, alias.group.open);
    this.#byKey.set(userKey({ namespace, id }), record);
    this.#size--;
  }
}

/** Whether anybody of the namespace may attend and write. */
export function isOpenIn(record: GroupRecord, namespace: string): boolean {
  return record.openIn.get(namespace) ?? record.group.open;
}

/** A group's id as a namespace knows it. */
export function groupIdIn(record: GroupRecord, namespace: string): string {
  return record.aliases.get(namespace) ?? record.group.id;
}
