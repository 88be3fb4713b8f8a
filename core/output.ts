/**
 * What a connection sends: frames are encoded, encrypted where the endpoint says so, framed, and queued; the same
 * bytes serve every connection with the same fan-out key. A peer that does not keep up is a slow consumer.
 */
import type { Event } from '../schemas/event.ts';
import type { Codec, Effect, WireMessage } from './dialect.ts';
import type { Endpoint, Lane, SharedDelivery } from './endpoint.ts';
import { GatewayError } from './errors.ts';
import type { LimitName } from './metrics.ts';
import { Outbox } from './outbox.ts';
import type { Transport } from './transport.ts';

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

  send(frame: unknown): void {
    this.#push(this.#encode(frame));
  }

  /** Sends a wire message as it is. */
  pass(wire: WireMessage): void {
    this.#push(this.#framed(wire));
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

  /** Sends the bytes that another connection had made of the event under this key; false if none has. */
  sendKnown(event: Event, fanoutKey: string): boolean {
    const shared = this.#lane.get(event, this.#keyOf(fanoutKey));
    if (shared === undefined) return false;
    this.#sendShared(event, shared);
    return true;
  }

  /**
   * Sends what an event comes to, and keeps it for others with the same key.
   *
   * @throws Error if the effects send nothing: the session broke the contract of `fanoutKey`
   */
  sendShared(event: Event, fanoutKey: string, effects: readonly Effect<unknown, unknown>[]): void {
    const shared = this.#share(effects, fanoutKey);
    this.#lane.set(event, this.#keyOf(fanoutKey), shared);
    this.#sendShared(event, shared);
  }

  #keyOf(fanoutKey: string): string {
    return this.#host.endpoint.encryption === undefined ? fanoutKey : `${this.#keyId} ${fanoutKey}`;
  }

  #sendShared(event: Event, { framed, losses }: SharedDelivery): void {
    if (losses.length > 0) {
      const { metrics } = this.#host.endpoint;
      for (const { type, fields } of losses) metrics.countLoss(type, fields, event);
    }
    this.#push(framed);
  }

  #share(effects: readonly Effect<unknown, unknown>[], fanoutKey: string): SharedDelivery {
    const losses: { readonly type: string; readonly fields: readonly string[] }[] = [];
    let framed: Uint8Array | undefined;
    for (const effect of effects) {
      if (effect.kind === 'send') framed = this.#encode(effect.frame);
      else if (effect.kind === 'lost') losses.push(effect);
    }
    if (framed === undefined) throw new Error(`fan-out key ${fanoutKey} for an event that sends nothing`);
    return { framed, losses };
  }

  #encode(frame: unknown): Uint8Array {
    this.#host.endpoint.metrics.encodes++;
    const message = this.#codec.encode(frame);
    return this.#framed(this.#overlay === undefined ? message : this.#overlay(message));
  }

  #framed(message: WireMessage): Uint8Array {
    const { encryption } = this.#host.endpoint;
    return this.#transport.frame(encryption === undefined ? message : encryption.seal(message, this.#keyId));
  }

  #push(framed: Uint8Array): void {
    const { metrics, config } = this.#host.endpoint;
    metrics.framesOut++;
    metrics.bytesOut += framed.length;
    this.#host.sent();
    if (this.outbox.push(framed, this.isUnhurried) <= config.limits.sendBuffer || this.#isSlow) return;
    // What this turn alone has queued says nothing about the peer.
    this.outbox.flush();
    if (this.outbox.pendingBytes > config.limits.sendBuffer) this.tooSlow('send_buffer');
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
