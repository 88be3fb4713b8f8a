/**
 * STOMP frames as values, both directions.
 *
 * The frame of the wire is `command EOL *(header EOL) EOL *OCTET NULL`. `content-length` belongs to the codec:
 * it is checked and removed on the way in and computed on the way out, so that no frame can contradict itself.
 *
 * Source: STOMP 1.0, 1.1 and 1.2 (https://stomp.github.io).
 */
import { GatewayError } from '../../core/errors.ts';
import type { CommandOf } from '../../schemas/command.ts';
import type { Headers } from '../../schemas/model.ts';

/** Client to server. CONNECT and STOMP are two names of one command [1.2, CONNECT or STOMP frame]. */
export const CLIENT_COMMANDS = [
  'CONNECT',
  'STOMP',
  'SEND',
  'SUBSCRIBE',
  'UNSUBSCRIBE',
  'ACK',
  'NACK',
  'BEGIN',
  'COMMIT',
  'ABORT',
  'DISCONNECT',
] as const;
export type ClientCommand = (typeof CLIENT_COMMANDS)[number];

/** Server to client. */
export const SERVER_COMMANDS = ['CONNECTED', 'MESSAGE', 'RECEIPT', 'ERROR'] as const;
export type ServerCommand = (typeof SERVER_COMMANDS)[number];

/** Text where the bytes are UTF-8, else bytes. */
export type FrameBody = CommandOf<'relay'>['body'];

/**
 * One frame. Header names are unique: the first of repeated ones wins [1.2, Repeated Header Entries].
 */
export interface StompFrame<Command extends string = ClientCommand | ServerCommand | 'heart-beat'> {
  readonly command: Command;
  readonly headers: Headers;
  readonly body: FrameBody;
}

/** Both directions: a lone line end. */
export const HEART_BEAT: StompFrame<'heart-beat'> = Object.freeze({
  command: 'heart-beat',
  headers: Object.freeze([]),
  body: '',
});

/** The value of a header, or undefined. Names are case-sensitive. */
export function headerOf(frame: StompFrame, name: string): string | undefined {
  const { headers } = frame;
  for (let index = 0; index < headers.length; index++) {
    const header = headers[index];
    if (header !== undefined && header[0] === name) return header[1];
  }
  return undefined;
}

/**
 * The value of a header that the frame can't do without; an empty one counts as missing.
 *
 * @throws GatewayError field_missing, fatal
 */
export function requiredHeader(frame: StompFrame, name: string): string {
  const value = headerOf(frame, name);
  if (value === undefined || value === '')
    throw protocolFault('field_missing', `${frame.command} needs the header ${name}`);
  return value;
}

/** A header of which an empty value means that it is not there. */
export function optionalHeader(frame: StompFrame, name: string): string | undefined {
  const value = headerOf(frame, name);
  return value === '' ? undefined : value;
}

/** A fault after which STOMP does not go on: ERROR, then close with 1002. */
export function protocolFault(
  code: 'frame_malformed' | 'frame_unknown' | 'field_missing' | 'limit_exceeded' | 'protocol_violation',
  detail: string,
): GatewayError {
  return new GatewayError(code, { fatal: 'protocol_error', detail });
}

/** Digits only, at most `maxDigits` of them; undefined for anything else. */
export function decimal(text: string, maxDigits = 15): number | undefined {
  if (text.length === 0 || text.length > maxDigits) return undefined;
  let value = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * Headers that belong to one hop: they are never relayed, because each hop writes its own.
 * `redelivered` among them: only a queue knows.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'destination',
  'receipt',
  'receipt-id',
  'transaction',
  'content-length',
  'subscription',
  'message-id',
  'ack',
  'redelivered',
]);

/** The headers that are passed on with a relayed frame, in order. */
export function relayedHeaders(headers: Headers): Headers {
  return headers.filter(([name]) => !HOP_BY_HOP.has(name));
}
