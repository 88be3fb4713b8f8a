import { expect, it, vi } from 'vitest';
import { Inlet, MESSAGES_PER_TURN } from './inlet.ts';

const recorder = (onMessage: (text: string, inlet: Inlet) => void = () => undefined) => {
  const got: string[] = [];
  const emptied = vi.fn();
  const inlet: Inlet = new Inlet((message) => {
    const text = Buffer.from(message).toString();
    got.push(text);
    onMessage(text, inlet);
  }, emptied);
  return { got, inlet, emptied };
};

it('hands messages on in order', () => {
  const { got, inlet } = recorder();
  inlet.push(['a', 'b']);
  inlet.push(['c']);
  expect(got).toEqual(['a', 'b', 'c']);
  expect(inlet.empty).toBe(true);
});

it('stops between two messages of one frame and goes on where it stopped', () => {
  const { got, inlet } = recorder((text) => {
    if (text === 'b') inlet.pause();
  });
  inlet.push(['a', 'b', 'c']);
  inlet.push(['d']);
  expect(got).toEqual(['a', 'b']);
  expect(inlet.empty).toBe(false);
  inlet.resume();
  expect(got).toEqual(['a', 'b', 'c', 'd']);
  expect(inlet.empty).toBe(true);
});

it('keeps the order when a message causes a pause and a resume', () => {
  const { got, inlet } = recorder(() => {
    inlet.pause();
    inlet.resume();
  });
  inlet.push(['a', 'b', 'c']);
  expect(got).toEqual(['a', 'b', 'c']);
});

it('forgets what it holds when a message causes the end', () => {
  const { got, inlet } = recorder(() => inlet.clear());
  inlet.push(['a', 'b']);
  expect(got).toEqual(['a']);
  expect(inlet.empty).toBe(true);
});

it('holds a very long frame and thousands of short ones behind it without going through the long one for each', () => {
  const { got, inlet } = recorder();
  inlet.pause();
  const long = Array.from({ length: 65_000 }, () => '');
  inlet.push(long);
  const began = performance.now();
  for (let count = 0; count < 8_000; count++) inlet.push(['x']);
  // It is less than ten; seconds if the long one is copied each time.
  expect(performance.now() - began).toBeLessThan(500);
  inlet.push([]);
  inlet.clear();
  inlet.resume();
  expect([got, inlet.empty]).toEqual([[], true]);
});

it('lets others have their turn among very many messages, and says when all are handed on', async () => {
  const { got, inlet, emptied } = recorder();
  const numbers = Array.from({ length: 2 * MESSAGES_PER_TURN + 1 }, (_, index) => String(index));
  inlet.push(numbers.slice(0, -1));
  expect([got.length, inlet.empty]).toEqual([MESSAGES_PER_TURN, false]);
  inlet.push(numbers.slice(-1));
  inlet.pause();
  inlet.resume();
  expect(got.length).toBe(MESSAGES_PER_TURN);
  await new Promise<void>((resolve) => emptied.mockImplementationOnce(resolve));
  expect(got).toEqual(numbers);
  expect([inlet.empty, emptied.mock.calls.length]).toEqual([true, 1]);
});

it('tells nobody that it is empty while reading is paused', () => {
  const { inlet, emptied } = recorder(() => inlet.pause());
  inlet.push(['a']);
  expect([inlet.empty, emptied.mock.calls.length]).toEqual([true, 0]);
  inlet.resume();
  expect(emptied).toHaveBeenCalledTimes(1);
});
