import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GatewayError } from './errors.ts';
import { PayloadEncryption } from './payload-encryption.ts';

const keys = { 1: randomBytes(32).toString('base64'), 7: randomBytes(32).toString('base64') };
const encryption = new PayloadEncryption({ keys, active: 7 });

test('what is sealed opens again, under the key that it names', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(1, 7), (text, keyId) => {
      if (!text.isWellFormed()) return;
      const opened = encryption.open(Buffer.from(encryption.seal(text, keyId)));
      expect(opened.keyId).toBe(keyId);
      expect(opened.data.toString()).toBe(text);
    }),
  );
});

test('no nonce occurs twice, and equal texts look different', () => {
  const sealed = new Set<string>();
  const nonces = new Set<string>();
  for (let count = 0; count < 10_000; count++) {
    const text = encryption.seal('same', 7);
    sealed.add(text);
    nonces.add(Buffer.from(text, 'base64').subarray(1, 13).toString('hex'));
  }
  expect(sealed.size).toBe(10_000);
  expect(nonces.size).toBe(10_000);
});

test('a message changed in any bit, or moved to another key, is malformed', () => {
  const sealed = Buffer.from(encryption.seal('hello', 1), 'base64');
  for (let index = 0; index < sealed.length * 8; index++) {
    const changed = Buffer.from(sealed);
    changed[index >> 3] = (changed[index >> 3] as number) ^ (1 << (index & 7));
    expect(() => encryption.open(Buffer.from(changed.toString('base64')))).toThrow(GatewayError);
  }
});

test('anything else gives the one error, which says what is expected', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(() => encryption.open(bytes)).toThrow('expected base64 of key id');
    }),
  );
});
