/**
 * Holds back the answer to an upgrade for a moment, so that it leaves in one write with what the connection says
 * first: a write costs more than most of what a connection costs besides.
 */
import type { Duplex } from 'node:stream';

/** For how many turns of the event loop at most, and however long they take, for how long, ms: as a login takes. */
const TURNS = 8;
const HELD_MS = 2;

interface Held {
  readonly socket: Duplex;
  /** Monotonic ms. */
  readonly since: number;
  turns: number;
}

export class HeldHandshakes {
  /** In the order in which they came. */
  #held: Held[] = [];

  /** What is written to the socket waits until the first words uncork it, or for as long as it may wait. */
  hold(socket: Duplex): void {
    socket.cork();
    if (this.#held.push({ socket, since: performance.now(), turns: 0 }) === 1) setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    const now = performance.now();
    this.#held = this.#held.filter((held) => {
      if (held.socket.writableCorked === 0) return false;
      if (++held.turns <= TURNS && (held.turns === 1 || now - held.since < HELD_MS)) return true;
      held.socket.uncork();
      return false;
    });
    if (this.#held.length > 0) setImmediate(this.#turn);
  };
}
