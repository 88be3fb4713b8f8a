/**
 * Pushes the list of a group's members, online and offline, to the endpoints whose policy asks for it: whole to
 * whoever has just logged in, then at most once per interval and never an equal one twice.
 */
import type { EventOf } from '../schemas/event.ts';
import type { User } from '../schemas/model.ts';
import type { Connection } from './connection.ts';
import type { Endpoint } from './endpoint.ts';
import { type GroupRecord, groupIdIn } from './groups.ts';
import type { Hub } from './hub.ts';
import type { WheelTimer } from './timer-wheel.ts';

export class Rosters {
  readonly #hub: Hub;
  /** When each endpoint was last served, monotonic ms, and its timer while a push is due. */
  readonly #pushedAt = new Map<Endpoint, number>();
  readonly #due = new Map<Endpoint, WheelTimer>();
  readonly #stale = new Set<Endpoint>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** Somebody has come or gone, or membership has changed. */
  changed(record: GroupRecord): void {
    for (const endpoint of this.#hub.endpoints) {
      const { roster } = endpoint.policy;
      if (roster === undefined || groupIdIn(record, endpoint.namespace) !== roster.group) continue;
      if (this.#hub.groups.find(endpoint.namespace, roster.group) !== record) continue;
      this.#stale.add(endpoint);
      if (this.#due.has(endpoint) || endpoint.connections.size === 0) continue;
      const since = this.#hub.wheel.now() - (this.#pushedAt.get(endpoint) ?? Number.NEGATIVE_INFINITY);
      const wait = Math.max(0, roster.intervalMs - since);
      this.#due.set(
        endpoint,
        this.#hub.wheel.arm(wait, () => this.#push(endpoint)),
      );
    }
  }

  /** The whole list for a connection that has just become ready. */
  welcome(connection: Connection): void {
    const { endpoint } = connection;
    if (endpoint.policy.roster === undefined) return;
    this.#refresh(endpoint);
    this.#say(connection);
  }

  #push(endpoint: Endpoint): void {
    this.#due.delete(endpoint);
    this.#pushedAt.set(endpoint, this.#hub.wheel.now());
    this.#refresh(endpoint);
    for (const connection of endpoint.connections) {
      if (connection.user !== undefined) this.#say(connection);
    }
  }

  #say(connection: Connection): void {
    const current = connection.endpoint.roster;
    if (current === undefined || connection.roster === current.signature) return;
    connection.roster = current.signature;
    connection.offer(current.event);
  }

  #refresh(endpoint: Endpoint): void {
    const { roster } = endpoint.policy;
    if (roster === undefined || (endpoint.roster !== undefined && !this.#stale.delete(endpoint))) return;
    const record = this.#hub.groups.find(endpoint.namespace, roster.group);
    if (record === undefined) return;
    const event = Object.freeze(rosterOf(this.#hub, record, endpoint.namespace));
    const names = (users: readonly User[]) => users.map(({ id, name }) => [id, name]);
    const signature = JSON.stringify([names(event.online), names(event.offline)]);
    if (endpoint.roster?.signature !== signature) endpoint.roster = { event, signature };
  }
}

/** A group's members of one namespace, online (through any endpoint) and offline, each in order of joining. */
export function rosterOf(hub: Hub, record: GroupRecord, namespace: string): EventOf<'user_list'> {
  const online: User[] = [];
  const offline: User[] = [];
  for (const member of record.members.values()) {
    if (member.namespace !== namespace) continue;
    const known = hub.directory.find(member.namespace, member.id);
    ((known?.connections.size ?? 0) > 0 ? online : offline).push(known?.user ?? member);
  }
  const group = { ...record.group, namespace, id: groupIdIn(record, namespace) };
  return { type: 'user_list', namespace, group, online, offline };
}
