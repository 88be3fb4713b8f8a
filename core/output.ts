/**
 * What a connection sends: frames are encoded, encrypted where the endpoint says so, framed, and queued; the same
 * bytes serve every connection with the same fan-out key. A peer that does not keep up is a slow consumer.
 */
import type { Event } from '../schemas/event.ts';
import type { Codec, Effect } from './dialect.ts';
import type { Endpoint, Lane, SharedDelivery } from './endpoint.ts';
import { GatewayError } from './errors.ts';
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

  /**
   * Sends what an event comes to under a fan-out key; `effects` are asked for only where nobody had them yet.
   *
   * @throws Error if the effects send nothing: the session broke the contract of `fanoutKey`
   */
  sendShared(event: Event, fanoutKey: string, effects: () => readonly Effect<unknown, unknown>[]): void {
    const { encryption, metrics } = this.#host.endpoint;
    const key = encryption === undefined ? fanoutKey : `${this.#keyId} ${fanoutKey}`;
    let shared = this.#lane.get(event, key);
    if (shared === undefined) {
      shared = this.#share(effects(), fanoutKey);
      this.#lane.set(event, key, shared);
    }
    for (const { type, fields } of shared.losses) metrics.countLoss(type, fields);
    this.#push(shared.framed);
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
    const { metrics, encryption } = this.#host.endpoint;
    metrics.encodes++;
    const message = this.#codec.encode(frame);
    return this.#transport.frame(encryption === undefined ? message : encryption.seal(message, this.#keyId));
  }

  #push(framed: Uint8Array): void {
    const { metrics, config } = this.#host.endpoint;
    metrics.framesOut++;
    metrics.bytesOut += framed.length;
    this.#host.sent();
    this.outbox.push(framed);
    if (this.outbox.pendingBytes <= config.limits.sendBuffer || this.#isSlow) return;
    // What this turn alone has queued says nothing about the peer.
    this.outbox.flush();
    if (this.outbox.pendingBytes > config.limits.sendBuffer) this.tooSlow();
  }

  /** In the dialect's own words, then at once: what is queued will not be read in time anyway. */
  tooSlow(): void {
    if (this.#host.isEnding || this.#isSlow) return;
    // What it is told of this may itself go over the limit.
    this.#isSlow = true;
    this.#host.endpoint.metrics.slowConsumers++;
    this.#host.fault(new GatewayError('slow_consumer'));
  }
}
