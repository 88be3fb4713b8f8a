/**
 * One connection to the server behind, from the first packet to the last: its socket, its dialect's client face,
 * its timers. It knows nothing of the client; whatever happens is told to its listener, the end exactly once.
 */
import type { Logger } from 'pino';
import { WebSocket } from 'ws';
import type { Command } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import { CLOSE_CODES, type CloseReason } from '../close.ts';
import type { Effect, Effects, Face, Outcome, WireMessage } from '../dialect.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import { Heartbeat } from '../heartbeat.ts';
import { add } from '../metrics.ts';
import { SessionTimers } from '../session-timers.ts';
import type { TimerWheel, WheelTimer } from '../timer-wheel.ts';
import type { UpstreamLogin } from './login.ts';
import type { UpstreamFailure } from './metrics.ts';
import type { Overlay } from './passage.ts';
import type { Upstream } from './upstream.ts';

/** Why a connection to the server is over. */
export interface UpstreamEnd {
  readonly failure: UpstreamFailure;
  /** Set where the server, or its dialect, said why: for the client. */
  readonly error: GatewayError | undefined;
  /** The close code that came, if the server closed. */
  readonly code: number | undefined;
}

/** Something that came from the server, as it was on the wire. */
export interface Received {
  readonly wire: WireMessage;
  readonly frame: unknown;
}

export interface UpstreamListener {
  /** The server has let us in. */
  ready(): void;
  /** `settle` tells the face what became of the event; call it once. */
  event(event: Event, settle: (outcome: Outcome) => void, received: Received | undefined): void;
  /** A command that the face had held back has gone out. */
  sent(ref: number): void;
  /** `answer`: where the server has said so; otherwise the face knows without it. */
  settled(ref: number, outcome: Outcome, answer: Received | undefined): void;
  lost(type: string, fields: readonly string[], value: unknown): void;
  /** A wire message of which the codec knows no such frame. True: it was handed on as it is. */
  unknown(wire: WireMessage, error: GatewayError): boolean;
  /** What was written has left; more may come. */
  drained(): void;
  ended(end: UpstreamEnd): void;
}

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

interface Delivering {
  readonly ref: number;
  readonly command: Command;
  readonly overlay: Overlay | undefined;
  /** Whether a frame went out for it. */
  sent: boolean;
}

type ClientEffects = Effects<unknown, Event>;

export class UpstreamSession {
  readonly #parts: UpstreamSessionParts;
  readonly #socket: WebSocket;
  readonly #timers: SessionTimers;
  #heartbeat: Heartbeat | undefined;
  #face: Face<unknown, Command, Event> | undefined;
  /** Runs out when the server takes too long to open, and then to let us in. */
  #deadline: WheelTimer | undefined;
  #closing: NodeJS.Timeout | undefined;
  #ready = false;
  #ended = false;
  /** Whether the server has sent what can not be read. */
  #faulted = false;
  #paused = false;
  #pings = 0;
  /** While the face is given a command: an effect that settles it comes without an answer. */
  #delivering: Delivering | undefined;
  #received: Received | undefined;

  constructor(parts: UpstreamSessionParts) {
    this.#parts = parts;
    const { upstream, login, wheel } = parts;
    const { config, dialect } = upstream;
    this.#timers = new SessionTimers(wheel, {
      expire: (name) => this.#guard((face) => face.session.expire(name)),
    });
    this.#socket = new WebSocket(login.url, [...dialect.subprotocols], {
      headers: { ...login.headers },
      maxPayload: config.limits.frame,
      perMessageDeflate: false,
      followRedirects: false,
      // Some servers put any bytes into text messages; a codec that takes bytes knows what is UTF-8 itself.
      skipUTF8Validation: dialect.text === 'bytes',
    });
    // Not before: an address or a header that can't be used throws, and must leave nothing behind.
    this.#deadline = wheel.arm(config.connectTimeout, () => this.#end('connect_timeout'));
    this.#listen();
  }

  /** Bytes that the server has not taken yet. */
  get pendingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  get isReady(): boolean {
    return this.#ready && !this.#ended;
  }

  /** Gives the face a command. True if a frame went out for it at once; otherwise it waits in the face. */
  deliver(command: Command, ref: number, overlay?: Overlay): boolean {
    const delivering = { ref, command, overlay, sent: false };
    this.#delivering = delivering;
    try {
      this.#guard((face) => face.session.deliver(command, ref));
    } finally {
      this.#delivering = undefined;
    }
    return delivering.sent;
  }

  /** Sends a wire message as it is. */
  pass(wire: WireMessage): void {
    if (!this.#ended) this.#write(wire);
  }

  /** Encodes a frame as the face would, without sending it. */
  encode(frame: unknown): WireMessage | undefined {
    return this.#face?.codec.encode(frame);
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
    if (this.#ready) this.deliver({ type: 'disconnect' }, LEAVING);
    this.#finish();
    this.#close();
  }

  /** Ends it at once, for this reason. */
  fail(failure: UpstreamFailure, error?: GatewayError): void {
    this.#end(failure, error);
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('open', () => this.#opened());
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#message(data, isBinary));
    socket.on('pong', (data: Buffer) => {
      this.#timers.touch('received_or_pong');
      if (data.toString('latin1') === String(this.#pings)) this.#heartbeat?.answered();
    });
    socket.on('error', (error: Error & { code?: string }) => {
      this.#parts.log.info(
        { err: { message: error.message, code: error.code } },
        'upstream connection failed',
      );
      const isProtocol = error.code?.startsWith('WS_ERR_') === true;
      this.#end(isProtocol ? 'protocol_error' : this.#face === undefined ? 'connect_failed' : 'closed');
    });
    socket.on('close', (code: number) => {
      clearTimeout(this.#closing);
      this.#closedByServer(code);
    });
    socket.on('unexpected-response', (request, { statusCode = 0 }) => {
      request.destroy();
      const refused = statusCode === 401 || statusCode === 403;
      const detail = `the server behind answers ${statusCode}`;
      this.#end(
        refused ? 'login_refused' : 'connect_failed',
        refused ? new GatewayError('token_invalid', { detail }) : undefined,
      );
    });
  }

  #opened(): void {
    if (this.#ended) return;
    const { wheel, upstream, login, id, now, newId } = this.#parts;
    const { config } = upstream;
    if (this.#deadline !== undefined) wheel.cancel(this.#deadline);
    this.#deadline = wheel.arm(config.loginTimeout, () => this.#end('login_timeout'));
    const { protocol } = this.#socket;
    this.#heartbeat = new Heartbeat(
      wheel,
      { ping: config.heartbeat.ping, pongTimeout: config.heartbeat.pongTimeout, confirm: 0 },
      {
        ping: () => this.#socket.ping(String(++this.#pings)),
        lost: () => this.#end('no_pong'),
      },
    );
    try {
      this.#face = upstream.openFace({
        id,
        credentials: login.credentials,
        subprotocol: protocol === '' ? undefined : protocol,
        identity: upstream.identity,
        now,
        newId,
      });
    } catch (error) {
      this.#fault(error);
      return;
    }
    this.#guard((face) => face.session.open());
  }

  #message(data: Buffer, isBinary: boolean): void {
    const face = this.#face;
    if (face === undefined || this.#ended) return;
    const { upstream, listener } = this.#parts;
    upstream.metrics.bytesIn += data.length;
    this.#timers.touch('received');
    this.#heartbeat?.alive();
    const wire = isBinary || upstream.dialect.text === 'bytes' ? data : data.toString();
    try {
      for (const frame of this.#framesOf(face, wire)) {
        if (this.#ended) return;
        upstream.metrics.framesIn++;
        this.#received = { wire, frame };
        this.#guard(() => face.session.receive(frame));
      }
    } catch (thrown) {
      const error = toGatewayError(thrown);
      const text = isBinary ? data : data.toString();
      if (!listener.unknown(text, error)) this.#fault(error);
    } finally {
      this.#received = undefined;
    }
  }

  /** What was read for one client is what another reads in the same words, if their codec is one and the same. */
  #framesOf({ codec }: Face<unknown, Command, Event>, wire: WireMessage): Iterable<unknown> {
    const { upstream } = this.#parts;
    if (typeof wire !== 'string' || !upstream.sharesCodec) return codec.decode(wire);
    const known = upstream.recentFrames.get(wire);
    if (known !== undefined) return known;
    const frames = [...codec.decode(wire)];
    upstream.recentFrames.set(wire, frames);
    return frames;
  }

  #guard(call: (face: Face<unknown, Command, Event>) => ClientEffects): void {
    const face = this.#face;
    if (face === undefined || this.#ended) return;
    try {
      this.#perform(call(face));
    } catch (error) {
      this.#fault(error);
    }
  }

  /** A fault of the server's, or of ours: the face may close; otherwise it is counted as lost. */
  #fault(thrown: unknown): void {
    if (this.#ended) return;
    const error = toGatewayError(thrown);
    const { log, listener } = this.#parts;
    if (error.code === 'internal') log.error({ err: error }, 'the client face failed');
    else {
      // Once at this level: a server may go on like that for as long as it likes.
      log[this.#faulted ? 'debug' : 'info'](
        { code: error.code, detail: error.detail },
        'the upstream server sent what can not be read',
      );
      this.#faulted = true;
    }
    listener.lost(error.code, ['*'], undefined);
    this.#undeliverable(error);
    try {
      this.#perform(this.#face?.session.fail(error) ?? []);
    } catch (second) {
      log.error({ err: second }, 'the client face failed while it took an error');
      this.#end('protocol_error');
    }
    if (error.fatal !== undefined) this.#end('protocol_error');
  }

  /** A command that can't even be said will not be answered. */
  #undeliverable(error: GatewayError): void {
    const delivering = this.#delivering;
    if (delivering === undefined || delivering.sent || delivering.ref === LEAVING) return;
    this.#parts.listener.settled(delivering.ref, { ok: false, error }, undefined);
  }

  #perform(effects: ClientEffects): void {
    for (const effect of effects) {
      if (this.#ended) return;
      this.#do(effect);
    }
  }

  #do(effect: Effect<unknown, Event>): void {
    const { listener } = this.#parts;
    switch (effect.kind) {
      case 'send':
        this.#send(effect.frame);
        if (this.#delivering !== undefined) this.#delivering.sent = true;
        else if (effect.ref !== undefined) listener.sent(effect.ref);
        return;
      case 'route':
        this.#route(effect.ref, effect.value);
        return;
      case 'settled':
        if (effect.ref !== LEAVING) {
          // A face whose patience has run out says so without having heard anything.
          listener.settled(effect.ref, effect.outcome, this.#received);
        }
        return;
      case 'lost':
        listener.lost(effect.type, effect.fields, this.#delivering?.command ?? this.#received?.frame);
        return;
      case 'timer':
        this.#timers.set(effect.name, effect.afterMs, effect.restart);
        return;
      case 'ready':
        this.#becomeReady();
        return;
      case 'close':
        this.#closedByFace(effect.reason, effect.text);
        return;
      default:
        effect satisfies never;
    }
  }

  #route(ref: number, event: Event): void {
    let settled = false;
    this.#parts.listener.event(
      event,
      (outcome) => {
        if (settled) return;
        settled = true;
        this.#guard((face) => face.session.settle(ref, outcome));
      },
      this.#received,
    );
  }

  #becomeReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    if (this.#deadline !== undefined) this.#parts.wheel.cancel(this.#deadline);
    this.#deadline = undefined;
    this.#parts.listener.ready();
  }

  #send(frame: unknown): void {
    const face = this.#face;
    if (face === undefined) return;
    const wire = face.codec.encode(frame);
    this.#write(this.#delivering?.overlay?.(wire) ?? wire);
  }

  #write(wire: WireMessage): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const { metrics } = this.#parts.upstream;
    metrics.framesOut++;
    metrics.bytesOut += wire.length;
    this.#timers.touch('sent');
    this.#socket.send(wire, this.#written);
  }

  readonly #written = (error?: Error | null): void => {
    if (!error && !this.#ended) this.#parts.listener.drained();
  };

  #closedByFace(reason: CloseReason, text: string): void {
    const failure = this.#ready ? 'closed' : reason === 'unauthenticated' ? 'login_refused' : 'closed';
    this.#end(failure, errorOf(reason, text));
  }

  #end(failure: UpstreamFailure, error?: GatewayError, code?: number): void {
    if (this.#ended) return;
    const { upstream, log, listener } = this.#parts;
    this.#finish();
    add(upstream.metrics.failures, failure);
    log.info({ failure, code }, 'upstream connection over');
    this.#close();
    listener.ended({ failure, error, code });
  }

  /** From here on nothing is received, said or timed. */
  #finish(): void {
    this.#ended = true;
    const { wheel } = this.#parts;
    if (this.#deadline !== undefined) wheel.cancel(this.#deadline);
    this.#timers.stop();
    this.#heartbeat?.stop();
  }

  #close(): void {
    const socket = this.#socket;
    if (socket.readyState !== WebSocket.OPEN) {
      socket.terminate();
      return;
    }
    socket.close(1000);
    // A paused socket would never see the server's half of the handshake.
    socket.resume();
    this.#closing = setTimeout(() => socket.terminate(), this.#parts.closeTimeoutMs).unref();
  }

  /** The server closed: a code that its dialect has for a reason says why. */
  #closedByServer(code: number): void {
    if (this.#face === undefined) {
      this.#end('connect_failed', undefined, code);
      return;
    }
    const { closeCodes } = this.#parts.upstream.dialect.defaults;
    // Codes of the protocol itself are given for other reasons too.
    const reason =
      code < 3000 ? undefined : FINAL.find((final) => code === (closeCodes[final] ?? CLOSE_CODES[final]));
    if (reason === undefined) this.#end('closed', undefined, code);
    else this.#end(this.#ready ? 'closed' : 'login_refused', errorOf(reason, ''), code);
  }
}

/** Reasons after which the same client would be turned away again. */
const FINAL = ['unauthenticated', 'token_expired', 'replaced'] as const;

/** The ref of our own goodbye. */
const LEAVING = -1;

/** What a close that the face asks for means to the client behind which it stands. */
function errorOf(reason: CloseReason, text: string): GatewayError | undefined {
  const detail = text === '' ? {} : { detail: text.slice(0, 200) };
  switch (reason) {
    case 'unauthenticated':
      return new GatewayError('token_invalid', detail);
    case 'token_expired':
      return new GatewayError('token_expired', detail);
    case 'replaced':
    case 'policy':
      return new GatewayError('forbidden', { ...detail, fatal: reason });
    default:
      return undefined;
  }
}
