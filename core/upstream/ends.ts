/** What the end of a connection to a server means to the client behind which it stands. */
import { CLOSE_CODES, type CloseReason } from '../close.ts';
import { GatewayError } from '../errors.ts';
import type { UpstreamFailure } from './metrics.ts';

/** Why a connection to the server is over. */
export interface UpstreamEnd {
  readonly failure: UpstreamFailure;
  /** Set where the server, or its dialect, said why: for the client. */
  readonly error: GatewayError | undefined;
  /** The close code that came, if the server closed. */
  readonly code: number | undefined;
}

/** Reasons after which the same client would be turned away again. */
const FINAL = ['unauthenticated', 'token_expired', 'replaced'] as const;

/** The server's dialect closes. */
export function endByFace(reason: CloseReason, text: string, wasReady: boolean): UpstreamEnd {
  const isRefused = !wasReady && reason === 'unauthenticated';
  return { failure: isRefused ? 'login_refused' : 'closed', error: errorOf(reason, text), code: undefined };
}

/** The server closed: a code that its dialect has for a reason says why. */
export function endByCode(
  code: number,
  closeCodes: Partial<Record<CloseReason, number>>,
  wasReady: boolean,
): UpstreamEnd {
  // Codes of the protocol itself are given for other reasons too.
  const reason =
    code < 3000 ? undefined : FINAL.find((final) => code === (closeCodes[final] ?? CLOSE_CODES[final]));
  if (reason === undefined) return { failure: 'closed', error: undefined, code };
  return { failure: wasReady ? 'closed' : 'login_refused', error: errorOf(reason, ''), code };
}

/** The server answered the upgrade by HTTP. */
export function endByStatus(statusCode: number): UpstreamEnd {
  const isRefused = statusCode === 401 || statusCode === 403;
  const detail = `the server behind answers ${statusCode}`;
  return {
    failure: isRefused ? 'login_refused' : 'connect_failed',
    error: isRefused ? new GatewayError('token_invalid', { detail }) : undefined,
    code: undefined,
  };
}

function errorOf(reason: CloseReason, text: string): GatewayError | undefined {
  const detail = text === '' ? {} : { detail: text.slice(0, 200) };
  switch (reason) {
    case 'unauthenticated':
      return new GatewayError('token_invalid', detail);
    case 'token_expired':
      return new GatewayError('token_expired', detail);
    case 'replaced':
    case 'policy':
      return new GatewayError('forbidden', { ...detail, fatal: reason });
    default:
      return undefined;
  }
}
