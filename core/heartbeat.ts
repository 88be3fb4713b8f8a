/**
 * WebSocket pings of one connection: no dialect may be left with a half-open socket. At most one ping is under
 * way, so that each pong answers exactly what was sent before it; a pong also confirms deliveries.
 */
import { LifeSigns } from './life-signs.ts';
import type { TimerWheel, WheelTimer } from './timer-wheel.ts';

/** All in ms. */
export interface HeartbeatTimes {
  readonly ping: number;
  readonly pongTimeout: number;
  /** A further ping this long after a delivery that nothing has confirmed, or up to twice as long, unless one is due sooner. */
  readonly confirm: number;
}

export interface HeartbeatActions {
  ping(): void;
  /** The pong did not come in time. */
  lost(): void;
}

/** It is its own timer: for the next ping, or, while one is under way, for when its pong is overdue. */
export class Heartbeat implements WheelTimer {
  deadline = 0;
  next: WheelTimer | undefined;
  previous: WheelTimer | undefined;
  readonly #wheel: TimerWheel;
  readonly #times: HeartbeatTimes;
  readonly #actions: HeartbeatActions;
  #underWay = false;
  #paused = false;
  #confirming = false;
  #heardSincePing = false;
  #stopped = false;
  /** From the first time that somebody asks. */
  #lifeSigns: LifeSigns | undefined;

  constructor(wheel: TimerWheel, times: HeartbeatTimes, actions: HeartbeatActions) {
    this.#wheel = wheel;
    this.#times = times;
    this.#actions = actions;
    wheel.rearm(this, times.ping);
  }

  /** Asks for a sign of life now, and tells whether one came within so many ms. Once it is stopped none will. */
  whetherAlive(withinMs: number, answer: (isAlive: boolean) => void): void {
    if (this.#stopped) {
      answer(false);
      return;
    }
    this.#lifeSigns ??= new LifeSigns();
    this.#lifeSigns.await(this.#wheel, withinMs, answer);
    // If a ping is under way, its pong will do.
    if (!this.#underWay) this.fire();
  }

  /**
   * Something unconfirmed was delivered: a ping soon will ask about it, unless the next is due before. Whole groups are
   * told at once; asked at once as well, their pings and pongs would hold up everybody else.
   */
  confirmSoon(): void {
    if (this.#underWay || this.#confirming || this.#stopped) return;
    this.#confirming = true;
    // Whole, as all times of the wheel.
    const after = Math.floor(this.#times.confirm * (1 + this.#wheel.stagger()));
    if (this.#wheel.now() + after < this.deadline) this.#wheel.rearm(this, after);
  }

  /** Any traffic. It does not answer a ping, but a peer that talks is not gone. */
  alive(): void {
    this.#lifeSigns?.settle(true);
    if (this.#underWay) this.#heardSincePing = true;
  }

  /** A pong came. False if no ping was under way: an unsolicited one confirms nothing. */
  answered(): boolean {
    this.#lifeSigns?.settle(true);
    if (!this.#underWay || this.#stopped) return false;
    this.#underWay = false;
    this.#wheel.rearm(this, this.#times.ping);
    return true;
  }

  /** While reading is paused no pong can be seen. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    if (this.#underWay && !this.#stopped) this.#wheel.rearm(this, this.#times.pongTimeout);
  }

  /** For good: nothing starts it again. */
  stop(): void {
    this.#stopped = true;
    this.#wheel.cancel(this);
  }

  /** The peer is gone: no sign of life will come any more. */
  gone(): void {
    this.#lifeSigns?.settle(false);
  }

  fire(): void {
    if (this.#underWay) {
      if (this.#paused || this.#heardSincePing) {
        this.#heardSincePing = false;
        this.#wheel.rearm(this, this.#times.pongTimeout);
      } else {
        this.#actions.lost();
      }
      return;
    }
    this.#underWay = true;
    this.#confirming = false;
    this.#heardSincePing = false;
    this.#wheel.rearm(this, this.#times.pongTimeout);
    this.#actions.ping();
  }
}
