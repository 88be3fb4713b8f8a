/**
 * The named timers of one session, on the shared wheel. A timer with `restart` is not moved for each frame:
 * traffic only leaves its time, and the timer looks at it when it fires.
 */
import type { TimerRestart } from './dialect.ts';
import type { TimerWheel, WheelTimer } from './timer-wheel.ts';

interface NamedTimer {
  readonly wheel: WheelTimer;
  readonly afterMs: number;
  readonly restart: TimerRestart | undefined;
  readonly armedAt: number;
}

export class SessionTimers {
  readonly #wheel: TimerWheel;
  readonly #expire: (name: string) => void;
  readonly #timers = new Map<string, NamedTimer>();
  #receivedAt: number;
  #pongAt: number;
  #sentAt: number;
  #pausedAt: number | undefined;
  #stopped = false;

  constructor(wheel: TimerWheel, expire: (name: string) => void) {
    this.#wheel = wheel;
    this.#expire = expire;
    const now = wheel.now();
    this.#receivedAt = now;
    this.#pongAt = now;
    this.#sentAt = now;
  }

  set(name: string, afterMs: number | null, restart: TimerRestart | undefined): void {
    const old = this.#timers.get(name);
    if (old !== undefined) this.#wheel.cancel(old.wheel);
    this.#timers.delete(name);
    if (afterMs === null || this.#stopped) return;
    const wheel = this.#wheel.arm(afterMs, () => this.#fired(name));
    this.#timers.set(name, { wheel, afterMs, restart, armedAt: this.#wheel.now() });
  }

  touch(what: TimerRestart): void {
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
    for (const { wheel } of this.#timers.values()) this.#wheel.cancel(wheel);
    this.#timers.clear();
  }

  #fired(name: string): void {
    const timer = this.#timers.get(name);
    if (timer === undefined) return;
    const since = this.#since(timer);
    const left = since === undefined ? timer.afterMs : since + timer.afterMs - this.#wheel.now();
    if (left > 0) {
      this.#wheel.rearm(timer.wheel, left);
      return;
    }
    this.#timers.delete(name);
    this.#expire(name);
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
