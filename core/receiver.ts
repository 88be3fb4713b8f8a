/**
 * What a connection has received: wire messages become frames, in order, one at a time. Bounded: a full inbox
 * pauses the socket, and before login little is accepted at all.
 */
import type { Codec } from './dialect.ts';
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
  /** Handles a frame; whether anything came of it (nothing does of a heart-beat). */
  frame(frame: unknown): boolean;
  fault(error: unknown): void;
  /** Reading stops and starts. */
  pause(): void;
  resume(): void;
  /** The key that the peer encrypts with. */
  keyUsed(keyId: number): void;
}

export class Receiver {
  readonly #host: ReceiverHost;
  readonly #codec: Codec<unknown>;
  readonly #waiting: Inbox;
  /** Frames of the wire message that is being handled. */
  #frames: Iterator<unknown> | undefined;
  #pumping = false;
  #paused = false;
  #bytesBeforeLogin = 0;
  #framesBeforeLogin = 0;

  constructor(host: ReceiverHost, codec: Codec<unknown>) {
    this.#host = host;
    this.#codec = codec;
    this.#waiting = new Inbox(host.endpoint.config.limits.inbox);
  }

  push(data: Uint8Array, isBinary: boolean): void {
    this.#waiting.push(data, isBinary);
    this.pump();
    if (this.#paused || this.#host.isEnding || !this.#waiting.isFull) return;
    this.#paused = true;
    this.#host.endpoint.metrics.pauses++;
    this.#host.pause();
  }

  /** Handles what waits, in order, until something holds it up. Re-entrant calls leave the work to the outer one. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (!this.#host.isEnding && this.#host.mayReceive) {
        if (this.#frames === undefined) {
          const next = this.#waiting.shift();
          if (next === undefined) break;
          this.#decode(next.data, next.isBinary);
        } else {
          this.#next(this.#frames);
        }
      }
    } finally {
      this.#pumping = false;
    }
    if (this.#paused && !this.#host.isEnding && this.#waiting.isRoomy) {
      this.#paused = false;
      this.#host.resume();
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.clear();
    this.#frames = undefined;
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
      const message = asBytes ? plain : Buffer.from(plain.buffer, plain.byteOffset, plain.length).toString();
      this.#frames = this.#codec.decode(message)[Symbol.iterator]();
    } catch (error) {
      this.#frames = undefined;
      this.#host.fault(error);
    }
  }

  /** @throws GatewayError frame_too_large */
  #checkSize(bytes: number): void {
    const { limits } = this.#host.endpoint.config;
    if (!this.#host.isLoggedIn) {
      this.#bytesBeforeLogin += bytes;
      if (this.#bytesBeforeLogin > limits.beforeLogin.bytes) {
        throw new GatewayError('frame_too_large', {
          detail: `at most ${limits.beforeLogin.bytes} bytes before login`,
        });
      }
    }
    if (bytes > limits.frame) {
      throw new GatewayError('frame_too_large', { detail: `at most ${limits.frame} bytes` });
    }
  }

  #next(frames: Iterator<unknown>): void {
    let next: IteratorResult<unknown>;
    try {
      next = frames.next();
    } catch (error) {
      this.#frames = undefined;
      this.#host.fault(error);
      return;
    }
    if (next.done === true) {
      this.#frames = undefined;
      return;
    }
    const { metrics, config } = this.#host.endpoint;
    metrics.framesIn++;
    const isLoggedIn = this.#host.isLoggedIn;
    if (!isLoggedIn && this.#framesBeforeLogin >= config.limits.beforeLogin.frames) {
      const detail = `at most ${config.limits.beforeLogin.frames} frames before login`;
      this.#host.fault(new GatewayError('unauthenticated', { detail, fatal: 'unauthenticated' }));
      return;
    }
    if (this.#host.frame(next.value) && !isLoggedIn) this.#framesBeforeLogin++;
  }
}
