/**
 * The numbers of ERROR frames. The source gives 1001 and its text; the rest are ours and fixed for good:
 * clients compare them, so a number is never changed and never used again.
 */
import type { ErrorCode } from '../../core/errors.ts';

export const ERROR_NUMBERS = {
  recipient_unknown: 1001,
  unauthenticated: 1002,
  token_invalid: 1003,
  token_expired: 1004,
  frame_malformed: 1005,
  frame_unknown: 1006,
  field_missing: 1007,
  content_too_long: 1008,
  frame_too_large: 1009,
  data_unsupported: 1010,
  sender_mismatch: 1011,
  forbidden: 1012,
  blocked: 1013,
  muted: 1014,
  rate_limited: 1015,
  duplicate_conflict: 1016,
  message_unknown: 1017,
  group_unknown: 1018,
  recipient_queue_full: 1019,
  already_joined: 1020,
  not_joined: 1021,
  already_subscribed: 1022,
  not_subscribed: 1023,
  limit_exceeded: 1024,
  unsupported: 1025,
  slow_consumer: 1026,
  silence: 1027,
  store_unavailable: 1028,
  upstream_unavailable: 1029,
  protocol_violation: 1030,
  shutting_down: 1090,
  internal: 1099,
} as const satisfies Record<ErrorCode, number>;

const CODES: ReadonlyMap<number, ErrorCode> = new Map(
  Object.entries(ERROR_NUMBERS).map(([code, number]) => [number, code as ErrorCode]),
);

/** The canonical code of a number that a server sent; undefined if it is not one of ours. */
export const errorCodeOf = (number: number): ErrorCode | undefined => CODES.get(number);

/** The number for a code that some client reported: a canonical code's, an integer as it is, else `internal`'s. */
export function errorNumberOf(code: string): number {
  if (Object.hasOwn(ERROR_NUMBERS, code)) return ERROR_NUMBERS[code as ErrorCode];
  const number = Number(code);
  return code.trim() !== '' && Number.isSafeInteger(number) ? number : ERROR_NUMBERS.internal;
}
