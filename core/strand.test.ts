import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COPY_LIMIT_BYTES, type Part, Strand } from './strand.ts';
import type { TextFraming } from './transport.ts';

const BRACKETS: TextFraming = {
  size: (text) => Buffer.byteLength(text) + 2,
  write: (text, size, target, at) => {
    target.write(`<${text}>`, at, size);
  },
};

const sizeOf = (part: Part): number => (typeof part === 'string' ? BRACKETS.size(part) : part.length);
const framed = (part: Part): Buffer =>
  typeof part === 'string' ? Buffer.from(`<${part}>`) : Buffer.from(part);

/** Parts of which some are the same one: what is said to several is one string, or one buffer. */
const PARTS: readonly Part[] = [
  '',
  'a',
  'a message',
  'grüße, мир, 🦊',
  'x'.repeat(COPY_LIMIT_BYTES),
  Buffer.from('bytes'),
  Buffer.from('bytes'),
  Buffer.alloc(COPY_LIMIT_BYTES - 1, 's'),
  Buffer.alloc(COPY_LIMIT_BYTES, 'L'),
  Buffer.alloc(50_000, 'M'),
];

interface Said {
  readonly strand: Strand;
  /** What was said on it, by the model. */
  readonly parts: readonly Part[];
}

type Step =
  | { readonly kind: 'shared' | 'alone'; readonly on: number; readonly part: number }
  | { readonly kind: 'followedBy'; readonly on: number; readonly other: number }
  | { readonly kind: 'begin'; readonly on: number }
  | { readonly kind: 'read'; readonly on: number };

const index = fc.nat({ max: 1000 });
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('shared' as const), on: index, part: index }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('alone' as const), on: index, part: index }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('followedBy' as const), on: index, other: index }),
    },
    fc.record({ kind: fc.constant('begin' as const), on: index }),
    fc.record({ kind: fc.constant('read' as const), on: index }),
  ),
  { maxLength: 40 },
);

const pick = <Item>(items: readonly Item[], at: number): Item => items[at % items.length] as Item;

/** All strands that the steps make. Reading one in between must not change what comes after it. */
function grown(all: readonly Step[]): readonly Said[] {
  const said: Said[] = [{ strand: Strand.begin(), parts: [] }];
  for (const step of all) {
    const { strand, parts } = pick(said, step.on);
    // So that no example takes gigabytes: strands are put together again and again.
    if (parts.length > 60) continue;
    if (step.kind === 'begin') said.push({ strand: Strand.begin(), parts: [] });
    else if (step.kind === 'read') strand.joined(BRACKETS);
    else if (step.kind === 'followedBy') {
      const other = pick(said, step.other);
      said.push({ strand: strand.followedBy(other.strand), parts: [...parts, ...other.parts] });
    } else {
      const part = pick(PARTS, step.part);
      said.push({ strand: strand[step.kind](part, sizeOf(part)), parts: [...parts, part] });
    }
  }
  return said;
}

describe('whatever is said, together or alone', () => {
  it('each strand gives exactly its own parts, in order', () => {
    fc.assert(
      fc.property(steps, (all) => {
        for (const { strand, parts } of grown(all)) {
          const expected = Buffer.concat(parts.map(framed));
          expect(strand.bytes).toBe(expected.length);
          expect(expected.equals(strand.joined(BRACKETS))).toBe(true);
          expect(expected.equals(Buffer.concat(strand.buffers(BRACKETS)))).toBe(true);
          expect(strand.hasLarge).toBe(parts.some((part) => sizeOf(part) >= COPY_LIMIT_BYTES));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('large bytes are written as they are, in their place', () => {
    fc.assert(
      fc.property(fc.array(index, { maxLength: 20 }), (places) => {
        const parts = places.map((place) => pick(PARTS, place));
        let strand = Strand.begin();
        for (const part of parts) strand = strand.shared(part, sizeOf(part));
        const large = parts.filter((part) => typeof part !== 'string' && part.length >= COPY_LIMIT_BYTES);
        const buffers = strand.buffers(BRACKETS);
        expect(large.every((part) => buffers.includes(part as Uint8Array))).toBe(true);
        // Nothing between two large ones: one buffer at most, and never an empty one.
        expect(buffers.length).toBeLessThanOrEqual(2 * large.length + 1);
        expect(buffers.every(({ length }) => length > 0)).toBe(true);
      }),
    );
  });

  it('the same parts after the same strand are one strand, joined once', () => {
    fc.assert(
      fc.property(
        fc.array(index, { minLength: 2, maxLength: 10 }),
        fc.array(index, { minLength: 1, maxLength: 5 }),
        (first, aside) => {
          const root = Strand.begin();
          const say = (strand: Strand, places: readonly number[]): Strand =>
            places.reduce((at, place) => {
              const part = pick(PARTS, place);
              return at.shared(part, sizeOf(part));
            }, strand);
          const one = say(root, first);
          // What others hear in between, on the same strands, is nothing to these two.
          say(root, aside);
          say(say(root, first.slice(0, 1)), aside);
          const other = say(root, first);
          expect(other).toBe(one);
          expect(other.joined(BRACKETS)).toBe(one.joined(BRACKETS));
        },
      ),
    );
  });
});

describe('a strand', () => {
  const hello = Buffer.from('hello');

  it('gives a single part that is bytes as it is', () => {
    const { length } = hello;
    expect(Strand.begin().alone(hello, length).joined(undefined)).toBe(hello);
    expect(Strand.begin().shared(hello, length).joined(undefined)).toBe(hello);
  });

  it('that is empty gives nothing', () => {
    const empty = Strand.begin();
    expect([empty.bytes, empty.joined(undefined).length, empty.buffers(undefined)]).toEqual([0, 0, []]);
    expect(empty.followedBy(Strand.begin()).bytes).toBe(0);
  });

  it('continued by the same other is the same one for all who were told the same before', () => {
    const root = Strand.begin();
    const other = Strand.begin().shared('b', 3).shared('c', 3);
    const one = root.shared('a', 3).followedBy(other);
    expect(root.shared('a', 3).followedBy(other)).toBe(one);
    expect(one.joined(BRACKETS).toString()).toBe('<a><b><c>');
    // Where nothing was said before it is the other itself.
    expect(root.followedBy(other)).toBe(other);
    // What the others are told afterwards belongs to nobody who was told this much.
    const more = other.shared('d', 3);
    expect(one.joined(BRACKETS).toString()).toBe('<a><b><c>');
    expect(root.shared('a', 3).followedBy(more).joined(BRACKETS).toString()).toBe('<a><b><c><d>');
  });

  it('of one who was told something alone is nobody else’s', () => {
    const root = Strand.begin();
    const mine = root.alone('mine', 6).shared('all', 5);
    const others = root.shared('all', 5);
    expect(root.alone('mine', 6)).not.toBe(root.alone('mine', 6));
    expect(mine.joined(BRACKETS).toString()).toBe('<mine><all>');
    expect(others.joined(BRACKETS).toString()).toBe('<all>');
  });

  it('of text on a transport that can’t frame text says so instead of writing something else', () => {
    const strand = Strand.begin().shared('a', 3).shared('b', 3);
    expect(() => strand.joined(undefined)).toThrow('no framing of text');
  });
});
