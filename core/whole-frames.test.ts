/** Read by us or by `ws`: the same. This suite is the alarm for a `ws` that reads in another way. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import * as ws from 'ws';
import { WebSocket, WebSocketServer } from 'ws';
import { readWholeFrames } from './whole-frames.ts';

type Receiver = Writable;
const { Receiver } = ws as unknown as { readonly Receiver: new (options: object) => Receiver };

const LIMIT = 1000;

type Told = readonly unknown[];

/** The reading half of a client's or a server's socket, and what it has told. */
function listening(told: Told[], isServer: boolean) {
  const receiver = new Receiver({ isServer, maxPayload: LIMIT });
  receiver.on('message', (data: Buffer, isBinary: boolean) =>
    told.push([isBinary ? 'binary' : 'text', data.toString('latin1')]),
  );
  receiver.on('ping', (data: Buffer) => told.push(['ping', data.toString('latin1')]));
  receiver.on('pong', (data: Buffer) => told.push(['pong', data.toString('latin1')]));
  receiver.on('conclude', (code: number, reason: Buffer) => told.push(['close', code, reason.toString()]));
  receiver.on('error', (error: Error & { code?: string }) => told.push(['error', error.code]));
  return receiver;
}

/** As `ws` feeds its receiver: not after the end. */
function feed(receiver: Receiver, chunks: readonly Buffer[]): void {
  for (const chunk of chunks) if (!receiver.writableEnded && !receiver.destroyed) receiver.write(chunk);
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What is read may be changed in place. */
const copied = (chunks: readonly Buffer[]): readonly Buffer[] => chunks.map((chunk) => Buffer.from(chunk));

async function readByWs(chunks: readonly Buffer[], isServer = false): Promise<readonly Told[]> {
  const told: Told[] = [];
  feed(listening(told, isServer), copied(chunks));
  await nextTurn();
  return told;
}

type Known = (chunk: Buffer, from: number, to: number) => boolean;

function reading(isServer: boolean, known: Known) {
  const told: Told[] = [];
  const receiver = listening(told, isServer);
  const reader = readWholeFrames(
    { _receiver: receiver },
    { known, textMessage: (payload) => told.push(['text', payload.toString('latin1')]) },
  );
  if (reader === undefined) throw new Error('this version of ws reads in another way');
  return { told, receiver, reader };
}

async function readByUs(
  chunks: readonly Buffer[],
  isServer = false,
  known: Known = () => false,
): Promise<readonly Told[]> {
  const { told, receiver } = reading(isServer, known);
  feed(receiver, copied(chunks));
  await nextTurn();
  return told;
}

/** All chunks in one buffer, each where the last one was. */
async function readFromOneBuffer(
  chunks: readonly Buffer[],
  isServer = false,
  known: Known = () => false,
): Promise<readonly Told[]> {
  const { told, receiver, reader } = reading(isServer, known);
  const buffer = Buffer.alloc(Math.max(1, ...chunks.map(({ length }) => length)));
  for (const chunk of chunks) {
    if (receiver.writableEnded || receiver.destroyed) break;
    buffer.fill(0xaa);
    chunk.copy(buffer);
    reader.write(buffer, chunk.length);
    buffer.fill(0x55);
  }
  await nextTurn();
  return told;
}

/** A frame with any first byte; the length in as few bytes as can be, or in more. */
function frame(first: number, payload: Buffer, lengthBytes = payload.length > 125 ? 2 : 0): Buffer {
  const header = Buffer.alloc(2 + lengthBytes);
  header[0] = first;
  if (lengthBytes === 0) header[1] = payload.length;
  else if (lengthBytes === 2) {
    header[1] = 126;
    header.writeUInt16BE(payload.length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([header, payload]);
}

const TEXT = 0x81;
const text = (content: string): Buffer => frame(TEXT, Buffer.from(content));

/** As a client masks it; the length in as many bytes as it had. */
function masked(whole: Buffer, mask: Buffer): Buffer {
  const length = (whole[1] as number) & 0x7f;
  const header = Buffer.from(whole.subarray(0, length === 126 ? 4 : length === 127 ? 10 : 2));
  header[1] = (header[1] as number) | 0x80;
  const payload = whole.subarray(header.length).map((byte, index) => byte ^ (mask[index & 3] as number));
  return Buffer.concat([header, mask, payload]);
}

/** Cuts the bytes at these places. */
function cut(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

/** Frames that belong together; `raw`: bytes that no side masks. */
interface Piece {
  readonly frames: readonly Buffer[];
  readonly isRaw?: boolean;
}
const alone = (whole: Buffer): Piece => ({ frames: [whole] });
const raw = (bytes: Buffer): Piece => ({ frames: [bytes], isRaw: true });

const sound: fc.Arbitrary<Piece> = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }).map(text).map(alone),
  fc.string({ minLength: 120, maxLength: 300 }).map(text).map(alone),
  fc.string({ maxLength: 20 }).map((content) => alone(frame(TEXT, Buffer.from(content), 2))),
  fc.string({ maxLength: 20 }).map((content) => alone(frame(TEXT, Buffer.from(content), 8))),
  fc.string({ maxLength: 20 }).map((content) => alone(frame(0x82, Buffer.from(content)))),
  fc.constantFrom(0x89, 0x8a).map((first) => alone(frame(first, Buffer.from('are you there')))),
  fc.array(fc.string({ maxLength: 10 }), { minLength: 1, maxLength: 3 }).map((parts) => ({
    frames: [
      frame(0x01, Buffer.from('begin')),
      ...parts.flatMap((part) => [frame(0x00, Buffer.from(part)), frame(0x89, Buffer.from('between'))]),
      frame(0x80, Buffer.from('end')),
    ],
  })),
);
const faulty: fc.Arbitrary<Piece> = fc.oneof(
  fc.constantFrom(
    alone(frame(TEXT, Buffer.from([0x61, 0xff]))),
    alone(frame(TEXT, Buffer.from(`${'a'.repeat(100)}\xff`, 'latin1'))),
    alone(text('x'.repeat(LIMIT + 1))),
    alone(frame(0xc1, Buffer.from('compressed'))),
    alone(frame(0x91, Buffer.from('reserved'))),
    alone(frame(0x09, Buffer.from('a ping in fragments'))),
    alone(frame(0x80, Buffer.from('nothing begun'))),
    { frames: [frame(0x01, Buffer.from('begun')), text('another')] },
    alone(frame(0x88, Buffer.from([0x03]))),
    alone(frame(0x88, Buffer.from([0x03, 0xe8, 0x62, 0x79, 0x65]))),
    alone(frame(0x88, Buffer.alloc(0))),
    // Masked where nothing may be, and not masked where everything must be.
    raw(masked(text('m'), Buffer.from([1, 2, 3, 4]))),
    raw(text('not masked')),
    raw(text('u')),
  ),
  fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes) => raw(Buffer.from(bytes))),
);
const places = fc.array(fc.nat({ max: 5000 }), { maxLength: 8 });
const masks = fc.oneof(
  fc.constant(Buffer.alloc(4)),
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
);

describe.each([
  ['a server says', false],
  ['a client says', true],
])('a message in one frame that %s', (_who, isServer) => {
  const sent = (pieces: readonly Piece[], mask: Buffer): Buffer =>
    Buffer.concat(
      pieces.flatMap(({ frames, isRaw = false }) =>
        isServer && !isRaw ? frames.map((whole) => masked(whole, mask)) : frames,
      ),
    );

  it('is read as ws reads it, whatever comes around it, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sound, { maxLength: 8 }), masks, places, async (pieces, mask, at) => {
        const chunks = cut(sent(pieces, mask), at);
        const byWs = await readByWs(chunks, isServer);
        expect(await readByUs(chunks, isServer)).toEqual(byWs);
        expect(await readFromOneBuffer(chunks, isServer)).toEqual(byWs);
      }),
    );
  });

  it('is the last thing that is read before a fault, or the end, exactly as with ws', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sound, { maxLength: 4 }),
        faulty,
        fc.array(sound, { maxLength: 2 }),
        masks,
        places,
        async (before, fault, after, mask, at) => {
          const chunks = cut(sent([...before, fault, ...after], mask), at);
          const byWs = await readByWs(chunks, isServer);
          expect(await readByUs(chunks, isServer)).toEqual(byWs);
          expect(await readFromOneBuffer(chunks, isServer)).toEqual(byWs);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is read as ws reads it where each byte comes by itself, into one buffer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(sound, faulty), { maxLength: 4 }), masks, async (pieces, mask) => {
        const bytes = sent(pieces, mask);
        const chunks = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
        expect(await readFromOneBuffer(chunks, isServer)).toEqual(await readByWs(chunks, isServer));
      }),
    );
  });

  it('is read at each place where a chunk may end', async () => {
    const whole = sent(
      [
        alone(text('short')),
        alone(text('long '.repeat(50))),
        alone(frame(0x89, Buffer.from('?'))),
        alone(text('')),
      ],
      Buffer.from([7, 0, 200, 33]),
    );
    const expected = await readByWs([whole], isServer);
    expect(expected).toHaveLength(4);
    for (let at = 0; at <= whole.length; at++) {
      expect(await readByUs(cut(whole, [at]), isServer)).toEqual(expected);
    }
    expect(await readByUs(cut(whole, [...whole.keys()]), isServer)).toEqual(expected);
  });
});

it.each([
  ['in chunks', readByUs],
  ['from one buffer', readFromOneBuffer],
])('a message of which the bytes are known is not read again, %s', async (_how, read) => {
  const seen: string[] = [];
  const chunks = cut(Buffer.concat([text('one'), text('two'.repeat(50)), text('three')]), []);
  const told = await read(chunks, false, (chunk, from, to) => {
    seen.push(chunk.toString('utf8', from, to));
    return seen.length !== 2;
  });
  expect(seen).toEqual(['one', 'two'.repeat(50), 'three']);
  expect(told).toEqual([['text', 'two'.repeat(50)]]);
});

it('the beginning of a message does not keep the chunk that it came in', () => {
  const { receiver } = reading(true, () => false);
  const mask = Buffer.from([1, 2, 3, 4]);
  const first = masked(text('x'.repeat(900)), mask);
  const second = masked(text('y'.repeat(900)), mask);
  // As Node reads: into memory of the chunk's own.
  const chunk = Buffer.from(new Uint8Array(Buffer.concat([first, first, second.subarray(0, 100)])).buffer);
  receiver.write(chunk);
  const { _buffers: kept } = receiver as unknown as { readonly _buffers: readonly Buffer[] };
  expect(kept).not.toHaveLength(0);
  for (const { buffer } of kept) expect(buffer).not.toBe(chunk.buffer);
});

describe('with a real socket', () => {
  let server: WebSocketServer | undefined;
  afterEach(() => {
    for (const socket of server?.clients ?? []) socket.terminate();
    server?.close();
  });

  it('reads what a server says, in order, small and large, and sees it close', async () => {
    server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const contents = Array.from({ length: 400 }, (_, index) => `${index} `.repeat(1 + ((index * 37) % 3000)));
    server.on('connection', (socket) => {
      for (const [index, content] of contents.entries()) {
        socket.send(content);
        if (index % 50 === 0) socket.send(Buffer.from(`binary ${index}`));
      }
      socket.close(4321, 'enough');
    });
    const { port } = server.address() as { readonly port: number };
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    const texts: string[] = [];
    let byUs = 0;
    client.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) texts.push(data.toString());
    });
    client.on('open', () =>
      readWholeFrames(client, {
        textMessage: (payload) => {
          byUs++;
          texts.push(payload.toString());
        },
      }),
    );
    const [code] = (await once(client, 'close')) as [number];
    expect(code).toBe(4321);
    expect(texts).toEqual(contents);
    expect(byUs).toBeGreaterThan(0);
  });
});

it('a ws that has changed inside is left alone', () => {
  const options = { textMessage: () => {} };
  expect(readWholeFrames({}, options)).toBeUndefined();
  const write = (): boolean => true;
  const renamed = { _receiver: { write, _state: 0 } };
  expect(readWholeFrames(renamed, options)).toBeUndefined();
  expect(renamed._receiver.write).toBe(write);
});
