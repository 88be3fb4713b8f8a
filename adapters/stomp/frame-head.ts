/** The command and headers of the frame that is being read. */
import type { Buffer } from 'node:buffer';
import { isUtf8 } from 'node:buffer';
import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { VersionRules } from './version.ts';
import { CLIENT_COMMANDS, decimal, SERVER_COMMANDS } from './wire.ts';

type Header = readonly [string, string];

/** More digits than any length that could be within limits. */
const MAX_LENGTH_DIGITS = 15;
const REPLACEMENT = '\ufffd';

/**
 * A fault in a line is noted and reading goes on to the end of the head, where that is already here, because
 * the ERROR for it should name the receipt that the frame asked for. The first fault stands.
 */
export class FrameHead {
  command = '';
  headers: Header[] = [];
  contentLength: number | undefined;
  /** Header lines so far, repeated ones included. */
  lines = 0;
  fault: ErrorCode | undefined;
  #detail = '';
  #escapes = true;

  begin(command: string, expected: boolean): void {
    this.command = command;
    this.headers = [];
    this.contentLength = undefined;
    this.lines = 0;
    this.fault = undefined;
    // [1.2, Value Encoding]: CONNECT and CONNECTED are not escaped, for the sake of 1.0.
    this.#escapes = command !== 'CONNECT' && command !== 'CONNECTED' && command !== 'STOMP';
    if (expected) return;
    const known: readonly string[] = [...CLIENT_COMMANDS, ...SERVER_COMMANDS];
    if (known.includes(command)) this.note('protocol_violation', `${command} is for the other side to send`);
    else this.note('frame_unknown', `there is no command ${command}`);
  }

  note(code: ErrorCode, detail: string): void {
    if (this.fault !== undefined) return;
    this.fault = code;
    this.#detail = detail;
  }

  /** The noted fault, fatal, with the receipt if it was seen. */
  failure(): GatewayError {
    const receipt = this.valueOf('receipt');
    const code = this.fault ?? 'internal';
    return new GatewayError(code, {
      ...(code === 'frame_too_large' ? {} : { fatal: 'protocol_error' as const }),
      detail: this.#detail,
      ...(receipt === undefined || receipt === '' ? {} : { salvaged: { receipt } }),
    });
  }

  valueOf(name: string): string | undefined {
    for (const header of this.headers) if (header[0] === name) return header[1];
    return undefined;
  }

  /** One header line, `data[start..end)`, without its line end. */
  add(data: Buffer, start: number, end: number, rules: VersionRules): void {
    this.lines++;
    const fault = this.#read(data, start, end, rules);
    if (fault !== undefined) this.note('frame_malformed', fault);
  }

  /** Keeps the header; gives what is wrong with it, if anything. */
  #read(data: Buffer, start: number, end: number, rules: VersionRules): string | undefined {
    const line = data.toString('utf8', start, end);
    if (line.includes(REPLACEMENT) && !isUtf8(data.subarray(start, end))) return 'a header is not UTF-8';
    const colon = line.indexOf(':');
    if (colon <= 0) return 'a header is a name, a colon and a value';
    let name: string | undefined = line.slice(0, colon);
    let value: string | undefined = line.slice(colon + 1);
    if (this.#escapes && line.includes('\\')) {
      name = rules.unescape(name);
      value = rules.unescape(value);
      if (name === undefined || value === undefined)
        return `STOMP ${rules.version} has no such escape in a header`;
    }
    // [1.2, Repeated Header Entries]: only the first is used.
    if (name === 'content-length') {
      if (this.contentLength !== undefined) return undefined;
      this.contentLength = decimal(value, MAX_LENGTH_DIGITS);
      return this.contentLength === undefined ? 'content-length is not a number of bytes' : undefined;
    }
    if (this.valueOf(name) === undefined) this.headers.push([name, value]);
    return undefined;
  }
}
