import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLOSE_CODES, cutCloseText, isLegalCloseCode } from './close.ts';

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

describe('a close text', () => {
  it('is as it was where it fits, else the longest beginning of whole characters in 123 bytes [RFC 6455, 5.5]', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.oneof(fc.constantFrom('a', 'é', '中', '\u{1f600}'), fc.string({ unit: 'binary' })),
          maxLength: 200,
        }),
        (raw) => {
          const text = raw.toWellFormed();
          const cut = cutCloseText(text);
          expect(text.startsWith(cut)).toBe(true);
          expect(bytesOf(cut)).toBeLessThanOrEqual(123);
          if (bytesOf(text) <= 123) expect(cut).toBe(text);
          const next = [...text.slice(cut.length)][0];
          if (next !== undefined) expect(bytesOf(cut + next)).toBeGreaterThan(123);
        },
      ),
    );
  });

  it.each([
    ['a'.repeat(123), 123],
    ['a'.repeat(124), 123],
    ['中'.repeat(41), 123],
    [`a${'中'.repeat(41)}`, 121],
    [`aa${'\u{1f600}'.repeat(31)}`, 122],
  ])('of %s is cut to %i bytes', (text, bytes) => {
    expect(bytesOf(cutCloseText(text))).toBe(bytes);
  });
});

describe('a close code', () => {
  it.each(Object.entries(CLOSE_CODES))('for %s, %i, is one that a server may send', (_reason, code) => {
    expect(isLegalCloseCode(code)).toBe(true);
  });

  it.each([0, 429, 999, 1004, 1005, 1006, 1015, 2000, 2999, 5000, Number.NaN])('%d is refused', (code) => {
    expect(isLegalCloseCode(code)).toBe(false);
  });
});
