/**
 * Hands a client's messages on one by one. One SockJS frame may hold many thousands of messages, so a pause
 * takes effect between two messages and not only between two frames. Messages stay strings until their turn
 * comes: a thousand empty ones would cost a hundred times their size on the wire as buffers.
 */
import { Fifo } from '../../fifo.ts';

/** Most messages before others have their turn, some ten ms: a frame of 200 KB may hold 60,000 of which each is answered. */
export const MESSAGES_PER_TURN = 1024;

export class Inlet {
  readonly #deliver: (message: Uint8Array) => void;
  readonly #emptied: () => void;
  /** What is being handed on, and whose turn comes after it. */
  #held: readonly string[] = [];
  #next = 0;
  readonly #later = new Fifo<readonly string[]>();
  #paused = false;
  #running = false;
  /** The rest goes on when others have had their turn. */
  #due = false;

  /** `emptied` is called when nothing is held any more and reading is not paused: whoever has stopped may go on. */
  constructor(deliver: (message: Uint8Array) => void, emptied: () => void) {
    this.#deliver = deliver;
    this.#emptied = emptied;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Whether everything pushed has been handed on. */
  get empty(): boolean {
    return this.#next >= this.#held.length && this.#later.size === 0;
  }

  push(messages: readonly string[]): void {
    // As they are: one chunk of a socket may bring thousands of frames after a very long one.
    if (messages.length > 0) this.#later.push(messages);
    this.#run();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#run();
  }

  /** Drops what is held. */
  clear(): void {
    this.#held = [];
    this.#next = 0;
    this.#later.clear();
  }

  #run(): void {
    // A message may cause a pause and a resume: the loop already at work goes on, and order is kept.
    if (this.#running || this.#due) return;
    this.#running = true;
    try {
      for (let left = MESSAGES_PER_TURN; left > 0 && !this.#paused; left--) {
        const message = this.#take();
        if (message === undefined) break;
        this.#deliver(Buffer.from(message));
      }
    } finally {
      this.#running = false;
    }
    if (this.#paused) return;
    if (this.empty) {
      this.clear();
      this.#emptied();
    } else {
      this.#due = true;
      setImmediate(this.#goOn);
    }
  }

  readonly #goOn = (): void => {
    this.#due = false;
    this.#run();
  };

  #take(): string | undefined {
    if (this.#next >= this.#held.length) {
      this.#held = this.#later.shift() ?? [];
      this.#next = 0;
    }
    return this.#held[this.#next++];
  }
}
