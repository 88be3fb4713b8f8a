import { expect, test } from 'vitest';
import { Histogram, median, percentile, ratio } from './statistics.ts';

test.each([
  [[], Number.NaN],
  [[3], 3],
  [[3, 1], 2],
  [[9, 1, 5], 5],
  [[4, 1, 3, 2], 2.5],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toEqual(expected);
});

test.each([
  [0, 1],
  [0.5, 5],
  [0.51, 6],
  [0.9, 9],
  [0.99, 10],
  [1, 10],
])('the percentile %d of 1 to 10 is %d, by the nearest rank', (share, expected) => {
  expect(percentile([10, 2, 3, 9, 5, 4, 7, 8, 6, 1], share)).toBe(expected);
});

test('a ratio needs two values and something to divide by', () => {
  expect(ratio(6, 4)).toBe(1.5);
  expect(ratio(0, 4)).toBe(0);
  expect(ratio(6, 0)).toBeUndefined();
  expect(ratio(undefined, 4)).toBeUndefined();
  expect(ratio(6, undefined)).toBeUndefined();
});

test('a histogram knows small values exactly and large ones to 1.6 %', () => {
  for (const value of [0, 1, 63, 64, 127, 128, 1000, 65_537, 12_345_678, 2 ** 31 - 1]) {
    const histogram = new Histogram();
    histogram.add(value);
    const found = histogram.percentile(0.5);
    expect(found, `for ${value}`).toBeGreaterThanOrEqual(value);
    expect(found, `for ${value}`).toBeLessThanOrEqual(value * (1 + 1 / 64));
  }
});

test('a histogram agrees with the percentiles of its values, also in two parts', () => {
  const values = Array.from({ length: 1000 }, (_, index) => (index * 7919) % 50_000);
  const one = new Histogram();
  const other = new Histogram();
  for (const [index, value] of values.entries()) (index % 3 === 0 ? one : other).add(value);
  one.merge(other.counts);
  expect(one.total).toBe(values.length);
  for (const share of [0.5, 0.9, 0.99, 0.999]) {
    const exact = percentile(values, share);
    expect(one.percentile(share)).toBeGreaterThanOrEqual(exact);
    expect(one.percentile(share)).toBeLessThanOrEqual(exact * (1 + 1 / 64) + 1);
  }
});

test('a histogram takes what is out of its range as the nearest value in it', () => {
  const histogram = new Histogram();
  histogram.add(-5);
  expect(histogram.percentile(1)).toBe(0);
  histogram.add(1e12);
  expect(histogram.percentile(1)).toBe(2 ** 31 - 1);
});
