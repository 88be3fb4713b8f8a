/**
 * What carries the wire messages of one connection: a WebSocket, or a SockJS session over any of its
 * transports. Connections know this port and no socket.
 */
import type { WireMessage } from './dialect.ts';

export interface Transport {
  /**
   * Frames made by `frame` may be written to any transport of the same kind, so that a broadcast is framed
   * once per kind.
   */
  readonly kind: 'websocket' | 'sockjs';
  /** The client's address, as trusted proxies give it. */
  readonly remoteAddress: string;
  /** Bytes accepted by `write` that the peer's kernel has not taken yet. */
  readonly bufferedBytes: number;
  /** One wire message as this kind's bytes. Pure: the result depends on nothing but the message. */
  frame(message: WireMessage): Uint8Array;
  /** The same for text that is written beside others into one buffer; undefined: there is only `frame`. */
  readonly text: TextFraming | undefined;
  /** Writes framed messages: one, or several joined end to end. */
  write(framed: Uint8Array): void;
  /** Asks the peer for a sign of life; `pong` follows, or on SockJS over HTTP the client's next request counts. */
  ping(): void;
  /** Stops and restarts reading. */
  pause(): void;
  resume(): void;
  /** Ends the connection politely, after what was written. `text` is at most 123 bytes. */
  close(code: number, text: string): void;
  /** Ends it at once. */
  terminate(): void;
}

/** How text becomes a transport's bytes without a buffer of its own. */
export interface TextFraming {
  /** Bytes that the text comes to, framed. */
  size(text: string): number;
  /** Writes the framed text, of `size` bytes, into the target from `at` on. */
  write(text: string, size: number, target: Buffer, at: number): void;
}

/** What a transport tells the connection on it. Every method may be called only after `listen`. */
export interface TransportListener {
  /** A whole message: UTF-8 of a text message, or the bytes of a binary one. The bytes may be kept. */
  message(data: Uint8Array, isBinary: boolean): void;
  /** `unasked`: a sign of life, but no answer to our newest ping. */
  pong(unasked?: boolean): void;
  /** All that was written has been taken by the peer's kernel. */
  drain(): void;
  /**
   * The peer sent a message over the endpoint's limit, text that is not UTF-8, or what is no WebSocket frame. The
   * transport closes itself.
   */
  refused(reason: 'too_large' | 'invalid_payload' | 'protocol_error'): void;
  /** The connection is over; called exactly once. */
  closed(code: number): void;
}
