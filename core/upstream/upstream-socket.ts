/** The WebSocket to a server behind: how it is opened, read, written, kept and closed. It knows no frames. */
import type { connect, Socket, TcpNetConnectOpts } from 'node:net';
import type { Logger } from 'pino';
import { type ClientOptions, WebSocket } from 'ws';
import type { WireMessage } from '../dialect.ts';
import { readWholeFrames, type WholeFrames, type WholeFramesListener } from '../whole-frames.ts';
import type { UpstreamLogin } from './login.ts';
import { connectToRead } from './read-buffer.ts';
import type { Upstream } from './upstream.ts';

export interface UpstreamSocketListener extends WholeFramesListener {
  opened(subprotocol: string | undefined): void;
  /** A message that is not given to `textMessage`. The bytes may be kept. */
  message(data: Buffer, isBinary: boolean): void;
  /** `isAnswer`: to the newest ping. */
  pong(isAnswer: boolean): void;
  /** All that was written by one `write` has left. */
  written(): void;
  /** It could not be opened, or is broken. */
  failed(fault: 'protocol' | 'network'): void;
  /** Answered by HTTP, with this status. */
  unexpected(statusCode: number): void;
  closed(code: number): void;
}

export interface UpstreamSocketParts {
  readonly upstream: Upstream;
  readonly login: UpstreamLogin;
  readonly log: Logger;
  /** Of the closing handshake, ms. */
  readonly closeTimeoutMs: number;
  readonly listener: UpstreamSocketListener;
}

export class UpstreamSocket {
  readonly #parts: UpstreamSocketParts;
  readonly #socket: WebSocket;
  #pings = 0;
  #isJoining = false;
  #reader: WholeFrames | undefined;
  #closing: NodeJS.Timeout | undefined;

  /** @throws TypeError, SyntaxError: an address or a header that can't be used */
  constructor(parts: UpstreamSocketParts) {
    const { config, dialect } = parts.upstream;
    const { url, headers } = parts.login;
    this.#parts = parts;
    this.#socket = new WebSocket(url, [...dialect.subprotocols], {
      headers: { ...headers },
      maxPayload: config.limits.frame,
      perMessageDeflate: false,
      followRedirects: false,
      // Some servers put any bytes into text messages; a codec that takes bytes knows what is UTF-8 itself.
      skipUTF8Validation: dialect.text === 'bytes',
      ...this.#connecting(url),
    });
    this.#listen();
  }

  /** Bytes that the server has not taken yet. */
  get pendingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Sends a wire message; the socket has to be open. */
  write(wire: WireMessage): void {
    this.#joinWrites();
    this.#socket.send(wire, this.#written);
  }

  ping(): void {
    this.#socket.ping(String(++this.#pings));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Politely where it is open, else at once. */
  close(): void {
    const socket = this.#socket;
    if (!this.isOpen) {
      socket.terminate();
      return;
    }
    socket.close(1000);
    // A paused socket would never see the server's half of the handshake.
    socket.resume();
    this.#closing = setTimeout(() => socket.terminate(), this.#parts.closeTimeoutMs).unref();
  }

  /** In clear: with TLS a buffer is no larger than what is in it. */
  #connecting(url: string): ClientOptions {
    if (new URL(url).protocol !== 'ws:') return {};
    const createConnection = (options: TcpNetConnectOpts): Socket =>
      // As `ws` does it: the path is that of the URL, and would be taken for a socket in the file system.
      connectToRead({ ...options, path: undefined } as TcpNetConnectOpts, () => this.#reader);
    return { createConnection: createConnection as typeof connect };
  }

  #listen(): void {
    const socket = this.#socket;
    const { listener, log } = this.#parts;
    socket.on('open', () => {
      this.#reader = readWholeFrames(socket, listener);
      listener.opened(socket.protocol === '' ? undefined : socket.protocol);
    });
    socket.on('message', (data: Buffer, isBinary: boolean) => listener.message(data, isBinary));
    socket.on('pong', (data: Buffer) => listener.pong(data.toString('latin1') === String(this.#pings)));
    socket.on('error', (error: Error & { code?: string }) => {
      log.info({ err: { message: error.message, code: error.code } }, 'upstream connection failed');
      listener.failed(error.code?.startsWith('WS_ERR_') === true ? 'protocol' : 'network');
    });
    socket.on('close', (code: number) => {
      clearTimeout(this.#closing);
      listener.closed(code);
    });
    socket.on('unexpected-response', (request, { statusCode = 0 }) => {
      request.destroy();
      listener.unexpected(statusCode);
    });
  }

  /** What is said while one chunk of the client's is handled leaves in one write. */
  #joinWrites(): void {
    if (this.#isJoining) return;
    // What `ws` keeps by this name; without it each message is a write of its own.
    const { _socket: stream } = this.#socket as unknown as { readonly _socket?: Socket };
    if (stream === undefined) return;
    this.#isJoining = true;
    stream.cork();
    process.nextTick(() => {
      this.#isJoining = false;
      stream.uncork();
    });
  }

  readonly #written = (error?: Error | null): void => {
    if (!error) this.#parts.listener.written();
  };
}
