/**
 * Messages to one large group that come one after the other in a turn of the event loop. What its connections are told
 * is written down once for all who are told the same, and handed to each of them at the end: a message costs as much
 * for a thousand members as for ten, and a thousand members cost as much for thirty messages as for one.
 *
 * Whoever has anything else said or done to it meanwhile is told what came so far, and from then on by itself: so each
 * connection's order is what it would be without this.
 */
import type { EventOf } from '../schemas/event.ts';
import type { Connection } from './connection.ts';
import type { Endpoint, SharedDelivery } from './endpoint.ts';
import type { GroupRecord } from './groups.ts';
import { Strand } from './strand.ts';

type MessageEvent = EventOf<'message'>;

/** Most bytes that lie in a part: then they are handed on before more is taken. */
const MOST_BYTES = 65_536;

/** What is told to each connection of a part. */
interface Told {
  readonly strand: Strand;
  readonly newest: MessageEvent;
  /** Sequence of the first message. */
  readonly oldest: number;
  readonly count: number;
  readonly losses: readonly { readonly of: SharedDelivery['losses']; readonly event: MessageEvent }[];
}

/** Those connections of an endpoint that have the same key, and what they are to be told. */
class BurstPart {
  readonly connections: Connection[] = [];
  readonly #endpoint: Endpoint;
  #told: Told | undefined;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  add(event: MessageEvent, { part, size, losses }: SharedDelivery): void {
    const before = this.#told;
    const { sequence } = event.message;
    this.#told = {
      strand: (before?.strand ?? Strand.begin()).shared(part, size),
      // A bus may bring one twice, after others.
      newest: before !== undefined && before.newest.message.sequence > sequence ? before.newest : event,
      oldest: Math.min(before?.oldest ?? sequence, sequence),
      count: (before?.count ?? 0) + 1,
      losses:
        losses.length === 0 ? (before?.losses ?? []) : [...(before?.losses ?? []), { of: losses, event }],
    };
  }

  get isFull(): boolean {
    const most = Math.min(MOST_BYTES, this.#endpoint.config.limits.sendBuffer);
    return (this.#told?.strand.bytes ?? 0) >= most;
  }

  /** Takes out what is to be told. */
  take(): Told | undefined {
    const told = this.#told;
    this.#told = undefined;
    return told;
  }

  /** Tells one of the connections what is in it, which stays for the others. */
  tellOne(connection: Connection): void {
    if (this.#told === undefined || connection.isEnding) return;
    this.#count(this.#told, 1);
    tell(connection, this.#told);
  }

  /** Tells all but those apart; then nothing is in it any more. */
  tellAll(apart: ReadonlySet<Connection>): void {
    const told = this.take();
    if (told === undefined) return;
    let heard = 0;
    // Settled before: telling one may lead to another's being released, which there is nothing left to tell.
    for (const connection of this.connections.filter((connection) => !apart.has(connection))) {
      if (connection.isEnding) continue;
      heard++;
      tell(connection, told);
    }
    this.#count(told, heard);
  }

  #count({ count, strand, losses }: Told, heard: number): void {
    const { metrics } = this.#endpoint;
    metrics.events.add('message', count * heard);
    metrics.framesOut += count * heard;
    metrics.bytesOut += strand.bytes * heard;
    for (const { of, event } of losses) {
      for (const { type, fields } of of) metrics.countLoss(type, fields, event, heard);
    }
  }
}

const tell = (connection: Connection, { strand, newest, oldest }: Told): void =>
  connection.deliveries.told(strand, newest.message, oldest);

export class Burst {
  readonly record: GroupRecord;
  readonly #partOf = new Map<Connection, BurstPart>();
  /** By endpoint, and by key. */
  readonly #parts = new Map<Endpoint, Map<string, BurstPart>>();
  /** Told by themselves. */
  readonly #apart = new Set<Connection>();
  #isOver = false;

  /** `event` is the first message that `deliver` will be given. */
  constructor(record: GroupRecord, event: MessageEvent) {
    this.record = record;
    for (const connection of record.connections) {
      const key = connection.deliveries.fanoutKeyFor(event);
      if (key === undefined) this.#apart.add(connection);
      else this.#partFor(connection.endpoint, key).connections.push(connection);
    }
    for (const part of this.#all())
      for (const connection of part.connections) this.#partOf.set(connection, part);
  }

  #partFor(endpoint: Endpoint, key: string): BurstPart {
    let parts = this.#parts.get(endpoint);
    if (parts === undefined) {
      parts = new Map();
      this.#parts.set(endpoint, parts);
      endpoint.burst = this;
    }
    let part = parts.get(key);
    if (part === undefined) {
      part = new BurstPart(endpoint);
      parts.set(key, part);
    }
    return part;
  }

  *#all(): Generator<BurstPart, undefined> {
    for (const parts of this.#parts.values()) yield* parts.values();
    return undefined;
  }

  /** `authors`: all connections of the message's author, which have to tell it from other people's. */
  deliver(event: MessageEvent, authors: Iterable<Connection>): void {
    for (const connection of authors) this.release(connection);
    // Telling an author may have led to its end.
    const parts = this.#isOver ? [] : [...this.#all()];
    const unlike = parts
      .filter((part) => !this.#add(part, event))
      .flatMap(({ connections }) => connections.filter((connection) => !this.#apart.has(connection)));
    // Settled before anybody is told: whoever is released from here on has this message with the others.
    const alone = this.#isOver ? [...this.record.connections] : [...this.#apart, ...unlike];
    for (const connection of unlike) this.release(connection);
    for (const part of parts) if (part.isFull) part.tellAll(this.#apart);
    for (const connection of alone) connection.deliveries.offer(event);
  }

  /** False: it is not the same for all of them, or a fault, and each has to find out by itself. */
  #add(part: BurstPart, event: MessageEvent): boolean {
    const speaker = part.connections.find((connection) => !this.#apart.has(connection));
    if (speaker === undefined) return true;
    const delivery = speaker.deliveries.share(event);
    if (delivery !== undefined) part.add(event, delivery);
    return delivery !== undefined;
  }

  /** Tells the connection what came so far, at once; from now on it is told by itself. */
  release(connection: Connection): void {
    const part = this.#partOf.get(connection);
    if (part === undefined || this.#apart.has(connection)) return;
    this.#apart.add(connection);
    part.tellOne(connection);
  }

  /** Tells everybody, and is over. */
  end(): void {
    this.#isOver = true;
    for (const endpoint of this.#parts.keys()) endpoint.burst = undefined;
    for (const part of this.#all()) part.tellAll(this.#apart);
  }
}
