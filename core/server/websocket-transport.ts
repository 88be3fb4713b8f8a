/**
 * A WebSocket as a `Transport`. The only file that knows the insides of `ws`: frames are made once by its
 * `Sender.frame` and the same bytes are written to many sockets. `websocket-transport.test.ts` fails when a
 * version of `ws` does this differently.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import * as ws from 'ws';
import { WebSocket } from 'ws';
import type { WireMessage } from '../dialect.ts';
import type { Transport, TransportListener } from '../transport.ts';

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

/** What the faults that `ws` finds are to us; all others break the WebSocket protocol. */
const REFUSALS: Readonly<Record<string, 'too_large' | 'invalid_payload'>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'too_large',
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 'too_large',
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 'too_large',
  WS_ERR_INVALID_UTF8: 'invalid_payload',
};

/** One unmasked WebSocket message in one frame, header and payload in one buffer. */
export function frameWebSocketMessage(message: WireMessage): Buffer {
  if (typeof message === 'string') return Buffer.concat(frame(Buffer.from(message), TEXT));
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  return Buffer.concat(frame(bytes, BINARY));
}

const TRANSPORT = Symbol('transport');

/** A socket that knows its transport. */
interface Carried extends WebSocket {
  [TRANSPORT]: WebSocketTransport;
}

function onMessage(this: WebSocket, data: Buffer, isBinary: boolean): void {
  (this as Carried)[TRANSPORT].message(data, isBinary);
}

function onPong(this: WebSocket, data: Buffer): void {
  (this as Carried)[TRANSPORT].pong(data);
}

function onError(this: WebSocket, error: Error): void {
  (this as Carried)[TRANSPORT].failed(error);
}

function onClose(this: WebSocket, code: number): void {
  (this as Carried)[TRANSPORT].closed(code);
}

/**
 * Lets go of the request that opened the socket and of the answer to it, which would stay for as long as it is open.
 * Whoever calls it listens for the socket's errors from then on.
 */
export function releaseUpgrade(socket: WebSocket): void {
  // The plugin's listener holds both; so does the stream, as if the answer were still to come.
  socket.removeAllListeners('error');
  const stream = streamOf(socket);
  stream._httpMessage?.detachSocket(stream);
}

/** What `ws` and Node keep by these names. */
type Stream = Socket & { readonly _httpMessage?: ServerResponse | null };
const streamOf = (socket: WebSocket): Stream => (socket as unknown as { readonly _socket: Stream })._socket;

export class WebSocketTransport implements Transport {
  readonly kind = 'websocket';
  readonly remoteAddress: string;
  readonly #socket: WebSocket;
  readonly #stream: Socket;
  readonly #closeTimeoutMs: number;
  #listener: TransportListener | undefined;
  /** Payload of the newest ping: a pong that carries another answers nothing (RFC 6455, section 5.5.3). */
  #pings = 0;
  #closing: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, remoteAddress: string, closeTimeoutMs: number) {
    this.#socket = socket;
    this.#stream = streamOf(socket);
    this.remoteAddress = remoteAddress;
    this.#closeTimeoutMs = closeTimeoutMs;
  }

  /** Attaches all listeners. Call it before anything is awaited: a message that comes earlier is lost. */
  listen(listener: TransportListener): void {
    const socket = this.#socket as Carried;
    this.#listener = listener;
    socket[TRANSPORT] = this;
    releaseUpgrade(socket);
    // Functions that all sockets share: closures for each would be a good part of what an idle connection holds.
    socket.on('message', onMessage);
    socket.on('pong', onPong);
    socket.on('error', onError);
    socket.on('close', onClose);
  }

  message(data: Buffer, isBinary: boolean): void {
    this.#listener?.message(data, isBinary);
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
    this.#listener?.closed(code);
  }

  get bufferedBytes(): number {
    return this.#stream.writableLength;
  }

  frame(message: WireMessage): Uint8Array {
    return frameWebSocketMessage(message);
  }

  write(framed: Uint8Array): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#stream.write(framed, (error) => this.#written(error));
  }

  /** The stream's own `drain` comes only after its high-water mark was reached, which a send limit may be below. */
  #written(error: Error | null | undefined): void {
    if (!error && this.#stream.writableLength === 0) this.#listener?.drain();
  }

  ping(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping(String(++this.#pings));
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
    this.#socket.once('close', () => clearTimeout(this.#closing));
  }
}
