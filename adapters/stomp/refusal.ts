/** How an error is said: as an ERROR frame, which ends the connection, or as a body on the errors queue. */
import { ERRORS, type ErrorCode, errorText, GatewayError, type Locale } from '../../core/errors.ts';
import { explain } from '../../core/session-kit.ts';
import type { ErrorBody } from './bodies.ts';
import { headerOf, type StompFrame } from './wire.ts';

/** The source's own words for a bad login, header and body alike. */
const UNAUTHORIZED = 'Unauthorized';

const isBadLogin = (code: ErrorCode): boolean => code === 'unauthenticated' || code === 'token_invalid';

/**
 * ERROR for an error. `message` is one word, because some clients can't read a header with a space; the body
 * says what is wrong. `code` is ours and exact.
 */
export function errorFrame(
  error: GatewayError,
  locale: Locale,
  receipt: string | undefined,
  extra: readonly (readonly [string, string])[] = [],
): StompFrame {
  const badLogin = isBadLogin(error.code);
  const detail = error.detail === undefined ? '' : `: ${error.detail}`;
  return {
    command: 'ERROR',
    headers: [
      ['message', badLogin ? UNAUTHORIZED : error.code],
      ...(receipt === undefined ? [] : ([['receipt-id', receipt]] as const)),
      ['code', error.code],
      ...extra,
      ['content-type', 'text/plain'],
    ],
    body: badLogin ? `${UNAUTHORIZED}${detail}` : explain(error, locale),
  };
}

/** A business refusal as /user/queue/errors says it. */
export function errorBody(error: GatewayError, locale: Locale, messageId: string | undefined): string {
  const body: ErrorBody = {
    code: error.code,
    message: explain(error, locale),
    ...(messageId === undefined ? {} : { messageId }),
  };
  return JSON.stringify(body);
}

/** Longest text of a peer that is shown on. */
const MAX_DETAIL = 200;

/**
 * A peer's refusal. Other servers don't name our codes: a frame that they refuse is `forbidden`, and what ends
 * the connection without naming a frame is `upstream_unavailable`.
 */
export function peerError(
  said: {
    readonly code?: string | undefined;
    readonly text?: string | undefined;
    readonly messageId?: string;
  },
  fallback: ErrorCode,
): GatewayError {
  const { code, text, messageId } = said;
  const message = messageId === undefined ? {} : { messageId };
  // Their words for one of our codes are the table's already.
  if (code !== undefined && Object.hasOwn(ERRORS, code)) {
    const known = code as ErrorCode;
    return new GatewayError(known, { fatal: null, ...detailIn(text, known), ...message });
  }
  const detail =
    text === undefined || text === '' ? {} : { detail: text.slice(0, MAX_DETAIL).toWellFormed() };
  return new GatewayError(fallback, { fatal: null, ...detail, ...message });
}

/** What a text adds to the table's words for its code, in either locale. */
function detailIn(text: string | undefined, code: ErrorCode): { readonly detail?: string } {
  for (const locale of ['en', 'zh-CN'] as const) {
    const known = `${errorText(code, locale)}: `;
    if (text?.startsWith(known) === true) {
      return { detail: text.slice(known.length, known.length + MAX_DETAIL).toWellFormed() };
    }
  }
  return {};
}

/** The error that an ERROR frame of a server stands for. */
export function readError(frame: StompFrame, beforeLogin: boolean): GatewayError {
  const code = headerOf(frame, 'code');
  const message = headerOf(frame, 'message');
  if (code === undefined && message === UNAUTHORIZED)
    return new GatewayError('unauthenticated', { fatal: null });
  const named = headerOf(frame, 'receipt-id') !== undefined;
  const fallback = named ? 'forbidden' : beforeLogin ? 'unauthenticated' : 'upstream_unavailable';
  const isOurs = code !== undefined && Object.hasOwn(ERRORS, code);
  const text = isOurs && typeof frame.body === 'string' ? frame.body : message;
  return peerError({ code, text }, fallback);
}
