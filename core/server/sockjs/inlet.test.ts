import { expect, it } from 'vitest';
import { Inlet } from './inlet.ts';

const recorder = (onMessage: (text: string, inlet: Inlet) => void = () => undefined) => {
  const got: string[] = [];
  const inlet: Inlet = new Inlet((message) => {
    const text = Buffer.from(message).toString();
    got.push(text);
    onMessage(text, inlet);
  });
  return { got, inlet };
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
