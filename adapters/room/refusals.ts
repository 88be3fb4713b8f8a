/** `status 0` in both directions: error codes to the words of the error table, and back. */
import { ERRORS, type ErrorCode, errorText, GatewayError, type Locale } from '../../core/errors.ts';
import { ERROR_CODES } from '../../core/session-kit.ts';
import type { RefusedFrame } from './wire.ts';

/** Said to the older connection of a user who logged in elsewhere (ours). */
const REPLACED: Readonly<Record<Locale, string>> = {
  en: 'you have logged in on another page or client',
  'zh-CN': '您已在其他页面或客户端登录',
};

/** The table's text alone: a refusal has no other field, and clients compare `msg` with the source's text. */
export function refusal(code: ErrorCode, locale: Locale): RefusedFrame {
  return { type: 'refused', msg: errorText(code, locale) };
}

export function replacedText(locale: Locale): string {
  return REPLACED[locale];
}

export function isReplaced(msg: string): boolean {
  return msg === REPLACED.en || msg === REPLACED['zh-CN'];
}

const CODES_BY_TEXT: ReadonlyMap<string, ErrorCode> = new Map(
  ERROR_CODES.flatMap((code) => [[ERRORS[code].en, code] as const, [ERRORS[code]['zh-CN'], code] as const]),
);

/** The code whose text, in either locale, a refusal carries; undefined if the server has words of its own. */
export function codeOf(msg: string): ErrorCode | undefined {
  return CODES_BY_TEXT.get(msg);
}

/** Longest quotation of an upstream server's own words, in UTF-16 units. */
const MAX_QUOTE_LENGTH = 200;

/** The error of a refused request. It never ends the client's connection: the upstream server ends its own. */
export function errorOf(msg: string): GatewayError {
  const code = codeOf(msg);
  if (code !== undefined) return new GatewayError(code, { fatal: null });
  return new GatewayError('forbidden', { fatal: null, detail: quote(msg) });
}

export function quote(msg: string): string {
  return msg.slice(0, MAX_QUOTE_LENGTH).toWellFormed();
}
