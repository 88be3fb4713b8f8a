/** From an applicant to what a connection is opened with: the breaker's leave, and a login. */
import type { Logger } from 'pino';
import type { Attempt } from '../circuit-breaker.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import { add } from '../metrics.ts';
import type { Applicant, UpstreamLogin } from './login.ts';
import type { Upstream } from './upstream.ts';

/** Who wants to connect. */
export interface Dialer {
  /** Nobody wants to any more. */
  readonly isOver: boolean;
  /** Go on, and say what becomes of the attempt. Whatever it throws comes back to `broken`. */
  connect(login: UpstreamLogin, attempt: Attempt): void;
  /** No connection now. Undefined: the next one may come to be. */
  failed(error: GatewayError | undefined): void;
  /** It can't be made at all. */
  broken(error: GatewayError): void;
}

export function dial(upstream: Upstream, applicant: Applicant, log: Logger, dialer: Dialer): void {
  const attempt = upstream.breaker.enter();
  if (attempt === undefined) {
    add(upstream.metrics.failures, 'breaker_open');
    dialer.failed(undefined);
    return;
  }
  upstream
    .logins(applicant)
    .then(
      (login) => {
        if (dialer.isOver) attempt.abandoned();
        else dialer.connect(login, attempt);
      },
      (error: unknown) => {
        add(upstream.metrics.failures, 'exchange_failed');
        // The server itself was not asked.
        attempt.abandoned();
        if (dialer.isOver) return;
        const refusal = toGatewayError(error);
        log.warn({ code: refusal.code, err: refusal.cause }, 'no login for the server behind');
        dialer.failed(refusal.code === 'upstream_unavailable' ? undefined : refusal);
      },
    )
    .catch((error: unknown) => {
      log.error({ err: error }, 'the upstream connection could not be made');
      attempt.abandoned();
      dialer.broken(new GatewayError('internal', { cause: error }));
    });
}
