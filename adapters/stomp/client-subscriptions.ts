/** What we subscribed to as a client, and what waits for our ACK. */
import type { DeliveryReference, Destination } from '../../schemas/model.ts';
import { bareFrame } from './client-frames.ts';
import { ERRORS_QUEUE, EVENTS_QUEUE, INBOX } from './destinations.ts';
import type { AckMode } from './subscriptions.ts';
import type { VersionRules } from './version.ts';
import { headerOf, type StompFrame } from './wire.ts';

export interface PeerSubscription {
  readonly id: string;
  readonly destination: string;
  readonly target: Destination | undefined;
  readonly ack: AckMode;
}

/** How to acknowledge one delivery, by any version. */
interface Acknowledgeable {
  readonly subscription: string;
  readonly messageId: string;
  /** The `ack` header of 1.2. */
  readonly ack: string | undefined;
}

export class PeerSubscriptions {
  readonly #byId = new Map<string, PeerSubscription>();
  readonly #byDestination = new Map<string, PeerSubscription>();
  readonly #unacked = new Map<string, Acknowledgeable>();
  readonly #limit: number;
  #next = 1;

  /** @param limit deliveries that may wait for our ACK; the server is told so */
  constructor(limit: number) {
    this.#limit = limit;
  }

  has(destination: string): boolean {
    return this.#byDestination.has(destination);
  }

  /** The SUBSCRIBE for a destination. */
  add(destination: string, target: Destination | undefined, ack: AckMode): StompFrame {
    const id = `sub-${this.#next++}`;
    const subscription: PeerSubscription = { id, destination, target, ack };
    this.#byId.set(id, subscription);
    this.#byDestination.set(destination, subscription);
    return bareFrame('SUBSCRIBE', [
      ['id', id],
      ['destination', destination],
      ['ack', ack],
      // RabbitMQ's own; others ignore it.
      ...(ack === 'auto' ? [] : ([['prefetch-count', String(this.#limit)]] as const)),
    ]);
  }

  /** The three queues of a user, subscribed to at login as the services' own clients do. */
  addOwn(ack: AckMode): readonly StompFrame[] {
    return [
      this.add(INBOX, undefined, ack),
      this.add(ERRORS_QUEUE, undefined, 'auto'),
      this.add(EVENTS_QUEUE, undefined, 'auto'),
    ];
  }

  /** The UNSUBSCRIBE, or undefined if there is no such subscription. */
  remove(destination: string): StompFrame | undefined {
    const subscription = this.#byDestination.get(destination);
    if (subscription === undefined) return undefined;
    this.#byDestination.delete(destination);
    this.#byId.delete(subscription.id);
    return bareFrame('UNSUBSCRIBE', [
      ['id', subscription.id],
      ['destination', destination],
    ]);
  }

  /** Which subscription a MESSAGE is for; servers that leave out its id are met by destination. */
  find(message: StompFrame): PeerSubscription | undefined {
    const id = headerOf(message, 'subscription');
    const byId = id === undefined ? undefined : this.#byId.get(id);
    return byId ?? this.#byDestination.get(headerOf(message, 'destination') ?? '');
  }

  /** Notes that a MESSAGE waits for our ACK, under a delivery id of ours. The oldest of too many is given up. */
  await(message: StompFrame, subscription: PeerSubscription): string | undefined {
    const messageId = headerOf(message, 'message-id');
    const ack = headerOf(message, 'ack');
    if (messageId === undefined) return undefined;
    if (this.#unacked.size >= this.#limit) {
      const [oldest] = this.#unacked.keys();
      if (oldest !== undefined) this.#unacked.delete(oldest);
    }
    const delivery = `d-${this.#next++}`;
    this.#unacked.set(delivery, { subscription: subscription.id, messageId, ack });
    return delivery;
  }

  /** ACK or NACK for deliveries, one frame each; what is not known any more is left out. */
  acknowledge(
    deliveries: readonly DeliveryReference[],
    accepted: boolean,
    rules: VersionRules,
  ): readonly StompFrame[] {
    const frames: StompFrame[] = [];
    for (const reference of deliveries) {
      if (reference.kind !== 'queue') continue;
      const frame = this.settle(reference.delivery, accepted, rules);
      if (frame !== undefined) frames.push(frame);
    }
    return frames;
  }

  settle(delivery: string, accepted: boolean, rules: VersionRules): StompFrame | undefined {
    const waiting = this.#unacked.get(delivery);
    this.#unacked.delete(delivery);
    if (waiting === undefined || (!accepted && !rules.nack)) return undefined;
    const { subscription, messageId, ack } = waiting;
    return bareFrame(
      accepted ? 'ACK' : 'NACK',
      rules.ackHeader
        ? [['id', ack ?? messageId]]
        : [
            ['message-id', messageId],
            ['subscription', subscription],
          ],
    );
  }
}
