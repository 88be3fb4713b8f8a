/** For how long a login is good: until its token expires, or until whoever vouched for it does so no more. */
import { GatewayError } from '../errors.ts';
import type { TimerWheel, WheelTimer } from '../timer-wheel.ts';
import type { Authenticator, Identity } from './port.ts';

/** Longest timer, ms: a token that is good for longer is good for ever. */
const MAX_TIMER_MS = 2 ** 40;
/** By how much of itself a recheck may come early, so that a storm of logins is no storm of rechecks for ever. */
const JITTER = 0.2;

export interface LeaseParts {
  readonly identity: Identity;
  /** Absent where nobody is asked again. */
  readonly recheck: Authenticator['recheck'];
  /** Asks again whose the credential is. */
  readonly ask: () => Promise<Identity | undefined>;
  readonly holder: LeaseHolder;
  readonly wheel: TimerWheel;
  /** Epoch ms. */
  readonly now: () => number;
}

export interface LeaseHolder {
  /** The login is good no more. Called once. */
  fault(error: GatewayError): void;
}

/** What asking again takes; most logins rest on a token alone. */
interface Recheck extends LeaseParts {
  lastAnswer: number;
  timer: WheelTimer | undefined;
}

/** It is the timer of its own expiry. */
export class Lease implements WheelTimer {
  deadline = 0;
  next: WheelTimer | undefined;
  previous: WheelTimer | undefined;
  /** When the token was issued, or where it does not say, when the login was accepted; epoch ms. */
  readonly since: number;
  readonly #wheel: TimerWheel;
  readonly #holder: LeaseHolder;
  readonly #recheck: Recheck | undefined;
  #stopped = false;

  constructor(parts: LeaseParts) {
    const { identity, holder, wheel, now } = parts;
    const accepted = now();
    this.since = identity.issuedAt ?? accepted;
    this.#wheel = wheel;
    this.#holder = holder;
    this.#recheck =
      parts.recheck === undefined ? undefined : { ...parts, lastAnswer: wheel.now(), timer: undefined };
    this.#expireAt(identity.expiresAt, accepted);
    this.#scheduleRecheck();
  }

  stop(): void {
    this.#stopped = true;
    this.#wheel.cancel(this);
    const timer = this.#recheck?.timer;
    if (timer !== undefined) this.#wheel.cancel(timer);
  }

  fire(): void {
    this.#end(new GatewayError('token_expired'));
  }

  #end(error: GatewayError): void {
    if (this.#stopped) return;
    this.stop();
    this.#holder.fault(error);
  }

  /** Both epoch ms. */
  #expireAt(at: number | undefined, now: number): void {
    if (at === undefined) this.#wheel.cancel(this);
    else this.#wheel.rearm(this, Math.min(Math.max(0, at - now), MAX_TIMER_MS));
  }

  #scheduleRecheck(): void {
    const recheck = this.#recheck;
    if (recheck?.recheck === undefined || this.#stopped) return;
    const { everyMs, graceMs } = recheck.recheck;
    const after = Math.ceil(everyMs * (1 - Math.random() * JITTER));
    recheck.timer = this.#wheel.arm(after, () => void this.#askAgain(recheck, graceMs));
  }

  /** A "no" ends the login at once, silence only after the grace. */
  async #askAgain(recheck: Recheck, graceMs: number): Promise<void> {
    const { identity, ask, wheel, now } = recheck;
    try {
      const again = await ask();
      if (this.#stopped) return;
      if (again?.userId !== identity.userId) {
        this.#end(new GatewayError('token_expired'));
        return;
      }
      recheck.lastAnswer = wheel.now();
      this.#expireAt(again.expiresAt, now());
    } catch (error) {
      if (wheel.now() - recheck.lastAnswer > graceMs) {
        this.#end(new GatewayError('upstream_unavailable', { fatal: 'upstream_unavailable', cause: error }));
        return;
      }
    }
    this.#scheduleRecheck();
  }
}
