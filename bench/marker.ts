/**
 * What makes each message countable: `~c` (in the content) or `~a` (in the sender's own id), then the sender's
 * number and the message's place in the sender's sequence, all of a fixed width.
 */

const SENDER_DIGITS = 5;
const SEQUENCE_DIGITS = 9;
const TILDE = 0x7e;
export const CONTENT = 0x63;
export const ID = 0x61;
const ZERO = 0x30;
export const MARKER_LENGTH = 2 + SENDER_DIGITS + SEQUENCE_DIGITS;

const CONTENT_TEXT = Buffer.from('~c');
const ID_TEXT = Buffer.from('~a');

const marker = (kind: string, sender: number, sequence: number): string =>
  `~${kind}${String(sender).padStart(SENDER_DIGITS, '0')}${String(sequence).padStart(SEQUENCE_DIGITS, '0')}`;

export const idMarker = (sender: number, sequence = 0): string => marker('a', sender, sequence);

/** A content of `length` bytes that begins with its marker. */
export const contentOf = (sender: number, length: number, sequence = 0): string =>
  marker('c', sender, sequence).padEnd(length, 'the quick brown fox jumps over the lazy dog ');

export function isMarkerAt(bytes: Uint8Array, at: number, kind: number): boolean {
  return bytes[at] === TILDE && bytes[at + 1] === kind;
}

/** Where a marker begins between `start` and `end`; -1 if there is none. */
export function findMarker(
  bytes: Buffer,
  kind: typeof CONTENT | typeof ID,
  range: { readonly start: number; readonly end: number },
): number {
  const at = bytes.indexOf(kind === CONTENT ? CONTENT_TEXT : ID_TEXT, range.start);
  return at < 0 || at + MARKER_LENGTH > range.end ? -1 : at;
}

function digits(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index++) value = value * 10 + ((bytes[index] as number) - ZERO);
  return value;
}

export const senderAt = (bytes: Uint8Array, at: number): number => digits(bytes, at + 2, SENDER_DIGITS);
export const sequenceAt = (bytes: Uint8Array, at: number): number =>
  digits(bytes, at + 2 + SENDER_DIGITS, SEQUENCE_DIGITS);

/** A message whose sequence can be set again and again, masked or not. */
export interface Stamp {
  readonly template: Buffer;
  /** Where sequences begin, and the mask's byte for the first of their digits. */
  readonly places: readonly { readonly at: number; readonly phase: number }[];
  readonly mask: Uint8Array;
}

/** `frame` holds `payload` from `start` on, under `mask` (four bytes, zero for none). */
export function stampOf(payload: Buffer, frame: Buffer, mask: Uint8Array): Stamp {
  const start = frame.length - payload.length;
  const places: { at: number; phase: number }[] = [];
  for (const text of [CONTENT_TEXT, ID_TEXT]) {
    for (let at = payload.indexOf(text); at >= 0; at = payload.indexOf(text, at + 1)) {
      const digit = at + 2 + SENDER_DIGITS;
      places.push({ at: start + digit, phase: digit & 3 });
    }
  }
  return { template: frame, places, mask };
}

/** Frames of `count` messages from `sequence` on, in one buffer. */
export function stamped(stamp: Stamp, sequence: number, count: number): Buffer {
  const { template, places, mask } = stamp;
  const size = template.length;
  const bytes = Buffer.allocUnsafe(size * count);
  for (let index = 0; index < count; index++) {
    template.copy(bytes, index * size);
    for (const { at, phase } of places) {
      let value = sequence + index;
      for (let digit = SEQUENCE_DIGITS - 1; digit >= 0; digit--) {
        bytes[index * size + at + digit] = (ZERO + (value % 10)) ^ (mask[(phase + digit) & 3] as number);
        value = Math.trunc(value / 10);
      }
    }
  }
  return bytes;
}
