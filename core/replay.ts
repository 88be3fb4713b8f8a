/**
 * Delivers what a user missed, page by page, paced by the socket's drain. Live messages wait until it is
 * complete; if too many wait, they are let go, because they are in the log too, and the replay goes on to them.
 */
import type { Command } from '../schemas/command.ts';
import { conversationKey } from '../schemas/conversation.ts';
import type { Event } from '../schemas/event.ts';
import type { Message } from '../schemas/model.ts';
import type { DeliveryTracker } from './delivery-tracker.ts';
import type { Outcome } from './dialect.ts';
import type { ConnectedUser, Endpoint } from './endpoint.ts';
import { GatewayError } from './errors.ts';
import type { MessageStore } from './store/port.ts';

/** What to replay: everything, or only some conversations, or direct ones and those of some groups. */
export interface ReplayScope {
  readonly conversations?: readonly string[];
  readonly groups?: readonly string[];
}

/** What may have been missed of that which the command has made somebody attend; undefined: nothing is kept of it. */
export function scopeOf(command: Command): ReplayScope | undefined {
  if (command.type === 'join_group') return { conversations: [`group:${command.group}`] };
  if (command.type !== 'subscribe') return undefined;
  const { target } = command;
  if (target.type === 'group') return { conversations: [`group:${target.id}`] };
  return target.type === 'user' ? { groups: [] } : undefined;
}

interface Pass extends ReplayScope {
  readonly done: ((outcome: Outcome) => void) | undefined;
}

/** `held` values, `replayPage` messages, `sendBuffer` bytes. */
export interface ReplayLimits {
  readonly held: number;
  readonly replayPage: number;
  readonly sendBuffer: number;
}

/** The connection, as far as a replay needs it. */
export interface ReplayTarget {
  readonly endpoint: Endpoint;
  readonly user: ConnectedUser | undefined;
  readonly isEnding: boolean;
  readonly pendingBytes: number;
  flush(): void;
  /** Whether the message, if it is not delivered now, is missed by the connection's user. */
  isMissable(message: Message): boolean;
  fault(error: unknown): void;
}

/** What it is told of events, as far as a replay needs it. */
export interface ReplayDeliveries {
  readonly tracker: DeliveryTracker;
  deliver(event: Event): void;
  /** Nothing is left to replay. */
  replayed(): void;
}

export class Replay {
  readonly #target: ReplayTarget;
  readonly #deliveries: ReplayDeliveries;
  readonly #store: Pick<MessageStore, 'missed'>;
  readonly #limits: ReplayLimits;
  readonly #passes: Pass[] = [];
  #held: Event[] = [];
  /** Live messages that the pass comes to anyway were let go: read on from here once more before going live. */
  #again = false;
  #after: string | undefined;
  #count = 0;
  #page: readonly Message[] = [];
  #said = 0;
  #next: string | undefined;
  #waitsForDrain = false;
  #waitsForAcknowledgement = false;
  #stopped = false;

  constructor(
    target: ReplayTarget,
    deliveries: ReplayDeliveries,
    store: Pick<MessageStore, 'missed'>,
    limits: ReplayLimits,
  ) {
    this.#target = target;
    this.#deliveries = deliveries;
    this.#store = store;
    this.#limits = limits;
  }

  get isRunning(): boolean {
    return this.#passes.length > 0;
  }

  /** Events that wait until it is complete. */
  get heldCount(): number {
    return this.#held.length;
  }

  /** Events that must not overtake a replayed message. */
  holds(event: Event): boolean {
    return event.type === 'message' || event.type === 'message_revoked' || event.type === 'message_read';
  }

  hold(event: Event): void {
    this.#target.endpoint.metrics.held++;
    this.#held.push(event);
    if (this.#held.length <= this.#limits.held) return;
    const pass = this.#passes[0];
    const kept: Event[] = [];
    for (const event of this.#held) {
      if (event.type !== 'message' || !this.#comesAgain(pass, event.message)) kept.push(event);
      else this.#deliveries.tracker.skipped(keyOf(event.message));
    }
    if (kept.length > this.#limits.held / 2) {
      this.#target.endpoint.metrics.countRefusal('held');
      this.#target.fault(new GatewayError('slow_consumer'));
      return;
    }
    this.#held = kept;
    this.#again = true;
  }

  add(scope: ReplayScope, done?: (outcome: Outcome) => void): void {
    if (this.#stopped) return;
    if (this.#target.user === undefined) {
      done?.({ ok: false, error: new GatewayError('unauthenticated') });
      return;
    }
    this.#passes.push({ ...scope, done });
    if (this.#passes.length === 1) this.#read();
  }

  /** The peer has taken what was written. */
  drained(): void {
    if (!this.#waitsForDrain) return;
    this.#waitsForDrain = false;
    this.#sayPage();
  }

  /** The peer has acknowledged a message in its own words: at most half of `limits.held` wait for that. */
  acknowledged(): void {
    if (!this.#waitsForAcknowledgement) return;
    this.#waitsForAcknowledgement = false;
    this.#sayPage();
  }

  stop(): void {
    this.#stopped = true;
    this.#passes.length = 0;
    this.#held = [];
    this.#page = [];
  }

  #read(): void {
    const pass = this.#passes[0];
    const { user } = this.#target;
    if (pass === undefined || user === undefined) return;
    const { namespace, id } = user.user;
    this.#store.missed(
      {
        namespace,
        user: id,
        conversations: pass.conversations,
        groups: pass.groups,
        after: this.#after,
        limit: this.#limits.replayPage,
      },
      (outcome) => {
        if (this.#stopped || this.#passes[0] !== pass) return;
        if (!outcome.ok) {
          this.#finish(pass, outcome);
          return;
        }
        this.#page = outcome.value.messages;
        this.#next = outcome.value.next;
        this.#said = 0;
        this.#sayPage();
      },
    );
  }

  /** Says what is left of the page, as far as the peer keeps up, then reads the next. */
  #sayPage(): void {
    while (this.#said < this.#page.length) {
      if (this.#stopped || this.#target.isEnding) return;
      if (this.#deliveries.tracker.awaitedCount >= this.#limits.held / 2) {
        this.#waitsForAcknowledgement = true;
        return;
      }
      if (this.#target.pendingBytes > this.#limits.sendBuffer / 4) {
        this.#target.flush();
        if (this.#target.pendingBytes > this.#limits.sendBuffer / 4) {
          this.#waitsForDrain = true;
          return;
        }
      }
      this.#say(this.#page[this.#said++] as Message);
    }
    this.#page = [];
    const pass = this.#passes[0];
    if (pass === undefined) return;
    if (this.#next !== undefined) this.#after = this.#next;
    if (this.#next !== undefined || this.#again) {
      if (this.#next === undefined) this.#again = false;
      this.#read();
      return;
    }
    this.#finish(pass, { ok: true, result: { type: 'synced', count: this.#count } });
  }

  #say(message: Message): void {
    if (this.#target.isEnding) return;
    const conversation = keyOf(message);
    if (this.#deliveries.tracker.hasSent(conversation, message.sequence)) return;
    if (this.#held.length > 0) this.#sayOwnBefore(conversation, message.sequence);
    this.#count++;
    this.#target.endpoint.metrics.replayed++;
    this.#deliveries.deliver({ type: 'message', namespace: message.namespace, message, replayed: true });
  }

  /** What the user wrote on another connection is never missed: it goes in where it belongs in the order. */
  #sayOwnBefore(conversation: string, sequence: number): void {
    const isEarlier = (event: Event): boolean =>
      event.type === 'message' &&
      event.message.sequence < sequence &&
      this.#isOwn(event.message) &&
      keyOf(event.message) === conversation;
    const earlier = this.#held.filter(isEarlier);
    if (earlier.length === 0) return;
    this.#held = this.#held.filter((event) => !isEarlier(event));
    for (const event of earlier) this.#deliveries.deliver(event);
  }

  #isOwn({ from }: Message): boolean {
    const user = this.#target.user?.user;
    return from.id === user?.id && from.namespace === user.namespace;
  }

  /** Whether the pass, read on from here, comes to this message. */
  #comesAgain(pass: Pass | undefined, message: Message): boolean {
    if (pass === undefined || this.#isOwn(message) || !this.#target.isMissable(message)) return false;
    if (pass.conversations !== undefined) return pass.conversations.includes(keyOf(message));
    return pass.groups === undefined || message.to.type === 'user' || pass.groups.includes(message.to.id);
  }

  #finish(pass: Pass, outcome: Outcome): void {
    this.#after = undefined;
    this.#again = false;
    this.#count = 0;
    if (pass.done === undefined && !outcome.ok) this.#target.fault(outcome.error);
    // Still in its place: what is asked for in answer to it queues up behind it.
    pass.done?.(outcome);
    if (this.#stopped) return;
    this.#passes.shift();
    if (this.#passes.length > 0) {
      this.#read();
      return;
    }
    const held = this.#held;
    this.#held = [];
    for (const event of held) {
      const seen =
        event.type === 'message' &&
        !this.#isOwn(event.message) &&
        this.#deliveries.tracker.hasSent(keyOf(event.message), event.message.sequence);
      if (!seen) this.#deliveries.deliver(event);
    }
    // What was delivered may have led to another replay.
    if (!this.isRunning) this.#deliveries.replayed();
  }
}

const keyOf = (message: Message): string => conversationKey(message.to, message.from.id);
