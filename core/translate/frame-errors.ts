/** Which error an answer means: dialects put it in words, and the table of words is core's. */

import type { WireMessage } from '../dialect.ts';
import { type ErrorCode, errorText, type GatewayError } from '../errors.ts';
import { ERROR_CODES } from '../session-kit.ts';

export interface FrameError {
  readonly code: ErrorCode;
  readonly message: string;
}

export const errorFrom = ({ code, message }: GatewayError): FrameError => ({ code, message });

/** Texts by which an error is told, longest first: `log in first` is in many a longer one. */
const TEXTS = ERROR_CODES.flatMap((code) =>
  [...new Set([errorText(code, 'en'), errorText(code, 'zh-CN')])].map((text) => ({ code, text })),
).sort((one, other) => other.text.length - one.text.length);

/** The error that a server's answer tells of; undefined if it tells of none. */
export function errorTold(answer: WireMessage): FrameError | undefined {
  const text = textOf(answer);
  const code =
    ERROR_CODES.find((each) => text.includes(`"${each}"`)) ??
    TEXTS.find((each) => text.includes(each.text))?.code;
  return code === undefined ? undefined : { code, message: errorText(code, 'en') };
}

/** A wire message as text; bytes that are no UTF-8 become replacement characters. */
export const textOf = (wire: WireMessage): string =>
  typeof wire === 'string' ? wire : new TextDecoder().decode(wire);
