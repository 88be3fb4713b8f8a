/** A SockJS session over one WebSocket: every SockJS frame is a text message. */
import type { WebSocket } from 'ws';
import { cutCloseText, isLegalCloseCode } from '../../close.ts';
import type { WireMessage } from '../../dialect.ts';
import type { Transport, TransportListener } from '../../transport.ts';
import { releaseUpgrade } from '../gateway-socket.ts';
import {
  arrayFrame,
  closeFrame,
  frameMessage,
  HEARTBEAT_FRAME,
  OPEN_FRAME,
  parseIncoming,
} from './framing.ts';
import { Inlet } from './inlet.ts';

export interface WebSocketSessionOptions {
  readonly remoteAddress: string;
  readonly heartbeatMs: number;
  /** Longest SockJS frame and longest message in it, bytes. */
  readonly maxFrameBytes: number;
  readonly maxMessageBytes: number;
}

export class WebSocketSession implements Transport {
  readonly kind = 'sockjs';
  readonly remoteAddress: string;
  readonly #socket: WebSocket;
  readonly #options: WebSocketSessionOptions;
  readonly #inlet: Inlet;
  readonly #heartbeat: NodeJS.Timeout;
  #listener: TransportListener | undefined;
  #closing = false;
  /** What our close frame said. */
  #closeCode: number | undefined;

  /** Sends the open frame and attaches every listener, so that no message is lost before `listen`. */
  constructor(socket: WebSocket, options: WebSocketSessionOptions) {
    this.remoteAddress = options.remoteAddress;
    this.#socket = socket;
    this.#options = options;
    this.#inlet = new Inlet((message) => {
      if (!this.#closing) this.#listener?.message(message, false);
    });
    this.#heartbeat = setInterval(() => this.#send(HEARTBEAT_FRAME), options.heartbeatMs).unref();
    releaseUpgrade(socket);
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => this.#listener?.pong());
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', (code) => {
      clearInterval(this.#heartbeat);
      this.#closing = true;
      this.#inlet.clear();
      // A client that has read our frame may answer with a code of its own; 1006 says that nothing was answered.
      this.#listener?.closed(code === 1006 ? code : (this.#closeCode ?? code));
    });
    this.#send(OPEN_FRAME);
  }

  /** Comes in the same turn as the constructor: no event can precede it. */
  listen(listener: TransportListener): void {
    this.#listener = listener;
  }

  get text(): undefined {
    return undefined;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  frame(message: WireMessage): Uint8Array {
    return frameMessage(message);
  }

  write(framed: Uint8Array): void {
    if (!this.#closing) this.#send(arrayFrame([framed]));
  }

  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  pause(): void {
    if (this.#closing) return;
    this.#inlet.pause();
    this.#socket.pause();
  }

  resume(): void {
    this.#inlet.resume();
    if (!this.#inlet.paused) this.#socket.resume();
  }

  close(code: number, text: string): void {
    if (this.#closing) return;
    const reason = cutCloseText(text);
    this.#send(closeFrame(code, reason));
    this.#closing = true;
    this.#closeCode = code;
    this.#inlet.clear();
    // A paused socket would never see the peer's close frame.
    this.#socket.resume();
    this.#socket.close(isLegalCloseCode(code) ? code : 1000, reason);
  }

  terminate(): void {
    this.#closing = true;
    this.#socket.terminate();
  }

  #send(frame: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    // The line feed belongs to the XHR transports.
    this.#socket.send(frame.subarray(0, -1), { binary: false }, this.#sent);
  }

  readonly #sent = (error?: Error | null): void => {
    if (!error && !this.#closing && this.#socket.bufferedAmount === 0) this.#listener?.drain();
  };

  #receive(data: unknown, isBinary: boolean): void {
    if (this.#closing) return;
    if (isBinary || !Buffer.isBuffer(data)) {
      this.close(1003, 'SockJS carries text only');
      return;
    }
    if (data.length > this.#options.maxFrameBytes) {
      this.#refuse('too_large');
      return;
    }
    const incoming = parseIncoming(data, this.#options.maxMessageBytes);
    switch (incoming.kind) {
      case 'messages':
        this.#inlet.push(incoming.messages);
        return;
      case 'empty':
        return;
      case 'broken':
        this.close(1002, 'Broken framing.');
        return;
      case 'too_large':
      case 'invalid_payload':
        this.#refuse(incoming.kind);
        return;
      default:
        incoming satisfies never;
    }
  }

  #refuse(reason: 'too_large' | 'invalid_payload'): void {
    this.#listener?.refused(reason);
    if (reason === 'too_large') this.close(1009, 'message too large');
    else this.close(1007, 'not valid UTF-8');
  }

  /** `ws` has answered the fault with its close code already, and closes. */
  #fail(error: Error & { readonly code?: string }): void {
    if (this.#closing) return;
    if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') this.#listener?.refused('too_large');
    if (error.code === 'WS_ERR_INVALID_UTF8') this.#listener?.refused('invalid_payload');
  }
}
