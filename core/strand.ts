/**
 * What is to be said to a connection in one turn: a list that grows at its end, seen from its end. Connections to
 * which the same is said, as to the members of a group, share it: a part is appended for all of them at once, and the
 * bytes are joined once.
 */
import { Buffer } from 'node:buffer';
import type { TextFraming } from './transport.ts';

/** Framed bytes, or text that is framed where it is written. */
export type Part = string | Uint8Array;

/** Parts of at least this many bytes are written as they are instead of being copied into a joined buffer. */
export const COPY_LIMIT_BYTES = 16_384;

const NOTHING = new Uint8Array(0);

export class Strand {
  readonly previous: Strand | undefined;
  readonly part: Part;
  /** Bytes of the part, framed. */
  readonly size: number;
  /** Bytes of all parts up to this one. */
  readonly bytes: number;
  readonly #hasLarge: boolean;
  /** What some connection was told after this, and what others were. */
  #next: Strand | undefined;
  #others: Map<Part, Strand> | undefined;
  /** What was said after this at once, and what both come to. */
  #continued: { readonly by: Strand; readonly whole: Strand } | undefined;
  #joined: Uint8Array | undefined;

  private constructor(previous: Strand | undefined, part: Part, size: number) {
    this.previous = previous;
    this.part = part;
    this.size = size;
    this.bytes = (previous?.bytes ?? 0) + size;
    this.#hasLarge = size >= COPY_LIMIT_BYTES || previous?.hasLarge === true;
  }

  /** One on which nothing has been said yet. */
  static begin(): Strand {
    return new Strand(undefined, NOTHING, 0);
  }

  /** Whether a part is too large to be copied. */
  get hasLarge(): boolean {
    return this.#hasLarge;
  }

  /** This and the part: the same one for all who are told the same part after this. */
  shared(part: Part, size: number): Strand {
    if (this.#next === undefined) {
      this.#next = new Strand(this, part, size);
      return this.#next;
    }
    if (this.#next.part === part) return this.#next;
    this.#others ??= new Map();
    let other = this.#others.get(part);
    if (other === undefined) {
      other = new Strand(this, part, size);
      this.#others.set(part, other);
    }
    return other;
  }

  /** This and a part that nobody else is told. */
  alone(part: Part, size: number): Strand {
    return new Strand(this, part, size);
  }

  /** This and all of the other: the same one for all who are told the other after this. */
  followedBy(other: Strand): Strand {
    if (this.previous === undefined) return other;
    if (this.#continued?.by !== other) {
      let whole: Strand = this;
      for (const { part, size } of other.#parts()) whole = whole.shared(part, size);
      this.#continued = { by: other, whole };
    }
    return this.#continued.whole;
  }

  /** All parts as one buffer, which nobody may change. */
  joined(framing: TextFraming | undefined): Uint8Array {
    this.#joined ??= this.#isSingle && typeof this.part !== 'string' ? this.part : this.#join(framing);
    return this.#joined;
  }

  /** The buffers to write: large parts as they are, what is between them joined. */
  buffers(framing: TextFraming | undefined): readonly Uint8Array[] {
    const buffers: Uint8Array[] = [];
    let small = Strand.begin();
    for (const { part, size } of this.#parts()) {
      if (size < COPY_LIMIT_BYTES || typeof part === 'string') {
        small = small.alone(part, size);
        continue;
      }
      if (small.bytes > 0) buffers.push(small.joined(framing));
      buffers.push(part);
      small = Strand.begin();
    }
    if (small.bytes > 0) buffers.push(small.joined(framing));
    return buffers;
  }

  get #isSingle(): boolean {
    return this.previous !== undefined && this.previous.previous === undefined;
  }

  #parts(): readonly Strand[] {
    const parts: Strand[] = [];
    for (let at: Strand = this; at.previous !== undefined; at = at.previous) parts.push(at);
    return parts.reverse();
  }

  #join(framing: TextFraming | undefined): Uint8Array {
    const target = Buffer.allocUnsafe(this.bytes);
    let end = this.bytes;
    for (let at: Strand = this; at.previous !== undefined; at = at.previous) {
      end -= at.size;
      if (typeof at.part !== 'string') target.set(at.part, end);
      else if (framing !== undefined) framing.write(at.part, at.size, target, end);
      else throw new Error('text on a transport that has no framing of text');
    }
    return target;
  }
}
