/** The subscriptions of one connection, found by id (client frames) and by place (deliveries). */
import { GatewayError } from '../../core/errors.ts';
import { type DeliveryReference, type Destination, MAX_ID_LENGTH } from '../../schemas/model.ts';
import { INBOX, type Place } from './destinations.ts';
import type { VersionRules } from './version.ts';
import { optionalHeader, protocolFault, requiredHeader, type StompFrame } from './wire.ts';

export type AckMode = 'auto' | 'client' | 'client-individual';

/** A delivery that waits for its ACK. No reference: nothing behind it to settle (errors, events). */
export interface Unacked {
  readonly messageId: string;
  readonly reference: DeliveryReference | undefined;
}

export interface Subscription {
  readonly id: string;
  /** As the client wrote it: each MESSAGE repeats it. */
  readonly destination: string;
  readonly place: Place;
  readonly ack: AckMode;
  /** Equal for subscriptions that get the same bytes. */
  readonly fanoutKey: string;
  /** By delivery number, oldest first. */
  readonly unacked: Map<number, Unacked>;
}

export function newSubscription(
  id: string,
  destination: string,
  place: Place,
  ack: AckMode,
  rules: VersionRules,
): Subscription {
  return {
    id,
    destination,
    place,
    ack,
    fanoutKey: `${rules.version} ${id.length}:${id}${destination}`,
    unacked: new Map(),
  };
}

/** What /user/queue/messages is delivered under while the client has no subscription of its own. */
export const automatic = (rules: VersionRules): Subscription =>
  newSubscription('auto', INBOX, { kind: 'inbox' }, 'auto', rules);

/**
 * The id that SUBSCRIBE and UNSUBSCRIBE name; in 1.0 the destination may stand for it.
 *
 * @throws GatewayError field_missing, fatal
 */
export function subscriptionId(frame: StompFrame, rules: VersionRules): string {
  if (rules.requiresSubscriptionId) return requiredHeader(frame, 'id');
  return optionalHeader(frame, 'id') ?? requiredHeader(frame, 'destination');
}

/**
 * Reads a SUBSCRIBE.
 *
 * @throws GatewayError field_missing, frame_malformed, limit_exceeded (fatal), unsupported, and what `find` throws
 */
export function readSubscribe(
  frame: StompFrame,
  rules: VersionRules,
  find: (destination: string) => Place,
): Subscription {
  const destination = requiredHeader(frame, 'destination');
  const id = subscriptionId(frame, rules);
  if (id.length > MAX_ID_LENGTH)
    throw protocolFault('limit_exceeded', `a subscription id has at most ${MAX_ID_LENGTH} characters`);
  const ack = optionalHeader(frame, 'ack') ?? 'auto';
  if (ack !== 'auto' && ack !== 'client' && ack !== 'client-individual')
    throw protocolFault('frame_malformed', 'ack is auto, client or client-individual');
  if (optionalHeader(frame, 'selector') !== undefined)
    throw new GatewayError('unsupported', { detail: 'selectors are not served' });
  return newSubscription(id, destination, find(destination), ack, rules);
}

/** What core attends for a place; undefined where nothing is to be routed. */
export function targetOf(place: Place, user: string): Destination | undefined {
  switch (place.kind) {
    case 'inbox':
      return { type: 'user', id: user };
    case 'group':
    case 'topic':
    case 'queue':
      return { type: place.kind, id: place.id };
    case 'errors':
    case 'events':
      return undefined;
    default:
      return place satisfies never;
  }
}

const NONE: readonly Subscription[] = Object.freeze([]);

export class Subscriptions {
  readonly #byId = new Map<string, Subscription>();
  readonly #single = {
    inbox: [] as Subscription[],
    errors: [] as Subscription[],
    events: [] as Subscription[],
  };
  readonly #groups = new Map<string, Subscription[]>();
  /** Topics and queues, by destination. */
  readonly #relayed = new Map<string, Subscription[]>();
  #automatic = false;

  get size(): number {
    return this.#byId.size;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  get inbox(): readonly Subscription[] {
    return this.#single.inbox;
  }
  get errors(): readonly Subscription[] {
    return this.#single.errors;
  }
  get events(): readonly Subscription[] {
    return this.#single.events;
  }
  group(id: string): readonly Subscription[] {
    return this.#groups.get(id) ?? NONE;
  }
  relayed(destination: string): readonly Subscription[] {
    return this.#relayed.get(destination) ?? NONE;
  }

  /** The inbox counts as attended from here on. */
  addAutomatic(subscription: Subscription): void {
    this.#automatic = true;
    this.#single.inbox.push(subscription);
  }

  /** Adds it; whether it is the first at its place. The client's own inbox takes the automatic one's place. */
  add(subscription: Subscription): boolean {
    this.#byId.set(subscription.id, subscription);
    const list = this.#listOf(subscription.place);
    const first = list.length === 0;
    if (subscription.place.kind === 'inbox' && this.#automatic) {
      this.#automatic = false;
      list.length = 0;
    }
    list.push(subscription);
    return first;
  }

  /** Removes it; undefined if there is none. `last`: its place has no other. */
  remove(id: string): { readonly subscription: Subscription; readonly last: boolean } | undefined {
    const subscription = this.#byId.get(id);
    if (subscription === undefined) return undefined;
    this.#byId.delete(id);
    const { place } = subscription;
    const list = this.#listOf(place);
    list.splice(list.indexOf(subscription), 1);
    const last = list.length === 0;
    if (last && place.kind === 'group') this.#groups.delete(place.id);
    else if (last && (place.kind === 'topic' || place.kind === 'queue')) this.#relayed.delete(place.id);
    return { subscription, last };
  }

  /** The consumer whose turn it is, among several subscriptions of one queue. */
  nextConsumer(destination: string): Subscription | undefined {
    const list = this.#relayed.get(destination);
    const next = list?.shift();
    if (list === undefined || next === undefined) return undefined;
    list.push(next);
    return next;
  }

  #listOf(place: Place): Subscription[] {
    switch (place.kind) {
      case 'inbox':
      case 'errors':
      case 'events':
        return this.#single[place.kind];
      case 'group':
        return listIn(this.#groups, place.id);
      case 'topic':
      case 'queue':
        return listIn(this.#relayed, place.id);
      default:
        return place satisfies never;
    }
  }
}

function listIn(map: Map<string, Subscription[]>, id: string): Subscription[] {
  const known = map.get(id);
  if (known !== undefined) return known;
  const list: Subscription[] = [];
  map.set(id, list);
  return list;
}
