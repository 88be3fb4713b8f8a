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

/** The reading half of a client's socket, and what it has told. */
function listening(told: Told[]) {
  const receiver = new Receiver({ isServer: false, maxPayload: LIMIT });
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

async function readByWs(chunks: readonly Buffer[]): Promise<readonly Told[]> {
  const told: Told[] = [];
  feed(listening(told), chunks);
  await nextTurn();
  return told;
}

async function readByUs(
  chunks: readonly Buffer[],
  known: (chunk: Buffer, from: number, to: number) => boolean = () => false,
): Promise<readonly Told[]> {
  const told: Told[] = [];
  const receiver = listening(told);
  readWholeFrames({ _receiver: receiver } as never, {
    limit: LIMIT,
    skipUtf8Validation: false,
    arrived: () => {},
    known,
    text: (payload) => told.push(['text', payload.toString('latin1')]),
  });
  feed(receiver, chunks);
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

/** Cuts the bytes at these places. */
function cut(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const sound = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }).map(text),
  fc.string({ minLength: 120, maxLength: 300 }).map(text),
  fc.string({ maxLength: 20 }).map((content) => frame(TEXT, Buffer.from(content), 2)),
  fc.string({ maxLength: 20 }).map((content) => frame(TEXT, Buffer.from(content), 8)),
  fc.string({ maxLength: 20 }).map((content) => frame(0x82, Buffer.from(content))),
  fc.constantFrom(0x89, 0x8a).map((first) => frame(first, Buffer.from('are you there'))),
  fc
    .array(fc.string({ maxLength: 10 }), { minLength: 1, maxLength: 3 })
    .map((parts) =>
      Buffer.concat([
        frame(0x01, Buffer.from('begin')),
        ...parts.flatMap((part) => [frame(0x00, Buffer.from(part)), frame(0x89, Buffer.from('between'))]),
        frame(0x80, Buffer.from('end')),
      ]),
    ),
);
const faulty = fc.oneof(
  fc.constant(frame(TEXT, Buffer.from([0x61, 0xff]))),
  fc.constant(text('x'.repeat(LIMIT + 1))),
  fc.constant(frame(0xc1, Buffer.from('compressed'))),
  fc.constant(frame(0x91, Buffer.from('reserved'))),
  fc.constant(Buffer.from([TEXT, 0x81, 1, 2, 3, 4, 5])),
  fc.constant(frame(0x09, Buffer.from('a ping in fragments'))),
  fc.constant(frame(0x80, Buffer.from('nothing begun'))),
  fc.constant(Buffer.concat([frame(0x01, Buffer.from('begun')), text('another')])),
  fc.constant(frame(0x88, Buffer.from([0x03]))),
  fc.constant(frame(0x88, Buffer.from([0x03, 0xe8, 0x62, 0x79, 0x65]))),
  fc.constant(frame(0x88, Buffer.alloc(0))),
  fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
);
const places = fc.array(fc.nat({ max: 5000 }), { maxLength: 8 });

describe('a message in one frame', () => {
  it('is read as ws reads it, whatever comes around it, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sound, { maxLength: 8 }), places, async (frames, at) => {
        const chunks = cut(Buffer.concat(frames), at);
        expect(await readByUs(chunks)).toEqual(await readByWs(chunks));
      }),
    );
  });

  it('is the last thing that is read before a fault, or the end, exactly as with ws', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sound, { maxLength: 4 }),
        faulty,
        fc.array(sound, { maxLength: 2 }),
        places,
        async (before, fault, after, at) => {
          const chunks = cut(Buffer.concat([...before, fault, ...after]), at);
          expect(await readByUs(chunks)).toEqual(await readByWs(chunks));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is not read again where its bytes are known', async () => {
    const seen: string[] = [];
    const chunks = cut(Buffer.concat([text('one'), text('two'.repeat(50)), text('three')]), []);
    const told = await readByUs(chunks, (chunk, from, to) => {
      seen.push(chunk.toString('utf8', from, to));
      return seen.length !== 2;
    });
    expect(seen).toEqual(['one', 'two'.repeat(50), 'three']);
    expect(told).toEqual([['text', 'two'.repeat(50)]]);
  });
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
        limit: 1 << 20,
        skipUtf8Validation: false,
        arrived: () => {},
        known: () => false,
        text: (payload) => {
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
  const options = {
    limit: LIMIT,
    skipUtf8Validation: false,
    arrived: () => {},
    known: () => false,
    text: () => {},
  };
  expect(readWholeFrames({} as never, options)).toBe(false);
  const write = (): boolean => true;
  const renamed = { _receiver: { write, _state: 0 } };
  expect(readWholeFrames(renamed as never, options)).toBe(false);
  expect(renamed._receiver.write).toBe(write);
});
