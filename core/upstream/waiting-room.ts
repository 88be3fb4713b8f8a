/** The spool of one link with its clock and its counters: what waits too long is refused and said so. */
import type { Message } from '../../schemas/model.ts';
import type { TimerWheel, WheelTimer } from '../timer-wheel.ts';
import type { UpstreamMetrics } from './metrics.ts';
import { refuse } from './refusals.ts';
import { type Errand, Spool, type SpoolLimits } from './spool.ts';

export class WaitingRoom {
  readonly #spool: Spool;
  readonly #wheel: TimerWheel;
  readonly #metrics: UpstreamMetrics;
  /** Somebody who waited has been refused. */
  readonly #refused: () => void;
  #timer: WheelTimer | undefined;
  #counted = { commands: 0, bytes: 0 };

  constructor(limits: SpoolLimits, wheel: TimerWheel, metrics: UpstreamMetrics, refused: () => void) {
    this.#spool = new Spool(limits);
    this.#wheel = wheel;
    this.#metrics = metrics;
    this.#refused = refused;
  }

  get size(): number {
    return this.#spool.size;
  }

  /** Lets a command wait, or refuses it. */
  enter(errand: Errand): void {
    if (this.take(errand)) this.#metrics.spooled++;
    else {
      this.#metrics.spoolRefused++;
      refuse(errand);
    }
  }

  /** Lets a command wait that has been on its way already. False if there is no room for it. */
  take(errand: Errand): boolean {
    if (!this.#spool.push(errand, this.#wheel.now())) return false;
    this.#count();
    this.#watch();
    return true;
  }

  /** The first in line. */
  next(): Errand | undefined {
    const errand = this.#spool.shift();
    this.#count();
    return errand;
  }

  /** The message of which this is the copy, if it waits to be sent again. */
  sendOf(message: Message): Errand | undefined {
    return this.#spool.sendOf(message);
  }

  /** Refuses all; nobody waits any more. */
  close(): void {
    this.stop();
    for (const errand of this.#spool.takeAll()) refuse(errand);
    this.#count();
  }

  stop(): void {
    if (this.#timer !== undefined) this.#wheel.cancel(this.#timer);
  }

  #watch(): void {
    const next = this.#spool.nextExpiry;
    if (next === undefined || this.#timer !== undefined) return;
    this.#timer = this.#wheel.arm(Math.max(1, next - this.#wheel.now()), () => {
      this.#timer = undefined;
      const late = this.#spool.expired(this.#wheel.now());
      this.#metrics.spoolExpired += late.length;
      this.#count();
      for (const errand of late) refuse(errand);
      this.#watch();
      this.#refused();
    });
  }

  #count(): void {
    const { size, bytes } = this.#spool;
    this.#metrics.spoolCommands += size - this.#counted.commands;
    this.#metrics.spoolBytes += bytes - this.#counted.bytes;
    this.#counted = { commands: size, bytes };
  }
}
