/** Why the gateway ends a connection. Each dialect maps a reason to a close code; these are the defaults. */
export const CLOSE_CODES = {
  /** The client or the gateway is done; nothing is wrong. */
  normal: 1000,
  /** No login in time, or a bad one. */
  unauthenticated: 4001,
  /** The same user logged in elsewhere. */
  replaced: 4000,
  /** Nothing was heard for too long. */
  silence: 4002,
  /** The token expired or was revoked while connected. */
  token_expired: 4003,
  /** The client reads too slowly and its queue is full. */
  slow_consumer: 4008,
  /** A fault after which the dialect does not go on. */
  protocol_error: 1002,
  /** A binary message where text is spoken, or the other way round. */
  unsupported_data: 1003,
  /** Text that is not UTF-8. */
  invalid_payload: 1007,
  /** The endpoint's policy does not allow this connection (too many of them, for example). */
  policy: 1008,
  /** A wire message over the endpoint's limit. */
  too_large: 1009,
  /** A fault of ours. */
  internal: 1011,
  /** The gateway is shutting down; come back. */
  shutting_down: 1012,
  /** The server behind the gateway is gone. */
  upstream_unavailable: 1014,
} as const;

export type CloseReason = keyof typeof CLOSE_CODES;

/** Longest close reason text, in bytes of UTF-8 (RFC 6455, section 5.5). */
const MAX_CLOSE_TEXT_BYTES = 123;

/** Whether `ws` lets a server send this close code. */
export function isLegalCloseCode(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) ||
    (code >= 3000 && code <= 4999)
  );
}

/** Cuts a close text to 123 bytes of UTF-8 without splitting a character. */
export function cutCloseText(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= MAX_CLOSE_TEXT_BYTES) return text;
  let end = MAX_CLOSE_TEXT_BYTES;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
