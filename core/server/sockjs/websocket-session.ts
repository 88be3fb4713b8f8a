/** A SockJS session over one WebSocket: every SockJS frame is a text message. */
import { cutCloseText, isLegalCloseCode } from '../../close.ts';
import type { WireMessage } from '../../dialect.ts';
import type { Transport, TransportListener } from '../../transport.ts';
import type { GatewaySocket } from '../gateway-socket.ts';
import { frameWebSocketText, WebSocketTransport } from '../websocket-transport.ts';
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
  /** Of the closing handshake, ms. */
  readonly closeTimeoutMs: number;
  /** Longest SockJS frame and longest message in it, bytes. */
  readonly maxFrameBytes: number;
  readonly maxMessageBytes: number;
}

export class WebSocketSession implements Transport, TransportListener {
  readonly kind = 'sockjs';
  readonly #socket: WebSocketTransport;
  readonly #options: WebSocketSessionOptions;
  readonly #inlet: Inlet;
  readonly #heartbeat: NodeJS.Timeout;
  #listener: TransportListener | undefined;
  /** Not read on until all is handed on. */
  #isStopped = false;
  #closing = false;
  /** What our close frame said. */
  #closeCode: number | undefined;

  /** Sends the open frame and attaches every listener, so that no message is lost before `listen`. */
  constructor(socket: GatewaySocket, options: WebSocketSessionOptions) {
    this.#socket = new WebSocketTransport(socket, options.remoteAddress, options.closeTimeoutMs);
    this.#options = options;
    this.#inlet = new Inlet(
      (message) => {
        if (!this.#closing) this.#listener?.message(message, false);
      },
      () => this.#readOn(),
    );
    this.#heartbeat = setInterval(() => this.#send(HEARTBEAT_FRAME), options.heartbeatMs).unref();
    this.#socket.listen(this);
    this.#send(OPEN_FRAME);
  }

  /** Comes in the same turn as the constructor: no event can precede it. */
  listen(listener: TransportListener): void {
    this.#listener = listener;
  }

  get remoteAddress(): string {
    return this.#options.remoteAddress;
  }

  get text(): undefined {
    return undefined;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedBytes;
  }

  frame(message: WireMessage): Uint8Array {
    return frameMessage(message);
  }

  write(framed: Uint8Array): void {
    if (!this.#closing) this.#send(arrayFrame([framed]));
  }

  ping(): void {
    this.#socket.ping();
  }

  pause(): void {
    if (this.#closing) return;
    this.#inlet.pause();
    this.#stopReading();
  }

  resume(): void {
    this.#inlet.resume();
  }

  #stopReading(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#socket.pause();
  }

  #readOn(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#socket.resume();
  }

  close(code: number, text: string): void {
    if (this.#closing) return;
    const reason = cutCloseText(text);
    this.#send(closeFrame(code, reason));
    this.#closing = true;
    this.#closeCode = code;
    this.#inlet.clear();
    this.#socket.close(isLegalCloseCode(code) ? code : 1000, reason);
  }

  terminate(): void {
    this.#closing = true;
    this.#socket.terminate();
  }

  #send(frame: Buffer): void {
    // The line feed belongs to the XHR transports.
    this.#socket.write(frameWebSocketText(frame.subarray(0, -1)));
  }

  // --- from the WebSocket -----------------------------------------------------------------------------------

  message(data: Buffer, isBinary: boolean): void {
    if (this.#closing) return;
    if (isBinary) {
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
        if (!this.#inlet.empty) this.#stopReading();
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

  pong(unasked: boolean): void {
    this.#listener?.pong(unasked);
  }

  drain(): void {
    if (!this.#closing) this.#listener?.drain();
  }

  /** A fault of the WebSocket's: it has its close code already, and closes itself. */
  refused(reason: 'too_large' | 'invalid_payload' | 'protocol_error'): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#inlet.clear();
    this.#listener?.refused(reason);
  }

  closed(code: number): void {
    clearInterval(this.#heartbeat);
    this.#closing = true;
    this.#inlet.clear();
    // A client that has read our frame may answer with a code of its own; 1006 says that nothing was answered.
    this.#listener?.closed(code === 1006 ? code : (this.#closeCode ?? code));
  }

  #refuse(reason: 'too_large' | 'invalid_payload'): void {
    this.#listener?.refused(reason);
    if (reason === 'too_large') this.close(1009, 'message too large');
    else this.close(1007, 'not valid UTF-8');
  }
}
