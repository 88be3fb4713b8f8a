import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Flusher, WRITES_PER_TURN as SLICE } from './flusher.ts';
import { type Manner, Outbox } from './outbox.ts';
import type { Transport } from './transport.ts';

/** Outboxes of one flusher, and what is written, in order: the number of the outbox and the text. */
function outboxes(flusher = new Flusher()) {
  const written: (readonly [number, string])[] = [];
  const terminated: number[] = [];
  /** What happens where one is written to, once. */
  const onWrite = new Map<number, () => void>();
  const made: Outbox[] = [];
  const outbox = (number: number): Outbox => {
    const known = made[number];
    if (known !== undefined) return known;
    const transport: Transport = {
      kind: 'websocket',
      remoteAddress: '127.0.0.1',
      bufferedBytes: 0,
      text: undefined,
      frame: (message) => Buffer.from(message),
      write: (bytes) => {
        const happens = onWrite.get(number);
        onWrite.delete(number);
        happens?.();
        written.push([number, Buffer.from(bytes).toString()]);
      },
      ping: () => {},
      pause: () => {},
      resume: () => {},
      close: () => {},
      terminate: () => terminated.push(number),
    };
    made[number] = new Outbox(transport, flusher);
    return made[number];
  };
  const push = (number: number, text: string, manner: Manner = 'shared'): void => {
    const part = Buffer.from(text);
    outbox(number).push(part, part.length, manner);
  };
  return {
    written,
    terminated,
    onWrite,
    outbox,
    push,
    /** The outboxes written to, in order. */
    order: (): readonly number[] => written.map(([number]) => number),
  };
}

const upTo = (count: number, from = 0): readonly number[] =>
  Array.from({ length: count }, (_, index) => from + index);

/** Waits until all of them have been written to. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

it('writes to each in the order of what was queued first, answered or told', async () => {
  const { push, written } = outboxes();
  push(0, 'told', 'shared');
  push(1, 'told', 'shared');
  push(2, 'answer', 'alone');
  push(1, ' and answer', 'alone');
  push(3, 'told', 'shared');
  await turn();
  expect(written).toEqual([
    [0, 'told'],
    [1, 'told and answer'],
    [2, 'answer'],
    [3, 'told'],
  ]);
});

describe('a large group', () => {
  it('is written to in slices, between which the event loop goes round', async () => {
    const { push, order } = outboxes();
    const everybody = upTo(3 * SLICE + 1);
    for (const number of everybody) push(number, 'news');
    const seen: number[] = [];
    while (order().length < everybody.length) {
      await turn();
      seen.push(order().length);
    }
    const slices = seen.map((count, index) => count - (seen[index - 1] ?? 0)).filter((count) => count > 0);
    expect(Math.max(...slices)).toBe(SLICE);
    expect(order()).toEqual(everybody);
  });

  it('loses nothing and keeps each one’s order, whatever is queued between two slices', async () => {
    const step = fc.record({
      to: fc.nat({ max: 2 * SLICE }),
      manner: fc.constantFrom('alone' as const, 'shared' as const),
      turns: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { push, written } = outboxes();
        const expected = new Map<number, string>();
        let count = 0;
        const say = (to: number, manner: Manner): void => {
          const text = `${count++};`;
          expected.set(to, (expected.get(to) ?? '') + text);
          push(to, text, manner);
        };
        for (const number of upTo(2 * SLICE + 1)) say(number, 'shared');
        for (const { to, manner, turns } of steps) {
          if (turns) await turn();
          say(to, manner);
        }
        const read = (): Map<number, string> => {
          const all = new Map<number, string>();
          for (const [number, text] of written) all.set(number, (all.get(number) ?? '') + text);
          return all;
        };
        // Every write takes a turn at most.
        for (let left = 8; left > 0; left--) await turn();
        expect([...read()].sort(([a], [b]) => a - b)).toEqual([...expected].sort(([a], [b]) => a - b));
      }),
      { numRuns: 10 },
    );
  });

  it('shares one buffer where all are told the same', async () => {
    const flusher = new Flusher();
    const seen = new Set<Uint8Array>();
    const transport = {
      kind: 'websocket',
      bufferedBytes: 0,
      text: undefined,
      write: (bytes: Uint8Array) => seen.add(bytes),
    } as unknown as Transport;
    const [one, other] = [Buffer.from('one '), Buffer.from('other')];
    for (let count = 0; count < 10; count++) {
      const outbox = new Outbox(transport, flusher);
      outbox.push(one, one.length, 'shared');
      outbox.push(other, other.length, 'shared');
    }
    await turn();
    expect([...seen].map((bytes) => Buffer.from(bytes).toString())).toEqual(['one other']);
  });
});

describe('a transport', () => {
  it('that throws is ended, and nobody else notices, in its slice or in the next', async () => {
    const { push, onWrite, terminated, order } = outboxes();
    const broken = [0, SLICE - 1, SLICE, SLICE + 10];
    const everybody = upTo(SLICE + 20);
    for (const number of broken) {
      onWrite.set(number, () => {
        throw new Error('broken');
      });
    }
    for (const number of everybody) push(number, 'news');
    await until(() => order().length === everybody.length - broken.length);
    expect(terminated).toEqual(broken);
    expect(order()).toEqual(everybody.filter((number) => !broken.includes(number)));
  });

  it('at whose write others are told more neither loses that nor takes it for its own', async () => {
    const { push, onWrite, written } = outboxes();
    onWrite.set(1, () => {
      push(0, 'again', 'alone');
      push(1, 'mine', 'alone');
      push(2, ' later', 'shared');
    });
    for (const number of [0, 1, 2]) push(number, 'news');
    await until(() => written.length >= 5);
    expect(written).toEqual([
      [0, 'news'],
      [1, 'news'],
      [2, 'news later'],
      [0, 'again'],
      [1, 'mine'],
    ]);
  });
});

it('a flush interval holds back what is answered too, and joins it with what is told', async () => {
  const { push, written } = outboxes(new Flusher(20));
  push(0, 'answer ', 'alone');
  await turn();
  expect(written).toEqual([]);
  push(0, 'told');
  push(1, 'told');
  await until(() => written.length === 2);
  expect(written).toEqual([
    [0, 'answer told'],
    [1, 'told'],
  ]);
});

it('what can wait waits by itself, and goes out with what can’t', async () => {
  const presence = { base: 20, perThousand: 0 };
  const { push, written, outbox } = outboxes(new Flusher(0, { writes: 0 }, presence));
  push(0, 'news ', 'unhurried');
  push(1, 'news ', 'unhurried');
  push(2, 'news ', 'unhurried');
  outbox(2).clear();
  await turn();
  expect(written).toEqual([]);
  push(1, 'answer', 'alone');
  await turn();
  expect(written).toEqual([[1, 'news answer']]);
  await until(() => written.length === 2);
  expect(written[1]).toEqual([0, 'news ']);
  // And again from the start.
  push(1, 'more', 'unhurried');
  push(2, 'more', 'unhurried');
  await until(() => written.length === 4);
  expect(written.slice(2)).toEqual([
    [1, 'more'],
    [2, 'more'],
  ]);
});
