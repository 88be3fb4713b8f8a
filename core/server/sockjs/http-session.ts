/**
 * A SockJS session over HTTP: messages go out on whatever receiving request is there (a poll, a streamed
 * response, an event stream) and are kept while there is none; messages come in by `xhr_send`.
 */
import { cutCloseText } from '../../close.ts';
import type { WireMessage } from '../../dialect.ts';
import type { Transport, TransportListener } from '../../transport.ts';
import {
  arrayFrame,
  closeFrame,
  frameMessage,
  HEARTBEAT_FRAME,
  type Incoming,
  OPEN_FRAME,
} from './framing.ts';
import type { Receiver, ReceiverOwner } from './receiver.ts';
import { Sending, type SendingOutcome } from './sending.ts';

export interface HttpSessionOptions {
  readonly remoteAddress: string;
  /** Between two heartbeats on one receiving request, ms. */
  readonly heartbeatMs: number;
  /** How long a session lives without a receiving request, ms. */
  readonly disconnectMs: number;
  /** The session's id is free again; called once. */
  readonly forget: () => void;
}

export type ReceiveOutcome = SendingOutcome | 'broken' | 'invalid_payload' | 'too_large';

/** `closing`: a close frame is to be said or has been said, and is repeated to whoever asks. */
type State = 'open' | 'closing' | 'over';

export class HttpSession implements Transport, ReceiverOwner {
  readonly kind = 'sockjs';
  readonly remoteAddress: string;
  readonly #options: HttpSessionOptions;
  readonly #sending: Sending;
  #listener: TransportListener | undefined;
  #state: State = 'open';
  #opened = false;

  /** The request that frames go to. */
  #receiver: Receiver | undefined;
  /** Responses that have ended and that the kernel has not taken yet. */
  readonly #leaving = new Set<Receiver>();
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #drained = true;

  #closing: { readonly code: number; readonly frame: Buffer } | undefined;
  /** The response that carries the close frame. */
  #farewell: Receiver | undefined;
  /** What `closed` was or will be told; undefined while the connection lasts. */
  #closedWith: number | undefined;

  /** A sign of life is wanted, and the responses that it has to follow have not all ended. */
  #pingWanted = false;
  /** The next receiving request is the sign of life. */
  #pongExpected = false;

  #heartbeat: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;

  constructor(options: HttpSessionOptions) {
    this.#options = options;
    this.remoteAddress = options.remoteAddress;
    this.#sending = new Sending((message) => {
      if (this.#state === 'open') this.#listener?.message(message, false);
    });
    // Until the first request is attached: it may be gone before that.
    this.#armDeadline();
  }

  /** Who is told of what happens. Comes before the first receiver is attached. */
  listen(listener: TransportListener): void {
    this.#listener = listener;
    if (this.#closedWith !== undefined) listener.closed(this.#closedWith);
  }

  /** A session that may be attached to: false once it has ended for good. */
  get alive(): boolean {
    return this.#state !== 'over';
  }

  get text(): undefined {
    return undefined;
  }

  get bufferedBytes(): number {
    let bytes = this.#pendingBytes + (this.#receiver?.bufferedBytes ?? 0);
    for (const receiver of this.#leaving) bytes += receiver.bufferedBytes;
    return bytes;
  }

  frame(message: WireMessage): Uint8Array {
    return frameMessage(message);
  }

  write(framed: Uint8Array): void {
    if (this.#state !== 'open') return;
    this.#drained = false;
    this.#pending.push(framed);
    this.#pendingBytes += framed.length;
    this.#flush();
  }

  /**
   * Ends the receiving request, so that a live client has to send another: only that shows that it has read
   * what was written (`xhr_send` shows that it can write). `pong` therefore confirms all earlier writes.
   */
  ping(): void {
    if (this.#state !== 'open') return;
    this.#pingWanted = true;
    this.#send(HEARTBEAT_FRAME);
    this.#endReceiver();
  }

  pause(): void {
    this.#sending.pause();
  }

  resume(): void {
    this.#sending.resume();
  }

  close(code: number, text: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#closing = { code, frame: closeFrame(code, cutCloseText(text)) };
    this.#sending.drop('taken');
    // A client that never comes back, or never reads, must not keep the session.
    this.#armDeadline();
    this.#flush();
  }

  terminate(): void {
    this.#finish(1006);
  }

  /** Ends it as `close` does, but does not wait for a client that is not there to be told. */
  abandon(code: number, text: string): void {
    this.close(code, text);
    if (this.#farewell === undefined) this.#finish(1006);
  }

  /** Takes a receiving request. A second one beside the first is told so and ended [SockJS 0.3.3, "Protocol"]. */
  attach(receiver: Receiver): void {
    if (this.#receiver !== undefined) {
      receiver.send(closeFrame(2010, 'Another connection still open'));
      receiver.end();
      return;
    }
    if (this.#state === 'closing') this.#armDeadline();
    else clearTimeout(this.#deadline);
    this.#receiver = receiver;
    this.#heartbeat = setInterval(() => this.#send(HEARTBEAT_FRAME), this.#options.heartbeatMs).unref();
    if (this.#opened) this.#takePong();
    else this.#send(OPEN_FRAME);
    this.#opened = true;
    this.#flush();
    if (this.#pingWanted) this.ping();
  }

  /** The client's messages. Answered when all have been handed on: at once, unless there are very many or reading is paused. */
  receive(incoming: Incoming): ReceiveOutcome | Promise<ReceiveOutcome> {
    if (incoming.kind === 'empty' || incoming.kind === 'broken') return 'broken';
    if (this.#state === 'over') return 'gone';
    // As on a WebSocket, what comes in after our close frame is dropped: the client will hear of the close.
    if (this.#state === 'closing') return 'taken';
    if (incoming.kind !== 'messages') {
      this.refuse(incoming.kind);
      return incoming.kind;
    }
    return this.#sending.take(incoming.messages);
  }

  /** The client broke a bound: the listener hears of it, and the session ends. */
  refuse(reason: 'too_large' | 'invalid_payload'): void {
    if (this.#state !== 'open') return;
    this.#listener?.refused(reason);
    if (reason === 'too_large') this.close(1009, 'message too large');
    else this.close(1007, 'not valid UTF-8');
  }

  flushed(): void {
    if (this.#state === 'over' || this.#drained || this.bufferedBytes > 0) return;
    this.#drained = true;
    this.#listener?.drain();
  }

  receiverClosed(receiver: Receiver, complete: boolean): void {
    const wasOurs = this.#leaving.delete(receiver) || receiver === this.#receiver;
    if (!wasOurs) return;
    if (receiver === this.#receiver) this.#detach();
    if (receiver === this.#farewell) {
      this.#farewell = undefined;
      this.#reportClosed(complete ? (this.#closing?.code ?? 1006) : 1006);
    } else if (!complete) {
      // What the response carried may be lost, and with it the order of things. Closing a SockJS client has
      // this effect as well: there is no frame for it.
      this.#finish(1006);
      return;
    }
    this.flushed();
    if (this.#receiver === undefined && this.#leaving.size === 0) this.#armDeadline();
  }

  #send(frame: Buffer): void {
    this.#receiver?.send(frame);
    this.#releaseIfEnded();
  }

  #flush(): void {
    if (this.#receiver !== undefined && this.#pending.length > 0) {
      const frame = arrayFrame(this.#pending);
      this.#pending = [];
      this.#pendingBytes = 0;
      this.#send(frame);
    }
    if (this.#receiver !== undefined && this.#closing !== undefined) {
      if (this.#closedWith === undefined) this.#farewell = this.#receiver;
      this.#send(this.#closing.frame);
      this.#endReceiver();
    }
  }

  #endReceiver(): void {
    this.#receiver?.end();
    this.#releaseIfEnded();
  }

  /** Lets go of a response that has ended: the next request may come before the kernel has taken all of it. */
  #releaseIfEnded(): void {
    const receiver = this.#receiver;
    if (receiver === undefined || !receiver.ended) return;
    this.#leaving.add(receiver);
    this.#detach();
    if (this.#pingWanted && this.#pending.length === 0) {
      this.#pingWanted = false;
      this.#pongExpected = true;
    }
  }

  #detach(): void {
    this.#receiver = undefined;
    clearInterval(this.#heartbeat);
  }

  /** A request has come after every response that a ping was waiting for. */
  #takePong(): void {
    const nothingUnread = this.#pingWanted && this.#pending.length === 0;
    if (!this.#pongExpected && !nothingUnread) return;
    this.#pongExpected = false;
    if (nothingUnread) this.#pingWanted = false;
    if (this.#state === 'open') this.#listener?.pong();
  }

  #armDeadline(): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#finish(1006), this.#options.disconnectMs).unref();
  }

  #reportClosed(code: number): void {
    if (this.#closedWith !== undefined) return;
    this.#closedWith = code;
    this.#listener?.closed(code);
  }

  /** Ends everything: no timer, no socket and no memory is left behind. */
  #finish(code: number): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    clearInterval(this.#heartbeat);
    clearTimeout(this.#deadline);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#sending.drop('gone');
    this.#receiver?.destroy();
    this.#receiver = undefined;
    for (const receiver of this.#leaving) receiver.destroy();
    this.#leaving.clear();
    this.#options.forget();
    this.#reportClosed(code);
  }
}
