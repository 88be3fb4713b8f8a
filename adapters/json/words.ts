/** The texts of the dialect that are not in the error table, and the way back from a text to its error code. */
import { ERRORS, type ErrorCode, errorText, GatewayError, type Locale } from '../../core/errors.ts';
import { ERROR_CODES } from '../../core/session-kit.ts';

/** `reason` of a `kick`. The first is the source's; the second, for an end by an administrator, is ours. */
export const KICK_REASONS = {
  replaced: { 'zh-CN': '您的账号在其他设备登录', en: 'your account has logged in on another device' },
  disconnected: { 'zh-CN': '您已被管理员强制下线', en: 'an administrator has disconnected you' },
} as const satisfies Record<string, Record<Locale, string>>;

/** Whether a `kick` read from a server says that an administrator ended the connection. */
export function saysDisconnected(reason: string): boolean {
  const texts: readonly string[] = Object.values(KICK_REASONS.disconnected);
  return texts.includes(reason);
}

const CODE_OF_TEXT: ReadonlyMap<string, ErrorCode> = new Map(
  ERROR_CODES.flatMap((code) => [[ERRORS[code].en, code] as const, [ERRORS[code]['zh-CN'], code] as const]),
);

/** The code whose text, in any locale, a server's `error` carries; undefined for words of its own. */
export const codeOfText = (text: string): ErrorCode | undefined => CODE_OF_TEXT.get(text);

/** Longest part of a server's own words that is passed on, in UTF-16 units. */
const MAX_DETAIL_LENGTH = 200;

/**
 * The error that an `error` frame stands for. It never ends the connection of whoever caused it: that is
 * between us and the server. Words outside the table are a refusal (`forbidden`) with those words as detail.
 */
export function errorOfText(text: string, messageId: string): GatewayError {
  const code = codeOfText(text);
  return code === undefined
    ? new GatewayError('forbidden', {
        fatal: null,
        messageId,
        detail: text.slice(0, MAX_DETAIL_LENGTH).toWellFormed(),
      })
    : new GatewayError(code, { fatal: null, messageId });
}

/**
 * What a refused login is told. The source has one text for tokens, which covers expiry; a login that never
 * came (`unauthenticated`) and the rest have their own.
 */
export const loginErrorText = (code: ErrorCode, locale: Locale): string =>
  errorText(code === 'token_expired' ? 'token_invalid' : code, locale);
