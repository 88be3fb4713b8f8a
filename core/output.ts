/**
 * What a connection sends: frames are encoded, encrypted where the endpoint says so, framed, and queued; the same
 * bytes serve every connection with the same fan-out key. A peer that does not keep up is a slow consumer.
 */
import type { Event } from '../schemas/event.ts';
import type { Overlaid } from './connection-host.ts';
import type { Codec, Effect, WireMessage } from './dialect.ts';
import type { Endpoint, Lane, SharedDelivery } from './endpoint.ts';
import { GatewayError } from './errors.ts';
import type { LimitName } from './metrics.ts';
import { type Manner, Outbox } from './outbox.ts';
import { COPY_LIMIT_BYTES, type Part, type Strand } from './strand.ts';
import type { TextFraming, Transport } from './transport.ts';

/** The connection, as far as output needs it. */
export interface OutputHost {
  readonly endpoint: Endpoint;
  readonly isEnding: boolean;
  fault(error: unknown): void;
  /** Something was sent. */
  sent(): void;
}

export class Output {
  readonly outbox: Outbox;
  readonly #host: OutputHost;
  readonly #transport: Transport;
  readonly #codec: Codec<unknown>;
  readonly #lane: Lane;
  /** The key that the peer used last. */
  #keyId: number;
  #isSlow = false;
  /** What is sent now may wait a little for what comes after it. */
  isUnhurried = false;
  #overlay: ((wire: WireMessage) => WireMessage) | undefined;

  constructor(host: OutputHost, transport: Transport, codec: Codec<unknown>) {
    this.#host = host;
    this.#transport = transport;
    this.#codec = codec;
    const { endpoint } = host;
    this.outbox = new Outbox(transport, endpoint.flusher);
    this.#lane = endpoint.lanes[transport.kind];
    this.#keyId = endpoint.encryption?.active ?? 0;
  }

  /** The peer is answered under the key that it used last. */
  keyUsed(keyId: number): void {
    this.#keyId = keyId;
  }

  /** A frame as the peer reads it. */
  wireOf(frame: unknown): WireMessage {
    return this.#codec.encode(frame);
  }

  send(frame: unknown): void {
    this.#sendPart(this.#encode(frame), 'alone');
  }

  /** Sends a wire message as it is. */
  pass(wire: WireMessage): void {
    this.#sendPart(this.#partOf(wire), 'alone');
  }

  /** Whatever is sent meanwhile goes through the overlay. */
  laid(overlay: (wire: WireMessage) => WireMessage, send: () => void): void {
    const outer = this.#overlay;
    this.#overlay = overlay;
    try {
      send();
    } finally {
      this.#overlay = outer;
    }
  }

  /**
   * What an event comes to under the key: as another connection has had it, else what `effects` gives, which is kept.
   *
   * @throws Error if the effects send nothing: the session broke the contract of `fanoutKey`
   */
  shared(
    event: Event,
    fanoutKey: string,
    effects: () => readonly Effect<unknown, unknown>[],
    laid?: Overlaid,
  ): SharedDelivery {
    const key = this.laneKey(fanoutKey);
    const lane = laid?.lanes?.[this.#transport.kind] ?? this.#lane;
    const known = lane.get(event, key);
    if (known !== undefined) return known;
    const made = this.#shareLaid(effects(), fanoutKey, laid?.overlay);
    lane.set(event, key, made);
    return made;
  }

  #shareLaid(
    effects: readonly Effect<unknown, unknown>[],
    fanoutKey: string,
    overlay: Overlaid['overlay'],
  ): SharedDelivery {
    const outer = this.#overlay;
    this.#overlay = overlay ?? outer;
    try {
      return this.#share(effects, fanoutKey);
    } finally {
      this.#overlay = outer;
    }
  }

  /** Tells apart whatever has bytes of its own among the endpoint's connections. */
  sharedKey(fanoutKey: string): string {
    return `${this.#transport.kind} ${this.laneKey(fanoutKey)}`;
  }

  /** The key under which connections of this kind have the same bytes. */
  laneKey(fanoutKey: string): string {
    return this.#host.endpoint.encryption === undefined ? fanoutKey : `${this.#keyId} ${fanoutKey}`;
  }

  sendShared(event: Event, { part, size, losses }: SharedDelivery): void {
    if (losses.length > 0) {
      const { metrics } = this.#host.endpoint;
      for (const { type, fields } of losses) metrics.countLoss(type, fields, event);
    }
    this.#push(part, size, this.isUnhurried ? 'unhurried' : isForFew(event) ? 'alone' : 'shared');
  }

  #share(effects: readonly Effect<unknown, unknown>[], fanoutKey: string): SharedDelivery {
    const losses: { readonly type: string; readonly fields: readonly string[] }[] = [];
    let part: Part | undefined;
    for (const effect of effects) {
      if (effect.kind === 'send') part = this.#encode(effect.frame);
      else if (effect.kind === 'lost') losses.push(effect);
    }
    if (part === undefined) throw new Error(`fan-out key ${fanoutKey} for an event that sends nothing`);
    return { part, size: this.#sizeOf(part), losses };
  }

  #encode(frame: unknown): Part {
    this.#host.endpoint.metrics.encodes++;
    const message = this.#codec.encode(frame);
    return this.#partOf(this.#overlay === undefined ? message : this.#overlay(message));
  }

  /** Short text is framed where it is written, anything else now. */
  #partOf(message: WireMessage): Part {
    const { encryption } = this.#host.endpoint;
    const sealed = encryption === undefined ? message : encryption.seal(message, this.#keyId);
    const { text } = this.#transport;
    if (typeof sealed === 'string' && text !== undefined && sealed.length < COPY_LIMIT_BYTES / 3)
      return sealed;
    return this.#transport.frame(sealed);
  }

  #sizeOf(part: Part): number {
    return typeof part === 'string' ? (this.#transport.text as TextFraming).size(part) : part.length;
  }

  #sendPart(part: Part, manner: Manner): void {
    this.#push(part, this.#sizeOf(part), this.isUnhurried ? 'unhurried' : manner);
  }

  #push(part: Part, size: number, manner: Manner): void {
    const { metrics } = this.#host.endpoint;
    metrics.framesOut++;
    metrics.bytesOut += size;
    this.#queued(this.outbox.push(part, size, manner));
  }

  /** Sends what others are told as well; they have been counted together. */
  adopt(strand: Strand): void {
    this.#queued(this.outbox.adopt(strand));
  }

  #queued(pendingBytes: number): void {
    this.#host.sent();
    const { sendBuffer } = this.#host.endpoint.config.limits;
    if (pendingBytes <= sendBuffer || this.#isSlow) return;
    // What this turn alone has queued says nothing about the peer.
    this.outbox.flush();
    if (this.outbox.pendingBytes > sendBuffer) this.tooSlow('send_buffer');
  }

  /** In the dialect's own words, then at once: what is queued will not be read in time anyway. */
  tooSlow(limit: LimitName): void {
    if (this.#host.isEnding || this.#isSlow) return;
    // What it is told of this may itself go over the limit.
    this.#isSlow = true;
    this.#host.endpoint.metrics.countRefusal(limit);
    this.#host.fault(new GatewayError('slow_consumer'));
  }
}

/** What so few are told is quicker joined for each than looked for among what others are told. */
const isForFew = (event: Event): boolean => event.type === 'message' && event.message.to.type === 'user';
