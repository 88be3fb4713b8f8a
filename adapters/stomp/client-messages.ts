/** MESSAGE frames of an upstream server, as canonical events. */
import type { ConnectionContext, Effect, EndpointContext } from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import { lost, send } from '../../core/session-kit.ts';
import type { Event, EventOf } from '../../schemas/event.ts';
import type { User } from '../../schemas/model.ts';
import { MAX_ID_LENGTH } from '../../schemas/model.ts';
import { readErrorBody } from './bodies.ts';
import type { PeerSubscription, PeerSubscriptions } from './client-subscriptions.ts';
import { chatPlace, INBOX_PLACE, type Place } from './destinations.ts';
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
  noteSent(place: string | undefined, messageId: string): void {
    if (place === undefined || !this.#subscriptions.has(place)) return;
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
  receive(frame: StompFrame, self: User, rules: VersionRules): Effects {
    const subscription = this.#subscriptions.find(frame);
    const place = this.#placeOf(frame);
    if (place?.kind === 'events') {
      const event = typeof frame.body === 'string' ? readEvent(frame.body, this.#desk) : undefined;
      return event === undefined ? [lost('MESSAGE')] : [this.#route(event)];
    }
    if (place?.kind === 'inbox' || place?.kind === 'group') {
      if (place.kind === 'inbox') this.inboxCount++;
      return this.#message(frame, subscription, { self, rules });
    }
    return this.#relayed(frame, subscription);
  }

  #message(
    frame: StompFrame,
    subscription: PeerSubscription | undefined,
    { self, rules }: { readonly self: User; readonly rules: VersionRules },
  ): Effects {
    const event = this.#chat ? readMessage(frame.body, this.#desk) : this.#published(frame, subscription);
    if (event === undefined) return [lost('message'), ...this.#discard(frame, subscription, rules)];
    const { id, from } = event.message;
    const isEcho = from.id === self.id && this.#sent.delete(id);
    const effect = this.#route(isEcho ? { ...event, origin: this.#connection.id } : event);
    if (subscription !== undefined && subscription.ack !== 'auto') {
      const delivery = this.#subscriptions.await(frame, subscription);
      if (delivery !== undefined && effect.kind === 'route') this.#toAcknowledge.set(effect.ref, delivery);
    }
    return [effect];
  }

  /** At a general broker anybody may publish anything: what is no message, or not for this place, is nobody's. */
  #published(frame: StompFrame, subscription: PeerSubscription | undefined): EventOf<'message'> | undefined {
    try {
      const event = readMessage(frame.body, this.#desk);
      const to = event?.message.to;
      const { target } = subscription ?? {};
      return to?.type === target?.type && to?.id === target?.id ? event : undefined;
    } catch (error) {
      if (error instanceof GatewayError) return undefined;
      throw error;
    }
  }

  /** What can't be understood is acknowledged all the same: it would come again for ever. */
  #discard(frame: StompFrame, subscription: PeerSubscription | undefined, rules: VersionRules): Effects {
    if (this.#chat || subscription === undefined || subscription.ack === 'auto') return [];
    const delivery = this.#subscriptions.await(frame, subscription);
    const acknowledgement =
      delivery === undefined ? undefined : this.#subscriptions.settle(delivery, true, rules);
    return acknowledgement === undefined ? [] : [send(acknowledgement)];
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

  /** A chat's own destinations are known by name, whatever subscription the server names; others by what we subscribed to. */
  #placeOf(frame: StompFrame): Place | undefined {
    const subscription = this.#subscriptions.find(frame);
    if (this.#chat)
      return chatPlace(headerOf(frame, 'destination') ?? '') ?? chatPlace(subscription?.destination ?? '');
    const { target } = subscription ?? {};
    if (target?.type === 'user') return INBOX_PLACE;
    return target?.type === 'group' ? { kind: 'group', id: target.id } : undefined;
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
