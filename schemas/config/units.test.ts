import { describe, expect, it } from 'vitest';
import { editDistance, suggest } from './suggest.ts';
import { count, duration, parseDuration, size, writeDuration } from './units.ts';

describe('a size', () => {
  const schema = size({ min: '0B', max: '1TiB' });

  it.each([
    [0, 0],
    [1024, 1024],
    ['1024', 1024],
    ['8B', 8],
    ['256KiB', 262_144],
    ['256 KiB', 262_144],
    ['1.5MiB', 1_572_864],
    ['1GiB', 1_073_741_824],
    ['1TiB', 1_099_511_627_776],
  ])('%j is %d bytes', (text, bytes) => {
    expect(schema.parse(text)).toBe(bytes);
  });

  it.each(['', 'KiB', '1KB', '1kib', '1 MB', '-1', '1e3', '0.5B', 1.5, -1, Number.NaN, '2TiB', null, {}])(
    '%j is none',
    (text) => {
      expect(schema.safeParse(text).success).toBe(false);
    },
  );
});

describe('a duration', () => {
  const schema = duration({ min: '0ms', max: '36500 days' });

  it.each([
    [250, 250],
    ['250', 250],
    ['500ms', 500],
    ['10s', 10_000],
    ['1.5s', 1500],
    ['2min', 120_000],
    ['2m', 120_000],
    ['1 hour', 3_600_000],
    ['12h', 43_200_000],
    ['30 days', 2_592_000_000],
    ['1d', 86_400_000],
  ])('%j is %d ms', (text, ms) => {
    expect(schema.parse(text)).toBe(ms);
  });

  it.each(['', 's', '10 parsecs', '10  s', '-1s', '1e3s', '0.5ms', true, '40000 days'])(
    '%j is none',
    (text) => {
      expect(schema.safeParse(text).success).toBe(false);
    },
  );

  it.each([0, 1, 999, 1000, 90_000, 120_000, 3_600_000, 86_400_000, 90_001])(
    'of %d ms is written so that it reads the same',
    (ms) => {
      expect(parseDuration(writeDuration(ms))).toBe(ms);
    },
  );
});

describe('a count', () => {
  const schema = count({ min: 1, max: 5 });

  it.each([0, 6, 1.5, '3', null])('%j is out of range', (value) => {
    expect(schema.safeParse(value).error?.issues[0]?.message).toBe('expected a whole number from 1 to 5');
  });
});

describe('a suggestion', () => {
  it.each([
    ['prot', 'port'],
    ['Port', 'port'],
    ['hots', 'host'],
    ['endpoint', 'endpoints'],
    ['x', undefined],
    ['certificate', undefined],
    ['', undefined],
    ['p'.repeat(1000), undefined],
  ])('for %j is %j', (word, near) => {
    expect(suggest(word, ['host', 'port', 'endpoints'])).toBe(near);
  });

  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['abc', 'abcd', 1],
    ['kitten', 'sitting', 3],
  ])('counts from %j to %j %d slips', (left, right, distance) => {
    expect(editDistance(left, right)).toBe(distance);
    expect(editDistance(right, left)).toBe(distance);
  });
});
