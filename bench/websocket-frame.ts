/** As much of RFC 6455 as a load generator needs, without a copy where none is needed. */

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** Not zero: a server that sees a zero mask need not unmask. */
export const MASK = Buffer.from([0x37, 0x9a, 0xc1, 0x5e]);
const MASK_BIT = 0x80;

/** One whole message as a client sends it. */
export function clientFrame(payload: Buffer, opcode = TEXT): Buffer {
  const head = header(payload.length, opcode, MASK_BIT);
  const masked = Buffer.from(payload);
  for (let index = 0; index < masked.length; index++) {
    masked[index] = (masked[index] as number) ^ (MASK[index & 3] as number);
  }
  return Buffer.concat([head, MASK, masked]);
}

/** One whole message as a server sends it. */
export function serverFrame(payload: Buffer, opcode = TEXT): Buffer {
  return Buffer.concat([header(payload.length, opcode, 0), payload]);
}

function header(length: number, opcode: number, maskBit: number): Buffer {
  const first = 0x80 | opcode;
  if (length < 126) return Buffer.from([first, maskBit | length]);
  if (length < 65_536) return Buffer.from([first, maskBit | 126, length >> 8, length & 0xff]);
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = maskBit | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

export interface FrameSink {
  /** The payload is `bytes` from `start` to before `end`, and only during the call. */
  frame(opcode: number, bytes: Buffer, start: number, end: number): void;
}

/** Takes what a server sends, cut anywhere, and gives whole frames. */
export class FrameReader {
  #rest: Buffer | undefined;

  /** `chunk` may be used again by the caller afterwards. Throws at a frame that no peer here should send. */
  read(chunk: Buffer, sink: FrameSink): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const payload = payloadStart(bytes, at);
      if (payload < 0) break;
      const end = payload + payloadLength(bytes, at);
      if (end > bytes.length) break;
      const first = bytes[at] as number;
      if ((first & 0xf0) !== 0x80) throw new Error('a fragment or an extension that was not asked for');
      sink.frame(first & 0x0f, bytes, payload, end);
      at = end;
    }
    this.#rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined;
  }
}

/** Where the payload begins; -1 while the header is not complete. */
function payloadStart(bytes: Buffer, at: number): number {
  const left = bytes.length - at;
  if (left < 2) return -1;
  const length = bytes[at + 1] as number;
  if (length >= MASK_BIT) throw new Error('a masked frame from a server');
  const size = length < 126 ? 2 : length === 126 ? 4 : 10;
  return left < size ? -1 : at + size;
}

function payloadLength(bytes: Buffer, at: number): number {
  const length = bytes[at + 1] as number;
  if (length < 126) return length;
  if (length === 126) return bytes.readUInt16BE(at + 2);
  return Number(bytes.readBigUInt64BE(at + 2));
}
