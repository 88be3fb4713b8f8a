/** What the vectors can't say of the codec: every split point, random input, limits to the byte. */
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WireMessage } from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import { StompDecoder } from './decoder.ts';
import { encodeFrame } from './encoder.ts';
import type { DecoderLimits } from './limits.ts';
import { vectors } from './vectors.ts';
import { newLink, STOMP_1_0, STOMP_1_1, STOMP_1_2, type VersionRules } from './version.ts';
import { CLIENT_COMMANDS, HEART_BEAT, SERVER_COMMANDS, type StompFrame } from './wire.ts';

const LIMITS: DecoderLimits = {
  frameBytes: 262_144,
  headers: 32,
  headerBytes: 4096,
  commandBytes: 32,
  assumeEndOfMessage: false,
};

function decoder(
  options: Partial<DecoderLimits> & { face?: 'server' | 'client'; rules?: VersionRules } = {},
) {
  const link = newLink();
  if (options.rules !== undefined) {
    link.rules = options.rules;
    link.negotiated = true;
  }
  const commands = options.face === 'client' ? SERVER_COMMANDS : CLIENT_COMMANDS;
  return { decoder: new StompDecoder(commands, { ...LIMITS, ...options }, link), link };
}

/** All frames, and the error that ended them. Anything but a GatewayError fails the test. */
function feed(pieces: Iterable<WireMessage>, options: Parameters<typeof decoder>[0] = {}) {
  const { decoder: parser } = decoder(options);
  const frames: StompFrame[] = [];
  try {
    for (const piece of pieces) for (const frame of parser.push(piece)) frames.push(frame);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { frames, error };
  }
  return { frames, error: undefined };
}

const bytesOf = (wire: readonly WireMessage[]): Uint8Array =>
  Buffer.concat(wire.map((part) => Buffer.from(part)));
const eachByte = (bytes: Uint8Array): Uint8Array[] => Array.from(bytes, (byte) => Uint8Array.of(byte));

describe('every vector at every split point', () => {
  for (const { name, face, wire, frames } of vectors.accept) {
    test(name, () => {
      const bytes = bytesOf(wire);
      for (let at = 0; at <= bytes.length; at++) {
        const result = feed([bytes.subarray(0, at), bytes.subarray(at)], { face });
        expect(result, `split at ${at}`).toEqual({ frames, error: undefined });
      }
      expect(feed(eachByte(bytes), { face })).toEqual({ frames, error: undefined });
    });
  }

  for (const { name, face, wire, frames, code } of vectors.reject) {
    test(name, () => {
      const bytes = bytesOf(wire);
      for (let at = 0; at <= bytes.length; at++) {
        const result = feed([bytes.subarray(0, at), bytes.subarray(at)], { face });
        expect(result.error?.code, `split at ${at}`).toBe(code);
        expect(result.frames, `split at ${at}`).toEqual(frames ?? []);
      }
      expect(feed(eachByte(bytes), { face }).error?.code).toBe(code);
    });
  }
});

describe('limits', () => {
  const ofSize = (bytes: number): string => `SEND\n\n${'x'.repeat(bytes - 'SEND\n\n\0'.length)}\0`;

  test('a frame of exactly the limit passes, one byte more does not', () => {
    expect(feed([ofSize(1000)], { frameBytes: 1000 }).frames).toHaveLength(1);
    expect(feed([ofSize(1001)], { frameBytes: 1000 }).error?.code).toBe('frame_too_large');
  });

  test('a frame over the limit is refused with the first byte that exceeds it', () => {
    const { decoder: parser } = decoder({ frameBytes: 1000 });
    const bytes = Buffer.from(ofSize(2000));
    expect([...parser.push(bytes.subarray(0, 999))]).toEqual([]);
    expect(() => [...parser.push(bytes.subarray(999, 1000))]).toThrow(GatewayError);
  });

  test('headers count toward the limit of the frame', () => {
    const header = `a:${'x'.repeat(90)}`;
    const head = `SEND\n${Array(8).fill(header).join('\n')}`;
    expect(feed([head], { frameBytes: 700 }).error?.code).toBe('frame_too_large');
  });

  test('a content-length is refused if it does not fit with its head, and accepted if it just does', () => {
    const head = 'SEND\ncontent-length:75\n\n';
    expect(head.length + 75 + 1).toBe(100);
    expect(feed([`${head}${'x'.repeat(75)}\0`], { frameBytes: 100 }).frames).toHaveLength(1);
    expect(feed([head], { frameBytes: 99 }).error?.code).toBe('frame_too_large');
  });

  test('line ends and NULs between frames count toward nothing', () => {
    const { frames, error } = feed(['\n\0\r\n'.repeat(1000), 'BEGIN\n\n\0'], { frameBytes: 100 });
    expect(error).toBeUndefined();
    expect(frames.filter((frame) => frame !== HEART_BEAT)).toEqual([
      { command: 'BEGIN', headers: [], body: '' },
    ]);
    expect(frames).toHaveLength(2001);
  });

  test('a frame over the limit ends the connection with its own reason, a protocol fault with 1002', () => {
    expect(feed([ofSize(1001)], { frameBytes: 1000 }).error?.fatal).toBe('too_large');
    expect(feed(['{']).error?.fatal).toBe('protocol_error');
  });

  test('the largest frame in single bytes is read', () => {
    const bytes = Buffer.from(ofSize(262_144));
    expect(feed(eachByte(bytes)).frames).toHaveLength(1);
  });

  test('what is held of an unfinished frame is known, and nothing else', () => {
    const { decoder: parser, link } = decoder();
    expect([...parser.push('BEGIN\n\n\0SEND\nde')]).toHaveLength(1);
    expect(link).toMatchObject({ begun: 2, incompleteBytes: 7 });
    expect([...parser.push('stination:/d\n\n\0')]).toHaveLength(1);
    expect(link).toMatchObject({ begun: 2, incompleteBytes: 0 });
  });
});

describe('faults', () => {
  const receipt = (wire: string) => feed([wire]).error?.salvaged?.receipt;

  test('name the receipt, whether it stands before or after what is wrong', () => {
    expect(receipt('SEND\nreceipt:1\nnocolon\n\n\0')).toBe('1');
    expect(receipt('SEND\nnocolon\nreceipt:2\n\n\0')).toBe('2');
    expect(receipt('NOSUCH\nreceipt:3\n\n\0')).toBe('3');
    expect(receipt('SEND\nreceipt:4\ncontent-length:1\n\nab\0')).toBe('4');
    expect(receipt('SEND\nreceipt:5\ncontent-length:999999\n\n')).toBe('5');
    expect(receipt(`SEND\nreceipt:6\n${'x:y\n'.repeat(40)}\n\0`)).toBe('6');
    expect(receipt('SEND\nreceipt:7\nx\0')).toBe('7');
  });

  test('name no receipt where there is none, or an empty one', () => {
    expect(receipt('SEND\nnocolon\n\n\0')).toBeUndefined();
    expect(receipt('SEND\nreceipt:\nnocolon\n\n\0')).toBeUndefined();
  });

  test('name no receipt of an earlier frame', () => {
    expect(receipt('SEND\nreceipt:1\n\n\0SEND\nnocolon\n\n\0')).toBeUndefined();
  });

  test('leave the decoder deaf', () => {
    const { decoder: parser } = decoder();
    expect(() => [...parser.push('{')]).toThrow(GatewayError);
    expect([...parser.push('BEGIN\n\n\0')]).toEqual([]);
  });
});

describe('content-length', () => {
  const send = (length: number, body: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from(`SEND\ncontent-length:${length}\n\n`), body, Buffer.alloc(1)]);

  test('that is too small is refused without another byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(63), (body, n) => {
        const length = n % body.length;
        fc.pre(body[length] !== 0);
        expect(feed([send(length, body)]).error?.code).toBe('frame_malformed');
      }),
    );
  });

  test('that is too large is refused once as many bytes are here, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 200 }), (body, excess) => {
        const more = Buffer.from('BEGIN\ntransaction:1\n\n\0'.repeat(1 + excess / 20));
        const { frames, error } = feed([send(body.length + excess, body), more]);
        expect(frames.length + (error === undefined ? 0 : 1)).toBeGreaterThan(0);
      }),
    );
  });
});

describe('a message that ends where its NUL should be', () => {
  const cut = { assumeEndOfMessage: true };

  test('ends its frame where the endpoint says so', () => {
    expect(feed(['SEND\ndestination:/d\n\nhello'], cut).frames).toHaveLength(1);
    expect(feed(['BEGIN\ntransaction:1\n\n', 'SEND\n\nx'], cut).frames).toHaveLength(2);
    expect(feed(['SEND\ncontent-length:2\n\nab'], cut).frames).toHaveLength(1);
  });

  test('does not end a frame inside its head or before its content-length', () => {
    expect(feed(['SEND\ndestination:/d\n'], cut).frames).toEqual([]);
    expect(feed(['SEND\ncontent-length:3\n\nab', 'c'], cut).frames).toHaveLength(1);
  });

  test('changes nothing for a frame with its NUL', () => {
    expect(feed(['SEND\n\na\0', 'SEND\n\nb\0\n'], cut).frames).toHaveLength(2);
  });

  test('ends nothing by default', () => {
    expect(feed(['SEND\ndestination:/d\n\nhello']).frames).toEqual([]);
  });
});

const text = (excluded: RegExp) =>
  fc
    .string({ unit: 'grapheme', maxLength: 20 })
    .filter((value) => !excluded.test(value) && value.isWellFormed());

/** Frames that a version can say exactly. */
const frames = (command: readonly string[], name: RegExp, value: RegExp): fc.Arbitrary<StompFrame> =>
  fc.record({
    command: fc.constantFrom(...command),
    headers: fc.uniqueArray(
      fc.tuple(
        text(name).filter((key) => key !== '' && key !== 'content-length'),
        text(value),
      ),
      { maxLength: 10, selector: ([key]) => key },
    ),
    body: fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.string({ unit: fc.constantFrom('\0', '\n', '\r', 'x', '\u{1f600}'), maxLength: 20 }),
      fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Uint8Array.of(...bytes, 0xff)),
    ),
  }) as fc.Arbitrary<StompFrame>;

const body = ['SEND'];
const cutAnywhere = fc.array(fc.nat(400), { maxLength: 8 });

function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe('round trip: what is written is read, wherever it is cut', () => {
  for (const [rules, name, value] of [
    [STOMP_1_2, /\0/, /\0/],
    [STOMP_1_1, /[\r\0]/, /[\r\0]/],
    [STOMP_1_0, /[\r\n:\0]/, /[\r\n\0]/],
  ] as const) {
    test(`STOMP ${rules.version}`, () => {
      fc.assert(
        fc.property(fc.array(frames(body, name, value), { maxLength: 4 }), cutAnywhere, (sent, places) => {
          const wire = bytesOf(sent.map((frame) => encodeFrame(frame, rules)));
          expect(feed(cutAt(wire, places), { rules })).toEqual({ frames: sent, error: undefined });
        }),
      );
    });
  }

  test('a body that is not UTF-8 goes as bytes, all else as text', () => {
    fc.assert(
      fc.property(frames(body, /\0/, /\0/), (frame) => {
        expect(typeof encodeFrame(frame, STOMP_1_2)).toBe(
          typeof frame.body === 'string' ? 'string' : 'object',
        );
      }),
    );
    expect(encodeFrame({ command: 'SEND', headers: [], body: Buffer.from('\u4f60') }, STOMP_1_2)).toBe(
      'SEND\ncontent-length:3\n\n\u4f60\0',
    );
  });

  test('no header can end its line, its frame, or begin another', () => {
    const nasty = fc.string({
      unit: fc.constantFrom('\n', '\r', '\0', ':', '\\', 'a', '\u00e9'),
      maxLength: 12,
    });
    const headers = fc.array(fc.tuple(nasty, nasty), { maxLength: 6 });
    for (const rules of [STOMP_1_0, STOMP_1_1, STOMP_1_2])
      for (const command of ['CONNECT', 'SEND', 'DISCONNECT'] as const)
        fc.assert(
          fc.property(headers, (list) => {
            const wire = encodeFrame({ command, headers: list, body: '' }, rules);
            const read = feed([wire], { rules });
            expect(read.error).toBeUndefined();
            expect(read.frames).toHaveLength(1);
          }),
        );
  });
});

describe('random input gives frames or a GatewayError', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 });

  test('any bytes', () => {
    fc.assert(
      fc.property(
        pieces,
        fc.constantFrom('server', 'client'),
        fc.boolean(),
        (wire, face, assumeEndOfMessage) => {
          feed(wire, { face: face as 'server' | 'client', assumeEndOfMessage });
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('bytes that look like STOMP', () => {
    const words = fc.constantFrom(
      ...['CONNECT', 'SEND', 'MESSAGE', '\n', '\r', '\0', ':', '\\', '\\c', 'a', 'content-length', 'receipt'],
      ...['accept-version', '1.0', '1.1', '5', '-1', '\u4f60', 'x'.repeat(5000)],
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 40 }), cutAnywhere, (parts, places) => {
        const bytes = Buffer.from(parts.join(''));
        const whole = feed([bytes]);
        const cut = feed(cutAt(bytes, places));
        expect(cut.frames).toEqual(whole.frames);
        expect(cut.error?.code).toBe(whole.error?.code);
      }),
      { numRuns: 3000 },
    );
  });

  test('good frames with one byte changed', () => {
    const wires = vectors.accept.map(({ wire, face }) => ({ bytes: bytesOf(wire), face }));
    fc.assert(
      fc.property(fc.constantFrom(...wires), fc.nat(), fc.nat(255), ({ bytes, face }, at, byte) => {
        const changed = Uint8Array.from(bytes);
        changed[at % bytes.length] = byte;
        const whole = feed([changed], { face });
        const single = feed(eachByte(changed), { face });
        expect(single.frames).toEqual(whole.frames);
        expect(single.error?.code).toBe(whole.error?.code);
      }),
      { numRuns: 2000 },
    );
  });
});
