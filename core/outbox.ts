/** What a connection has to say and has not written yet. */
import type { Flusher } from './flusher.ts';
import type { Part, Strand } from './strand.ts';
import type { Transport } from './transport.ts';

/**
 * How it is said: `alone`, to nobody else; `shared`, to others too; `unhurried`, shared, and it may wait a little for
 * what comes after it.
 */
export type Manner = 'alone' | 'shared' | 'unhurried';

export class Outbox {
  readonly #transport: Transport;
  readonly #flusher: Flusher;
  /** Undefined between the turns in which something is said. */
  #strand: Strand | undefined;
  /** What the transport had left when the first part was queued. */
  #before = 0;
  /** Whether it will be flushed at the end of the turn, and whether a little later. */
  #isDue = false;
  #isDueLater = false;

  constructor(transport: Transport, flusher: Flusher) {
    this.#transport = transport;
    this.#flusher = flusher;
  }

  /** Bytes that the peer's kernel has not taken: ours and the transport's. */
  get pendingBytes(): number {
    return (this.#strand?.bytes ?? 0) + this.#transport.bufferedBytes;
  }

  /** Queues a part of so many bytes, framed. Gives the bytes that are pending then. */
  push(part: Part, size: number, manner: Manner): number {
    let strand = this.#strand;
    if (strand === undefined) {
      strand = this.#flusher.root;
      // Until the parts are flushed nothing else is written, and what the kernel takes meanwhile is welcome.
      this.#before = this.#transport.bufferedBytes;
    }
    this.#strand = manner === 'alone' ? strand.alone(part, size) : strand.shared(part, size);
    if (manner === 'unhurried') this.#scheduleLater();
    else this.#schedule();
    return this.#before + this.#strand.bytes;
  }

  /** Queues all of a strand that others are told as well. Gives the bytes that are pending then. */
  adopt(strand: Strand): number {
    if (this.#strand === undefined) {
      this.#before = this.#transport.bufferedBytes;
      this.#strand = strand;
    } else this.#strand = this.#strand.followedBy(strand);
    this.#schedule();
    return this.#before + this.#strand.bytes;
  }

  #schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#flusher.add(this);
  }

  #scheduleLater(): void {
    if (this.#isDue || this.#isDueLater) return;
    this.#isDueLater = true;
    this.#flusher.addUnhurried(this);
  }

  /** From the flusher, when what could wait has waited. */
  flushUnhurried(): void {
    this.#isDueLater = false;
    this.flushSafely();
  }

  /** Drops what has not been written: the connection is over. */
  clear(): void {
    this.#strand = undefined;
    this.#isDue = false;
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
    const strand = this.#strand;
    if (strand === undefined) return;
    this.clear();
    const framing = this.#transport.text;
    if (!strand.hasLarge) this.#write(strand.joined(framing));
    else for (const buffer of strand.buffers(framing)) this.#write(buffer);
  }

  #write(bytes: Uint8Array): void {
    this.#flusher.counts.writes++;
    this.#transport.write(bytes);
  }
}
