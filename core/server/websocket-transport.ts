/**
 * A WebSocket as a `Transport`. With `gateway-socket.ts` the only file that knows the insides of `ws`: frames are
 * made once by its `Sender.frame` and the same bytes are written to many sockets. `websocket-transport.test.ts` fails
 * when a version of `ws` does this differently.
 */
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import * as ws from 'ws';
import { WebSocket } from 'ws';
import type { WireMessage } from '../dialect.ts';
import type { TextFraming, Transport, TransportListener } from '../transport.ts';
import { type GatewaySocket, type SocketReader, streamOf } from './gateway-socket.ts';

interface SenderClass {
  frame(data: Buffer, options: FrameOptions): Buffer[];
}
interface FrameOptions {
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly opcode: number;
  readonly mask: boolean;
  readonly readOnly: boolean;
}

// An export of its own: it hangs on `WebSocket` too, but only once somebody has loaded the CommonJS face of `ws`.
const { Sender } = ws as unknown as { readonly Sender?: SenderClass };
if (typeof Sender?.frame !== 'function') throw new Error('this version of ws has no Sender.frame');
const frame = Sender.frame.bind(Sender);
const TEXT: FrameOptions = { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true };
const BINARY: FrameOptions = { ...TEXT, opcode: 2 };
const PING: FrameOptions = { ...TEXT, opcode: 9 };

/** What the faults that `ws` finds are to us; all others break the WebSocket protocol. */
const REFUSALS: Readonly<Record<string, 'too_large' | 'invalid_payload'>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'too_large',
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 'too_large',
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 'too_large',
  WS_ERR_INVALID_UTF8: 'invalid_payload',
};

/** A text message, given as UTF-8, as `frameWebSocketMessage` makes it. */
export const frameWebSocketText = (utf8: Buffer): Buffer => Buffer.concat(frame(utf8, TEXT));

/** One unmasked WebSocket message in one frame, header and payload in one buffer. */
export function frameWebSocketMessage(message: WireMessage): Buffer {
  if (typeof message === 'string') return frameWebSocketText(Buffer.from(message));
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  return Buffer.concat(frame(bytes, BINARY));
}

/** First byte of a whole text message in one frame (RFC 6455, section 5.2). */
const TEXT_FRAME = 0x81;
/** Longest payloads whose length fits into the second byte of the header, and into two more bytes. */
const SHORT = 125;
const MEDIUM = 0xffff;

const headerSize = (payload: number): number => (payload <= SHORT ? 2 : payload <= MEDIUM ? 4 : 10);

/** Texts as unmasked frames, byte for byte as `frameWebSocketMessage` makes them. */
export const webSocketText: TextFraming = {
  size: (text) => {
    const payload = Buffer.byteLength(text);
    return headerSize(payload) + payload;
  },
  write: (text, size, target, at) => {
    const header = size <= SHORT + 2 ? 2 : size <= MEDIUM + 4 ? 4 : 10;
    const payload = size - header;
    target[at] = TEXT_FRAME;
    if (header === 2) target[at + 1] = payload;
    else if (header === 4) {
      target[at + 1] = SHORT + 1;
      target.writeUInt16BE(payload, at + 2);
    } else {
      target[at + 1] = SHORT + 2;
      target.writeBigUInt64BE(BigInt(payload), at + 2);
    }
    // As many bytes as characters are ASCII, and need no conversion.
    if (payload === text.length) target.write(text, at + header, payload, 'latin1');
    else target.write(text, at + header, payload);
  },
};

const NOTHING = Buffer.alloc(0);

/** Transports whose writes the kernel has taken at once, and whose listeners have not been told so. */
let taken: WebSocketTransport[] = [];

function tellTaken(): void {
  const all = taken;
  taken = [];
  for (const transport of all) transport.taken();
}

export class WebSocketTransport implements Transport, SocketReader {
  readonly remoteAddress: string;
  readonly #socket: GatewaySocket;
  readonly #stream: Socket;
  readonly #closeTimeoutMs: number;
  #listener: TransportListener | undefined;
  /** Payload of the newest ping: a pong that carries another answers nothing (RFC 6455, section 5.5.3). */
  #pings = 0;
  #closing: NodeJS.Timeout | undefined;
  /** Whether a callback is on its way for when all is written. */
  #isWatched = false;

  constructor(socket: GatewaySocket, remoteAddress: string, closeTimeoutMs: number) {
    this.#socket = socket;
    this.#stream = streamOf(socket);
    this.remoteAddress = remoteAddress;
    this.#closeTimeoutMs = closeTimeoutMs;
  }

  /** Call it before anything is awaited: a message that comes earlier is lost. */
  listen(listener: TransportListener): void {
    this.#listener = listener;
    this.#socket.read(this);
  }

  message(data: Buffer, isBinary: boolean): void {
    this.#listener?.message(data, isBinary);
  }

  textMessage(payload: Buffer): void {
    this.#listener?.message(payload, false);
  }

  pong(data: Buffer): void {
    this.#listener?.pong(data.toString('latin1') !== String(this.#pings));
  }

  failed({ code = '' }: Error & { readonly code?: string }): void {
    // Of its own faults `ws` has sent the close frame already.
    if (!code.startsWith('WS_ERR_')) return;
    this.#listener?.refused(REFUSALS[code] ?? 'protocol_error');
    this.#terminateLater();
  }

  closed(code: number): void {
    clearTimeout(this.#closing);
    this.#listener?.closed(code);
  }

  get kind(): 'websocket' {
    return 'websocket';
  }

  get text(): TextFraming {
    return webSocketText;
  }

  get bufferedBytes(): number {
    return this.#stream.writableLength;
  }

  frame(message: WireMessage): Uint8Array {
    return frameWebSocketMessage(message);
  }

  write(framed: Uint8Array): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const stream: Socket & { readonly encrypted?: boolean } = this.#stream;
    // TLS takes nothing at once, so that each write has its callback.
    const isEncrypted = stream.encrypted === true;
    if (isEncrypted) stream.write(framed, (error) => this.#written(error));
    else stream.write(framed);
    // Held back for these first words: the answer to the upgrade.
    if (stream.writableCorked > 0) stream.uncork();
    if (isEncrypted) return;
    if (stream.writableLength > 0) this.#watch();
    else if (taken.push(this) === 1) queueMicrotask(tellTaken);
  }

  /**
   * A callback costs a tick for each write of each socket, so only what the kernel does not take at once has one, behind
   * it. The stream's own `drain` comes only after its high-water mark was reached, which a send limit may be below.
   */
  #watch(): void {
    // After the end another write, even of nothing, would destroy the stream with all that is still to be read.
    if (this.#isWatched || this.#stream.writableEnded) return;
    this.#isWatched = true;
    this.#stream.write(NOTHING, (error) => {
      this.#isWatched = false;
      if (!error && this.#stream.writableLength > 0) this.#watch();
      else this.#written(error);
    });
  }

  #written(error: Error | null | undefined): void {
    if (!error && this.#stream.writableLength === 0) this.#listener?.drain();
  }

  /** What was written last has been taken at once. */
  taken(): void {
    this.#written(undefined);
  }

  ping(): void {
    // In one buffer: `ws` itself would write header and payload.
    if (this.#socket.readyState === WebSocket.OPEN)
      this.#stream.write(Buffer.concat(frame(Buffer.from(String(++this.#pings)), PING)));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(code: number, text: string): void {
    this.#socket.close(code, text);
    this.#terminateLater();
    // A paused socket would never see the peer's half of the handshake.
    this.#socket.resume();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** A peer that does not read never answers the closing handshake; `ws` itself would wait 30 s. */
  #terminateLater(): void {
    if (this.#closing !== undefined || this.#socket.readyState === WebSocket.CLOSED) return;
    this.#closing = setTimeout(() => this.#socket.terminate(), this.#closeTimeoutMs).unref();
  }
}
