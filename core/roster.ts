/**
 * Pushes the list of a group's members, online and offline, to the endpoints whose policy asks for it: whole to
 * whoever has just logged in, then at most once per interval and never an equal one twice.
 *
 * A list is as long as the group and goes to everybody, so lists come the rarer the more there is to say: n users who
 * come at a time do not cost n lists of n users.
 */
import type { EventOf } from '../schemas/event.ts';
import type { User } from '../schemas/model.ts';
import type { Connection } from './connection.ts';
import type { Endpoint } from './endpoint.ts';
import { type GroupRecord, groupIdIn } from './groups.ts';
import type { Hub } from './hub.ts';
import type { WheelTimer } from './timer-wheel.ts';

/** Users that are listed a millisecond, at most: for newcomers each list counts, for all each copy. */
const LISTED_PER_MS = 20;
const COPIED_PER_MS = 2000;

export type RosterHub = Pick<Hub, 'serving' | 'groups' | 'directory' | 'wheel'>;

export class Rosters {
  readonly #hub: RosterHub;
  /** Newcomers who wait for a list that they share, and when the last one was made for newcomers, monotonic ms. */
  readonly #newcomers = new Map<Endpoint, Set<Connection>>();
  readonly #welcomedAt = new WeakMap<Endpoint, number>();
  /** When each endpoint was last served, monotonic ms, and its timer while a push is due. */
  readonly #pushedAt = new WeakMap<Endpoint, number>();
  readonly #due = new Map<Endpoint, WheelTimer>();
  readonly #stale = new WeakSet<Endpoint>();

  constructor(hub: RosterHub) {
    this.#hub = hub;
  }

  /** Somebody has come or gone, or membership has changed. */
  changed(record: GroupRecord): void {
    for (const endpoint of this.#hub.serving) {
      const { roster } = endpoint.policy;
      if (roster === undefined || groupIdIn(record, endpoint.namespace) !== roster.group) continue;
      if (this.#hub.groups.find(endpoint.namespace, roster.group) !== record) continue;
      this.#stale.add(endpoint);
      if (this.#due.has(endpoint) || endpoint.connections.size === 0) continue;
      const since = this.#hub.wheel.now() - (this.#pushedAt.get(endpoint) ?? Number.NEGATIVE_INFINITY);
      const interval = Math.max(
        roster.intervalMs,
        (record.members.size * endpoint.connections.size) / COPIED_PER_MS,
      );
      const wait = Math.max(0, interval - since);
      this.#due.set(
        endpoint,
        this.#hub.wheel.arm(wait, () => this.#push(endpoint)),
      );
    }
  }

  /** The whole list for a connection that has just become ready: at once, or where many come, soon. */
  welcome(connection: Connection): void {
    const { endpoint } = connection;
    const { roster } = endpoint.policy;
    if (roster === undefined) return;
    const waiting = this.#newcomers.get(endpoint);
    if (waiting !== undefined) {
      waiting.add(connection);
      return;
    }
    const members = this.#hub.groups.find(endpoint.namespace, roster.group)?.members.size ?? 0;
    const { wheel } = this.#hub;
    const since = wheel.now() - (this.#welcomedAt.get(endpoint) ?? Number.NEGATIVE_INFINITY);
    const wait = members / LISTED_PER_MS - since;
    this.#newcomers.set(endpoint, new Set([connection]));
    if (wait <= 0) this.#welcomeAll(endpoint);
    else wheel.arm(wait, () => this.#welcomeAll(endpoint));
  }

  #welcomeAll(endpoint: Endpoint): void {
    const newcomers = this.#newcomers.get(endpoint) ?? [];
    this.#newcomers.delete(endpoint);
    this.#welcomedAt.set(endpoint, this.#hub.wheel.now());
    this.#refresh(endpoint);
    this.#say(endpoint, newcomers);
  }

  #push(endpoint: Endpoint): void {
    this.#due.delete(endpoint);
    this.#pushedAt.set(endpoint, this.#hub.wheel.now());
    this.#refresh(endpoint);
    this.#say(endpoint, endpoint.connections);
  }

  #say({ roster: current }: Endpoint, connections: Iterable<Connection>): void {
    if (current === undefined) return;
    // Most have the same one.
    const equal = new Map<Roster | undefined, boolean>([
      [undefined, false],
      [current, true],
    ]);
    for (const connection of connections) {
      if (connection.user === undefined || connection.isEnding) continue;
      const known = connection.roster;
      let isEqual = equal.get(known);
      if (isEqual === undefined) {
        isEqual = known !== undefined && isSameRoster(known, current);
        equal.set(known, isEqual);
      }
      connection.roster = current;
      if (!isEqual) connection.deliveries.offer(current);
    }
  }

  #refresh(endpoint: Endpoint): void {
    const { roster } = endpoint.policy;
    if (roster === undefined || (endpoint.roster !== undefined && !this.#stale.delete(endpoint))) return;
    const record = this.#hub.groups.find(endpoint.namespace, roster.group);
    if (record === undefined) return;
    const event = Object.freeze(rosterOf(this.#hub, record, endpoint.namespace));
    if (endpoint.roster === undefined || !isSameRoster(event, endpoint.roster)) endpoint.roster = event;
  }
}

type Roster = EventOf<'user_list'>;

const isSameRoster = (one: Roster, other: Roster): boolean =>
  areSameUsers(one.online, other.online) && areSameUsers(one.offline, other.offline);

const areSameUsers = (some: readonly User[], others: readonly User[]): boolean =>
  some.length === others.length &&
  some.every((user, index) => user.id === others[index]?.id && user.name === others[index]?.name);

/** A group's members of one namespace, online (through any endpoint) and offline, each in order of joining. */
export function rosterOf(
  hub: Pick<Hub, 'directory'>,
  record: GroupRecord,
  namespace: string,
): EventOf<'user_list'> {
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
