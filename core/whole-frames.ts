/**
 * Reads the text messages of a WebSocket that came in one frame and whole, which is nearly all of them, and leaves
 * everything else to `ws`: what is cut by the end of a chunk, fragments, control frames, binary messages and every
 * fault. It knows the insides of `ws`: `whole-frames.test.ts` fails when a version of `ws` reads differently.
 */
import { Buffer, isUtf8 } from 'node:buffer';
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
  /** What stands before it: ours, and not of `ws`. */
  wholeFrames?: WholeFrames;
}

/** Who is told what is read. */
export interface WholeFramesListener {
  /** A chunk has come. */
  arrived?(): void;
  /** A text message: the bytes of the chunk from one index to another. False: it is to be checked and given to `textMessage`. */
  known?(chunk: Buffer, from: number, to: number): boolean;
  /** A text message that is UTF-8, unless `ws` was told not to look: a view on the chunk, and as lasting as that. */
  textMessage(payload: Buffer): void;
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

/**
 * Stands between an open socket of `ws` and what it reads with; what it gives may be given chunks besides. Undefined:
 * this `ws` reads in another way, and is left alone.
 */
export function readWholeFrames(socket: object, listener: WholeFramesListener): WholeFrames | undefined {
  const { _receiver: receiver } = socket as { readonly _receiver?: Receiver };
  if (receiver === undefined || !isKnown(receiver)) return undefined;
  const reader = new WholeFrames(receiver, listener);
  receiver.wholeFrames = reader;
  receiver.write = writeWhole;
  return reader;
}

const isKnown = (receiver: Receiver): boolean =>
  receiver._state === 0 &&
  receiver._bufferedBytes === 0 &&
  receiver._fragmented === 0 &&
  receiver._errored === false &&
  typeof receiver._isServer === 'boolean' &&
  typeof receiver._maxPayload === 'number' &&
  typeof receiver._skipUTF8Validation === 'boolean' &&
  typeof Object.getPrototypeOf(receiver)?.write === 'function';

/** One for all of them: sockets are many, and most are idle. */
function writeWhole(this: Receiver, chunk: Buffer): boolean {
  return (this.wholeFrames as WholeFrames).write(chunk);
}

export class WholeFrames {
  readonly #receiver: Receiver;
  readonly #listener: WholeFramesListener;
  /** Of the masks of this side's frames, bytes. */
  readonly #mask: number;
  /** Bytes that `ws` needs to the end of the frame that it has begun. */
  #owed = 0;
  /** The beginning of a header that the end of a chunk has cut. */
  #cut: Buffer | undefined;
  /** Closed, or broken: `ws` reads no more. Only what it is given brings it to that. */
  #isOver = false;

  constructor(receiver: Receiver, listener: WholeFramesListener) {
    this.#receiver = receiver;
    this.#listener = listener;
    this.#mask = receiver._isServer ? MASK : 0;
  }

  /**
   * A chunk has been read: the whole buffer; or so many bytes of one that will be filled anew. As `write` of `ws`:
   * false asks for a pause until it drains.
   */
  write(read: Buffer, bytes?: number): boolean {
    this.#listener.arrived?.();
    if (this.#cut === undefined) return this.#read(read, bytes ?? read.length, bytes !== undefined);
    const chunk = Buffer.concat([this.#cut, bytes === undefined ? read : read.subarray(0, bytes)]);
    this.#cut = undefined;
    return this.#read(chunk, chunk.length, false);
  }

  #read(chunk: Buffer, length: number, isFleeting: boolean): boolean {
    let goesOn = true;
    for (let at = 0; at < length && !this.#isOver; ) {
      const end = this.#owed > 0 ? at + this.#owed : this.#endOfFrame(chunk, at, length);
      if (end === undefined) {
        this.#cut = Buffer.from(chunk.subarray(at, length));
        break;
      }
      const isOurs = this.#owed === 0 && end <= length && this.#isTaken(chunk, at, end);
      if (!isOurs) {
        const left = chunk.subarray(at, Math.min(end, length));
        // `ws` keeps what it is given until it has the whole message, and then gives parts of that away; a short
        // beginning of a message must not keep all of a long chunk.
        const isCopied = isFleeting || (end > length && left.length * 2 < chunk.length);
        goesOn = this.#leave(isCopied ? Buffer.from(left) : left, end - Math.min(end, length));
      }
      at = end;
    }
    return goesOn;
  }

  /** To `ws`, which needs so many bytes more of what follows. */
  #leave(bytes: Buffer, missing: number): boolean {
    const receiver = this.#receiver;
    const goesOn = (Object.getPrototypeOf(receiver) as Receiver).write.call(receiver, bytes);
    this.#isOver = receiver.writableEnded || receiver._errored || receiver.destroyed;
    this.#owed = missing;
    // It began something of which we don't see the end: it knows when it is between two frames again.
    if (missing === Number.POSITIVE_INFINITY && this.#isBetween) this.#owed = 0;
    return goesOn;
  }

  get #isBetween(): boolean {
    const { _state, _bufferedBytes, _fragmented } = this.#receiver;
    return _state === 0 && _bufferedBytes === 0 && _fragmented === 0;
  }

  /** Where the frame that begins there ends; infinite: for `ws` to see; undefined: its header is cut. */
  #endOfFrame(chunk: Buffer, at: number, length: number): number | undefined {
    const first = chunk[at] as number;
    if (first !== TEXT && (first & CONTROL) !== CONTROL) return Number.POSITIVE_INFINITY;
    if (length - at < SHORT_HEADER) return undefined;
    const second = chunk[at + 1] as number;
    const payload = second & LENGTH;
    const isMasked = (second & MASKED) !== 0;
    if (isMasked !== this.#mask > 0 || payload === LENGTH_64) return Number.POSITIVE_INFINITY;
    const header = headerSize(second) + this.#mask;
    // A control frame is short, and `ws` looks at it before its mask has come.
    if (first !== TEXT) return payload < LENGTH_16 ? at + header + payload : Number.POSITIVE_INFINITY;
    if (length - at < header) return undefined;
    return at + header + (payload === LENGTH_16 ? chunk.readUInt16BE(at + 2) : payload);
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
      this.#listener.textMessage(payload);
      return true;
    }
    // As it came: what is masked twice is not masked.
    if (this.#mask > 0) unmask(chunk, from, end);
    return false;
  }
}

/** Without the mask, as the second byte says. */
const headerSize = (second: number): number => ((second & LENGTH) === LENGTH_16 ? LONG_HEADER : SHORT_HEADER);
