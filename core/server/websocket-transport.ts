/**
 * A WebSocket as a `Transport`. The only file that knows the insides of `ws`: frames are made once by its
 * `Sender.frame` and the same bytes are written to many sockets. `websocket-transport.test.ts` fails when a
 * version of `ws` does this differently.
 */
import type { Socket } from 'node:net';
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

const { Sender } = WebSocket as unknown as { readonly Sender: SenderClass };
const TEXT: FrameOptions = { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true };
const BINARY: FrameOptions = { ...TEXT, opcode: 2 };

/** One unmasked WebSocket message in one frame, header and payload in one buffer. */
export function frameWebSocketMessage(message: WireMessage): Buffer {
  if (typeof message === 'string') return Buffer.concat(Sender.frame(Buffer.from(message), TEXT));
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  return Buffer.concat(Sender.frame(bytes, BINARY));
}

export class WebSocketTransport implements Transport {
  readonly kind = 'websocket';
  readonly remoteAddress: string;
  readonly #socket: WebSocket;
  readonly #stream: Socket;
  readonly #closeTimeoutMs: number;

  constructor(socket: WebSocket, remoteAddress: string, closeTimeoutMs: number) {
    this.#socket = socket;
    this.#stream = (socket as unknown as { readonly _socket: Socket })._socket;
    this.remoteAddress = remoteAddress;
    this.#closeTimeoutMs = closeTimeoutMs;
  }

  /** Attaches all listeners. Call it before anything is awaited: a message that comes earlier is lost. */
  listen(listener: TransportListener): void {
    const socket = this.#socket;
    let code = 1006;
    socket.on('message', (data: Buffer, isBinary: boolean) => listener.message(data, isBinary));
    socket.on('pong', () => listener.pong());
    socket.on('error', (error: Error & { code?: string }) => {
      if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') listener.refused('too_large');
      if (error.code === 'WS_ERR_INVALID_UTF8') listener.refused('invalid_payload');
    });
    socket.on('close', (received: number) => {
      code = received;
      listener.closed(code);
    });
    this.#stream.on('drain', () => listener.drain());
  }

  get bufferedBytes(): number {
    return this.#stream.writableLength;
  }

  frame(message: WireMessage): Uint8Array {
    return frameWebSocketMessage(message);
  }

  write(framed: Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#stream.write(framed);
  }

  ping(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(code: number, text: string): void {
    this.#socket.close(code, text);
    // A peer that does not read never answers the closing handshake; `ws` itself would wait 30 s.
    setTimeout(() => this.#socket.terminate(), this.#closeTimeoutMs).unref();
    // A paused socket would never see the peer's half of the handshake.
    this.#socket.resume();
  }

  terminate(): void {
    this.#socket.terminate();
  }
}
