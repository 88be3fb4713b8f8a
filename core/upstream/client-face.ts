/**
 * The face with which we are a server's client: what it is given, and what it wants done. Whatever it throws becomes a
 * fault of this connection and of no other.
 */
import type { Logger } from 'pino';
import type { Command } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { CloseReason } from '../close.ts';
import type { Effect, Effects, Face, TimerRestart, WireMessage } from '../dialect.ts';
import { type GatewayError, toGatewayError } from '../errors.ts';
import type { Overlay } from './passage.ts';
import type { Received, UpstreamListener } from './upstream-listener.ts';

export type UpstreamFace = Face<unknown, Command, Event>;

/** The connection, as far as the face needs it. */
export interface FaceHost {
  /** Whether nothing is received, said or timed any more. */
  readonly isOver: boolean;
  write(wire: WireMessage): void;
  time(name: string, afterMs: number | null, restart: TimerRestart | undefined): void;
  /** The server has let us in. */
  becameReady(): void;
  /** The face wants it closed. */
  closes(reason: CloseReason, text: string): void;
  fail(failure: 'protocol_error'): void;
}

interface Delivering {
  readonly ref: number;
  readonly command: Command;
  readonly overlay: Overlay | undefined;
  /** Whether a frame went out for it. */
  sent: boolean;
}

type ClientEffects = Effects<unknown, Event>;

/** The ref of our own goodbye. */
const LEAVING = -1;

export class ClientFace {
  readonly #host: FaceHost;
  readonly #listener: UpstreamListener;
  readonly #log: Logger;
  #face: UpstreamFace | undefined;
  /** Whether the server has sent what can not be read. */
  #faulted = false;
  /** While the face is given a command: an effect that settles it comes without an answer. */
  #delivering: Delivering | undefined;
  #received: Received | undefined;

  constructor(host: FaceHost, listener: UpstreamListener, log: Logger) {
    this.#host = host;
    this.#listener = listener;
    this.#log = log;
  }

  /** Undefined before it is open. */
  get face(): UpstreamFace | undefined {
    return this.#face;
  }

  /** Makes it and lets it say what it says first. */
  open(make: () => UpstreamFace): void {
    try {
      this.#face = make();
    } catch (error) {
      this.fault(error);
      return;
    }
    this.#guard((face) => face.session.open());
  }

  /** Gives it a command. True if a frame went out for it at once; otherwise it waits in the face. */
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

  /** Lets it say goodbye; nobody is told what comes of that. */
  leave(): void {
    this.deliver({ type: 'disconnect' }, LEAVING);
  }

  receive(received: Received): void {
    this.#received = received;
    this.#guard((face) => face.session.receive(received.frame));
  }

  /** All of a wire message has been received. */
  received(): void {
    this.#received = undefined;
  }

  expire(timer: string): void {
    this.#guard((face) => face.session.expire(timer));
  }

  #guard(call: (face: UpstreamFace) => ClientEffects): void {
    const face = this.#face;
    if (face === undefined || this.#host.isOver) return;
    try {
      this.#perform(call(face));
    } catch (error) {
      this.fault(error);
    }
  }

  /** A fault of the server's, or of ours: the face may close; otherwise it is counted as lost. */
  fault(thrown: unknown): void {
    if (this.#host.isOver) return;
    const error = toGatewayError(thrown);
    const listener = this.#listener;
    const log = this.#log;
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
      this.#host.fail('protocol_error');
    }
    if (error.fatal !== undefined) this.#host.fail('protocol_error');
  }

  /** A command that can't even be said will not be answered. */
  #undeliverable(error: GatewayError): void {
    const delivering = this.#delivering;
    if (delivering === undefined || delivering.sent || delivering.ref === LEAVING) return;
    this.#listener.settled(delivering.ref, { ok: false, error }, undefined);
  }

  #perform(effects: ClientEffects): void {
    for (const effect of effects) {
      if (this.#host.isOver) return;
      this.#do(effect);
    }
  }

  #do(effect: Effect<unknown, Event>): void {
    const listener = this.#listener;
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
        this.#host.time(effect.name, effect.afterMs, effect.restart);
        return;
      case 'ready':
        this.#host.becameReady();
        return;
      case 'close':
        this.#host.closes(effect.reason, effect.text);
        return;
      default:
        effect satisfies never;
    }
  }

  #route(ref: number, event: Event): void {
    let settled = false;
    this.#listener.event(
      event,
      (outcome) => {
        if (settled) return;
        settled = true;
        this.#guard((face) => face.session.settle(ref, outcome));
      },
      this.#received,
    );
  }

  #send(frame: unknown): void {
    const face = this.#face;
    if (face === undefined) return;
    const wire = face.codec.encode(frame);
    this.#host.write(this.#delivering?.overlay?.(wire) ?? wire);
  }
}
