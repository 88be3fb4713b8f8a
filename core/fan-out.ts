/** Brings an event to the connections concerned: local ones directly, others over the bus. */
import type { Event, EventOf } from '../schemas/event.ts';
import type { Message } from '../schemas/model.ts';
import { eventIn } from './bridged-view.ts';
import { Burst } from './burst.ts';
import type { Audience, Bus } from './bus/port.ts';
import type { Connection } from './connection.ts';
import type { Destinations } from './destinations.ts';
import type { Directory } from './directory.ts';
import { type GroupRecord, type Groups, groupIdIn } from './groups.ts';

/** Events that their own origin connection hears too: its session decides what to say. */
const ECHOED: ReadonlySet<Event['type']> = new Set(['message', 'relayed']);
/** Events about direct messages: only for connections that take those. */
const TO_INBOX: ReadonlySet<Event['type']> = new Set([
  'message',
  'message_revoked',
  'message_read',
  'relayed',
]);

/** Connections of a group from which on messages in a row are delivered together. */
const LARGE_GROUP = 16;

export class FanOut {
  readonly #node: string;
  readonly #bus: Bus;
  readonly #directory: Directory;
  readonly #groups: Groups;
  readonly #destinations: Destinations;
  readonly #unsubscribe: () => void;
  /** The large group that a message of this turn went to last, and those that followed it there. */
  #recent: GroupRecord | undefined;
  #burst: Burst | undefined;
  #settlesSoon = false;
  readonly #stored: ((message: Message, endpoint: string | undefined) => void) | undefined;

  constructor(parts: {
    readonly node: string;
    readonly bus: Bus;
    readonly directory: Directory;
    readonly groups: Groups;
    readonly destinations: Destinations;
    /** Told of each message that this node has stored, with the endpoint's path if it came by one. */
    readonly stored?: ((message: Message, endpoint: string | undefined) => void) | undefined;
  }) {
    this.#node = parts.node;
    this.#bus = parts.bus;
    this.#directory = parts.directory;
    this.#groups = parts.groups;
    this.#destinations = parts.destinations;
    this.#stored = parts.stored;
    this.#unsubscribe = parts.bus.subscribe(parts.node, ({ event, audience }) =>
      this.#local(event, audience, undefined),
    );
  }

  close(): void {
    this.#unsubscribe();
  }

  /** Everybody has been told what was published so far; `record`: in this group. */
  settle(record?: GroupRecord): void {
    if (record === undefined || record === this.#recent) this.#recent = undefined;
    const burst = this.#burst;
    if (burst === undefined || (record !== undefined && record !== burst.record)) return;
    this.#burst = undefined;
    burst.end();
  }

  /** `origin` is the connection that caused the event, if a connection did. */
  publish(event: Event, audience: Audience, origin?: Connection): void {
    Object.freeze(event);
    if (event.type !== 'message') this.settle();
    this.#local(event, audience, origin);
    this.#bus.publish({ node: this.#node, event, audience });
    if (event.type === 'message') this.#stored?.(event.message, origin?.endpoint.path);
  }

  #local(event: Event, audience: Audience, origin: Connection | undefined): void {
    switch (audience.kind) {
      case 'group': {
        const record = this.#groups.find(audience.namespace, audience.group);
        if (record === undefined) return;
        if (event.type === 'message' && audience.members !== true && this.#inBurst(event, record)) {
          if (origin !== undefined) this.#toAuthor(event, record, origin);
          return;
        }
        this.#toGroup(event, record, origin);
        if (audience.members === true) this.#toMembers(event, record, audience.besides ?? []);
        return;
      }
      case 'users':
        this.#toUsers(event, audience, origin);
        return;
      case 'topic':
        for (const connection of this.#destinations.subscribers(audience.namespace, audience.topic))
          connection.deliveries.offer(event);
        return;
      default:
        audience satisfies never;
    }
  }

  /** Whether the message is one of several in a row to a large group, which are delivered together. */
  #inBurst(event: EventOf<'message'>, record: GroupRecord): boolean {
    if (record !== this.#recent) this.settle();
    if (record.connections.size < LARGE_GROUP || record.aliases.size > 0) return false;
    if (!this.#settlesSoon) {
      this.#settlesSoon = true;
      setImmediate(this.#settle);
    }
    if (record !== this.#recent) {
      this.#recent = record;
      return false;
    }
    this.#burst ??= new Burst(record, event);
    const { namespace, id } = event.message.from;
    this.#burst.deliver(event, this.#directory.find(namespace, id)?.connections ?? []);
    return true;
  }

  readonly #settle = (): void => {
    this.#settlesSoon = false;
    this.settle();
  };

  #toGroup(event: Event, record: GroupRecord, origin: Connection | undefined): void {
    const echoed = ECHOED.has(event.type);
    if (record.aliases.size === 0) {
      for (const connection of record.connections) {
        if (echoed || connection !== origin) connection.deliveries.offer(event);
      }
    } else {
      this.#toBridgedGroup(event, record, echoed ? undefined : origin);
    }
    if (event.type === 'message' && origin !== undefined) this.#toAuthor(event, record, origin);
  }

  #toBridgedGroup(event: Event, record: GroupRecord, except: Connection | undefined): void {
    const views = new Map<string, Event>();
    for (const connection of record.connections) {
      if (connection === except) continue;
      const { namespace } = connection;
      let view = views.get(namespace);
      if (view === undefined) {
        view = eventIn(event, namespace, groupIdIn(record, namespace));
        views.set(namespace, view);
      }
      connection.deliveries.offer(view);
    }
  }

  /** Connections of members that do not attend the group, and of others whom the event concerns. */
  #toMembers(event: Event, record: GroupRecord, besides: readonly string[]): void {
    const { namespace, id } = record.group;
    const users = new Set(
      [...record.members.values()]
        .filter((member) => member.namespace === namespace)
        .map((member) => member.id),
    );
    for (const user of besides) users.add(user);
    for (const user of users) {
      for (const connection of this.#directory.find(namespace, user)?.connections ?? []) {
        if (!record.connections.has(connection))
          connection.deliveries.offer(record.aliases.size === 0 ? event : eventIn(event, namespace, id));
      }
    }
  }

  /** The author hears a message of their own even where they do not attend the group. */
  #toAuthor(event: Event, record: GroupRecord, origin: Connection): void {
    const seen = (view: Event) =>
      record.aliases.size === 0 ? view : eventIn(view, origin.namespace, groupIdIn(record, origin.namespace));
    if (!record.connections.has(origin)) origin.deliveries.offer(seen(event));
    const author =
      origin.user === undefined ? undefined : this.#directory.find(origin.namespace, origin.user.user.id);
    for (const connection of author?.connections ?? []) {
      if (connection === origin || record.connections.has(connection)) continue;
      if (connection.endpoint.policy.attendance === 'membership') connection.deliveries.offer(seen(event));
    }
  }

  #toUsers(
    event: Event,
    audience: Extract<Audience, { kind: 'users' }>,
    origin: Connection | undefined,
  ): void {
    // Most events are messages, and are both.
    const isMessage = event.type === 'message';
    const echoed = isMessage || ECHOED.has(event.type);
    const toInbox = isMessage || TO_INBOX.has(event.type);
    let originServed = false;
    for (const id of distinct(audience.users)) {
      for (const connection of this.#directory.find(audience.namespace, id)?.connections ?? []) {
        if (connection === origin && !echoed) continue;
        if (connection === origin) originServed = true;
        if (!toInbox || connection.inbox || connection === origin) connection.deliveries.offer(event);
      }
    }
    if (echoed && origin !== undefined && !originServed) origin.deliveries.offer(event);
  }
}

/** Each once. A direct message has two people, and mostly they are two. */
const distinct = (users: readonly string[]): Iterable<string> =>
  users.length === 2 && users[0] !== users[1] ? users : new Set(users);
