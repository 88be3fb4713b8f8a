/**
 * What a connection has received: wire messages become frames, in order, one at a time. Bounded: a full inbox
 * pauses the socket, and before login little is accepted at all.
 */
import { Buffer } from 'node:buffer';
import type { Codec, WireMessage } from './dialect.ts';
import type { Dialogue } from './dialogue.ts';
import type { Endpoint } from './endpoint.ts';
import { GatewayError } from './errors.ts';
import { Inbox } from './inbox.ts';

/** The connection, as far as receiving needs it. */
export interface ReceiverHost {
  readonly endpoint: Endpoint;
  readonly isEnding: boolean;
  readonly isLoggedIn: boolean;
  /** Whether the next frame may be handled now. */
  readonly mayReceive: boolean;
  /** Reading stops and starts. */
  pause(): void;
  resume(): void;
  /** The key that the peer encrypts with. */
  keyUsed(keyId: number): void;
}

const textOf = (bytes: Uint8Array): string =>
  (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)).toString();

const NOTHING: Pick<Inbox, 'size' | 'bytes'> = Object.freeze({ size: 0, bytes: 0 });

export class Receiver {
  readonly #host: ReceiverHost;
  readonly #codec: Codec<unknown>;
  readonly #dialogue: Dialogue;
  /** From the first message on. */
  #waiting: Inbox | undefined;
  /** Frames of the wire message that is being handled. */
  #frames: Iterator<unknown> | undefined;
  #current: WireMessage | undefined;
  #pumping = false;
  #paused = false;
  #bytesBeforeLogin = 0;
  #framesBeforeLogin = 0;

  constructor(host: ReceiverHost, codec: Codec<unknown>, dialogue: Dialogue) {
    this.#host = host;
    this.#codec = codec;
    this.#dialogue = dialogue;
  }

  /** The wire message whose frames are being handled, as the codec was given it. */
  get current(): WireMessage | undefined {
    return this.#current;
  }

  /** What waits to be handled. */
  get waiting(): Pick<Inbox, 'size' | 'bytes'> {
    return this.#waiting ?? NOTHING;
  }

  push(data: Uint8Array, isBinary: boolean): void {
    if (this.#takesNow) {
      this.#pumping = true;
      try {
        this.#decode(data, isBinary);
      } finally {
        this.#pumping = false;
      }
      if (this.#frames !== undefined) this.pump();
      return;
    }
    this.#waiting ??= new Inbox(this.#host.endpoint.config.limits.inbox);
    this.#waiting.push(data, isBinary);
    this.pump();
    if (this.#paused || this.#host.isEnding || !this.#waiting.isFull) return;
    this.#paused = true;
    this.#host.endpoint.metrics.pauses++;
    this.#host.pause();
  }

  /** Whether nothing is before the next message: then it need not wait for its turn. */
  get #takesNow(): boolean {
    if (this.#pumping || this.#frames !== undefined || this.#host.isEnding) return false;
    return (this.#waiting === undefined || this.#waiting.size === 0) && this.#host.mayReceive;
  }

  /** Handles what waits, in order, until something holds it up. Re-entrant calls leave the work to the outer one. */
  pump(): void {
    if (this.#pumping || (this.#waiting === undefined && this.#frames === undefined)) return;
    this.#pumping = true;
    try {
      while (!this.#host.isEnding && this.#host.mayReceive) {
        if (this.#frames === undefined) {
          const next = this.#waiting?.shift();
          if (next === undefined) break;
          this.#decode(next.data, next.isBinary);
        } else {
          this.#next(this.#frames);
        }
      }
    } finally {
      this.#pumping = false;
    }
    if (this.#paused && !this.#host.isEnding && this.#waiting?.isRoomy === true) {
      this.#paused = false;
      this.#host.resume();
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting?.clear();
    this.#frames = undefined;
    this.#current = undefined;
  }

  #decode(data: Uint8Array, isBinary: boolean): void {
    try {
      this.#checkSize(data.length);
      const { dialect, encryption } = this.#host.endpoint;
      let plain = data;
      if (encryption !== undefined) {
        const opened = encryption.open(data);
        plain = opened.data;
        this.#host.keyUsed(opened.keyId);
      }
      const asBytes = dialect.text === 'bytes' || (isBinary && encryption === undefined);
      const message = asBytes ? plain : textOf(plain);
      this.#current = message;
      const frames = this.#codec.decode(message);
      if (!Array.isArray(frames) || frames.length !== 1) this.#frames = frames[Symbol.iterator]();
      else {
        this.#handle(frames[0]);
        this.#current = undefined;
      }
    } catch (error) {
      this.#frames = undefined;
      this.#dialogue.fault(error);
      this.#current = undefined;
    }
  }

  /** @throws GatewayError frame_too_large */
  #checkSize(bytes: number): void {
    const { metrics, config } = this.#host.endpoint;
    const { limits } = config;
    if (!this.#host.isLoggedIn) {
      this.#bytesBeforeLogin += bytes;
      if (this.#bytesBeforeLogin > limits.beforeLogin.bytes) {
        metrics.countRefusal('bytes_before_login');
        throw new GatewayError('frame_too_large', {
          detail: `at most ${limits.beforeLogin.bytes} bytes before login`,
        });
      }
    }
    if (bytes > limits.frame) {
      metrics.countRefusal('frame');
      throw new GatewayError('frame_too_large', { detail: `at most ${limits.frame} bytes` });
    }
  }

  #next(frames: Iterator<unknown>): void {
    let next: IteratorResult<unknown>;
    try {
      next = frames.next();
    } catch (error) {
      this.#frames = undefined;
      this.#dialogue.fault(error);
      this.#current = undefined;
      return;
    }
    if (next.done === true) {
      this.#frames = undefined;
      this.#current = undefined;
      return;
    }
    this.#handle(next.value);
  }

  #handle(frame: unknown): void {
    const { metrics, config } = this.#host.endpoint;
    metrics.framesIn++;
    const isLoggedIn = this.#host.isLoggedIn;
    if (!isLoggedIn && this.#framesBeforeLogin >= config.limits.beforeLogin.frames) {
      metrics.countRefusal('frames_before_login');
      const detail = `at most ${config.limits.beforeLogin.frames} frames before login`;
      this.#dialogue.fault(new GatewayError('unauthenticated', { detail, fatal: 'unauthenticated' }));
      return;
    }
    // Nothing comes of a heart-beat.
    if (this.#dialogue.receive(frame) && !isLoggedIn) this.#framesBeforeLogin++;
  }
}
