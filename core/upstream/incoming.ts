/**
 * What comes down from a server for one client: each message once, in order, at the client's pace, and only what
 * it attends. Survives the connections that it comes on.
 */

import { conversationKey } from '../../schemas/conversation.ts';
import type { Event, EventOf } from '../../schemas/event.ts';
import type { Message } from '../../schemas/model.ts';
import { DONE } from '../commands/settlement.ts';
import type { Outcome } from '../dialect.ts';
import { GatewayError } from '../errors.ts';
import { Arrivals } from './arrivals.ts';
import type { UpstreamAttendance } from './attendance.ts';
import { Deliveries, keyOf } from './correlation.ts';
import type { LinkClient } from './link-parts.ts';
import { Remembered } from './remembered.ts';
import type { News } from './tellings.ts';
import type { Upstream } from './upstream.ts';
import type { Received } from './upstream-listener.ts';

type Settle = (outcome: Outcome) => void;

/** The server's face does not ask what becomes of what everybody is told. */
const NOBODY: Settle = () => {};

/** A message of the client's own that is on its way, or about to be sent again. */
interface OwnSend {
  echo?: Message | undefined;
}

export interface IncomingParts {
  readonly client: LinkClient;
  readonly upstream: Upstream;
  readonly attendance: UpstreamAttendance;
  /** Whether a user of this id is the client's own, as the server knows it. */
  isSelf(userId: string): boolean;
  /** The client's own message under way of which this is the copy. */
  sendOf(message: Message): OwnSend | undefined;
  /** The client does not keep up; it does again. */
  blocked(): void;
  free(): void;
}

export class Incoming {
  readonly #parts: IncomingParts;
  readonly #arrivals: Arrivals;
  readonly #deliveries = new Deliveries();
  readonly #remembered: Remembered;
  #sequence = 0;

  constructor(parts: IncomingParts) {
    const { client, upstream, blocked, free } = parts;
    const { inFlight, remembered } = upstream.config.limits;
    this.#parts = parts;
    this.#remembered = new Remembered(remembered);
    this.#arrivals = new Arrivals({
      mayPass: () => !client.isCongested && this.#deliveries.size < inFlight,
      prepare: (event) => client.prepare(event),
      pass: (arrival) => {
        if (arrival.event === undefined) arrival.say();
        else this.#pass(arrival.event, arrival.settle, arrival.received);
      },
      blocked,
      free,
    });
  }

  /** Takes an event; `settle` tells the server's face what became of it. */
  take(event: Event, settle: Settle, received: Received | undefined): void {
    if (event.type === 'message') this.#message(event, settle, received);
    else if (this.#parts.attendance.hears(event)) this.#arrivals.push({ event, settle, received });
    else settle(DONE);
  }

  /** Takes a message that others are told as well: as `take`, by the short way where nothing stands in it. */
  takeNews(news: News): void {
    const { event, key, hash, attended, received } = news;
    const { client, attendance, isSelf } = this.#parts;
    const isPlain =
      client.sharesWords &&
      !isSelf(event.message.from.id) &&
      this.#arrivals.isFree &&
      attendance.hearsOf(event.message.to, attended) &&
      this.#remembered.add(key, hash);
    if (isPlain) client.news(event, received);
    else this.take(event, NOBODY, received);
  }

  /** Takes what no codec knows: `say` hands it on, in its turn. */
  takeUnknown(say: () => void): void {
    this.#arrivals.push({ event: undefined, say });
  }

  /** The client's own message, stored: shown as its session decides, unless a copy was shown already. */
  tellOwn(message: Message, duplicate: boolean): void {
    const { client, attendance } = this.#parts;
    const key = keyOf(message);
    const isNew = this.#remembered.add(key);
    if (!isNew || duplicate || !attendance.hearsOf(message.to)) return;
    const { namespace } = message;
    client.event(Object.freeze({ type: 'message', namespace, origin: client.id, message }), undefined);
  }

  /** With its place in the order in which this client sees messages, and whether it has seen it. */
  placed(message: Message): { readonly message: Message; readonly isKnown: boolean } {
    const isKnown = this.#remembered.has(keyOf(message));
    return { message: Object.freeze({ ...message, sequence: ++this.#sequence }), isKnown };
  }

  /** The client has these messages: the server may forget them. */
  confirmed(conversation: string, from: number, to: number): void {
    this.#deliveries.settle(conversation, from, to, DONE);
    this.#arrivals.flow();
  }

  /** The client will not take this message. */
  refused(conversation: string, sequence: number): void {
    const error = new GatewayError('forbidden', { detail: 'the client refuses it' });
    this.#deliveries.settle(conversation, sequence, sequence, { ok: false, error });
    this.#arrivals.flow();
  }

  /** All that can be said of this message to the client has been: nothing, perhaps. */
  said({ to, from, sequence }: Message): void {
    this.confirmed(conversationKey(to, from.id), sequence, sequence);
  }

  /** The client keeps up again, or hears more than before. */
  flow(): void {
    this.#arrivals.flow();
  }

  /** The connection that it came on is gone. */
  orphan(): void {
    this.#deliveries.orphan();
  }

  clear(): void {
    this.#arrivals.clear();
    this.#deliveries.clear();
  }

  #message(event: EventOf<'message'>, settle: Settle, received: Received | undefined): void {
    const { message } = event;
    const { metrics } = this.#parts.upstream;
    const isOwn = this.#parts.isSelf(message.from.id);
    const own = isOwn ? this.#parts.sendOf(message) : undefined;
    const key = keyOf(message);
    if (own !== undefined && own.echo === undefined) {
      own.echo = message;
      metrics.echoes++;
      settle(DONE);
    } else if (this.#remembered.has(key)) {
      if (isOwn) metrics.echoes++;
      else metrics.duplicates++;
      // It may still wait for the client, with a connection to settle it by that is gone.
      if (!this.#arrivals.adopt(message, settle) && !this.#deliveries.adopt(message, settle)) settle(DONE);
    } else if (this.#parts.attendance.hears(event)) {
      this.#remembered.add(key);
      this.#arrivals.push({ event, settle, received });
    } else {
      settle(DONE);
    }
  }

  /** Gives the client an event, in its turn. */
  #pass(event: Event, settle: Settle, received: Received | undefined): void {
    const { client, upstream, isSelf } = this.#parts;
    if (event.type !== 'message') {
      client.event(Object.freeze(event), received);
      settle(DONE);
      return;
    }
    // The order of what comes here is the order for this client, whatever the wire says of it.
    const message: Message = Object.freeze({ ...event.message, sequence: ++this.#sequence });
    if (isSelf(message.from.id) || upstream.policy.confirmsUpstream !== true) settle(DONE);
    else this.#deliveries.add(message, settle);
    client.event(Object.freeze({ ...event, message }), received);
  }
}
