/**
 * Topics and queues: destinations that are neither users nor groups. A topic gives every subscriber a copy and
 * keeps nothing; a queue gives each entry to one consumer and keeps it until it is acknowledged.
 */
import type { Logger } from 'pino';
import type { Event } from '../schemas/event.ts';
import type { Connection } from './connection.ts';
import { userKey } from './groups.ts';
import type { MessageStore, QueueEntry } from './store/port.ts';

export interface QueueLimits {
  /** Entries that one consumer may hold unacknowledged. */
  readonly prefetch: number;
  /** Entries of one queue kept in memory, ready to go; the rest stay in the store. */
  readonly ready: number;
  /** Entries remembered as delivered before while their queue has no consumer; beyond it the mark is lost, no entry is. */
  readonly returned: number;
}

/** What `/metrics` shows: sums, because destinations are as many as clients like. */
export interface BrokerCounts {
  readonly topics: number;
  readonly queues: number;
  /** Entries in memory that wait for a consumer, and those that consumers hold. */
  readonly ready: number;
  readonly unacknowledged: number;
  /** Entries remembered as delivered before, and how often one was forgotten for `limits.queue.returned`. */
  readonly returned: number;
  readonly forgotten: number;
}

interface Queue {
  readonly namespace: string;
  readonly id: string;
  /** In the order in which they are served next. */
  readonly consumers: Connection[];
  readonly outstanding: Map<Connection, Map<string, QueueEntry>>;
  ready: { readonly entry: QueueEntry; readonly redelivered: boolean }[];
  /** Id of the newest entry read from the store; undefined: none yet. */
  last: string | undefined;
  /** The store may have entries that are not in `ready`. */
  more: boolean;
  loading: boolean;
}

export class Destinations {
  readonly #store: MessageStore;
  /** `limits.queue`. */
  limits: QueueLimits;
  readonly #log: Logger;
  readonly #topics = new Map<string, Set<Connection>>();
  readonly #queues = new Map<string, Queue>();
  /** Ids of entries that a queue's last consumer left unacknowledged: they were delivered before. Oldest first. */
  readonly #returned = new Set<string>();
  #forgotten = 0;

  constructor(store: MessageStore, limits: QueueLimits, log: Logger) {
    this.#store = store;
    this.limits = limits;
    this.#log = log;
  }

  counts(): BrokerCounts {
    let ready = 0;
    let unacknowledged = 0;
    for (const queue of this.#queues.values()) {
      ready += queue.ready.length;
      for (const held of queue.outstanding.values()) unacknowledged += held.size;
    }
    return {
      topics: this.#topics.size,
      queues: this.#queues.size,
      ready,
      unacknowledged,
      returned: this.#returned.size,
      forgotten: this.#forgotten,
    };
  }

  subscribers(namespace: string, topic: string): Iterable<Connection> {
    return this.#topics.get(userKey({ namespace, id: topic })) ?? [];
  }

  subscribe(connection: Connection, kind: 'topic' | 'queue', id: string): void {
    const key = userKey({ namespace: connection.namespace, id });
    if (kind === 'topic') {
      const subscribers = this.#topics.get(key);
      if (subscribers === undefined) this.#topics.set(key, new Set([connection]));
      else subscribers.add(connection);
      return;
    }
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = {
        namespace: connection.namespace,
        id,
        consumers: [],
        outstanding: new Map(),
        ready: [],
        last: undefined,
        more: true,
        loading: false,
      };
      this.#queues.set(key, queue);
    }
    queue.consumers.push(connection);
    queue.outstanding.set(connection, new Map());
    // The client hears of its subscription before the first entry comes.
    const started = queue;
    setImmediate(() => this.#serve(started));
  }

  unsubscribe(connection: Connection, kind: 'topic' | 'queue', id: string): void {
    const key = userKey({ namespace: connection.namespace, id });
    if (kind === 'topic') {
      const subscribers = this.#topics.get(key);
      subscribers?.delete(connection);
      if (subscribers?.size === 0) this.#topics.delete(key);
      return;
    }
    const queue = this.#queues.get(key);
    if (queue === undefined) return;
    const index = queue.consumers.indexOf(connection);
    if (index >= 0) queue.consumers.splice(index, 1);
    const unacknowledged = [...(queue.outstanding.get(connection)?.values() ?? [])];
    queue.outstanding.delete(connection);
    queue.ready.unshift(...unacknowledged.map((entry) => ({ entry, redelivered: true })));
    if (queue.consumers.length > 0) {
      this.#serve(queue);
      return;
    }
    for (const { entry, redelivered } of queue.ready) if (redelivered) this.#remember(entry.id);
    this.#queues.delete(key);
  }

  #remember(id: string): void {
    this.#returned.add(id);
    for (const oldest of this.#returned) {
      if (this.#returned.size <= this.limits.returned) return;
      this.#returned.delete(oldest);
      this.#forgotten++;
    }
  }

  /** An entry is in the store now. */
  stored(namespace: string, id: string): void {
    const queue = this.#queues.get(userKey({ namespace, id }));
    if (queue === undefined) return;
    queue.more = true;
    this.#serve(queue);
  }

  /** A consumer's ack or nack. False if the delivery is not outstanding on this connection. */
  settle(connection: Connection, id: string, delivery: string, accepted: boolean, done: () => void): boolean {
    const queue = this.#queues.get(userKey({ namespace: connection.namespace, id }));
    const outstanding = queue?.outstanding.get(connection);
    const entry = outstanding?.get(delivery);
    if (queue === undefined || outstanding === undefined || entry === undefined) return false;
    outstanding.delete(delivery);
    if (accepted) {
      this.#store.dequeue(queue.namespace, id, entry.id, (outcome) => {
        if (!outcome.ok)
          this.#log.warn({ err: outcome.error }, 'an acknowledged queue entry comes again after a restart');
        done();
      });
    } else {
      queue.ready.unshift({ entry, redelivered: true });
      // Somebody else first, if there is anybody else.
      const index = queue.consumers.indexOf(connection);
      if (index >= 0) queue.consumers.push(...queue.consumers.splice(index, 1));
      done();
    }
    setImmediate(() => this.#serve(queue));
    return true;
  }

  #serve(queue: Queue): void {
    while (queue.ready.length > 0) {
      const index = queue.consumers.findIndex(
        (consumer) =>
          !consumer.isEnding && (queue.outstanding.get(consumer)?.size ?? 0) < this.limits.prefetch,
      );
      const consumer = queue.consumers[index];
      if (consumer === undefined) return;
      queue.consumers.push(...queue.consumers.splice(index, 1));
      const next = queue.ready.shift() as Queue['ready'][number];
      queue.outstanding.get(consumer)?.set(next.entry.id, next.entry);
      consumer.deliveries.offer(eventOf(next.entry, next.redelivered));
    }
    this.#load(queue);
  }

  #load(queue: Queue): void {
    if (!queue.more || queue.loading || queue.consumers.length === 0) return;
    queue.loading = true;
    queue.more = false;
    const { namespace, id, last } = queue;
    this.#store.queued({ namespace, queue: id, after: last, limit: this.limits.ready }, (outcome) => {
      queue.loading = false;
      if (!outcome.ok) {
        this.#log.warn({ err: outcome.error }, 'a queue could not be read');
        queue.more = true;
        return;
      }
      if (outcome.value.length === this.limits.ready) queue.more = true;
      queue.last = outcome.value.at(-1)?.id ?? queue.last;
      for (const entry of outcome.value) {
        queue.ready.push({ entry, redelivered: this.#returned.delete(entry.id) });
      }
      if (queue.ready.length > 0) this.#serve(queue);
    });
  }
}

function eventOf(entry: QueueEntry, redelivered: boolean): Event {
  const { id, namespace, queue, name, headers, body, from } = entry;
  return Object.freeze({
    type: 'relayed' as const,
    namespace,
    id,
    target: { type: 'queue' as const, id: queue },
    name,
    headers,
    body,
    ephemeral: false,
    delivery: id,
    redelivered,
    ...(from === undefined ? {} : { from }),
  });
}
