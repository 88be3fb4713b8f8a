import { openSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SEGMENT_BYTES, SEGMENT_ROWS, Segment } from './memory-segment.ts';
import { SpareSegments } from './memory-spares.ts';
import { contents, missed, open, send } from './memory-test-kit.ts';
import { touchElsewhere, toucher } from './memory-touch.ts';
import { LIMITS } from './store-suite.ts';

/** Spares that are touched when the test says so. */
function spares(most = 4) {
  const coming: { readonly bytes: Uint8Array; readonly done: () => void }[] = [];
  const made = new SpareSegments(most * SEGMENT_BYTES, (bytes, done) => coming.push({ bytes, done }));
  const allTouched = (): readonly Uint8Array[] => {
    const touched = coming.splice(0);
    for (const { done } of touched) done();
    return touched.map(({ bytes }) => bytes);
  };
  return { made, coming, allTouched };
}

/** How many of these are ready. They are not any more. */
function countReady(made: SpareSegments, known: readonly Uint8Array[]): number {
  let count = 0;
  while (known.includes(made.take().memory)) count++;
  return count;
}

const times = <Value>(count: number, value: () => Value): readonly Value[] =>
  Array.from({ length: count }, value);

describe('spare segments', () => {
  it('are made ready from the second on, and twice as many each time that none was ready', () => {
    const { made, coming, allTouched } = spares();
    made.take();
    expect(coming).toHaveLength(0);
    made.take();
    expect(coming).toHaveLength(1);
    const [bytes] = allTouched();
    expect(made.take().memory).toBe(bytes);
    expect(coming).toHaveLength(1);
    // None was ready: one is on its way, and another follows.
    made.take();
    expect(coming).toHaveLength(2);
    made.take();
    made.take();
    expect(coming).toHaveLength(4);
    expect(countReady(made, allTouched())).toBe(4);
  });

  it('are not handed out before they have been touched', () => {
    const { made, coming } = spares();
    const taken = times(6, () => made.take().memory);
    expect(coming).toHaveLength(4);
    for (const { bytes } of coming) expect(taken).not.toContain(bytes);
  });

  it('are used again in the order in which they came back, emptied, and nothing is made ready then', () => {
    const { made, coming, allTouched } = spares();
    const [first, second] = times(2, () => made.take()) as [Segment, Segment];
    const [touched] = allTouched();
    first.size = 7;
    made.give(first);
    made.give(second);
    expect(made.take().memory).toBe(touched);
    expect(made.take()).toBe(first);
    expect(made.take()).toBe(second);
    expect(first.size).toBe(0);
    expect(coming).toHaveLength(0);
  });

  it('are no more than they may be, whatever comes back, with those on their way', () => {
    const { made, coming, allTouched } = spares(3);
    times(5, () => made.take());
    expect(coming).toHaveLength(3);
    const given = times(5, () => new Segment());
    for (const segment of given) made.give(segment);
    const known = [...allTouched(), ...given.map(({ memory }) => memory)];
    expect(countReady(made, known)).toBe(3);
  });

  it('are made ready again where only some come back', () => {
    const { made, coming, allTouched } = spares(4);
    const taken = [...times(6, () => made.take())];
    allTouched();
    made.give(taken.pop() as Segment);
    times(2, () => made.take());
    expect(coming).not.toHaveLength(0);
  });

  it('are handed out even where there is no memory to make another one ready', () => {
    const { made, coming } = spares();
    made.take();
    const failing = vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementationOnce(() => {
      throw new RangeError('no memory');
    });
    onTestFinished(() => failing.mockRestore());
    expect(made.take()).toBeInstanceOf(Segment);
    expect(failing).toHaveBeenCalledTimes(2);
    expect(coming).toHaveLength(0);
    made.take();
    expect(coming).toHaveLength(2);
  });
});

const errorOf = (code: string): Error => Object.assign(new Error(code), { code });

it.each([
  ['EMFILE', 2],
  ['ENOENT', 1],
])('after %s it is asked for zeros %i times, and whoever waits hears of it', async (code, asked) => {
  const bytes = Buffer.alloc(100, 0xff);
  const opens = vi
    .fn<() => number>()
    .mockImplementationOnce(() => {
      throw errorOf(code);
    })
    .mockImplementation(() => openSync('/dev/zero', 'r'));
  const touch = toucher(opens);
  const touched = () => new Promise<void>((resolve) => touch(bytes, resolve));
  await touched();
  expect(bytes.every((byte) => byte === 0xff)).toBe(true);
  await touched();
  await touched();
  expect(bytes.every((byte) => byte === 0)).toBe(code === 'EMFILE');
  expect(opens).toHaveBeenCalledTimes(asked);
});

it('counts nothing of a message for which there is no memory', async () => {
  const store = open(Number.POSITIVE_INFINITY, { ...LIMITS, backlogMessages: 1 });
  const failing = vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementationOnce(() => {
    throw new RangeError('no memory');
  });
  onTestFinished(() => failing.mockRestore());
  await expect(send(store, { id: 'one', clientId: 'one' })).rejects.toMatchObject({ code: 'internal' });
  expect(failing).toHaveBeenCalledTimes(1);
  const { sequence } = await send(store, { id: 'one', clientId: 'one' });
  expect(sequence).toBe(1);
  expect(await missed(store, 'bob')).toHaveLength(1);
});

it('fills memory with zeros elsewhere, all of it', async () => {
  const bytes = Buffer.alloc(1_000_003, 0xff);
  let isDone = false;
  const touched = new Promise<void>((resolve) => touchElsewhere(bytes, resolve)).then(() => {
    isDone = true;
  });
  expect(isDone).toBe(false);
  await touched;
  expect(bytes.equals(Buffer.alloc(bytes.length))).toBe(true);
});

it('keeps every message while the segments after it are made ready', async () => {
  const store = open(Number.POSITIVE_INFINITY);
  const count = 12 * SEGMENT_ROWS;
  for (let index = 0; index < count; index++) {
    await send(store, { id: `message ${index}`, clientId: `own ${index}`, content: `content ${index}` });
    if (index % 100 === 0) await turn();
  }
  const kept = contents(await missed(store, 'bob'));
  expect(kept).toHaveLength(count);
  expect(kept.every((content, index) => content === `content ${index}`)).toBe(true);
});
