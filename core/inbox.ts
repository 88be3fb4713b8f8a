/** Wire messages that wait to be handled, bounded by number and bytes. Its owner pauses the socket when it is full. */
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
  #queue: Waiting[] = [];
  /** Index of the first that waits: shifting an array of hundreds for each message would cost more. */
  #head = 0;
  #bytes = 0;

  constructor(limits: InboxLimits) {
    this.#limits = limits;
  }

  push(data: Uint8Array, isBinary: boolean): void {
    this.#queue.push({ data, isBinary });
    this.#bytes += data.length;
  }

  shift(): Waiting | undefined {
    const next = this.#queue[this.#head];
    if (next === undefined) return undefined;
    this.#head++;
    this.#bytes -= next.data.length;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    return next;
  }

  /** How many wait, and their bytes. */
  get size(): number {
    return this.#queue.length - this.#head;
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
    this.#queue = [];
    this.#head = 0;
    this.#bytes = 0;
  }
}
