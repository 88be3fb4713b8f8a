/** Canonical values as MESSAGE frames on the subscriptions of one connection. */
import type { ConnectionContext, Effect } from '../../core/dialect.ts';
import { lost, NOTHING, type Pending } from '../../core/session-kit.ts';
import type { Command } from '../../schemas/command.ts';
import { conversationKey } from '../../schemas/conversation.ts';
import type { Event, EventOf } from '../../schemas/event.ts';
import type { DeliveryReference, Headers } from '../../schemas/model.ts';
import type { MessageSayer } from './chat.ts';
import type { Deliveries } from './deliveries.ts';
import { type QueuedEvent, sayEvent } from './event-bodies.ts';
import { QUIET, type Waiting } from './pending.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';
import type { Link } from './version.ts';
import { type FrameBody, relayedHeaders, type StompFrame } from './wire.ts';

type ServerEffect = Effect<StompFrame, Command>;
type Sends = readonly ServerEffect[];

const JSON_BODY: Headers = [['content-type', 'application/json']];
const LOST_SENDER = lost('relayed', 'from');

export interface OutboundParts {
  readonly connection: ConnectionContext;
  readonly subscriptions: Subscriptions;
  readonly deliveries: Deliveries;
  readonly pending: Pending<Waiting>;
  readonly sayer: MessageSayer;
  readonly link: Link;
}

/** Methods that deliver throw GatewayError slow_consumer when too many deliveries wait for ACK. */
export class Outbound {
  readonly #parts: OutboundParts;

  constructor(parts: OutboundParts) {
    this.#parts = parts;
  }

  /** Any event that doesn't end the connection. */
  say(event: Exclude<Event, EventOf<'session_replaced' | 'going_away'>>): Sends {
    switch (event.type) {
      case 'message':
        return this.message(event);
      case 'relayed':
        return this.relayed(event);
      case 'message_read':
      case 'message_revoked':
      case 'member_joined':
      case 'member_left':
      case 'member_removed':
      case 'presence_changed':
      case 'contact_requested':
      case 'contact_accepted':
      case 'group_dissolved':
      case 'group_transferred':
      case 'member_muted':
      case 'group_announcement':
      case 'group_invited':
        return this.queued(event);
      case 'user_list':
        return [lost(event.type)];
      case 'authenticated':
        return NOTHING;
      default:
        return event satisfies never;
    }
  }

  /** A group's message on its topic, a direct one in the inbox, a missed one in the inbox always. */
  message(event: EventOf<'message'>): Sends {
    const subscriptions = this.#audience(event);
    if (subscriptions.length === 0) return NOTHING;
    const { message } = event;
    const said = this.#parts.sayer.say(message, this.#parts.connection.identity);
    if (said === undefined) return [lost('message')];
    const reference: DeliveryReference = {
      kind: 'message',
      message: message.id,
      conversation: conversationKey(message.to, message.from.id),
      sequence: message.sequence,
    };
    const effects = this.#toAll(subscriptions, message.id, JSON_BODY, said.json, reference);
    if (said.lost.length > 0) effects.push(lost('message', ...said.lost));
    return effects;
  }

  #audience({ message, replayed, origin }: EventOf<'message'>): readonly Subscription[] {
    const { subscriptions, connection } = this.#parts;
    if (replayed === true) return subscriptions.inbox;
    if (message.to.type === 'group') return subscriptions.group(message.to.id);
    // A broker hands a message to its recipient; the connection that sent it has its receipt.
    return origin === connection.id ? NOTHING : subscriptions.inbox;
  }

  /** A relayed frame, whole: to each subscription of a topic, to one consumer of a queue. */
  relayed(event: EventOf<'relayed'>): Sends {
    const { target } = event;
    if (target.type === 'user' || target.type === 'group') return this.queued(event);
    const { subscriptions } = this.#parts;
    const headers = this.#relayHeaders(event);
    let effects: ServerEffect[];
    if (target.type === 'topic') {
      const audience = subscriptions.relayed(target.id);
      if (audience.length === 0) return NOTHING;
      effects = this.#toAll(audience, event.id, headers, event.body, undefined);
    } else {
      const { delivery } = event;
      const reference: DeliveryReference | undefined =
        delivery === undefined ? undefined : { kind: 'queue', queue: target.id, delivery };
      const consumer = subscriptions.nextConsumer(target.id);
      // It crossed an UNSUBSCRIBE on its way: another consumer may have it.
      if (consumer === undefined) return reference === undefined ? NOTHING : [this.#settle(reference, false)];
      effects = [this.#to(consumer, event.id, headers, event.body, reference)];
      // [STOMP 1.2, SUBSCRIBE ack header]: in mode auto, sent is acknowledged.
      if (reference !== undefined && consumer.ack === 'auto') effects.push(this.#settle(reference, true));
    }
    if (event.from !== undefined) effects.push(LOST_SENDER);
    const unsaid = this.#unsaidHeaders(event.headers);
    if (unsaid) effects.push(lost('relayed', 'headers'));
    return effects;
  }

  #settle(reference: DeliveryReference, accepted: boolean): ServerEffect {
    const ref = this.#parts.pending.add(QUIET);
    return { kind: 'route', ref, value: { type: 'settle_delivery', deliveries: [reference], accepted } };
  }

  /** `content-type` is on every MESSAGE, whatever the sender left out. */
  #relayHeaders(event: EventOf<'relayed'>): Headers {
    const headers = relayedHeaders(event.headers);
    const typed = headers.some(([name, value]) => name === 'content-type' && value !== '');
    const type = typeof event.body === 'string' ? 'text/plain' : 'application/octet-stream';
    return [
      ...(typed ? headers : [['content-type', type] as const]),
      ...(typed ? NOTHING : headers.filter(([name]) => name !== 'content-type')),
      ...(event.redelivered === true ? ([['redelivered', 'true']] as const) : NOTHING),
    ];
  }

  /** Line ends have no form in the headers of 1.0, a carriage return has none in 1.1, a NUL nowhere. */
  #unsaidHeaders(headers: Headers): boolean {
    const { version } = this.#parts.link.rules;
    const unsayable = version === '1.2' ? /\0/ : version === '1.1' ? /[\r\0]/ : /[\r\n\0]/;
    return headers.some(
      ([name, value]) =>
        unsayable.test(name) || unsayable.test(value) || (version === '1.0' && name.includes(':')),
    );
  }

  /** Any other event, as JSON on /user/queue/events; nothing if the client doesn't listen there. */
  queued(event: QueuedEvent): Sends {
    const subscriptions = this.#parts.subscriptions.events;
    if (subscriptions.length === 0) return NOTHING;
    const body = sayEvent(event, this.#parts.connection.identity);
    if (body === undefined) return [lost(event.type)];
    const id = this.#parts.connection.newId();
    return this.#toAll(subscriptions, id, JSON_BODY, JSON.stringify(body), undefined);
  }

  /** A refusal's body on /user/queue/errors. */
  refusal(body: string): Sends {
    const { subscriptions, connection } = this.#parts;
    return this.#toAll(subscriptions.errors, connection.newId(), JSON_BODY, body, undefined);
  }

  /** The one subscription, with nothing to acknowledge, to which `deliver` would send this value. */
  fanoutKey(event: Event): string | undefined {
    const { connection, subscriptions } = this.#parts;
    if (event.origin === connection.id) return undefined;
    let audience: readonly Subscription[];
    if (event.type === 'message') {
      if (this.#parts.sayer.say(event.message, connection.identity) === undefined) return undefined;
      audience = this.#audience(event);
    } else if (event.type === 'relayed' && event.target.type === 'topic')
      audience = subscriptions.relayed(event.target.id);
    else return undefined;
    const only = audience.length === 1 ? audience[0] : undefined;
    return only !== undefined && only.ack === 'auto' ? only.fanoutKey : undefined;
  }

  /** One MESSAGE for each subscription; the second and further ones have message ids of their own. */
  #toAll(
    subscriptions: readonly Subscription[],
    base: string,
    headers: Headers,
    body: FrameBody,
    reference: DeliveryReference | undefined,
  ): ServerEffect[] {
    const effects: ServerEffect[] = [];
    for (const subscription of subscriptions) {
      const id = effects.length === 0 ? base : `${base}.${effects.length + 1}`;
      effects.push(this.#to(subscription, id, headers, body, reference));
    }
    return effects;
  }

  #to(
    subscription: Subscription,
    base: string,
    headers: Headers,
    body: FrameBody,
    reference: DeliveryReference | undefined,
  ): ServerEffect {
    const { destination, id } = subscription;
    if (subscription.ack === 'auto') {
      const own: Headers = [
        ['subscription', id],
        ['message-id', base],
        ['destination', destination],
      ];
      return { kind: 'send', frame: { command: 'MESSAGE', headers: [...own, ...headers], body } };
    }
    const { number, messageId } = this.#parts.deliveries.add(subscription, base, reference);
    const own: Headers = [
      ['subscription', id],
      ['message-id', messageId],
      ['destination', destination],
      ...(this.#parts.link.rules.ackHeader ? ([['ack', String(number)]] as const) : []),
    ];
    const frame: StompFrame = { command: 'MESSAGE', headers: [...own, ...headers], body };
    return reference === undefined ? { kind: 'send', frame } : { kind: 'send', frame, confirm: 'dialect' };
  }
}
