/**
 * Bytes to frames, incrementally: a frame may span wire messages and a wire message may hold many frames.
 *
 * Works on bytes with `indexOf`; nothing is scanned twice, however small the pieces. Each fault is found at
 * the byte that makes it certain, so that the outcome doesn't depend on where the wire was cut, and no fault
 * waits for bytes that may never come.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import type { WireMessage } from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import { FrameHead } from './frame-head.ts';
import type { DecoderLimits } from './limits.ts';
import { agreeOnVersion, type Link } from './version.ts';
import {
  type ClientCommand,
  type FrameBody,
  HEART_BEAT,
  type ServerCommand,
  type StompFrame,
} from './wire.ts';

const NUL = 0;
const LF = 10;
const CR = 13;

type Stage = 'between' | 'command' | 'head' | 'body';
const EMPTY = Buffer.alloc(0);
const DONE: IteratorResult<StompFrame, undefined> = Object.freeze({ done: true, value: undefined });

/** One per connection; it is its own iterator, so that a wire message costs no further object. */
export class StompDecoder implements IterableIterator<StompFrame, undefined> {
  /** A dozen, and every connection's the same: a set for each would be much of what an idle one holds. */
  readonly #commands: readonly string[];
  readonly #limits: DecoderLimits;
  readonly #link: Link;
  readonly #head = new FrameHead();

  #data: Buffer = EMPTY;
  /** Our own copy, with room to grow, where `#data` had to outlive its wire message. */
  #storage: Buffer | undefined;
  #stage: Stage = 'between';
  /** First byte of the frame; of the line; of the body; the next one to look at. */
  #start = 0;
  #line = 0;
  #bodyStart = 0;
  #scan = 0;
  /** Where the frame's first NUL is, or -1 with all bytes before `#nulScan` searched: looked for once a frame. */
  #nul = -1;
  #nulScan = 0;
  /** A line end that follows belongs to the frame before it. */
  #frameEnded = false;
  #broken = false;

  constructor(commands: readonly string[], limits: DecoderLimits, link: Link) {
    this.#commands = commands;
    this.#limits = limits;
    this.#link = link;
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Adds a wire message. After a fault everything is ignored. */
  push(message: WireMessage): this {
    if (this.#broken) return this;
    const bytes =
      typeof message === 'string'
        ? Buffer.from(message)
        : Buffer.from(message.buffer, message.byteOffset, message.byteLength);
    if (this.#scan === this.#data.length && this.#stage === 'between') {
      this.#data = bytes;
      this.#storage = undefined;
      this.#start = 0;
      this.#scan = 0;
    } else {
      this.#append(bytes);
    }
    return this;
  }

  /**
   * The next whole frame.
   *
   * @throws GatewayError frame_malformed, frame_unknown, protocol_violation, limit_exceeded, frame_too_large;
   *   all of them fatal, with the frame's receipt where it is known
   */
  next(): IteratorResult<StompFrame, undefined> {
    try {
      return this.#step();
    } catch (error) {
      this.#broken = true;
      this.#data = EMPTY;
      this.#storage = undefined;
      this.#link.incompleteBytes = 0;
      throw error;
    }
  }

  #step(): IteratorResult<StompFrame, undefined> {
    if (this.#broken) return DONE;
    if (this.#stage === 'between') {
      const heartBeat = this.#skipBetween();
      if (heartBeat !== undefined) return { done: false, value: heartBeat };
      if (this.#scan === this.#data.length) return this.#pause();
      this.#stage = 'command';
      this.#nul = -1;
      this.#nulScan = this.#start;
      this.#link.begun++;
    }
    if (this.#stage === 'command' && !this.#readCommand()) return this.#pause();
    if (this.#stage === 'head' && !this.#readHead()) return this.#pause();
    const frame = this.#readBody();
    return frame === undefined ? this.#pause() : { done: false, value: frame };
  }

  /**
   * Some peers end each frame with a line end [1.2, Augmented BNF]; every further one is a heart-beat. NULs
   * between frames are what sloppy clients leave behind.
   */
  #skipBetween(): StompFrame | undefined {
    const data = this.#data;
    let scan = this.#scan;
    while (scan < data.length) {
      const byte = data[scan];
      if (byte !== LF && byte !== CR && byte !== NUL) break;
      scan++;
      if (byte !== LF) continue;
      if (!this.#frameEnded) {
        this.#start = this.#scan = scan;
        return HEART_BEAT;
      }
      this.#frameEnded = false;
    }
    this.#start = this.#scan = scan;
    return undefined;
  }

  /** Capital letters only, so that what isn't STOMP at all is refused at its first byte. */
  #readCommand(): boolean {
    const data = this.#data;
    let scan = this.#scan;
    for (; scan < data.length; scan++) {
      const byte = data[scan] as number;
      if (byte === LF) break;
      if (byte === CR && (scan + 1 === data.length || data[scan + 1] === LF)) {
        if (scan + 1 < data.length) continue;
        this.#scan = scan;
        return false;
      }
      if (scan - this.#start >= this.#limits.commandBytes)
        throw this.#fault('limit_exceeded', `a command has at most ${this.#limits.commandBytes} bytes`);
      if (byte < 65 || byte > 90) throw this.#fault('frame_malformed', 'a frame begins with its command');
    }
    if (scan === data.length) {
      this.#scan = scan;
      return false;
    }
    const end = data[scan - 1] === CR ? scan - 1 : scan;
    const command = data.toString('latin1', this.#start, end);
    this.#head.begin(command, this.#commands.includes(command));
    this.#scan = this.#line = scan + 1;
    this.#stage = 'head';
    return true;
  }

  #readHead(): boolean {
    const data = this.#data;
    for (;;) {
      const lineEnd = data.indexOf(LF, this.#scan);
      const known = lineEnd < 0 ? data.length : lineEnd;
      const end = known > this.#line && data[known - 1] === CR ? known - 1 : known;
      if (end > this.#line) this.#checkLine(end);
      if (lineEnd < 0) {
        this.#scan = known;
        // A fault that is certain doesn't wait for the rest of its head.
        if (this.#head.fault !== undefined) throw this.#head.failure();
        return false;
      }
      this.#scan = lineEnd + 1;
      if (end === this.#line) {
        this.#endHead();
        return true;
      }
      this.#head.add(data, this.#line, end, this.#link.rules);
      this.#line = this.#scan;
    }
  }

  /** What can be wrong with a header line before its end is seen: the first byte at fault decides. */
  #checkLine(end: number): void {
    const { headers, headerBytes, frameBytes } = this.#limits;
    if (this.#head.lines === headers) throw this.#fault('limit_exceeded', `at most ${headers} headers`);
    const nul = this.#findNul();
    const nulAt = nul < 0 ? end : nul;
    const lineLimitAt = this.#line + headerBytes;
    const frameLimitAt = this.#start + frameBytes;
    const faultAt = Math.min(nulAt, lineLimitAt, frameLimitAt);
    if (faultAt >= end) return;
    if (faultAt === nulAt) throw this.#fault('frame_malformed', 'a blank line ends the headers');
    if (faultAt === lineLimitAt)
      throw this.#fault('limit_exceeded', `a header has at most ${headerBytes} bytes`);
    throw this.#tooLarge();
  }

  /** No NUL may stand in a head, so that the first one ends a body without content-length. */
  #findNul(): number {
    if (this.#nul < 0) {
      this.#nul = this.#data.indexOf(NUL, this.#nulScan);
      this.#nulScan = this.#data.length;
    }
    return this.#nul;
  }

  #endHead(): void {
    if (this.#head.fault !== undefined) throw this.#head.failure();
    const length = this.#head.contentLength;
    if (this.#scan - this.#start + (length ?? 0) + 1 > this.#limits.frameBytes) throw this.#tooLarge();
    this.#bodyStart = this.#scan;
    this.#stage = 'body';
  }

  #readBody(): StompFrame | undefined {
    const data = this.#data;
    const length = this.#head.contentLength;
    if (length !== undefined) {
      const end = this.#bodyStart + length;
      if (end < data.length) {
        if (data[end] !== NUL)
          throw this.#fault('frame_malformed', 'the body does not end where content-length says');
        return this.#finish(end, end + 1);
      }
      return end === data.length && this.#limits.assumeEndOfMessage ? this.#finish(end, end) : undefined;
    }
    const end = this.#findNul();
    if ((end < 0 ? data.length : end) - this.#start >= this.#limits.frameBytes) throw this.#tooLarge();
    if (end >= 0) return this.#finish(end, end + 1);
    return this.#limits.assumeEndOfMessage ? this.#finish(data.length, data.length) : undefined;
  }

  #finish(end: number, next: number): StompFrame {
    const body = readBody(this.#data, this.#bodyStart, end);
    const frame: StompFrame = {
      command: this.#head.command as ClientCommand | ServerCommand,
      headers: this.#head.headers,
      body,
    };
    this.#start = this.#scan = next;
    this.#stage = 'between';
    this.#frameEnded = true;
    agreeOnVersion(this.#link, frame);
    return frame;
  }

  /** Out of bytes: what is held of an unfinished frame must outlive its wire message. */
  #pause(): IteratorResult<StompFrame, undefined> {
    const incomplete = this.#stage === 'between' ? 0 : this.#data.length - this.#start;
    this.#link.incompleteBytes = incomplete;
    if (incomplete === 0) {
      this.#data = EMPTY;
      this.#storage = undefined;
      this.#start = this.#scan = 0;
    } else if (this.#storage === undefined) {
      this.#append(EMPTY);
    }
    return DONE;
  }

  #append(bytes: Buffer): void {
    const held = this.#data.length - this.#start;
    const needed = held + bytes.length;
    let storage = this.#storage;
    if (storage === undefined || storage.length - this.#data.length < bytes.length) {
      storage = Buffer.allocUnsafeSlow(Math.max(1024, 2 * needed));
      this.#data.copy(storage, 0, this.#start);
      this.#line -= this.#start;
      this.#bodyStart -= this.#start;
      this.#scan -= this.#start;
      this.#nulScan -= this.#start;
      if (this.#nul >= 0) this.#nul -= this.#start;
      this.#start = 0;
      bytes.copy(storage, held);
      this.#data = storage.subarray(0, needed);
      this.#storage = storage;
      return;
    }
    bytes.copy(storage, this.#data.length);
    this.#data = storage.subarray(0, this.#data.length + bytes.length);
  }

  /** The head's own fault came first, if it has one. */
  #fault(code: 'frame_malformed' | 'limit_exceeded', detail: string): GatewayError {
    if (this.#stage === 'command') return new GatewayError(code, { fatal: 'protocol_error', detail });
    this.#head.note(code, detail);
    return this.#head.failure();
  }

  #tooLarge(): GatewayError {
    this.#head.note('frame_too_large', `a frame has at most ${this.#limits.frameBytes} bytes`);
    return this.#head.failure();
  }
}

/** Text where the bytes are UTF-8; else a copy of them, because the buffer is used again. */
function readBody(data: Buffer, start: number, end: number): FrameBody {
  if (start === end) return '';
  const bytes = data.subarray(start, end);
  return isUtf8(bytes) ? bytes.toString('utf8') : new Uint8Array(bytes);
}
