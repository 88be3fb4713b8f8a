/**
 * What the server has told its clients lately. Those of one group are each told the same, and what one of them was
 * told need not be read again for the next: it is recognised by its bytes, all of them, and by nothing less.
 */
import type { EventOf } from '../../schemas/event.ts';
import { attendanceKey } from './attendance.ts';
import { keyOf } from './correlation.ts';
import type { TextLimits } from './recent.ts';
import { hashOf } from './remembered.ts';
import type { Received } from './upstream-listener.ts';

/** Sequences of what many are told: none of them is one that a client's own copies have, which begin at 1. */
const SHARED_FROM = 2 ** 40;

/** A message that everybody who is told it understands alike. */
export interface News {
  /** One object for all of them: nobody changes it. */
  readonly event: EventOf<'message'>;
  /** `keyOf` of its message, and `hashOf` that. */
  readonly key: string;
  readonly hash: number;
  /** `attendanceKey` of whom it is for. */
  readonly attended: string;
  readonly received: Received;
}

/** One wire message, as it was read. */
export class Telling {
  readonly text: string;
  /** The text as UTF-8: what the wire carries. */
  readonly bytes: Buffer;
  readonly frames: readonly unknown[];
  /** Undefined: nobody has asked; null: each client has to understand it for itself. */
  news: News | null | undefined;
  /** What somebody was told after it: very likely what others are told next, too. */
  next: Telling | undefined;
  /** Only what is kept may lead to others: or else none of them could ever be let go. */
  isKept = true;

  constructor(text: string, bytes: Uint8Array, frames: readonly unknown[]) {
    this.text = text;
    this.bytes = Buffer.from(bytes);
    this.frames = frames;
  }

  /** Whether these are its bytes. */
  is(chunk: Buffer, from: number, to: number): boolean {
    return this.bytes.length === to - from && this.bytes.compare(chunk, from, to) === 0;
  }
}

export class Tellings {
  readonly #byText = new Map<string, Telling>();
  readonly #limits: TextLimits;
  /** Called for each text that makes room for another one. */
  readonly #forgot: () => void;
  #sequence = SHARED_FROM;

  constructor(limits: TextLimits, forgot: () => void = () => {}) {
    this.#limits = limits;
    this.#forgot = forgot;
  }

  get(text: string): Telling | undefined {
    return this.#byText.get(text);
  }

  /** Whether it is short enough to be kept. */
  keeps(text: string): boolean {
    return text.length <= this.#limits.textLength;
  }

  /** Keeps what was read. */
  add(text: string, bytes: Uint8Array, frames: readonly unknown[]): Telling {
    const telling = new Telling(text, bytes, frames);
    this.#byText.set(text, telling);
    if (this.#byText.size > this.#limits.texts) this.#forgetOldest();
    return telling;
  }

  /** Notes what was told to somebody after something else. */
  follows(before: Telling | undefined, telling: Telling): void {
    if (before?.isKept === true && before.next !== telling) before.next = telling;
  }

  /** A message as one object for everybody. */
  newsOf(event: EventOf<'message'>, received: Received): News {
    const message = Object.freeze({ ...event.message, sequence: ++this.#sequence });
    const key = keyOf(message);
    const attended = attendanceKey(message.to);
    return { event: Object.freeze({ ...event, message }), key, hash: hashOf(key), attended, received };
  }

  #forgetOldest(): void {
    for (const [text, oldest] of this.#byText) {
      this.#byText.delete(text);
      oldest.isKept = false;
      oldest.next = undefined;
      this.#forgot();
      return;
    }
  }
}
