/**
 * Hands a client's messages on one by one. One SockJS frame may hold many thousands of messages, so a pause
 * takes effect between two messages and not only between two frames. Messages stay strings until their turn
 * comes: a thousand empty ones would cost a hundred times their size on the wire as buffers.
 */
export class Inlet {
  readonly #deliver: (message: Uint8Array) => void;
  #held: readonly string[] = [];
  #next = 0;
  #paused = false;
  #running = false;

  constructor(deliver: (message: Uint8Array) => void) {
    this.#deliver = deliver;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Whether everything pushed has been handed on. */
  get empty(): boolean {
    return this.#next >= this.#held.length;
  }

  push(messages: readonly string[]): void {
    this.#held = this.empty ? messages : [...this.#held.slice(this.#next), ...messages];
    this.#next = 0;
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
  }

  #run(): void {
    // A message may cause a pause and a resume: the loop already at work goes on, and order is kept.
    if (this.#running) return;
    this.#running = true;
    try {
      while (!this.#paused) {
        const message = this.#held[this.#next];
        if (message === undefined) break;
        this.#next++;
        this.#deliver(Buffer.from(message));
      }
    } finally {
      this.#running = false;
    }
    if (this.empty) this.clear();
  }
}
