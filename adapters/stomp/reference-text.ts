/**
 * Frames as people paste them: from a document or a terminal, where the NUL that ends a frame is written `^@`,
 * `\0` or `\x00`, or was lost. The connection's own decoder would wait for what is missing.
 */
import { GatewayError } from '../../core/errors.ts';
import { parseJsonObject } from '../../core/json-wire.ts';
import { STOMP_1_2 } from './version.ts';
import { CLIENT_COMMANDS, SERVER_COMMANDS } from './wire.ts';

const COMMANDS: ReadonlySet<string> = new Set([...CLIENT_COMMANDS, ...SERVER_COMMANDS]);
/** Commands whose headers are not escaped [1.2, Value Encoding]. */
const UNESCAPED: ReadonlySet<string> = new Set(['CONNECT', 'STOMP', 'CONNECTED']);

const HEART_BEAT = '\n';
const NUL = '\0';
const WRITTEN_NULS = ['^@', '\\0', '\\x00', '\\u0000'];

const linesOf = (text: string): readonly string[] => text.replaceAll('\r\n', '\n').split('\n');
const isBlank = (text: string): boolean => text.trim() === '';

/** A line that ends in a NUL written out ends in one. */
function withNul(line: string): string {
  const written = WRITTEN_NULS.find((text) => line.endsWith(text));
  return written === undefined ? line : `${line.slice(0, -written.length)}${NUL}`;
}

/** Each frame, without its NUL. Line ends between frames are left out; nothing but line ends is one heart-beat. */
export function cutFrames(text: string): readonly string[] {
  if (text !== '' && /^[\r\n]+$/.test(text)) return [HEART_BEAT];
  const parts = linesOf(text).map(withNul).join('\n').split(NUL);
  const last = parts.pop() ?? '';
  return [...parts, ...cutAtCommands(last)]
    .filter((part) => !isBlank(part))
    .map((part) => part.replace(/^\n+/, ''));
}

/** Frames whose NULs were lost: each begins with a command after an empty line. */
function cutAtCommands(text: string): readonly string[] {
  const frames: string[][] = [[]];
  let afterEmpty = true;
  for (const line of linesOf(text)) {
    if (afterEmpty && COMMANDS.has(line)) frames.push([]);
    frames.at(-1)?.push(line);
    afterEmpty = line === '';
  }
  return frames.map((lines) => lines.join('\n'));
}

/**
 * `{command, headers, body}`; the body as an object where it is one in JSON, left out where it is empty. A heart-beat
 * is a line end.
 *
 * @throws GatewayError frame_malformed, frame_unknown
 */
export function readFrame(wire: string): unknown {
  const lines = linesOf(wire);
  if (lines.every((line) => line === '')) return HEART_BEAT;
  const [command = ''] = lines;
  if (!COMMANDS.has(command))
    throw new GatewayError('frame_unknown', {
      detail: `there is no command ${JSON.stringify(command.slice(0, 40))}`,
    });
  const end = lines.indexOf('', 1);
  const head = lines.slice(1, end < 0 ? undefined : end);
  const headers = new Map<string, string>();
  for (const line of head) {
    const [name, value] = readHeader(line, UNESCAPED.has(command));
    // [1.2, Repeated Header Entries]: only the first is used.
    if (!headers.has(name)) headers.set(name, value);
  }
  const body = end < 0 ? '' : lines.slice(end + 1).join('\n');
  return {
    command,
    headers: Object.fromEntries(headers),
    ...(isBlank(body) ? {} : { body: readBody(body) }),
  };
}

function readHeader(line: string, asItIs: boolean): readonly [string, string] {
  const colon = line.indexOf(':');
  const [name, value] = [line.slice(0, Math.max(colon, 0)), line.slice(colon + 1)].map((text) =>
    asItIs ? text : STOMP_1_2.unescape(text),
  );
  const shown = JSON.stringify(line.slice(0, 40));
  if (name === undefined || value === undefined)
    throw new GatewayError('frame_malformed', {
      detail: `STOMP 1.2 has no such escape in a header: ${shown}`,
    });
  if (name === '')
    throw new GatewayError('frame_malformed', {
      detail: `a header is a name, a colon and a value, not ${shown}`,
    });
  return [name, value];
}

function readBody(body: string): unknown {
  try {
    return parseJsonObject(body);
  } catch {
    return body;
  }
}
