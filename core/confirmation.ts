/**
 * Turns what a connection's peer confirms into cursors: pongs and the dialect's own acknowledgements become
 * ranges that the store notes.
 */
import type { Logger } from 'pino';
import { conversationKey } from '../schemas/conversation.ts';
import type { EventOf } from '../schemas/event.ts';
import type { Message } from '../schemas/model.ts';
import { type DeliveryKind, DeliveryTracker } from './delivery-tracker.ts';
import type { ConnectedUser } from './endpoint.ts';
import type { ConfirmedRange, StoreCallback, Waits } from './store/port.ts';

/** The connection, as far as confirmation needs it. */
export interface ConfirmationHost {
  readonly user: ConnectedUser | undefined;
  readonly log: Logger;
  /** Whether the client may say more, or has to wait until something that it has said is answered. */
  readonly takesCommands: boolean;
  /** Whether the message stays missed by the connection's user until its delivery is confirmed. */
  isMissable(message: Message): boolean;
  /** A ping before long should ask whether it has arrived. */
  askSoon(): void;
}

/** Where confirmed deliveries are noted: of the user, or of the one connection that they were made on. */
export interface ConfirmingStore {
  confirm(
    ranges: readonly ConfirmedRange[],
    done: StoreCallback<void>,
    waits: Waits,
    by: ConfirmationHost,
  ): void;
}

const conversationOf = ({ to, from }: Message): string => conversationKey(to, from.id);

export class Confirmation {
  readonly tracker = new DeliveryTracker();
  readonly #host: ConfirmationHost;
  readonly #store: ConfirmingStore;

  constructor(host: ConfirmationHost, store: ConfirmingStore) {
    this.#host = host;
    this.#store = store;
  }

  /** A message was delivered: as `sentAs` says, or undefined if nothing could be sent of it. */
  delivered({ message }: EventOf<'message'>, sentAs: DeliveryKind | undefined): void {
    // Whatever the client is asked to acknowledge it may acknowledge.
    if (sentAs === 'acknowledged') this.tracker.sent(conversationOf(message), message.sequence, sentAs);
    else if (this.#isOwn(message) || !this.#host.isMissable(message)) return;
    else if (sentAs === undefined) this.tracker.skipped(conversationOf(message));
    else this.tracker.sent(conversationOf(message), message.sequence, sentAs);
    if (this.tracker.hasFresh) this.#host.askSoon();
  }

  /** Messages of one group by other people were delivered, from the sequence `oldest` to the newest. */
  deliveredAll(newest: Message, oldest: number): void {
    if (!this.#host.isMissable(newest)) return;
    this.tracker.sent(conversationOf(newest), oldest, 'live', newest.sequence);
    if (this.tracker.hasFresh) this.#host.askSoon();
  }

  /** Delivering it failed. */
  failed(message: Message): void {
    this.tracker.skipped(conversationOf(message));
  }

  #isOwn({ from }: Message): boolean {
    const user = this.#host.user?.user;
    return from.id === user?.id && from.namespace === user.namespace;
  }

  /** The pong to the ping under way has come. */
  ponged(): void {
    const user = this.#host.user?.user;
    if (user === undefined) return;
    const ranges = this.tracker.answer(user.namespace, user.id);
    if (ranges.length > 0) this.#note(ranges);
    if (this.tracker.hasFresh) this.#host.askSoon();
  }

  /** The dialect's own acknowledgement of a message. False, without `done`, if none waits for it. */
  acknowledge(conversation: string, sequence: number, accepted: boolean, done: () => void): boolean {
    const user = this.#host.user?.user;
    if (user === undefined) return false;
    if (!accepted) {
      const known = this.tracker.refuse(conversation, sequence);
      if (known) done();
      return known;
    }
    const range = this.tracker.accept(user.namespace, user.id, conversation, sequence);
    if (range === undefined) return false;
    this.#note([range], () => {
      this.tracker.noted(conversation, sequence);
      done();
    });
    return true;
  }

  #note(ranges: readonly ConfirmedRange[], done?: () => void): void {
    const noted: StoreCallback<void> = (outcome) => {
      if (!outcome.ok) {
        this.#host.log.warn(
          { err: outcome.error },
          'confirmed deliveries could not be noted: they come again',
        );
      }
      done?.();
    };
    const waits = done === undefined ? 'nothing' : this.#host.takesCommands ? 'answer' : 'client';
    this.#store.confirm(ranges, noted, waits, this.#host);
  }
}
