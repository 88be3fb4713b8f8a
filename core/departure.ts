/**
 * How a connection goes: what is still said and awaited, the reason that is given, and the socket's end. Made when
 * the first of these comes about.
 */
import type { Logger } from 'pino';
import type { Event } from '../schemas/event.ts';
import { type CloseReason, cutCloseText } from './close.ts';
import type { Deliveries } from './deliveries.ts';
import type { Endpoint } from './endpoint.ts';
import { errorText } from './errors.ts';
import { add } from './metrics.ts';
import type { TimerWheel, WheelTimer } from './timer-wheel.ts';
import type { Transport } from './transport.ts';

/** The connection, as far as its departure needs it. */
export interface DepartureHost {
  readonly endpoint: Endpoint;
  readonly log: Logger;
  /** Whether a command has no outcome yet. */
  readonly awaitsOutcome: boolean;
  /** What it was told together with others comes before whatever happens to it now. That may end it. */
  leaveBurst(): void;
  /** Writes what is queued. */
  flush(): void;
  /** From here on nothing is received, said or timed. */
  stop(): void;
}

export class Departure {
  readonly #host: DepartureHost;
  readonly #deliveries: Deliveries;
  readonly #transport: Transport;
  readonly #wheel: TimerWheel;
  /** Said once every command has its outcome. */
  #goodbye: Event | undefined;
  /** When one that was replaced has to be through with its goodbye. */
  #deadline: WheelTimer | undefined;
  #wasEnded = false;
  #isClosed = false;

  constructor(host: DepartureHost, deliveries: Deliveries, transport: Transport, wheel: TimerWheel) {
    this.#host = host;
    this.#deliveries = deliveries;
    this.#transport = transport;
    this.#wheel = wheel;
  }

  /** Whether nothing is received and said any more: only the socket's end is to come, or has come. */
  get isEnding(): boolean {
    return this.#wasEnded || this.#isClosed;
  }

  /** Whether it was the gateway that ended it. */
  get wasEnded(): boolean {
    return this.#wasEnded;
  }

  /** Whether whatever the peer sends is ignored. */
  get isDeaf(): boolean {
    return this.#deadline !== undefined || this.isEnding;
  }

  /** Its user is elsewhere now: the session says goodbye in its own time, which is `closeTimeout`. */
  replaced(): void {
    this.#transport.pause();
    const { closeTimeout } = this.#host.endpoint.config.limits;
    this.#deadline ??= this.#wheel.arm(closeTimeout, () => this.end('replaced', ''));
  }

  /** What was accepted is settled, then the goodbye is said and the connection ends. `now`: without waiting. */
  retire(goodbye: Event, now: boolean): void {
    if (this.isEnding) return;
    this.#goodbye = goodbye;
    if (now) this.#sayGoodbye(goodbye);
    else this.settled();
  }

  /** A command has its outcome. */
  settled(): void {
    if (this.#goodbye !== undefined && !this.#host.awaitsOutcome) this.#sayGoodbye(this.#goodbye);
  }

  #sayGoodbye(goodbye: Event): void {
    this.#deliveries.deliver(goodbye);
    this.end('shutting_down', errorText('shutting_down', this.#host.endpoint.config.locale));
  }

  /** Ends the connection after what was said so far. Only the first call counts. */
  end(reason: CloseReason, text: string): void {
    this.#host.leaveBurst();
    if (this.isEnding) return;
    this.#begin(reason);
    const { endpoint, log } = this.#host;
    log.debug({ reason }, 'ending the connection');
    try {
      this.#host.flush();
      this.#transport.close(endpoint.closeCode(reason), cutCloseText(text));
    } catch (error) {
      log.error({ err: error }, 'a transport could not be closed');
      this.#transport.terminate();
    }
  }

  /** The transport does not take what the peer has sent. It closes with the reason's code: nothing may follow that. */
  refused(reason: 'too_large' | 'invalid_payload' | 'protocol_error'): void {
    if (this.isEnding) return;
    const { endpoint, log } = this.#host;
    log.info({ reason }, 'wire message refused');
    if (reason === 'too_large') endpoint.metrics.countRefusal('frame');
    this.#begin(reason);
  }

  /** The peer is silent, and nobody is there to be told why. */
  lost(): void {
    this.#host.log.info('no pong: connection ended');
    if (this.isEnding) return;
    this.#begin('silence');
    this.#transport.terminate();
  }

  #begin(reason: CloseReason): void {
    this.#wasEnded = true;
    add(this.#host.endpoint.metrics.closes, reason);
    this.#stop();
  }

  /** The socket is closed. False if it was before. */
  closed(code: number): boolean {
    if (this.#isClosed) return false;
    this.#isClosed = true;
    this.#stop();
    const { endpoint, log } = this.#host;
    // 1006: there was no close frame of the client's.
    if (this.#wasEnded && code === 1006) endpoint.metrics.uncleanCloses++;
    log.debug({ code }, 'connection closed');
    return true;
  }

  #stop(): void {
    if (this.#deadline !== undefined) this.#wheel.cancel(this.#deadline);
    this.#host.stop();
  }
}
