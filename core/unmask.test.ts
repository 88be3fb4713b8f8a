import fc from 'fast-check';
import { expect, it } from 'vitest';
import { unmask } from './unmask.ts';

/** RFC 6455, section 5.3, octet by octet. */
const byTheBook = (payload: Uint8Array, mask: Uint8Array): Buffer =>
  Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] as number)));

it('takes a mask off whatever lies behind it, wherever that begins, and touches nothing else', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 9 }),
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 9 }),
      (offset, mask, payload, after) => {
        const before = Buffer.alloc(offset, 0x55);
        // In a buffer of its own that does not begin where its memory does.
        const bytes = Buffer.from(new ArrayBuffer(1000), 3);
        const from = before.copy(bytes, 0) + 4;
        bytes.set(mask, from - 4);
        bytes.set(payload, from);
        bytes.set(after, from + payload.length);
        unmask(bytes, from, from + payload.length);
        const expected = Buffer.concat([before, mask, byTheBook(payload, mask), after]);
        expect(bytes.subarray(0, expected.length).equals(expected)).toBe(true);
      },
    ),
  );
});
