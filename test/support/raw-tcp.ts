/** A WebSocket client whose socket is in the test's hands: it reads and writes bytes, or does not. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export interface RawTcp {
  readonly socket: Socket;
  /** Whole frames read so far. */
  readonly frames: readonly ServerFrame[];
  /** The first frame, read or to come, that satisfies the test. */
  next(test: (frame: ServerFrame) => boolean): Promise<ServerFrame>;
  /** Resolves when the socket is closed, whoever closed it. */
  readonly closed: Promise<void>;
}

/** Shakes hands by hand. @throws Error when the server answers with anything but 101 */
export async function shakeHands(url: string): Promise<RawTcp> {
  const { hostname, port, pathname, search } = new URL(url);
  const socket = connect(Number(port), hostname);
  const frames: ServerFrame[] = [];
  let rest = Buffer.alloc(0);
  let wake: () => void = () => {};
  let over = false;
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      over = true;
      resolve();
      wake();
    });
  });
  socket.on('error', () => {});
  socket.write(
    `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  let end = -1;
  while (end < 0) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    rest = Buffer.concat([rest, chunk]);
    end = rest.indexOf('\r\n\r\n');
  }
  const head = rest.subarray(0, end).toString('latin1');
  if (!head.startsWith('HTTP/1.1 101')) throw new Error(head);
  rest = takeFrames(rest.subarray(end + 4), frames);
  socket.on('data', (chunk: Buffer) => {
    rest = takeFrames(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]), frames);
    wake();
  });
  return {
    socket,
    frames,
    closed,
    next: async (test) => {
      for (let looked = 0; ; ) {
        for (; looked < frames.length; looked++) {
          const frame = frames[looked];
          if (frame !== undefined && test(frame)) return frame;
        }
        if (over) throw new Error(`closed after ${frames.length} frames`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** Moves the whole frames at the beginning of the bytes to the list; gives the bytes that are left. */
function takeFrames(bytes: Buffer, frames: ServerFrame[]): Buffer<ArrayBuffer> {
  let at = 0;
  while (at + 2 <= bytes.length) {
    const short = bytes.readUInt8(at + 1);
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (at + head > bytes.length) break;
    const length =
      short < 126
        ? short
        : short === 126
          ? bytes.readUInt16BE(at + 2)
          : Number(bytes.readBigUInt64BE(at + 2));
    const end = at + head + length;
    if (end > bytes.length) break;
    frames.push({ opcode: bytes.readUInt8(at) & 0x0f, payload: bytes.subarray(at + head, end) });
    at = end;
  }
  return Buffer.from(bytes.subarray(at));
}

export const TEXT = 0x81;
export const BINARY = 0x82;

/** The code of a close frame; undefined for any other. */
export const closeCodeOf = ({ opcode, payload }: ServerFrame): number | undefined =>
  opcode === 8 && payload.length >= 2 ? payload.readUInt16BE(0) : undefined;

const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

/** One masked frame as a client sends it. `first` is its first byte: FIN, reserved bits, opcode. */
export function clientFrame(first: number, payload: Uint8Array): Buffer {
  const masked = Buffer.from(payload);
  for (let index = 0; index < masked.length; index++) {
    masked[index] = masked.readUInt8(index) ^ MASK.readUInt8(index % 4);
  }
  return Buffer.concat([Buffer.from([first]), lengthOf(payload), MASK, masked]);
}

function lengthOf({ length }: Uint8Array): Buffer {
  if (length < 126) return Buffer.from([0x80 | length]);
  const bytes = Buffer.alloc(length < 65_536 ? 3 : 9);
  bytes.writeUInt8(length < 65_536 ? 0xfe : 0xff);
  if (length < 65_536) bytes.writeUInt16BE(length, 1);
  else bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}
