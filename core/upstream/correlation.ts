/**
 * What one link remembers of what is between client and server: commands without an answer, deliveries without a
 * confirmation. Every part is bounded by its owner.
 */
import { conversationKey } from '../../schemas/conversation.ts';
import type { Message } from '../../schemas/model.ts';
import type { Outcome } from '../dialect.ts';
import type { Errand } from './spool.ts';

/** A command that was given to the server's face. */
export interface Asked {
  readonly errand: Errand;
  /** Monotonic ms. */
  readonly at: number;
  /** Whether its frame has left; one that has not can be sent again without harm. */
  sent: boolean;
  /** The copy of it that the server has sent back before its answer. */
  echo: Message | undefined;
}

export class Correlation {
  readonly #asked = new Map<number, Asked>();
  #nextRef = 1;

  get size(): number {
    return this.#asked.size;
  }

  /** Of the newest that was added, answered or not; 0: there was none. */
  get newestRef(): number {
    return this.#nextRef - 1;
  }

  add(errand: Errand, at: number): { readonly ref: number; readonly asked: Asked } {
    const ref = this.#nextRef++;
    const asked = { errand, at, sent: false, echo: errand.echo };
    this.#asked.set(ref, asked);
    return { ref, asked };
  }

  get(ref: number): Asked | undefined {
    return this.#asked.get(ref);
  }

  take(ref: number): Asked | undefined {
    const asked = this.#asked.get(ref);
    this.#asked.delete(ref);
    return asked;
  }

  /** The oldest, with its ref. */
  get oldest(): readonly [number, Asked] | undefined {
    for (const entry of this.#asked) return entry;
    return undefined;
  }

  /**
   * The message under way of which this is the copy. Where the client gave it no id, the server's face or the server
   * has made one that is not known here: then the words tell, and the first one said comes back first.
   */
  sendOf(message: Message): Asked | undefined {
    let nameless: Asked | undefined;
    for (const asked of this.#asked.values()) {
      const { command } = asked.errand;
      if (command.type !== 'send_message') continue;
      const { clientId, target } = command;
      if (target.type !== message.to.type || target.id !== message.to.id) continue;
      if (clientId === undefined) {
        if (asked.echo === undefined && command.content === message.content) nameless ??= asked;
      } else if (clientId === message.clientId || clientId === message.id) return asked;
    }
    return nameless;
  }

  /** All of them, in the order in which they were given; none is left. */
  takeAll(): readonly Asked[] {
    const all = [...this.#asked.values()];
    this.#asked.clear();
    return all;
  }
}

/** Deliveries that the server's face waits to hear of: confirmed by the client, refused, or never to be. */
export class Deliveries {
  #open: Delivery[] = [];

  get size(): number {
    return this.#open.length;
  }

  add(message: Message, settle: Settle): void {
    const conversation = conversationKey(message.to, message.from.id);
    this.#open.push({ key: keyOf(message), conversation, sequence: message.sequence, settle });
  }

  /** Those of the conversation from one sequence to another have come to this. */
  settle(conversation: string, from: number, to: number, outcome: Outcome): void {
    const left: Delivery[] = [];
    const due: Settle[] = [];
    for (const delivery of this.#open) {
      const { sequence } = delivery;
      if (delivery.conversation === conversation && from <= sequence && sequence <= to)
        due.push(delivery.settle);
      else left.push(delivery);
    }
    if (due.length === 0) return;
    this.#open = left;
    for (const settle of due) settle(outcome);
  }

  /** The connection that they came on is gone: the server may send them again. */
  orphan(): void {
    for (const delivery of this.#open) delivery.settle = nobody;
  }

  /** The message has come again, and the client has not confirmed it yet: then it is settled as the newest. */
  adopt(message: Message, settle: Settle): boolean {
    const key = keyOf(message);
    const delivery = this.#open.find((candidate) => candidate.key === key);
    if (delivery !== undefined) delivery.settle = settle;
    return delivery !== undefined;
  }

  clear(): void {
    this.#open = [];
  }
}

type Settle = (outcome: Outcome) => void;

const nobody: Settle = () => {};

interface Delivery {
  readonly key: string;
  readonly conversation: string;
  readonly sequence: number;
  settle: Settle;
}

/** A message's own name: the sender's id for it where there is one, which a server's copy keeps. */
export const keyOf = ({ clientId, id, from, to }: Message): string =>
  // Lengths keep apart what any separator could be part of.
  `${to.type} ${to.id.length} ${to.id} ${from.id.length} ${from.id} ${clientId ?? id}`;
