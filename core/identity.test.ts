import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wireIdentity } from './identity.ts';
import { MemoryIdentityMap } from './store/memory-identity.ts';

const identities = new MemoryIdentityMap();

describe('ids as they are', () => {
  const identity = wireIdentity('string', 'main', identities);

  it('are the same on the wire, if they are ids at all', () => {
    expect([identity.toWire('alice'), identity.toCanonical('alice')]).toEqual(['alice', 'alice']);
    expect([identity.toCanonical(''), identity.toCanonical('a'.repeat(257))]).toEqual([undefined, undefined]);
  });
});

describe('ids with a prefix', () => {
  const identity = wireIdentity({ prefix: 'im_' }, 'main', identities);

  it.each([
    ['im_alice', 'alice'],
    ['alice', '=alice'],
    ['im_', '=im_'],
    ['im_=alice', '=im_=alice'],
    ['=alice', '==alice'],
    ['im_im_alice', 'im_alice'],
  ])('%s is %s on the wire, and back', (canonical, wire) => {
    expect(identity.toWire(canonical)).toBe(wire);
    expect(identity.toCanonical(wire)).toBe(canonical);
  });

  it('come back from the wire as they went, and no two share a wire id', () => {
    const anyPrefix = fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom('=', 'a', 'b', '_') });
    const anyId = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom('=', 'a', 'b', '_') });
    fc.assert(
      fc.property(anyPrefix, anyId, anyId, (prefix, one, other) => {
        const { toWire, toCanonical } = wireIdentity({ prefix }, 'main', identities);
        const wire = toWire(one) as string;
        expect(wire).not.toBe('');
        expect(toCanonical(wire)).toBe(one);
        expect(toWire(other) === wire).toBe(one === other);
      }),
      { numRuns: 2000 },
    );
  });

  it('are none if they are empty or too long', () => {
    expect(['', '=', 'a'.repeat(254)].map((wire) => identity.toCanonical(wire))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('ids as integers', () => {
  it('are what the identity map says, per namespace', async () => {
    const map = new MemoryIdentityMap();
    await new Promise((resolve) => map.assign('main', [{ id: 'alice', integer: 7 }], resolve));
    const identity = wireIdentity('integer', 'main', map);
    expect([identity.toWire('alice'), identity.toCanonical('7')]).toEqual(['7', 'alice']);
    expect([identity.toWire('bob'), identity.toCanonical('8')]).toEqual([undefined, undefined]);
    expect(wireIdentity('integer', 'other', map).toWire('alice')).toBeUndefined();
  });

  it.each(['', 'seven', '1.5', '9007199254740993', 'Infinity', '-1'])('%j is nobody', (wire) => {
    expect(wireIdentity('integer', 'main', identities).toCanonical(wire)).toBeUndefined();
  });
});
