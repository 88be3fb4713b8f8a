/**
 * Holds back the answer to an upgrade for a moment, so that it leaves in one write with what the connection says
 * first: a write costs more than most of what a connection costs besides, on either side.
 */
import type { Duplex } from 'node:stream';

/** For how long the outcome of a login is awaited at most, and how often it is looked whether it has come, ms. */
const AWAITED_MS = 20;
const LOOK_MS = 5;

/** Whether something that the client carried with its upgrade still has to be answered. */
export type Awaits = () => boolean;

interface Held {
  readonly socket: Duplex;
  readonly awaits: Awaits;
  /** Monotonic ms. */
  readonly since: number;
}

const isHeld = ({ writableCorked, destroyed }: Duplex): boolean => writableCorked > 0 && !destroyed;

export class HeldHandshakes {
  /** Since this turn of the event loop and since the one before: what is said in a turn leaves at its end. */
  #newest: Held[] = [];
  #newer: Held[] = [];
  /** Those that wait for a login, in the order in which they came. */
  #awaiting: Held[] = [];

  /**
   * Call it after the socket was corked and the answer written. It waits until the first words uncork the socket, at
   * the end of the turn or, while a login is answered, for a little longer: nothing else that the client might say
   * meanwhile would be heard earlier.
   */
  hold(socket: Duplex, awaits: Awaits): void {
    if (!isHeld(socket)) return;
    if (this.#newest.length + this.#newer.length === 0) setImmediate(this.#turn);
    this.#newest.push({ socket, awaits, since: performance.now() });
  }

  readonly #turn = (): void => {
    const due = this.#newer;
    this.#newer = this.#newest;
    this.#newest = [];
    for (const held of due) {
      if (!isHeld(held.socket)) continue;
      if (!held.awaits()) held.socket.uncork();
      else if (this.#awaiting.push(held) === 1) setTimeout(this.#look, LOOK_MS);
    }
    if (this.#newer.length > 0) setImmediate(this.#turn);
  };

  readonly #look = (): void => {
    const longAgo = performance.now() - AWAITED_MS;
    this.#awaiting = this.#awaiting.filter(({ socket, awaits, since }) => {
      if (!isHeld(socket)) return false;
      if (since > longAgo && awaits()) return true;
      socket.uncork();
      return false;
    });
    if (this.#awaiting.length > 0) setTimeout(this.#look, LOOK_MS);
  };
}
