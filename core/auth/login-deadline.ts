/** How long a connection may be nobody's. */
import type { Endpoint } from '../endpoint.ts';
import { GatewayError } from '../errors.ts';
import type { TimerWheel, WheelTimer } from '../timer-wheel.ts';

/** The connection, as far as its login needs it. */
export interface LoginDeadlineHost {
  readonly endpoint: Endpoint;
  readonly isLoggedIn: boolean;
  /** The credentials are good here and wait for the server behind, which has deadlines of its own. */
  readonly awaitsUpstream: boolean;
  readonly isEnding: boolean;
  fault(error: GatewayError): void;
}

/** It is its own timer, armed when it is made: `limits.beforeLogin.deadline`. */
export class LoginDeadline implements WheelTimer {
  deadline = 0;
  next: WheelTimer | undefined;
  previous: WheelTimer | undefined;
  readonly #host: LoginDeadlineHost;

  constructor(host: LoginDeadlineHost, wheel: TimerWheel) {
    this.#host = host;
    wheel.rearm(this, host.endpoint.config.limits.beforeLogin.deadline);
  }

  fire(): void {
    const { isLoggedIn, awaitsUpstream, isEnding, endpoint } = this.#host;
    if (isLoggedIn || awaitsUpstream || isEnding) return;
    endpoint.metrics.countRefusal('login_deadline');
    this.#host.fault(new GatewayError('unauthenticated', { fatal: 'unauthenticated' }));
  }
}
