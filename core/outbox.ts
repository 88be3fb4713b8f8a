/**
 * Output of connections: framed bytes queue up during an event-loop turn and leave in one write per
 * connection at its end. System calls are the cost of fan-out; joining them is what makes it cheap.
 */
import type { Transport } from './transport.ts';

/** Frames of at least this many bytes are written as they are instead of being copied into a joined buffer. */
const COPY_LIMIT_BYTES = 16_384;

/**
 * Joins parts into one buffer. Where many connections have queued the same parts in the same turn, as the members
 * of a group have, the buffer is made once for all of them.
 */
class Joiner {
  #parts: readonly Uint8Array[] = [];
  #joined: Uint8Array | undefined;

  join(parts: readonly Uint8Array[]): Uint8Array {
    if (this.#joined !== undefined && isSameList(parts, this.#parts)) return this.#joined;
    this.#parts = parts;
    this.#joined = Buffer.concat(parts);
    return this.#joined;
  }

  forget(): void {
    this.#parts = [];
    this.#joined = undefined;
  }
}

function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = one.length - 1; index >= 0; index--) if (one[index] !== other[index]) return false;
  return true;
}

/** How long what nobody waits for may lie, ms: this time, and a little for each connection that had some the last time. */
const UNHURRIED_MS = 50;
const UNHURRIED_EACH_MS = 0.05;

/** Runs the flushes of an endpoint's connections at the end of the turn, or `intervalMs` after the first output. */
export class Flusher {
  intervalMs: number;
  readonly counts: { writes: number };
  readonly #joiner = new Joiner();
  #dirty: Outbox[] = [];
  #scheduled = false;
  #unhurried: Outbox[] = [];
  #lastUnhurried = 0;
  readonly #run = (): void => {
    this.#scheduled = false;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const outbox of dirty) outbox.flushSafely();
    this.#joiner.forget();
  };
  readonly #runUnhurried = (): void => {
    const unhurried = this.#unhurried;
    this.#unhurried = [];
    this.#lastUnhurried = unhurried.length;
    for (const outbox of unhurried) outbox.flushUnhurried();
    this.#joiner.forget();
  };

  /** Writes made are added to `counts`. */
  constructor(intervalMs = 0, counts: { writes: number } = { writes: 0 }) {
    this.intervalMs = intervalMs;
    this.counts = counts;
  }

  add(outbox: Outbox): void {
    this.#dirty.push(outbox);
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
    setTimeout(this.#runUnhurried, UNHURRIED_MS + this.#lastUnhurried * UNHURRIED_EACH_MS).unref();
  }

  /** Parts as one buffer, which nobody may change. */
  join(parts: readonly Uint8Array[]): Uint8Array {
    return this.#joiner.join(parts);
  }
}

export class Outbox {
  readonly #transport: Transport;
  readonly #flusher: Flusher;
  /** None between the turns in which something is said. */
  #parts: Uint8Array[] | undefined;
  #bytes = 0;
  /** What the transport had left when the first part was queued. */
  #before = 0;
  /** Whether a part is too large to be copied. */
  #hasLarge = false;
  /** Whether it will be flushed at the end of the turn, and whether a little later. */
  #isDue = false;
  #isDueLater = false;

  constructor(transport: Transport, flusher: Flusher) {
    this.#transport = transport;
    this.#flusher = flusher;
  }

  /** Bytes that the peer's kernel has not taken: ours and the transport's. */
  get pendingBytes(): number {
    return this.#bytes + this.#transport.bufferedBytes;
  }

  /** Gives the bytes that are pending then. `isUnhurried`: it may wait a little for what comes after it. */
  push(framed: Uint8Array, isUnhurried = false): number {
    if (this.#parts === undefined) {
      this.#parts = [];
      // Until the parts are flushed nothing else is written, and what the kernel takes meanwhile is welcome.
      this.#before = this.#transport.bufferedBytes;
    }
    if (!isUnhurried) this.#schedule();
    else if (!this.#isDue && !this.#isDueLater) {
      this.#isDueLater = true;
      this.#flusher.addUnhurried(this);
    }
    this.#parts.push(framed);
    this.#bytes += framed.length;
    if (framed.length >= COPY_LIMIT_BYTES) this.#hasLarge = true;
    return this.#before + this.#bytes;
  }

  #schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#flusher.add(this);
  }

  /** From the flusher, when what could wait has waited. */
  flushUnhurried(): void {
    this.#isDueLater = false;
    this.flushSafely();
  }

  /** Drops what has not been written: the connection is over. */
  clear(): void {
    this.#parts = undefined;
    this.#isDue = false;
    this.#bytes = 0;
    this.#hasLarge = false;
  }

  /** As `flush`; a transport that can't be written to is ended and keeps no other from its turn. */
  flushSafely(): void {
    try {
      this.flush();
    } catch {
      this.clear();
      this.#transport.terminate();
    }
  }

  flush(): void {
    const parts = this.#parts;
    if (parts === undefined) return;
    this.#parts = undefined;
    this.#isDue = false;
    this.#bytes = 0;
    const hasLarge = this.#hasLarge;
    this.#hasLarge = false;
    if (parts.length === 1) this.#write(parts[0] as Uint8Array);
    else if (hasLarge) this.#writeApart(parts);
    else this.#write(this.#flusher.join(parts));
  }

  /** Large parts as they are, what is between them joined. */
  #writeApart(parts: readonly Uint8Array[]): void {
    let start = 0;
    for (let index = 0; index <= parts.length; index++) {
      const part = parts[index];
      if (part !== undefined && part.length < COPY_LIMIT_BYTES) continue;
      if (index - start === 1) this.#write(parts[start] as Uint8Array);
      else if (index > start) this.#write(Buffer.concat(parts.slice(start, index)));
      if (part !== undefined) this.#write(part);
      start = index + 1;
    }
  }

  #write(bytes: Uint8Array): void {
    this.#flusher.counts.writes++;
    this.#transport.write(bytes);
  }
}
