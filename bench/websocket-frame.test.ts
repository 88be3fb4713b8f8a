import { expect, test } from 'vitest';
import {
  CONTENT,
  contentOf,
  findMarker,
  idMarker,
  senderAt,
  sequenceAt,
  stamped,
  stampOf,
} from './marker.ts';
import { CLOSE, clientFrame, FrameReader, MASK, PING, serverFrame, TEXT } from './websocket-frame.ts';

interface Read {
  readonly opcode: number;
  readonly payload: string;
}

function readerInto(frames: Read[]): (chunk: Buffer) => void {
  const reader = new FrameReader();
  const sink = {
    frame: (opcode: number, bytes: Buffer, start: number, end: number): void =>
      void frames.push({ opcode, payload: bytes.toString('utf8', start, end) }),
  };
  return (chunk) => reader.read(chunk, sink);
}

const FRAMES: readonly Read[] = [
  { opcode: TEXT, payload: '' },
  { opcode: TEXT, payload: 'hello' },
  { opcode: PING, payload: '7' },
  { opcode: TEXT, payload: 'x'.repeat(125) },
  { opcode: TEXT, payload: 'y'.repeat(126) },
  { opcode: TEXT, payload: 'z'.repeat(300) },
  { opcode: CLOSE, payload: '' },
];
const WIRE = Buffer.concat(FRAMES.map(({ opcode, payload }) => serverFrame(Buffer.from(payload), opcode)));

test('frames are read whole wherever the stream is cut once', () => {
  for (let cut = 0; cut <= WIRE.length; cut++) {
    const frames: Read[] = [];
    const read = readerInto(frames);
    read(WIRE.subarray(0, cut));
    read(WIRE.subarray(cut));
    expect(frames, `cut at ${cut}`).toEqual(FRAMES);
  }
});

test('frames are read whole byte by byte, from a buffer that is used again', () => {
  const frames: Read[] = [];
  const read = readerInto(frames);
  const buffer = Buffer.alloc(1);
  for (const byte of WIRE) {
    buffer[0] = byte;
    read(buffer);
  }
  expect(frames).toEqual(FRAMES);
});

test('a frame with a length of eight bytes is read', () => {
  const frames: Read[] = [];
  const read = readerInto(frames);
  const payload = 'w'.repeat(70_000);
  const wire = serverFrame(Buffer.from(payload));
  for (const cut of [1, 2, 5, 9, 10, 11]) {
    read(wire.subarray(0, cut));
    read(wire.subarray(cut));
  }
  expect(frames.map((frame) => frame.payload === payload)).toEqual(Array(6).fill(true));
});

test.each([
  ['masked', clientFrame(Buffer.from('x'))],
  ['fragmented', Buffer.from([0x01, 0x01, 0x78])],
  ['compressed', Buffer.from([0xc1, 0x01, 0x78])],
])('a %s frame is a fault', (_, wire) => {
  expect(() => readerInto([])(wire)).toThrow();
});

test('each stamped message carries its sender and the next sequence, under the mask', () => {
  const text = JSON.stringify({ id: idMarker(42), content: contentOf(42, 200) });
  const payload = Buffer.from(text);
  const wire = stamped(stampOf(payload, clientFrame(payload), MASK), 998, 4);
  const size = wire.length / 4;
  for (let index = 0; index < 4; index++) {
    const frame = wire.subarray(index * size, (index + 1) * size);
    const masked = frame.subarray(size - payload.length);
    const plain = Buffer.from(masked.map((byte, at) => byte ^ (MASK[at & 3] as number)));
    const sequence = 998 + index;
    expect(JSON.parse(plain.toString())).toEqual({
      id: idMarker(42, sequence),
      content: contentOf(42, 200, sequence),
    });
    const at = findMarker(plain, CONTENT, { start: 0, end: plain.length });
    expect([senderAt(plain, at), sequenceAt(plain, at)]).toEqual([42, sequence]);
  }
});

test('a marker beyond the end of its frame is none', () => {
  const bytes = Buffer.from(`....${contentOf(1, 20)}`);
  expect(findMarker(bytes, CONTENT, { start: 0, end: 10 })).toBe(-1);
  expect(findMarker(bytes, CONTENT, { start: 0, end: bytes.length })).toBe(4);
});
