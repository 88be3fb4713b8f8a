/** MESSAGE frames of an upstream server, as canonical events. */
import type { ConnectionContext, Effect, EndpointContext } from '../../core/dialect.ts';
import type { GatewayError } from '../../core/errors.ts';
import { lost } from '../../core/session-kit.ts';
import type { Event, EventOf } from '../../schemas/event.ts';
import type { Target, User } from '../../schemas/model.ts';
import { MAX_ID_LENGTH } from '../../schemas/model.ts';
import { readErrorBody } from './bodies.ts';
import { destinationOf, type PeerSubscription, type PeerSubscriptions } from './client-subscriptions.ts';
import { chatPlace, type Place } from './destinations.ts';
import type { Options } from './options.ts';
import { type PeerDesk, readEvent, readMessage } from './peer-events.ts';
import { peerError } from './refusal.ts';
import type { VersionRules } from './version.ts';
import { headerOf, optionalHeader, relayedHeaders, type StompFrame } from './wire.ts';

type Effects = readonly Effect<StompFrame, Event>[];

/** Ids of our own group messages whose copy is still to come. */
const MAX_SENT = 1000;

export class PeerMessages {
  readonly #desk: PeerDesk;
  readonly #connection: ConnectionContext;
  readonly #chat: boolean;
  readonly #subscriptions: PeerSubscriptions;
  readonly #sent = new Set<string>();
  /** Deliveries to acknowledge once core has taken their event, by the event's ref. */
  readonly #toAcknowledge = new Map<number, string>();
  #nextRef = 1;
  /** Messages received on the user's own queue so far. */
  inboxCount = 0;

  constructor(
    endpoint: EndpointContext<Options>,
    connection: ConnectionContext,
    subscriptions: PeerSubscriptions,
  ) {
    this.#desk = {
      namespace: endpoint.namespace,
      identity: connection.identity,
      now: () => connection.now(),
    };
    this.#connection = connection;
    this.#chat = endpoint.options.upstream.chat;
    this.#subscriptions = subscriptions;
  }

  nextRef(): number {
    return this.#nextRef++;
  }

  /** A group message of ours will come back if we listen to the group. */
  noteSent(target: Target, messageId: string): void {
    if (target.type !== 'group' || !this.#subscriptions.has(destinationOf(target))) return;
    if (this.#sent.size >= MAX_SENT) {
      const [oldest] = this.#sent;
      if (oldest !== undefined) this.#sent.delete(oldest);
    }
    this.#sent.add(messageId);
  }

  /** The error that a body on the errors queue reports; undefined for any other MESSAGE. */
  refusalOf(frame: StompFrame): GatewayError | undefined {
    if (this.#placeOf(frame)?.kind !== 'errors') return undefined;
    const { code, message, messageId } = readErrorBody(frame.body);
    return peerError({ code, text: message ?? undefined, ...(messageId ? { messageId } : {}) }, 'forbidden');
  }

  /**
   * A MESSAGE from anywhere but the errors queue.
   *
   * @throws GatewayError frame_malformed, frame_unknown, field_missing
   */
  receive(frame: StompFrame, self: User): Effects {
    const subscription = this.#subscriptions.find(frame);
    const place = this.#placeOf(frame);
    if (place?.kind === 'events') {
      const event = typeof frame.body === 'string' ? readEvent(frame.body, this.#desk) : undefined;
      return event === undefined ? [lost('MESSAGE')] : [this.#route(event)];
    }
    if (place?.kind === 'inbox' || place?.kind === 'group') {
      if (place.kind === 'inbox') this.inboxCount++;
      return this.#message(frame, subscription, self);
    }
    return this.#relayed(frame, subscription);
  }

  #message(frame: StompFrame, subscription: PeerSubscription | undefined, self: User): Effects {
    const event = readMessage(frame.body, this.#desk);
    if (event === undefined) return [lost('message')];
    const { id, from } = event.message;
    const isEcho = from.id === self.id && this.#sent.delete(id);
    const effect = this.#route(isEcho ? { ...event, origin: this.#connection.id } : event);
    if (subscription !== undefined && subscription.ack !== 'auto') {
      const delivery = this.#subscriptions.await(frame, subscription);
      if (delivery !== undefined && effect.kind === 'route') this.#toAcknowledge.set(effect.ref, delivery);
    }
    return [effect];
  }

  #relayed(frame: StompFrame, subscription: PeerSubscription | undefined): Effects {
    const target = subscription?.target;
    if (subscription === undefined || target === undefined) return [lost('MESSAGE')];
    const messageId = optionalHeader(frame, 'message-id');
    const delivery = subscription.ack === 'auto' ? undefined : this.#subscriptions.await(frame, subscription);
    const event: EventOf<'relayed'> = {
      type: 'relayed',
      namespace: this.#desk.namespace,
      id: messageId !== undefined && messageId.length <= MAX_ID_LENGTH ? messageId : this.#connection.newId(),
      target,
      name: 'SEND',
      headers: relayedHeaders(frame.headers),
      body: frame.body,
      ephemeral: target.type === 'topic',
      ...(delivery === undefined ? {} : { delivery }),
      ...(headerOf(frame, 'redelivered') === 'true' ? { redelivered: true } : {}),
    };
    return [this.#route(event)];
  }

  /** The chat's own destinations are known by name, whatever subscription the server names. */
  #placeOf(frame: StompFrame): Place | undefined {
    if (!this.#chat) return undefined;
    const subscribed = this.#subscriptions.find(frame)?.destination;
    return chatPlace(headerOf(frame, 'destination') ?? '') ?? chatPlace(subscribed ?? '');
  }

  #route(value: Event): Effect<StompFrame, Event> {
    return { kind: 'route', ref: this.#nextRef++, value };
  }

  /** ACK or NACK for an event that core has settled, if its message waits for one. */
  taken(ref: number, accepted: boolean, rules: VersionRules): StompFrame | undefined {
    const delivery = this.#toAcknowledge.get(ref);
    if (delivery === undefined) return undefined;
    this.#toAcknowledge.delete(ref);
    return this.#subscriptions.settle(delivery, accepted, rules);
  }
}
