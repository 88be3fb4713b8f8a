import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../schemas/model.ts';
import { keyOf } from './correlation.ts';
import { Remembered } from './remembered.ts';

const message = (more: Partial<Message> = {}): Message => ({
  id: 's-1',
  namespace: 'main',
  sequence: 1,
  from: { namespace: 'main', id: 'alice', name: 'Alice' },
  to: { type: 'group', id: 'lobby' },
  content: 'hi',
  contentType: 'text',
  sentAt: 0,
  ...more,
});

describe('Remembered', () => {
  it("knows a message again by its sender's id, or else by the server's", () => {
    const remembered = new Remembered(10);
    expect(remembered.add(keyOf(message({ clientId: 'm-1' })))).toBe(true);
    expect(remembered.has(keyOf(message({ id: 'another', clientId: 'm-1' })))).toBe(true);
    expect(remembered.has(keyOf(message({ clientId: 'm-2' })))).toBe(false);
    const bob = { namespace: 'main', id: 'bob', name: 'Bob' };
    expect(remembered.has(keyOf(message({ clientId: 'm-1', from: bob })))).toBe(false);
  });

  it('forgets the oldest first, and remembers nothing if told so', () => {
    const two = new Remembered(2);
    expect(['a', 'b', 'b', 'c'].map((key) => two.add(key))).toEqual([true, true, false, true]);
    expect(['a', 'b', 'c'].map((key) => two.has(key))).toEqual([false, true, true]);
    const none = new Remembered(0);
    expect([none.add('a'), none.add('a'), none.has('a')]).toEqual([true, true, false]);
  });

  it('does as a list would, also where many keys have the same hash', () => {
    const step = fc.tuple(fc.nat({ max: 300 }), fc.boolean());
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 150 }),
        fc.integer({ min: 1, max: 400 }),
        fc.array(step, { maxLength: 800, size: 'max' }),
        (most, hashes, steps) => {
          const remembered = new Remembered(most);
          const list: string[] = [];
          for (const [number, isAdded] of steps) {
            const key = `key ${number}`;
            // Few hashes, close to each other, on both sides of the end of a table.
            const hash = (number % hashes) - (hashes >> 1);
            const isKnown = list.includes(key);
            expect(remembered.has(key, hash)).toBe(isKnown);
            if (!isAdded) continue;
            expect(remembered.add(key, hash)).toBe(!isKnown);
            if (!isKnown) list.push(key);
            if (list.length > most) list.shift();
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
