import { createHistogram } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { LagWindow } from './event-loop-lag.ts';

/** The timer's own 10 ms, which every measurement has. */
const TIMER_NS = 10_000_000;

function windowOf() {
  const histogram = createHistogram();
  let at = 0;
  return {
    window: new LagWindow(histogram, () => at),
    late: (ms: number) => histogram.record(TIMER_NS + ms * 1_000_000),
    pass: (ms: number) => {
      at += ms;
    },
  };
}

it('tells the median, the 99th percentile and the worst in seconds, without the time of the timer itself', () => {
  const { window, late } = windowOf();
  for (let count = 0; count < 98; count++) late(0);
  late(20);
  late(500);
  const lags = window.read();
  expect(lags[0.5]).toBeCloseTo(0, 3);
  expect(lags[0.99]).toBeCloseTo(0.02, 3);
  expect(lags[1]).toBeCloseTo(0.5, 2);
});

it('shows a lag to everybody who looks within the window, and no longer than to the end of the next one', () => {
  const { window, late, pass } = windowOf();
  late(500);
  expect(window.read()[1]).toBeCloseTo(0.5, 2);
  pass(5_000);
  expect(window.read()[1]).toBeCloseTo(0.5, 2);
  pass(6_000);
  expect(window.read()[1]).toBeCloseTo(0.5, 2);
  late(100);
  expect(window.read()[1]).toBeCloseTo(0.5, 2);
  pass(11_000);
  window.read();
  expect(window.read()[1]).toBeCloseTo(0.1, 2);
});

it('is nothing where nothing was measured, and never less', () => {
  const { window, late } = windowOf();
  expect(window.read()).toEqual({ 0.5: 0, 0.99: 0, 1: 0 });
  late(-5);
  expect(window.read()).toEqual({ 0.5: 0, 0.99: 0, 1: 0 });
});
