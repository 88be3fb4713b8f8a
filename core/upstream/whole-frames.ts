/**
 * Reads the text messages of a WebSocket server that came in one frame and whole, which is nearly all of them, and
 * leaves everything else to `ws`: what is cut by the end of a chunk, fragments, control frames, binary messages and
 * every fault. It knows the insides of `ws`: `whole-frames.test.ts` fails when a version of `ws` reads differently.
 */
import { isUtf8 } from 'node:buffer';
import type { Writable } from 'node:stream';
import type { WebSocket } from 'ws';

/** The reading half of `ws`. */
interface Receiver extends Writable {
  /** 0: a frame begins. */
  readonly _state: number;
  readonly _bufferedBytes: number;
  /** Opcode of the message of which fragments have come; 0: none. */
  readonly _fragmented: number;
  readonly _errored: boolean;
  write(chunk: Buffer): boolean;
}

export interface WholeFramesOptions {
  /** Longest message, bytes. */
  readonly limit: number;
  /** Whether text may be any bytes. */
  readonly skipUtf8Validation: boolean;
  /** A chunk has come. */
  arrived(): void;
  /** A text message: the bytes of the chunk from one index to another. False: take it to be checked and given to `text`. */
  known(chunk: Buffer, from: number, to: number): boolean;
  /** A text message that is UTF-8. A view: it is good for this call only. */
  text(payload: Buffer): void;
}

/** First byte of a whole text message: FIN, no reserved bit, opcode 1 (RFC 6455, section 5.2). */
const TEXT = 0x81;
/** Bits of the second byte: the mask, which no server sets, and the length or a sign that it follows. */
const MASKED = 0x80;
const LENGTH = 0x7f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
/** Bytes of a header, without a length of its own and with one of two bytes. */
const SHORT_HEADER = 2;
const LONG_HEADER = 4;
/** FIN and the highest bit of the opcode: a control frame. */
const CONTROL = 0x88;

/** Stands between an open socket and what `ws` reads it with; false: this `ws` reads in another way, and is left alone. */
export function readWholeFrames(socket: WebSocket, options: WholeFramesOptions): boolean {
  const { _receiver: receiver } = socket as unknown as { readonly _receiver?: Receiver };
  if (receiver === undefined || !isKnown(receiver)) return false;
  const reader = new WholeFrames(receiver, options);
  receiver.write = (chunk: Buffer): boolean => reader.write(chunk);
  return true;
}

const isKnown = ({ _state, _bufferedBytes, _fragmented, _errored, write }: Receiver): boolean =>
  _state === 0 &&
  _bufferedBytes === 0 &&
  _fragmented === 0 &&
  _errored === false &&
  typeof write === 'function';

class WholeFrames {
  readonly #receiver: Receiver;
  readonly #writeOn: (chunk: Buffer) => boolean;
  readonly #options: WholeFramesOptions;
  /** Bytes that `ws` needs to the end of the frame that it has begun. */
  #owed = 0;
  /** The beginning of a header that the end of a chunk has cut. */
  #cut: Buffer | undefined;

  constructor(receiver: Receiver, options: WholeFramesOptions) {
    this.#receiver = receiver;
    this.#writeOn = receiver.write.bind(receiver);
    this.#options = options;
  }

  /** As `write` of `ws`: false asks for a pause until it drains. */
  write(read: Buffer): boolean {
    this.#options.arrived();
    const chunk = this.#cut === undefined ? read : Buffer.concat([this.#cut, read]);
    this.#cut = undefined;
    let goesOn = true;
    for (let at = 0; at < chunk.length && !this.#isOver; ) {
      const end = this.#owed > 0 ? at + this.#owed : endOfFrame(chunk, at);
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
    const goesOn = this.#writeOn(chunk.subarray(at, end));
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

  /** Whether it was a text message, which has been handed on. */
  #isTaken(chunk: Buffer, at: number, end: number): boolean {
    if (chunk[at] !== TEXT) return false;
    const from = at + headerSize(chunk[at + 1]);
    const { limit, skipUtf8Validation, known, text } = this.#options;
    if (end - from > limit) return false;
    if (known(chunk, from, end)) return true;
    const payload = chunk.subarray(from, end);
    if (!skipUtf8Validation && !isUtf8(payload)) return false;
    text(payload);
    return true;
  }
}

/** Where the frame that begins there ends; infinite: for `ws` to see; undefined: its header is cut. */
function endOfFrame(chunk: Buffer, at: number): number | undefined {
  const first = chunk[at] as number;
  if (first !== TEXT && (first & CONTROL) !== CONTROL) return Number.POSITIVE_INFINITY;
  const header = headerSize(chunk[at + 1]);
  if (chunk.length - at < header) return undefined;
  const second = chunk[at + 1] as number;
  const length = second & LENGTH;
  if ((second & MASKED) !== 0 || length === LENGTH_64) return Number.POSITIVE_INFINITY;
  return at + header + (length === LENGTH_16 ? chunk.readUInt16BE(at + 2) : length);
}

/** As the second byte says; 2 if there is none yet. */
const headerSize = (second = 0): number => ((second & LENGTH) === LENGTH_16 ? LONG_HEADER : SHORT_HEADER);
