/**
 * Output of connections: framed bytes queue up during an event-loop turn and leave in one write per
 * connection at its end. System calls are the cost of fan-out; joining them is what makes it cheap.
 */
import type { Transport } from './transport.ts';

/** Frames of at least this many bytes are written as they are instead of being copied into a joined buffer. */
const COPY_LIMIT_BYTES = 16_384;

/** Runs the flushes of an endpoint's connections at the end of the turn, or `intervalMs` after the first output. */
export class Flusher {
  readonly #intervalMs: number;
  #dirty: Outbox[] = [];
  #scheduled = false;
  readonly #run = (): void => {
    this.#scheduled = false;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const outbox of dirty) outbox.flushSafely();
  };

  constructor(intervalMs = 0) {
    this.#intervalMs = intervalMs;
  }

  add(outbox: Outbox): void {
    this.#dirty.push(outbox);
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.#intervalMs === 0) setImmediate(this.#run);
    else setTimeout(this.#run, this.#intervalMs);
  }
}

export class Outbox {
  readonly #transport: Transport;
  readonly #flusher: Flusher;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  /** Writes made and frames queued, for the metrics. */
  writes = 0;

  constructor(transport: Transport, flusher: Flusher) {
    this.#transport = transport;
    this.#flusher = flusher;
  }

  /** Bytes that the peer's kernel has not taken: ours and the transport's. */
  get pendingBytes(): number {
    return this.#bytes + this.#transport.bufferedBytes;
  }

  push(framed: Uint8Array): void {
    if (this.#parts.length === 0) this.#flusher.add(this);
    this.#parts.push(framed);
    this.#bytes += framed.length;
  }

  /** Drops what has not been written: the connection is over. */
  clear(): void {
    this.#parts = [];
    this.#bytes = 0;
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
    if (parts.length === 0) return;
    this.#parts = [];
    this.#bytes = 0;
    let start = 0;
    for (let index = 0; index <= parts.length; index++) {
      const part = parts[index];
      if (part !== undefined && part.length < COPY_LIMIT_BYTES) continue;
      if (index > start)
        this.#write(
          index - start === 1 ? (parts[start] as Uint8Array) : Buffer.concat(parts.slice(start, index)),
        );
      if (part !== undefined) this.#write(part);
      start = index + 1;
    }
  }

  #write(bytes: Uint8Array): void {
    this.writes++;
    this.#transport.write(bytes);
  }
}
