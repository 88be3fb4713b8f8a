/**
 * SockJS 0.3 framing, as bytes and without sockets.
 *
 * To the client go `o` (open), `h` (heartbeat), `a["...","..."]` (messages) and `c[code,"reason"]` (close);
 * from the client come JSON arrays of strings, or one JSON string.
 */
import type { WireMessage } from '../../dialect.ts';
import { GatewayError } from '../../errors.ts';

const LINE_FEED = 0x0a;

/** Frames for the client end with a line feed: the delimiter of the XHR transports, cut off by the others. */
export const OPEN_FRAME: Buffer = Buffer.from('o\n');
export const HEARTBEAT_FRAME: Buffer = Buffer.from('h\n');

export const closeFrame = (code: number, text: string): Buffer => Buffer.from(`c[${code},${quote(text)}]\n`);

/** Without `ignoreBOM` a leading U+FEFF would vanish from a message. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The characters that browsers lose or replace on some transport [SockJS 0.3.3, "JSON Unicode Encoding"]. */
function isFragile(unit: number): boolean {
  if (unit < 0x200c) return unit < 0x20;
  return (
    unit <= 0x200f ||
    (unit >= 0x2028 && unit <= 0x202f) ||
    (unit >= 0x2060 && unit <= 0x206f) ||
    unit >= 0xfff0
  );
}

/** A JSON string in which every fragile character is a `\u` escape; lone surrogates are escaped as well. */
export function quote(text: string): string {
  const quoted = JSON.stringify(text);
  let escaped = '';
  let copied = 0;
  for (let index = 0; index < quoted.length; index++) {
    const unit = quoted.charCodeAt(index);
    if (!isFragile(unit)) continue;
    escaped += `${quoted.slice(copied, index)}\\u${unit.toString(16).padStart(4, '0')}`;
    copied = index + 1;
  }
  return copied === 0 ? quoted : escaped + quoted.slice(copied);
}

/**
 * One wire message as a quoted JSON string and a line feed, so that framed messages can be joined end to end:
 * a quoted string never holds a raw line feed. Binary messages travel as the text that they are in UTF-8.
 *
 * @throws GatewayError data_unsupported, not fatal, for bytes that are not UTF-8: SockJS carries text only
 */
export function frameMessage(message: WireMessage): Uint8Array {
  const text = typeof message === 'string' ? message : decodeUtf8(message);
  if (text === undefined) {
    throw new GatewayError('data_unsupported', {
      fatal: null,
      detail: 'SockJS carries text only, and these bytes are not UTF-8',
    });
  }
  return Buffer.from(`${quote(text)}\n`);
}

/** Framed messages, each part one or several joined, as one `a[...]` frame. There is at least one. */
export function arrayFrame(parts: readonly Uint8Array[]): Buffer {
  let length = 3;
  for (const part of parts) length += part.length;
  const frame = Buffer.allocUnsafe(length);
  frame.write('a[', 'latin1');
  let end = 2;
  for (const part of parts) {
    frame.set(part, end);
    end += part.length;
  }
  for (let at = frame.indexOf(LINE_FEED, 2); at !== -1 && at < end; at = frame.indexOf(LINE_FEED, at + 1)) {
    frame[at] = 0x2c;
  }
  frame[end - 1] = 0x5d;
  frame[end] = LINE_FEED;
  return frame;
}

/** A frame as an event of an event stream. sockjs-client applies `decodeURI` to it, so `%` is written `%25`. */
export function eventFrame(frame: Buffer): Buffer {
  // As latin1 each byte is one character, so that the bytes of UTF-8 come through unchanged.
  const line = frame.toString('latin1', 0, frame.length - 1);
  return Buffer.from(`data: ${line.replaceAll('%', '%25')}\r\n\r\n`, 'latin1');
}

/**
 * What a client sent.
 *
 * - `broken`: not UTF-8, not JSON, or JSON that is neither a string nor an array of strings.
 * - `invalid_payload`: a string with a lone surrogate, which has no UTF-8 form.
 * - `too_large`: a message over the limit.
 */
export type Incoming =
  | { readonly kind: 'messages'; readonly messages: readonly string[] }
  | { readonly kind: 'empty' | 'broken' | 'invalid_payload' | 'too_large' };

/** Reads a frame or a body of a client. Each message may have `maxMessageBytes` bytes of UTF-8. */
export function parseIncoming(data: Uint8Array, maxMessageBytes: number): Incoming {
  if (data.length === 0) return { kind: 'empty' };
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(data));
  } catch {
    return { kind: 'broken' };
  }
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!list.every((item) => typeof item === 'string')) return { kind: 'broken' };
  if (!list.every((item) => item.isWellFormed())) return { kind: 'invalid_payload' };
  if (list.some((item) => Buffer.byteLength(item) > maxMessageBytes)) return { kind: 'too_large' };
  return { kind: 'messages', messages: list };
}
