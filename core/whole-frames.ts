/**
 * Reads the text messages of a WebSocket that came in one frame and whole, which is nearly all of them, and leaves
 * everything else to `ws`: what is cut by the end of a chunk, fragments, control frames, binary messages and every
 * fault. It knows the insides of `ws`: `whole-frames.test.ts` fails when a version of `ws` reads differently.
 */
import { isUtf8 } from 'node:buffer';
import type { Writable } from 'node:stream';
import { unmask } from './unmask.ts';

/** The reading half of `ws`. */
interface Receiver extends Writable {
  /** Whether it reads what clients send: every frame is masked then, and none is otherwise. */
  readonly _isServer: boolean;
  /** Longest message, bytes. */
  readonly _maxPayload: number;
  readonly _skipUTF8Validation: boolean;
  /** 0: a frame begins. */
  readonly _state: number;
  readonly _bufferedBytes: number;
  /** Opcode of the message of which fragments have come; 0: none. */
  readonly _fragmented: number;
  readonly _errored: boolean;
  write(chunk: Buffer): boolean;
}

export interface WholeFramesListener {
  /** A chunk has come. */
  arrived?(): void;
  /** A text message: the bytes of the chunk from one index to another. False: take it to be checked and given to `message`. */
  known?(chunk: Buffer, from: number, to: number): boolean;
  /** A text message that is UTF-8, unless `ws` was told not to look. A view on the chunk. */
  message(payload: Buffer, isBinary: false): void;
}

/** First byte of a whole text message: FIN, no reserved bit, opcode 1 (RFC 6455, section 5.2). */
const TEXT = 0x81;
/** Bits of the second byte: the mask, and the length or a sign that it follows. */
const MASKED = 0x80;
const LENGTH = 0x7f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
/** Bytes of a header without its mask, without a length of its own and with one of two bytes; and of the mask. */
const SHORT_HEADER = 2;
const LONG_HEADER = 4;
const MASK = 4;
/** FIN and the highest bit of the opcode: a control frame. */
const CONTROL = 0x88;

/** Stands between an open socket of `ws` and what it reads with; false: this `ws` reads in another way, and is left alone. */
export function readWholeFrames(socket: object, listener: WholeFramesListener): boolean {
  const { _receiver: receiver } = socket as { readonly _receiver?: Receiver };
  if (receiver === undefined || !isKnown(receiver)) return false;
  const reader = new WholeFrames(receiver, listener);
  receiver.write = (chunk: Buffer): boolean => reader.write(chunk);
  return true;
}

const isKnown = (receiver: Receiver): boolean =>
  receiver._state === 0 &&
  receiver._bufferedBytes === 0 &&
  receiver._fragmented === 0 &&
  receiver._errored === false &&
  typeof receiver._isServer === 'boolean' &&
  typeof receiver._maxPayload === 'number' &&
  typeof receiver._skipUTF8Validation === 'boolean' &&
  typeof receiver.write === 'function';

class WholeFrames {
  readonly #receiver: Receiver;
  readonly #writeOn: Receiver['write'];
  readonly #listener: WholeFramesListener;
  /** Of the masks of this side's frames, bytes. */
  readonly #mask: number;
  /** Bytes that `ws` needs to the end of the frame that it has begun. */
  #owed = 0;
  /** The beginning of a header that the end of a chunk has cut. */
  #cut: Buffer | undefined;

  constructor(receiver: Receiver, listener: WholeFramesListener) {
    this.#receiver = receiver;
    this.#writeOn = receiver.write;
    this.#listener = listener;
    this.#mask = receiver._isServer ? MASK : 0;
  }

  /** As `write` of `ws`: false asks for a pause until it drains. */
  write(read: Buffer): boolean {
    this.#listener.arrived?.();
    const chunk = this.#cut === undefined ? read : Buffer.concat([this.#cut, read]);
    this.#cut = undefined;
    let goesOn = true;
    for (let at = 0; at < chunk.length && !this.#isOver; ) {
      const end = this.#owed > 0 ? at + this.#owed : this.#endOfFrame(chunk, at);
      if (end === undefined) {
        this.#cut = Buffer.from(chunk.subarray(at));
        break;
      }
      const isOurs = this.#owed === 0 && end <= chunk.length && this.#isTaken(chunk, at, end);
      if (!isOurs) goesOn = this.#leave(chunk, at, end);
      at = end;
    }
    return goesOn;
  }

  /** To `ws`, with as much of what follows as it needs. */
  #leave(chunk: Buffer, at: number, end: number): boolean {
    const goesOn = this.#writeOn.call(this.#receiver, chunk.subarray(at, end));
    this.#owed = Math.max(0, end - chunk.length);
    // It began something of which we don't see the end: it knows when it is between two frames again.
    if (this.#owed === Number.POSITIVE_INFINITY && this.#isBetween) this.#owed = 0;
    return goesOn;
  }

  /** Closed, or broken: `ws` reads no more. */
  get #isOver(): boolean {
    return this.#receiver.writableEnded || this.#receiver._errored || this.#receiver.destroyed;
  }

  get #isBetween(): boolean {
    const { _state, _bufferedBytes, _fragmented } = this.#receiver;
    return _state === 0 && _bufferedBytes === 0 && _fragmented === 0;
  }

  /** Where the frame that begins there ends; infinite: for `ws` to see; undefined: its header is cut. */
  #endOfFrame(chunk: Buffer, at: number): number | undefined {
    const first = chunk[at] as number;
    if (first !== TEXT && (first & CONTROL) !== CONTROL) return Number.POSITIVE_INFINITY;
    const second = chunk[at + 1];
    if (second === undefined) return undefined;
    const length = second & LENGTH;
    const isMasked = (second & MASKED) !== 0;
    if (isMasked !== this.#mask > 0 || length === LENGTH_64) return Number.POSITIVE_INFINITY;
    const header = headerSize(second) + this.#mask;
    // A control frame is short, and `ws` looks at it before its mask has come.
    if (first !== TEXT) return length < LENGTH_16 ? at + header + length : Number.POSITIVE_INFINITY;
    if (chunk.length - at < header) return undefined;
    return at + header + (length === LENGTH_16 ? chunk.readUInt16BE(at + 2) : length);
  }

  /** Whether it was a text message, which has been handed on. */
  #isTaken(chunk: Buffer, at: number, end: number): boolean {
    if (chunk[at] !== TEXT) return false;
    const from = at + headerSize(chunk[at + 1] as number) + this.#mask;
    const { _maxPayload: limit, _skipUTF8Validation: isAnyBytes } = this.#receiver;
    if (limit > 0 && end - from > limit) return false;
    if (this.#mask > 0) unmask(chunk, from, end);
    if (this.#listener.known?.(chunk, from, end) === true) return true;
    const payload = chunk.subarray(from, end);
    if (isAnyBytes || isUtf8(payload)) {
      this.#listener.message(payload, false);
      return true;
    }
    // As it came: what is masked twice is not masked.
    if (this.#mask > 0) unmask(chunk, from, end);
    return false;
  }
}

/** Without the mask, as the second byte says. */
const headerSize = (second: number): number => ((second & LENGTH) === LENGTH_16 ? LONG_HEADER : SHORT_HEADER);
