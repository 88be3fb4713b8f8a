/** Pings that want a pong in time: the server's (option `serverPing`) and the client's (`heart`) alike. */
import type { Effect, Effects } from '../../core/dialect.ts';
import { NOTHING, send } from '../../core/session-kit.ts';

export interface HeartbeatTimes {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

const timer = (name: 'ping' | 'pong', afterMs: number | null): Effect<never, never> => ({
  kind: 'timer',
  name,
  afterMs,
});

/** Uses the timers `ping` (time for the next one) and `pong` (the answer is overdue: the session ends the connection). */
export class Heartbeat<Frame> {
  readonly #times: HeartbeatTimes;
  readonly #nextPing: () => Frame;
  #awaitsPong = false;

  constructor(times: HeartbeatTimes, nextPing: () => Frame) {
    this.#times = times;
    this.#nextPing = nextPing;
  }

  start(): Effects<Frame, never> {
    return [timer('ping', this.#times.intervalMs)];
  }

  /** The timer `ping` has run out. */
  beat(): Effects<Frame, never> {
    const next = timer('ping', this.#times.intervalMs);
    // One pong timer at a time: a second ping must not give a silent peer more time.
    if (this.#awaitsPong) return [next];
    this.#awaitsPong = true;
    return [send(this.#nextPing()), next, timer('pong', this.#times.timeoutMs)];
  }

  /** A pong has come; one that nobody asked for changes nothing. */
  answered(): Effects<Frame, never> {
    if (!this.#awaitsPong) return NOTHING;
    this.#awaitsPong = false;
    return [timer('pong', null)];
  }
}
