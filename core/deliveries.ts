/**
 * What a connection is told of events: held back until the session is ready, after what is being replayed, by the
 * session's own words or with the bytes of others who are told the same, and noted until it is confirmed.
 */
import type { Command } from '../schemas/command.ts';
import type { Event } from '../schemas/event.ts';
import type { Message } from '../schemas/model.ts';
import { Confirmation, type ConfirmationHost } from './confirmation.ts';
import type { ConnectionHost, Overlaid } from './connection-host.ts';
import type { DeliveryTracker } from './delivery-tracker.ts';
import type { Outcome } from './dialect.ts';
import type { Dialogue } from './dialogue.ts';
import type { SharedDelivery } from './endpoint.ts';
import type { Output } from './output.ts';
import { Replay, type ReplayDeliveries, type ReplayScope, type ReplayTarget, scopeOf } from './replay.ts';
import type { Strand } from './strand.ts';

/** News of others that nobody acts on at once. */
const UNHURRIED: ReadonlySet<Event['type']> = new Set(['presence_changed', 'member_joined', 'member_left']);

const WHOLE: readonly string[] = Object.freeze(['*']);

/** The connection, as far as deliveries need it. */
export interface DeliveriesHost extends ConfirmationHost, ReplayTarget {
  leaveBurst(): void;
}

/** What they need of the gateway. */
export type DeliveriesGateway = Pick<ConnectionHost, 'overlays' | 'store' | 'unsaid'>;

export class Deliveries implements ReplayDeliveries {
  readonly #host: DeliveriesHost;
  readonly #gateway: DeliveriesGateway;
  readonly #dialogue: Dialogue;
  readonly #output: Output;
  #isReady = false;
  /** What came before the session was ready. */
  #held: Event[] | undefined;
  /** While something is replayed. */
  #replay: Replay | undefined;
  #replaysNoMore = false;
  /** From the first event on that may have to be confirmed. */
  #confirmation: Confirmation | undefined;

  constructor(host: DeliveriesHost, gateway: DeliveriesGateway, dialogue: Dialogue, output: Output) {
    this.#host = host;
    this.#gateway = gateway;
    this.#dialogue = dialogue;
    this.#output = output;
  }

  /** Whether the session has said that values may be delivered. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Events that wait for the session to be ready, or for a replay. */
  get heldCount(): number {
    return this.#unready + (this.#replay?.heldCount ?? 0);
  }

  get #unready(): number {
    return this.#held?.length ?? 0;
  }

  /** Whether enough waits for the peer that whoever has more should wait too. */
  get isCongested(): boolean {
    const { sendBuffer, held } = this.#host.endpoint.config.limits;
    return this.#host.pendingBytes > sendBuffer / 2 || this.#unready > held / 2;
  }

  /** Offers an event. Before `ready`, and messages during a replay, it is held back. Never throws. */
  offer(event: Event): void {
    const { isEnding, endpoint } = this.#host;
    if (isEnding) return;
    if (endpoint.silent.has(event.type)) endpoint.metrics.countLoss(event.type, WHOLE, event);
    else if (!this.#isReady) this.#hold(event);
    else if (this.#replay?.isRunning === true && this.#replay.holds(event)) this.#replay.hold(event);
    else this.deliver(event);
  }

  #hold(event: Event): void {
    const { metrics, config } = this.#host.endpoint;
    metrics.held++;
    this.#held ??= [];
    this.#held.push(event);
    if (this.#held.length > config.limits.held) this.#output.tooSlow('held');
  }

  /** Gives an event to the session now, by the fast path where it can. */
  deliver(event: Event): void {
    this.#host.leaveBurst();
    if (this.#host.isEnding) return;
    this.#host.endpoint.metrics.events.add(event.type);
    this.#output.isUnhurried = UNHURRIED.has(event.type);
    try {
      const laid = this.#gateway.overlays?.get(event);
      const isShared = laid === undefined || laid.lanes !== undefined;
      const key = isShared ? this.#dialogue.session.fanoutKey?.(event) : undefined;
      if (key !== undefined) this.#deliverShared(event, key, laid);
      else if (laid?.overlay === undefined) this.#deliverAlone(event);
      else this.#output.laid(laid.overlay, () => this.#deliverAlone(event));
    } catch (error) {
      if (event.type === 'message') {
        this.#confirming.failed(event.message);
        this.#gateway.unsaid(this.#host, event.message);
      }
      this.#dialogue.fault(error);
    } finally {
      this.#output.isUnhurried = false;
    }
  }

  #deliverAlone(event: Event): void {
    const effects = this.#dialogue.tell(event);
    if (event.type !== 'message' || this.#host.isEnding) return;
    let isSaid = false;
    let isAcknowledged = false;
    for (const effect of effects) {
      if (effect.kind !== 'send') continue;
      isSaid = true;
      if (effect.confirm === 'dialect') isAcknowledged = true;
    }
    const confirming = this.#confirming;
    if (!isSaid) {
      confirming.delivered(event, undefined);
      this.#gateway.unsaid(this.#host, event.message);
    } else if (isAcknowledged) confirming.delivered(event, 'acknowledged');
    else confirming.delivered(event, event.replayed === true ? 'replayed' : 'live');
  }

  #deliverShared(event: Event, key: string, laid: Overlaid | undefined): void {
    this.#output.sendShared(event, this.#shared(event, key, laid));
    if (event.type !== 'message' || this.#host.isEnding) return;
    this.#confirming.delivered(event, event.replayed === true ? 'replayed' : 'live');
  }

  #shared(event: Event, key: string, laid?: Overlaid): SharedDelivery {
    return this.#output.shared(event, key, () => this.#dialogue.session.deliver(event), laid);
  }

  // --- together with others: see burst.ts ---------------------------------------------------------------

  /** The key under which it may be told of a group's message together with others; undefined: it is told by itself. */
  fanoutKeyFor(event: Event): string | undefined {
    if (this.#host.isEnding || !this.#isReady || this.#replay?.isRunning === true) return undefined;
    if (this.#host.endpoint.silent.has(event.type) || this.#gateway.overlays !== undefined) return undefined;
    try {
      const key = this.#dialogue.session.fanoutKey?.(event);
      return key === undefined ? undefined : this.#output.sharedKey(key);
    } catch {
      // It will throw again when it is told by itself, and be answered for it.
      return undefined;
    }
  }

  /** What it and all others with its key are to be told of the event; undefined: it is not the same for all, or fails. */
  share(event: Event): SharedDelivery | undefined {
    try {
      const key = this.#dialogue.session.fanoutKey?.(event);
      return key === undefined ? undefined : this.#shared(event, key);
    } catch {
      return undefined;
    }
  }

  /** It is told what others are told as well: messages of a group by others, from `oldest` to the newest. Never throws. */
  told(strand: Strand, newest: Message, oldest: number): void {
    const confirming = this.#confirming;
    try {
      this.#output.adopt(strand);
      if (!this.#host.isEnding) confirming.deliveredAll(newest, oldest);
    } catch (error) {
      confirming.failed(newest);
      this.#dialogue.fault(error);
    }
  }

  // --- what has arrived: see confirmation.ts ------------------------------------------------------------

  get #confirming(): Confirmation {
    this.#confirmation ??= new Confirmation(this.#host, this.#gateway.store);
    return this.#confirmation;
  }

  /** What waits for a confirmation, and what has one. */
  get tracker(): DeliveryTracker {
    return this.#confirming.tracker;
  }

  /** A ping goes out, whose pong confirms all before it. */
  asked(): void {
    this.#confirmation?.tracker.ask();
  }

  /** The pong to that ping has come. */
  answered(): void {
    this.#confirmation?.ponged();
  }

  /** The dialect's own acknowledgement of a message delivery. False, without `done`, if none waits for it. */
  acknowledge(conversation: string, sequence: number, accepted: boolean, done: () => void): boolean {
    const known = this.#confirming.acknowledge(conversation, sequence, accepted, done);
    if (known) this.#replay?.acknowledged();
    return known;
  }

  // --- from the login on, and what was missed before ----------------------------------------------------

  /** From here on events are delivered: first what `welcome` offers, then those that were held back. */
  begin(welcome: () => void): void {
    if (this.#isReady) return;
    this.#isReady = true;
    welcome();
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const event of held) this.offer(event);
  }

  /** Replays what the user missed, after replays already under way; live messages wait until it is complete. */
  replay(scope: ReplayScope, done?: (outcome: Outcome) => void): void {
    this.#host.leaveBurst();
    if (this.#replaysNoMore) return;
    this.#replay ??= new Replay(this.#host, this, this.#gateway.store, this.#host.endpoint.config.limits);
    this.#replay.add(scope, done);
  }

  /** The command has been carried out: where that is the endpoint's policy, what was missed of it is replayed. */
  attended(command: Command): void {
    const { endpoint, user } = this.#host;
    if (endpoint.policy.replay !== 'attend' || user === undefined || user.anonymous) return;
    const scope = scopeOf(command);
    if (scope !== undefined) this.replay(scope);
  }

  replayed(): void {
    this.#replay = undefined;
  }

  /** The peer has taken what was written. */
  drained(): void {
    this.#replay?.drained();
  }

  /** For good: nothing is replayed from here on. */
  stopReplay(): void {
    this.#replaysNoMore = true;
    this.#replay?.stop();
  }

  stop(): void {
    this.stopReplay();
    this.#held = undefined;
  }
}
