/**
 * The named timers of one session, on the shared wheel. A timer with `restart` is not moved for each frame:
 * traffic only leaves its time, and the timer looks at it when it fires.
 */
import type { TimerRestart } from './dialect.ts';
import type { TimerWheel, WheelTimer } from './timer-wheel.ts';

/** Who is told that a timer has expired. */
export interface TimerOwner {
  expire(name: string): void;
}

class NamedTimer implements WheelTimer {
  deadline = 0;
  next: WheelTimer | undefined;
  previous: WheelTimer | undefined;
  readonly name: string;
  readonly afterMs: number;
  readonly restart: TimerRestart | undefined;
  readonly armedAt: number;
  /** The next one of the same session. */
  beside: NamedTimer | undefined;
  readonly #session: SessionTimers;

  constructor(session: SessionTimers, what: Pick<NamedTimer, 'name' | 'afterMs' | 'restart' | 'armedAt'>) {
    this.#session = session;
    this.name = what.name;
    this.afterMs = what.afterMs;
    this.restart = what.restart;
    this.armedAt = what.armedAt;
  }

  fire(): void {
    this.#session.fired(this);
  }
}

export class SessionTimers {
  readonly #wheel: TimerWheel;
  readonly #owner: TimerOwner;
  /** The newest, and by it the others: a session has one or two. */
  #newest: NamedTimer | undefined;
  #receivedAt: number;
  #pongAt: number;
  #sentAt: number;
  #pausedAt: number | undefined;
  #stopped = false;
  /** Whether any timer has ever started over with what is sent. */
  #watchesSent = false;

  constructor(wheel: TimerWheel, owner: TimerOwner) {
    this.#wheel = wheel;
    this.#owner = owner;
    const now = wheel.now();
    this.#receivedAt = now;
    this.#pongAt = now;
    this.#sentAt = now;
  }

  set(name: string, afterMs: number | null, restart: TimerRestart | undefined): void {
    let old = this.#newest;
    while (old !== undefined && old.name !== name) old = old.beside;
    if (old !== undefined) this.#remove(old);
    if (afterMs === null || this.#stopped) return;
    if (restart === 'sent') this.#watchesSent = true;
    const timer = new NamedTimer(this, { name, afterMs, restart, armedAt: this.#wheel.now() });
    timer.beside = this.#newest;
    this.#newest = timer;
    this.#wheel.rearm(timer, afterMs);
  }

  touch(what: TimerRestart): void {
    // The clock is dear where every delivery asks for it.
    if (what === 'sent' && !this.#watchesSent) return;
    const now = this.#wheel.now();
    if (what === 'sent') this.#sentAt = now;
    else if (what === 'received') this.#receivedAt = now;
    else this.#pongAt = now;
  }

  /** Reading is paused: silence of the peer is ours. */
  pause(): void {
    this.#pausedAt ??= this.#wheel.now();
  }

  resume(): void {
    this.#pausedAt = undefined;
    this.#receivedAt = this.#wheel.now();
  }

  /** For good: what is set later never expires. */
  stop(): void {
    this.#stopped = true;
    for (let timer = this.#newest; timer !== undefined; timer = timer.beside) this.#wheel.cancel(timer);
    this.#newest = undefined;
  }

  #remove(timer: NamedTimer): void {
    this.#wheel.cancel(timer);
    if (this.#newest === timer) {
      this.#newest = timer.beside;
      return;
    }
    let before = this.#newest;
    while (before !== undefined && before.beside !== timer) before = before.beside;
    if (before !== undefined) before.beside = timer.beside;
  }

  /** From the timer itself. */
  fired(timer: NamedTimer): void {
    const since = this.#since(timer);
    const left = since === undefined ? timer.afterMs : since + timer.afterMs - this.#wheel.now();
    if (left > 0) {
      this.#wheel.rearm(timer, left);
      return;
    }
    this.#remove(timer);
    this.#owner.expire(timer.name);
  }

  /** When the timer last (re)started; undefined: its time stands still. */
  #since({ restart, armedAt }: NamedTimer): number | undefined {
    if (restart === undefined) return armedAt;
    if (restart === 'sent') return Math.max(armedAt, this.#sentAt);
    if (this.#pausedAt !== undefined) return undefined;
    if (restart === 'received') return Math.max(armedAt, this.#receivedAt);
    return Math.max(armedAt, this.#receivedAt, this.#pongAt);
  }
}
