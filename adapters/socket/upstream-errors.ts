/** A server's errors as gateway errors: the inverse of what the server face's answers say. */
import { ERRORS, type ErrorCode, errorText, GatewayError } from '../../core/errors.ts';
import { ERROR_CODES } from '../../core/session-kit.ts';

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);

/** What a text adds to the table's text of its code, in either locale; null if it isn't that code's text. */
function detailIn(text: string, code: ErrorCode): string | undefined | null {
  for (const locale of ['en', 'zh-CN'] as const) {
    const known = errorText(code, locale);
    if (text === known) return undefined;
    if (text.startsWith(`${known}: `)) return text.slice(known.length + 2);
  }
  return null;
}

/** Never fatal: what a server refuses to one command doesn't end our connection to it. */
function refusal(code: ErrorCode, detail: string | undefined): GatewayError {
  return new GatewayError(code, detail === undefined ? { fatal: null } : { fatal: null, detail });
}

/** The error of an `error` event; a code that we don't have becomes `internal`, its text kept as detail. */
export function errorOf(code: string, message: string): GatewayError {
  if (!isErrorCode(code)) return refusal('internal', `${code}: ${message}`);
  const detail = detailIn(message, code);
  return refusal(code, detail === null ? message : detail);
}

/** The error of a refused subscription, which has a text and no code; an unknown text becomes `forbidden`. */
export function errorOfText(text: string): GatewayError {
  for (const code of ERROR_CODES) {
    const detail = detailIn(text, code);
    if (detail !== null) return refusal(code, detail);
  }
  return refusal('forbidden', text);
}
