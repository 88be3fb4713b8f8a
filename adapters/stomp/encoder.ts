/**
 * Frames to wire messages: line feeds only, one frame per wire message, escapes by version.
 *
 * A frame that is text all through goes as a text message; one with a body of other bytes goes as binary.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import type { WireMessage } from '../../core/dialect.ts';
import { type VersionRules, withoutLineEnds } from './version.ts';
import type { StompFrame } from './wire.ts';

/**
 * One frame as a wire message. `content-length` is added wherever a body may be [1.2, Header content-length];
 * one among the frame's headers is ignored.
 */
export function encodeFrame(frame: StompFrame, rules: VersionRules): WireMessage {
  const { command, body } = frame;
  if (command === 'heart-beat') return '\n';
  const raw = command === 'CONNECT' || command === 'STOMP' || command === 'CONNECTED';
  const write = raw ? withoutLineEnds : rules.escape;
  let head = `${command}\n`;
  for (const [name, value] of frame.headers) {
    if (name === 'content-length') continue;
    const key = write(name);
    // 1.0 has no way to say a colon in a name, and a line must have a name.
    if (key === '' || key.includes(':')) continue;
    head += `${key}:${write(value)}\n`;
  }
  const hasBody = body.length > 0 || command === 'MESSAGE' || command === 'ERROR' || command === 'SEND';
  if (typeof body === 'string') {
    const length = hasBody ? `content-length:${Buffer.byteLength(body)}\n` : '';
    return `${head}${length}\n${body}\0`;
  }
  const length = hasBody ? `content-length:${body.length}\n` : '';
  if (isUtf8(body)) return `${head}${length}\n${Buffer.from(body).toString('utf8')}\0`;
  const headBytes = Buffer.from(`${head}${length}\n`);
  const wire = new Uint8Array(headBytes.length + body.length + 1);
  wire.set(headBytes);
  wire.set(body, headBytes.length);
  return wire;
}
