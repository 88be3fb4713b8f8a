/** The accept and reject vectors: whole, at every split point, and cut short. */
import { describe, expect, it } from 'vitest';
import type { AnyDialect, Codec, WireMessage } from '../../core/dialect.ts';
import type { AcceptVector, DialectVectors } from '../../core/dialect-vectors.ts';
import { bytesOf, codecOf, decodeAll, describeWire } from './drive-vector.ts';

/** Vectors longer than this are cut at their first and last positions only: the middle is all content. */
const MAX_POSITIONS = 1024;

function positionsOf(length: number): readonly number[] {
  const all = Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1);
  return all.length <= MAX_POSITIONS
    ? all
    : [...all.slice(0, MAX_POSITIONS / 2), ...all.slice(-MAX_POSITIONS / 2)];
}

const expectFrames = (codec: Codec<unknown>, wire: readonly WireMessage[], frames: readonly unknown[]) =>
  expect(decodeAll(codec, wire)).toEqual({ frames, error: undefined });

/** One stream of bytes: its cuts must not matter, wherever they are. */
function splitStream(dialect: AnyDialect, vector: AcceptVector): void {
  const whole = Buffer.concat(vector.wire.map(bytesOf));
  for (const position of positionsOf(whole.length)) {
    const parts = [whole.subarray(0, position), whole.subarray(position)];
    expectFrames(codecOf(dialect, vector), parts, vector.frames);
  }
  const single = Array.from(whole, (byte) => Uint8Array.of(byte));
  expectFrames(codecOf(dialect, vector), single, vector.frames);
}

/** Each wire message stands alone: one that is cut short is a fault or another frame, and leaves no trace. */
function truncateMessages(dialect: AnyDialect, vector: AcceptVector): void {
  const codec = codecOf(dialect, vector);
  for (const wire of vector.wire) {
    for (const position of positionsOf(wire.length)) decodeAll(codec, [wire.slice(0, position)]);
  }
  expectFrames(codec, vector.wire, vector.frames);
}

const title = (vector: {
  readonly face: string;
  readonly name: string;
  readonly wire: readonly WireMessage[];
}) => `${vector.name} [${vector.face}] ${vector.wire.map(describeWire).join(' + ').slice(0, 160)}`;

export function describeWireVectors(dialect: AnyDialect, { accept, reject }: DialectVectors): void {
  describe('accepts', () => {
    for (const vector of accept) {
      it(title(vector), () => {
        const codec = codecOf(dialect, vector);
        expectFrames(codec, vector.wire, vector.frames);
        if (vector.encodes !== undefined) {
          expect(vector.frames.map((frame) => codec.encode(frame))).toEqual(vector.encodes);
        }
      });
    }
  });

  describe(dialect.text === 'bytes' ? 'reads it cut at every byte' : 'survives it cut short anywhere', () => {
    for (const vector of accept) {
      it(title(vector), () =>
        dialect.text === 'bytes' ? splitStream(dialect, vector) : truncateMessages(dialect, vector),
      );
    }
  });

  describe('refuses', () => {
    for (const vector of reject) {
      it(`${vector.code}: ${title(vector)}`, () => {
        const { frames, error } = decodeAll(codecOf(dialect, vector), vector.wire);
        expect(error).toMatchObject({ code: vector.code });
        expect(error?.messageId).toBe(vector.messageId);
        expect(frames).toEqual(vector.frames ?? []);
      });
    }
  });

  it('has at least as many vectors that are refused as vectors that are accepted', () => {
    expect(accept.length).toBeGreaterThan(0);
    expect(reject.length).toBeGreaterThanOrEqual(accept.length);
  });

  it('has vectors of both kinds for both faces', () => {
    for (const vectors of [accept, reject]) {
      expect(new Set(vectors.map(({ face }) => face))).toEqual(new Set(['server', 'client']));
    }
  });
}
