/**
 * Writes what an endpoint's connections have to say: each connection's at the end of the turn of the event loop, in
 * one write. System calls are the cost of fan-out; joining them is what makes it cheap.
 */
import { Fifo } from './fifo.ts';
import type { Outbox } from './outbox.ts';
import { Strand } from './strand.ts';

/**
 * Connections written to before the event loop goes round, some 20 ms: what arrives meanwhile is read while the rest of
 * a very large group is written to. Fewer would go round sooner, but with fewer messages in each write.
 */
export const WRITES_PER_TURN = 2048;

/** How long what nobody waits for may lie, ms: `base`, and so much more for each thousand that had some the last time. */
export interface PresenceInterval {
  readonly base: number;
  readonly perThousand: number;
}

const AT_ONCE: PresenceInterval = { base: 0, perThousand: 0 };

/** Runs the flushes at the end of the turn, or `intervalMs` after the first output. */
export class Flusher {
  intervalMs: number;
  presence: PresenceInterval;
  readonly counts: { writes: number };
  /** Where everybody's strand of the turn begins. */
  root = Strand.begin();
  readonly #due = new Fifo<Outbox>();
  #scheduled = false;
  #unhurried: Outbox[] = [];
  #lastUnhurried = 0;
  readonly #run = (): void => {
    this.root = Strand.begin();
    for (let left = WRITES_PER_TURN; left > 0; left--) {
      const outbox = this.#due.shift();
      if (outbox === undefined) {
        this.#scheduled = false;
        return;
      }
      outbox.flushSafely();
    }
    setImmediate(this.#run);
  };
  readonly #runUnhurried = (): void => {
    const unhurried = this.#unhurried;
    this.#unhurried = [];
    this.#lastUnhurried = unhurried.length;
    for (const outbox of unhurried) outbox.flushUnhurried();
    this.root = Strand.begin();
  };

  /** Writes made are added to `counts`. */
  constructor(intervalMs = 0, counts: { writes: number } = { writes: 0 }, presence = AT_ONCE) {
    this.intervalMs = intervalMs;
    this.counts = counts;
    this.presence = presence;
  }

  add(outbox: Outbox): void {
    this.#due.push(outbox);
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.intervalMs === 0) setImmediate(this.#run);
    else setTimeout(this.#run, this.intervalMs);
  }

  /**
   * Writes it a little later, if nothing more urgent is said meanwhile: where a thousand users come at a time, each of
   * the others is told in a few writes and not in a thousand.
   */
  addUnhurried(outbox: Outbox): void {
    this.#unhurried.push(outbox);
    if (this.#unhurried.length > 1) return;
    const { base, perThousand } = this.presence;
    setTimeout(this.#runUnhurried, base + (this.#lastUnhurried / 1000) * perThousand).unref();
  }
}
