/**
 * One connection to the server behind, from the first packet to the last: its socket, its dialect's client face,
 * its timers. It knows nothing of the client; whatever happens is told to its listener, the end exactly once.
 */
import type { Logger } from 'pino';
import type { Command } from '../../schemas/command.ts';
import type { CloseReason } from '../close.ts';
import type { TimerRestart, WireMessage } from '../dialect.ts';
import type { GatewayError } from '../errors.ts';
import { Heartbeat } from '../heartbeat.ts';
import { add } from '../metrics.ts';
import { SessionTimers } from '../session-timers.ts';
import type { TimerWheel, WheelTimer } from '../timer-wheel.ts';
import { ClientFace, type FaceHost } from './client-face.ts';
import { endByCode, endByFace, endByStatus, type UpstreamEnd } from './ends.ts';
import { type Hearer, Hearing } from './hearing.ts';
import type { UpstreamLogin } from './login.ts';
import type { UpstreamFailure } from './metrics.ts';
import type { Overlay } from './passage.ts';
import type { News } from './tellings.ts';
import type { Upstream } from './upstream.ts';
import type { Received, UpstreamListener } from './upstream-listener.ts';
import { UpstreamSocket, type UpstreamSocketListener } from './upstream-socket.ts';

export interface UpstreamSessionParts {
  readonly id: string;
  readonly upstream: Upstream;
  readonly login: UpstreamLogin;
  readonly wheel: TimerWheel;
  readonly log: Logger;
  readonly listener: UpstreamListener;
  /** Of the closing handshake, ms. */
  readonly closeTimeoutMs: number;
  /** Epoch ms. */
  now(): number;
  newId(): string;
}

export class UpstreamSession implements UpstreamSocketListener, Hearer, FaceHost {
  readonly #parts: UpstreamSessionParts;
  readonly #socket: UpstreamSocket;
  readonly #timers: SessionTimers;
  #heartbeat: Heartbeat | undefined;
  readonly #face: ClientFace;
  #hearing: Hearing | undefined;
  /** Runs out when the server takes too long to open, and then to let us in. */
  #deadline: WheelTimer | undefined;
  #ready = false;
  #ended = false;
  #paused = false;

  constructor(parts: UpstreamSessionParts) {
    this.#parts = parts;
    const { upstream, login, wheel, log, closeTimeoutMs } = parts;
    this.#face = new ClientFace(this, parts.listener, log);
    this.#timers = new SessionTimers(wheel, this.#face);
    this.#socket = new UpstreamSocket({ upstream, login, log, closeTimeoutMs, listener: this });
    // Not before: an address or a header that can't be used throws, and must leave nothing behind.
    this.#deadline = wheel.arm(upstream.config.connectTimeout, () => this.fail('connect_timeout'));
  }

  /** Bytes that the server has not taken yet. */
  get pendingBytes(): number {
    return this.#socket.pendingBytes;
  }

  get isReady(): boolean {
    return this.#ready && !this.#ended;
  }

  /** Gives the face a command. True if a frame went out for it at once; otherwise it waits in the face. */
  deliver(command: Command, ref: number, overlay?: Overlay): boolean {
    return this.#face.deliver(command, ref, overlay);
  }

  /** Sends a wire message as it is. */
  pass(wire: WireMessage): void {
    if (!this.#ended) this.write(wire);
  }

  /** Encodes a frame as the face would, without sending it. */
  encode(frame: unknown): WireMessage | undefined {
    return this.#face.face?.codec.encode(frame);
  }

  pause(): void {
    if (this.#paused || this.#ended) return;
    this.#paused = true;
    this.#timers.pause();
    this.#heartbeat?.pause();
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused || this.#ended) return;
    this.#paused = false;
    this.#timers.resume();
    this.#heartbeat?.resume();
    this.#socket.resume();
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  /** Says goodbye as far as the dialect can, then closes. Nothing is told to the listener any more. */
  leave(): void {
    if (this.#ended) return;
    if (this.#ready) this.#face.leave();
    this.#finish();
    this.#socket.close();
  }

  /** Ends it at once, for this reason. */
  fail(failure: UpstreamFailure): void {
    this.#end({ failure, error: undefined, code: undefined });
  }

  // --- from the socket --------------------------------------------------------------------------------------

  opened(subprotocol: string | undefined): void {
    if (this.#ended) return;
    const { wheel, upstream, login, id, now, newId } = this.#parts;
    const { config, identity } = upstream;
    if (this.#deadline !== undefined) wheel.cancel(this.#deadline);
    this.#deadline = wheel.arm(config.loginTimeout, () => this.fail('login_timeout'));
    const { ping, pongTimeout } = config.heartbeat;
    this.#heartbeat = new Heartbeat(
      wheel,
      { ping, pongTimeout, confirm: 0 },
      { ping: () => this.#socket.ping(), lost: () => this.fail('no_pong') },
    );
    const { credentials } = login;
    this.#face.open(() => {
      const face = upstream.openFace({ id, credentials, subprotocol, identity, now, newId });
      this.#hearing = new Hearing(upstream, face, this);
      return face;
    });
  }

  arrived(): void {
    this.#hearing?.arrived();
  }

  known(chunk: Buffer, from: number, to: number): boolean {
    return this.#hearing?.known(chunk, from, to) === true;
  }

  textMessage(payload: Buffer): void {
    this.#hearing?.textMessage(payload);
    this.#face.received();
  }

  message(data: Buffer, isBinary: boolean): void {
    this.#hearing?.message(data, isBinary);
    this.#face.received();
  }

  pong(isAnswer: boolean): void {
    this.#timers.touch('received_or_pong');
    if (isAnswer) this.#heartbeat?.answered();
  }

  written(): void {
    if (!this.#ended) this.#parts.listener.drained();
  }

  failed(fault: 'protocol' | 'network'): void {
    if (fault === 'protocol') this.fail('protocol_error');
    else this.fail(this.#face.face === undefined ? 'connect_failed' : 'closed');
  }

  unexpected(statusCode: number): void {
    this.#end(endByStatus(statusCode));
  }

  closed(code: number): void {
    const { closeCodes } = this.#parts.upstream.dialect.defaults;
    if (this.#face.face === undefined) this.#end({ failure: 'connect_failed', error: undefined, code });
    else this.#end(endByCode(code, closeCodes, this.#ready));
  }

  // --- what hearing needs -----------------------------------------------------------------------------------

  get isOver(): boolean {
    return this.#ended;
  }

  signOfLife(): void {
    this.#timers.touch('received');
    this.#heartbeat?.alive();
  }

  receive(received: Received): void {
    this.#face.receive(received);
  }

  news(news: News): void {
    try {
      this.#parts.listener.news(news);
    } catch (error) {
      this.#face.fault(error);
    }
  }

  unreadable(wire: WireMessage, error: GatewayError): void {
    if (!this.#parts.listener.unknown(wire, error)) this.#face.fault(error);
  }

  // --- what the face wants ----------------------------------------------------------------------------------

  becameReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    if (this.#deadline !== undefined) this.#parts.wheel.cancel(this.#deadline);
    this.#deadline = undefined;
    this.#parts.listener.ready();
  }

  write(wire: WireMessage): void {
    if (!this.#socket.isOpen) return;
    const { metrics } = this.#parts.upstream;
    metrics.framesOut++;
    metrics.bytesOut += wire.length;
    this.#timers.touch('sent');
    this.#socket.write(wire);
  }

  time(name: string, afterMs: number | null, restart: TimerRestart | undefined): void {
    this.#timers.set(name, afterMs, restart);
  }

  closes(reason: CloseReason, text: string): void {
    this.#end(endByFace(reason, text, this.#ready));
  }

  // --- the end ----------------------------------------------------------------------------------------------

  #end(end: UpstreamEnd): void {
    if (this.#ended) return;
    const { upstream, log, listener } = this.#parts;
    const { failure, code } = end;
    this.#finish();
    add(upstream.metrics.failures, failure);
    log.info({ failure, code }, 'upstream connection over');
    this.#socket.close();
    listener.ended(end);
  }

  /** From here on nothing is received, said or timed. */
  #finish(): void {
    this.#ended = true;
    const { wheel } = this.#parts;
    if (this.#deadline !== undefined) wheel.cancel(this.#deadline);
    this.#timers.stop();
    this.#heartbeat?.stop();
  }
}
