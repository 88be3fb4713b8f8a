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
  /** The login is good no more. Called once. */
  readonly ended: (error: GatewayError) => void;
  readonly wheel: TimerWheel;
  /** Epoch ms. */
  readonly now: () => number;
}

export class Lease {
  readonly issuedAt: number | undefined;
  /** When the login was accepted; epoch ms. */
  readonly since: number;
  readonly #parts: LeaseParts;
  #expiry: WheelTimer | undefined;
  #recheck: WheelTimer | undefined;
  #lastAnswer: number;
  #stopped = false;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
    this.issuedAt = parts.identity.issuedAt;
    this.since = parts.now();
    this.#lastAnswer = parts.wheel.now();
    this.#expireAt(parts.identity.expiresAt);
    this.#scheduleRecheck();
  }

  stop(): void {
    this.#stopped = true;
    const { wheel } = this.#parts;
    if (this.#expiry !== undefined) wheel.cancel(this.#expiry);
    if (this.#recheck !== undefined) wheel.cancel(this.#recheck);
  }

  #end(error: GatewayError): void {
    if (this.#stopped) return;
    this.stop();
    this.#parts.ended(error);
  }

  #expireAt(at: number | undefined): void {
    const { wheel, now } = this.#parts;
    if (this.#expiry !== undefined) wheel.cancel(this.#expiry);
    this.#expiry = undefined;
    if (at === undefined) return;
    const left = Math.min(Math.max(0, at - now()), MAX_TIMER_MS);
    this.#expiry = wheel.arm(left, () => this.#end(new GatewayError('token_expired')));
  }

  #scheduleRecheck(): void {
    const { recheck, wheel } = this.#parts;
    if (recheck === undefined || this.#stopped) return;
    const after = recheck.everyMs * (1 - Math.random() * JITTER);
    this.#recheck = wheel.arm(after, () => void this.#askAgain(recheck.graceMs));
  }

  /** A "no" ends the login at once, silence only after the grace. */
  async #askAgain(graceMs: number): Promise<void> {
    const { identity, ask, wheel } = this.#parts;
    try {
      const again = await ask();
      if (this.#stopped) return;
      if (again?.userId !== identity.userId) {
        this.#end(new GatewayError('token_expired'));
        return;
      }
      this.#lastAnswer = wheel.now();
      this.#expireAt(again.expiresAt);
    } catch (error) {
      if (wheel.now() - this.#lastAnswer > graceMs) {
        this.#end(new GatewayError('upstream_unavailable', { fatal: 'upstream_unavailable', cause: error }));
        return;
      }
    }
    this.#scheduleRecheck();
  }
}
