/**
 * A connection and its dialect's session: what the session is given, and what it wants done about it. The one place
 * where whatever a session throws becomes a GatewayError.
 */
import type { Logger } from 'pino';
import type { Command } from '../schemas/command.ts';
import type { Event } from '../schemas/event.ts';
import type { CloseReason } from './close.ts';
import type { Effect, Effects, Outcome, ServerSession, TimerRestart } from './dialect.ts';
import type { Endpoint } from './endpoint.ts';
import { errorText, type GatewayError, toGatewayError } from './errors.ts';
import { add } from './metrics.ts';
import type { Output } from './output.ts';
import type { Submissions } from './submissions.ts';

type SessionEffects = Effects<unknown, Command>;

/** The connection, as far as the dialogue needs it. */
export interface DialogueHost {
  readonly endpoint: Endpoint;
  readonly log: Logger;
  readonly isEnding: boolean;
  /** What it was told together with others comes before whatever happens to it now. That may end it. */
  leaveBurst(): void;
  setTimer(name: string, afterMs: number | null, restart: TimerRestart | undefined): void;
  becomeReady(): void;
  /** Hands on what is being received and the codec does not know; false where that can't be. */
  passOn(error: GatewayError): boolean;
  end(reason: CloseReason, text: string): void;
}

export class Dialogue {
  readonly session: ServerSession<unknown>;
  readonly #host: DialogueHost;
  readonly #output: Output;
  readonly #submissions: Submissions;
  /** What the session was given last: an example of what it can't say. */
  #subject: unknown;

  constructor(host: DialogueHost, session: ServerSession<unknown>, output: Output, submissions: Submissions) {
    this.#host = host;
    this.session = session;
    this.#output = output;
    this.#submissions = submissions;
  }

  /** The frame, or the event, that is being handled. */
  get subject(): unknown {
    return this.#subject;
  }

  open(): void {
    this.#guard(() => this.session.open());
  }

  /** Whether anything came of the frame: something does where it makes the session throw. */
  receive(frame: unknown): boolean {
    this.#subject = frame;
    this.#host.leaveBurst();
    if (this.#host.isEnding) return true;
    try {
      const effects = this.session.receive(frame);
      this.#perform(effects);
      return effects.length > 0;
    } catch (error) {
      this.fault(error);
      return true;
    }
  }

  settle(ref: number, outcome: Outcome): void {
    if (!outcome.ok) this.#countError(outcome.error);
    this.#guard(() => this.session.settle(ref, outcome));
    if (!outcome.ok) this.#endIfFatal(outcome.error);
  }

  expire(timer: string): void {
    this.#guard(() => this.session.expire(timer));
  }

  /** Tells the session of an event and does what it says. Throws what the session throws. */
  tell(event: Event): SessionEffects {
    const effects = this.session.deliver(event);
    this.#subject = event;
    this.#perform(effects);
    this.#subject = undefined;
    return effects;
  }

  /** Lets the session say what is wrong; ends the connection if the error is fatal or the session fails too. */
  fault(thrown: unknown): void {
    this.#host.leaveBurst();
    if (this.#host.isEnding) return;
    const error = toGatewayError(thrown);
    if (error.code === 'frame_unknown' && this.#host.passOn(error)) return;
    this.#countError(error);
    try {
      this.#perform(this.session.fail(error));
    } catch (second) {
      this.#host.log.error({ err: second }, 'session failed while it reported an error');
      this.#host.end('internal', errorText('internal', this.#host.endpoint.config.locale));
    }
    this.#endIfFatal(error);
  }

  /** Calls the session and does what it says; whatever is thrown becomes this connection's own fault. */
  #guard(call: () => SessionEffects): void {
    this.#host.leaveBurst();
    if (this.#host.isEnding) return;
    try {
      this.#perform(call());
    } catch (error) {
      this.fault(error);
    }
  }

  #perform(effects: SessionEffects): void {
    // Counted: nearly every frame and event comes through here, with one effect or two.
    for (let index = 0; index < effects.length; index++) {
      if (this.#host.isEnding) return;
      this.#do(effects[index] as Effect<unknown, Command>);
    }
  }

  #do(effect: Effect<unknown, Command>): void {
    switch (effect.kind) {
      case 'send':
        this.#output.send(effect.frame);
        return;
      case 'route':
        this.#submissions.submit(effect.ref, effect.value);
        return;
      case 'lost':
        this.#host.endpoint.metrics.countLoss(effect.type, effect.fields, this.#subject);
        return;
      case 'timer':
        this.#host.setTimer(effect.name, effect.afterMs, effect.restart);
        return;
      case 'ready':
        this.#host.becomeReady();
        return;
      case 'close':
        this.#host.end(effect.reason, effect.text);
        return;
      case 'settled':
        throw new Error('a server session has nothing to answer');
      default:
        effect satisfies never;
    }
  }

  #endIfFatal({ fatal, code }: GatewayError): void {
    if (fatal !== undefined) this.#host.end(fatal, errorText(code, this.#host.endpoint.config.locale));
  }

  #countError(error: GatewayError): void {
    const { endpoint, log } = this.#host;
    add(endpoint.metrics.errors, error.code);
    if (error.code === 'slow_consumer') endpoint.metrics.slowConsumers++;
    if (error.code === 'internal') log.error({ err: error }, 'internal error');
    else log.debug({ code: error.code, detail: error.detail }, 'error answered');
  }
}
