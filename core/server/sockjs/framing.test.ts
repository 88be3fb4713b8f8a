import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../errors.ts';
import {
  arrayFrame,
  closeFrame,
  eventFrame,
  frameMessage,
  HEARTBEAT_FRAME,
  OPEN_FRAME,
  parseIncoming,
  quote,
} from './framing.ts';

const bytes = (text: string): Buffer => Buffer.from(text);
const anyString = fc.string({ unit: 'binary' });

describe('frames for the client', () => {
  it('are o, h and c with a line feed', () => {
    expect(String(OPEN_FRAME)).toBe('o\n');
    expect(String(HEARTBEAT_FRAME)).toBe('h\n');
    expect(String(closeFrame(3000, 'Go away!'))).toBe('c[3000,"Go away!"]\n');
  });

  it('hold one or several messages, however they were joined', () => {
    const [one, two, three] = ['1', '2\n', '3,]'].map(frameMessage) as [Uint8Array, Uint8Array, Uint8Array];
    expect(String(arrayFrame([one]))).toBe('a["1"]\n');
    expect(String(arrayFrame([one, two, three]))).toBe('a["1","2\\n","3,]"]\n');
    expect(String(arrayFrame([Buffer.concat([one, two]), three]))).toBe('a["1","2\\n","3,]"]\n');
  });

  it('give back every message, also after escaping for an event stream', () => {
    fc.assert(
      fc.property(fc.array(anyString, { minLength: 1 }), (texts) => {
        const frame = arrayFrame([Buffer.concat(texts.map(frameMessage))]);
        expect(JSON.parse(String(frame).slice(1))).toEqual(texts);
        const data = String(eventFrame(frame));
        expect(data.startsWith('data: a[') && data.endsWith(']\r\n\r\n')).toBe(true);
        const line = data.slice(6, -4);
        expect(line).not.toMatch(/[\r\n\0]/);
        expect(JSON.parse(decodeURI(line).slice(1))).toEqual(texts);
      }),
    );
  });

  it('escape a percent sign for an event stream, because sockjs-client decodes it', () => {
    expect(String(eventFrame(arrayFrame([frameMessage('100%, %41, 你好 😀')])))).toBe(
      'data: a["100%25, %2541, 你好 😀"]\r\n\r\n',
    );
  });

  it('escape what browsers lose [SockJS 0.3.3, JSON Unicode Encoding]', () => {
    const fragile: string[] = [];
    for (let unit = 0; unit < 0x10000; unit++) {
      const within = (first: number, last: number): boolean => unit >= first && unit <= last;
      if (
        within(0, 0x1f) ||
        within(0x200c, 0x200f) ||
        within(0x2028, 0x202f) ||
        within(0x2060, 0x206f) ||
        within(0xfff0, 0xffff)
      )
        fragile.push(String.fromCharCode(unit));
    }
    const quoted = quote(fragile.join(''));
    for (const character of fragile) expect(quoted).not.toContain(character);
    expect(JSON.parse(quoted)).toBe(fragile.join(''));
    expect(quote('\u200b\u2010\u2027\u2030\u205f\u2070\uffef😀')).toBe(
      '"\u200b\u2010\u2027\u2030\u205f\u2070\uffef😀"',
    );
    expect(quote('\ud800')).toBe('"\\ud800"');
  });

  it('carry bytes that are UTF-8 as their text, a byte order mark included', () => {
    expect(String(frameMessage(bytes('\ufeffMESSAGE\n\n你好\0')))).toBe('"\ufeffMESSAGE\\n\\n你好\\u0000"\n');
  });

  it('cannot carry other bytes, which ends no connection', () => {
    const frame = (): Uint8Array => frameMessage(Uint8Array.of(0xff, 0xfe));
    expect(frame).toThrow(GatewayError);
    expect(frame).toThrow(expect.objectContaining({ code: 'data_unsupported', fatal: undefined }));
  });
});

describe('what clients send', () => {
  it.each([
    ['["a"]', ['a']],
    ['"a"', ['a']],
    ['["a","b",""]', ['a', 'b', '']],
    ['[]', []],
    [' [ "a" ] ', ['a']],
    ['["\\ud83d\\ude00\\u0000"]', ['😀\0']],
  ])('%s is messages', (text, messages) => {
    expect(parseIncoming(bytes(text), 100)).toEqual({ kind: 'messages', messages });
  });

  it.each([
    ['', 'empty'],
    ['["a', 'broken'],
    ['[1]', 'broken'],
    ['["a",null]', 'broken'],
    ['{"0":"a"}', 'broken'],
    ['null', 'broken'],
    ['[["a"]]', 'broken'],
    ['["\\ud800"]', 'invalid_payload'],
    [`["${'x'.repeat(101)}"]`, 'too_large'],
    [`["${'你'.repeat(34)}"]`, 'too_large'],
  ])('%s is %s', (text, kind) => {
    expect(parseIncoming(bytes(text), 100)).toEqual({ kind });
  });

  it('bytes that are not UTF-8 are broken', () => {
    expect(parseIncoming(Buffer.from([0x22, 0xff, 0x22]), 100)).toEqual({ kind: 'broken' });
  });

  it('any bytes and any JSON give messages or a fault, never an exception', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bytes), anyString.map(bytes)), (data) => {
        expect(['messages', 'empty', 'broken', 'invalid_payload', 'too_large']).toContain(
          parseIncoming(data, 16).kind,
        );
      }),
    );
  });

  it('nesting of any depth is broken and no more', () => {
    expect(parseIncoming(bytes('['.repeat(200_000)), 100)).toEqual({ kind: 'broken' });
    expect(parseIncoming(bytes('['.repeat(100_000) + ']'.repeat(100_000)), 100)).toEqual({ kind: 'broken' });
  });
});
