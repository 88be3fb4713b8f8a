/**
 * Events from the server that wait: for a client that does not keep up, or for an id that has to be made durable
 * before it can be said. In order. While something waits the server is not read, so that what waits is at most
 * what one reading of its socket gave.
 */
import type { Event } from '../../schemas/event.ts';
import type { Message } from '../../schemas/model.ts';
import type { Outcome } from '../dialect.ts';
import { keyOf } from './correlation.ts';
import type { Received } from './upstream-listener.ts';

export interface Arrival {
  readonly event: Event;
  settle: (outcome: Outcome) => void;
  readonly received: Received | undefined;
}

/** What no codec knows and is handed on as it is, in its turn. */
export interface Unknown {
  readonly event: undefined;
  readonly say: () => void;
}

export interface ArrivalsParts {
  /** Whether the client keeps up. */
  mayPass(): boolean;
  /** Undefined if there is nothing to wait for. */
  prepare(event: Event): Promise<void> | undefined;
  pass(arrival: Arrival | Unknown): void;
  /** Something waits; and nothing does any more. */
  blocked(): void;
  free(): void;
}

export class Arrivals {
  readonly #parts: ArrivalsParts;
  #waiting: (Arrival | Unknown)[] = [];
  #preparing = false;
  #flowing = false;
  /** Whether `blocked` was said last. */
  #isBlocked = false;

  constructor(parts: ArrivalsParts) {
    this.#parts = parts;
  }

  push(arrival: Arrival | Unknown): void {
    this.#waiting.push(arrival);
    this.flow();
  }

  /** Whether what comes now may go at once. */
  get isFree(): boolean {
    return this.#waiting.length === 0 && !this.#preparing && !this.#flowing && this.#parts.mayPass();
  }

  #block(): void {
    this.#isBlocked = true;
    this.#parts.blocked();
  }

  /** Passes on what may go. */
  flow(): void {
    // Asked for after each write to the client, and nearly always for nothing.
    if (this.#flowing || (this.#waiting.length === 0 && !this.#isBlocked)) return;
    this.#flowing = true;
    try {
      while (!this.#preparing && this.#parts.mayPass()) {
        const next = this.#waiting[0];
        if (next === undefined) break;
        const prepared = next.event === undefined ? undefined : this.#parts.prepare(next.event);
        if (prepared !== undefined) {
          this.#await(prepared);
          break;
        }
        this.#waiting.shift();
        this.#parts.pass(next);
      }
    } finally {
      this.#flowing = false;
    }
    if (this.#waiting.length > 0 || !this.#parts.mayPass()) this.#block();
    else {
      this.#isBlocked = false;
      this.#parts.free();
    }
  }

  /** The message has come again, and waits still: then it is settled as the newest. */
  adopt(message: Message, settle: Arrival['settle']): boolean {
    const key = keyOf(message);
    const waiting = this.#waiting.find(
      (candidate): candidate is Arrival =>
        candidate.event?.type === 'message' && keyOf(candidate.event.message) === key,
    );
    if (waiting !== undefined) waiting.settle = settle;
    return waiting !== undefined;
  }

  clear(): void {
    this.#waiting = [];
  }

  #await(prepared: Promise<void>): void {
    this.#preparing = true;
    const goOn = (): void => {
      this.#preparing = false;
      this.flow();
    };
    // What can't be made sayable is passed on all the same: the dialect counts it as lost.
    prepared.then(goOn, () => {
      this.#preparing = false;
      const next = this.#waiting.shift();
      if (next !== undefined) this.#parts.pass(next);
      this.flow();
    });
  }
}
