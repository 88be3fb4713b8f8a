/** Text that is framed where it is written must be what `ws` would have made of it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { frameWebSocketMessage, webSocketText } from './websocket-transport.ts';

/** Where it is written there is something before and after it. */
const AT = 3;
const AFTER = 5;

function expectSame(text: string): void {
  const framed = frameWebSocketMessage(text);
  const size = webSocketText.size(text);
  if (size !== framed.length) throw new Error(`${size} instead of ${framed.length} bytes`);
  const target = Buffer.alloc(AT + size + AFTER, 0xee);
  webSocketText.write(text, size, target, AT);
  const around = Buffer.alloc(AT + AFTER, 0xee);
  expect(framed.equals(target.subarray(AT, AT + size))).toBe(true);
  expect(around.equals(Buffer.concat([target.subarray(0, AT), target.subarray(AT + size)]))).toBe(true);
}

const around = (length: number): readonly number[] =>
  [-3, -2, -1, 0, 1, 2, 3].map((offset) => length + offset).filter((size) => size >= 0);

it.each([0, 125, 126, 65_535, 65_536].flatMap(around))('of %i bytes', (bytes) => {
  expectSame('x'.repeat(bytes));
  // As many bytes of two, three and four to a character, and one at the end that fills it up.
  for (const character of ['é', '中', '🦊']) {
    const width = Buffer.byteLength(character);
    expectSame(character.repeat(Math.floor(bytes / width)) + 'x'.repeat(bytes % width));
  }
});

it('of any characters', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), expectSame), { numRuns: 500 });
});

it('of halves of characters, which are replaced as everywhere', () => {
  const units = fc.array(fc.constantFrom('\ud83e', '\udd8a', 'a', 'é'), { maxLength: 80 });
  fc.assert(
    fc.property(units, (all) => expectSame(all.join(''))),
    { numRuns: 500 },
  );
});

it('that is empty, at the very end of a buffer', () => {
  const target = Buffer.alloc(4, 0xee);
  webSocketText.write('', webSocketText.size(''), target, 2);
  expect(target).toEqual(Buffer.from([0xee, 0xee, 0x81, 0]));
});
