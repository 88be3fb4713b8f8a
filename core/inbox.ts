/** Wire messages that wait to be handled, bounded by number and bytes. Its owner pauses the socket when it is full. */
import { Fifo } from './fifo.ts';

export interface InboxLimits {
  readonly messages: number;
  readonly bytes: number;
}

interface Waiting {
  readonly data: Uint8Array;
  readonly isBinary: boolean;
}

export class Inbox {
  readonly #limits: InboxLimits;
  readonly #queue = new Fifo<Waiting>();
  #bytes = 0;

  constructor(limits: InboxLimits) {
    this.#limits = limits;
  }

  push(data: Uint8Array, isBinary: boolean): void {
    this.#queue.push({ data, isBinary });
    this.#bytes += data.length;
  }

  shift(): Waiting | undefined {
    const next = this.#queue.shift();
    if (next !== undefined) this.#bytes -= next.data.length;
    return next;
  }

  /** How many wait, and their bytes. */
  get size(): number {
    return this.#queue.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.size >= this.#limits.messages || this.#bytes >= this.#limits.bytes;
  }

  /** Half empty: time to read on. */
  get isRoomy(): boolean {
    return this.size <= this.#limits.messages / 2 && this.#bytes <= this.#limits.bytes / 2;
  }

  clear(): void {
    this.#queue.clear();
    this.#bytes = 0;
  }
}
