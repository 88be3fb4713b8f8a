import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SEGMENT_BYTES, SEGMENT_ROWS, Segment } from './memory-segment.ts';
import { SpareSegments } from './memory-spares.ts';
import { contents, missed, open, send } from './memory-test-kit.ts';
import { touchElsewhere } from './memory-touch.ts';

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
    allTouched();
    expect(made.size).toBe(4);
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
    allTouched();
    first.size = 7;
    made.give(first);
    made.give(second);
    expect(made.size).toBe(3);
    made.take();
    const again = times(2, () => made.take());
    expect(again).toEqual([first, second]);
    expect(first.size).toBe(0);
    expect(coming).toHaveLength(0);
  });

  it('are no more than they may be, whatever comes back, with those on their way', () => {
    const { made, coming, allTouched } = spares(3);
    times(5, () => made.take());
    expect(coming).toHaveLength(3);
    for (const segment of times(5, () => new Segment())) made.give(segment);
    expect(made.size).toBe(0);
    allTouched();
    expect(made.size).toBe(3);
  });

  it('are made ready again where only some come back', () => {
    const { made, coming, allTouched } = spares(4);
    const taken = [...times(6, () => made.take())];
    allTouched();
    made.give(taken.pop() as Segment);
    times(2, () => made.take());
    expect(coming).not.toHaveLength(0);
  });
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
