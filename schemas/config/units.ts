/**
 * Quantities as people write them. A size is a number of bytes or text such as `256KiB`; a duration is a
 * number of milliseconds or text such as `10s` or `30 days`. Parsed, both are plain numbers: bytes and ms.
 *
 * An error text that starts with "expected" is completed by the loader with what it got instead.
 */
import { z } from 'zod';

const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: SECOND,
  second: SECOND,
  seconds: SECOND,
  m: MINUTE,
  min: MINUTE,
  minute: MINUTE,
  minutes: MINUTE,
  h: HOUR,
  hour: HOUR,
  hours: HOUR,
  d: DAY,
  day: DAY,
  days: DAY,
};

const SIZE_PATTERN = /^(\d{1,15}(?:\.\d{1,3})?) ?(B|KiB|MiB|GiB|TiB)?$/;
const DURATION_PATTERN = /^(\d{1,15}(?:\.\d{1,3})?) ?(ms|s|seconds?|m|min|minutes?|h|hours?|d|days?)?$/;

const EXPECTED_SIZE = 'expected a size: bytes, or a number with B, KiB, MiB or GiB, such as "256KiB"';
const EXPECTED_DURATION =
  'expected a duration: milliseconds, or a number with ms, s, min, h or days, such as "10s"';

export interface Range {
  /** The least allowed, as it would be written. */
  readonly min: string;
  readonly max: string;
}

/** A schema of a size within a range; gives bytes. */
export function size({ min, max }: Range) {
  const least = parseQuantity(min, SIZE_PATTERN, SIZE_UNITS);
  const most = parseQuantity(max, SIZE_PATTERN, SIZE_UNITS);
  return z
    .union([z.number(), z.string().regex(SIZE_PATTERN, { error: EXPECTED_SIZE })], { error: EXPECTED_SIZE })
    .transform((value, context) => {
      const bytes = parseQuantity(value, SIZE_PATTERN, SIZE_UNITS);
      if (!Number.isInteger(bytes) || bytes < least || bytes > most) {
        context.addIssue({ code: 'custom', message: `expected a size from ${min} to ${max}` });
      }
      return bytes;
    });
}

/** A schema of a duration within a range; gives milliseconds. */
export function duration({ min, max }: Range) {
  const least = parseQuantity(min, DURATION_PATTERN, DURATION_UNITS);
  const most = parseQuantity(max, DURATION_PATTERN, DURATION_UNITS);
  return z
    .union([z.number(), z.string().regex(DURATION_PATTERN, { error: EXPECTED_DURATION })], {
      error: EXPECTED_DURATION,
    })
    .transform((value, context) => {
      const ms = parseQuantity(value, DURATION_PATTERN, DURATION_UNITS);
      if (!Number.isInteger(ms) || ms < least || ms > most) {
        context.addIssue({ code: 'custom', message: `expected a duration from ${min} to ${max}` });
      }
      return ms;
    });
}

/** A schema of a whole number within a range. */
export function count({ min, max }: { readonly min: number; readonly max: number }) {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** Milliseconds of a duration as the configuration writes it, or undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  const ms = parseQuantity(text, DURATION_PATTERN, DURATION_UNITS);
  return Number.isInteger(ms) ? ms : undefined;
}

/** A duration as one would write it: the largest unit that divides it. */
export function writeDuration(ms: number): string {
  for (const [unit, factor] of [
    ['h', HOUR],
    ['min', MINUTE],
    ['s', SECOND],
  ] as const) {
    if (ms !== 0 && ms % factor === 0) return `${ms / factor}${unit}`;
  }
  return `${ms}ms`;
}

/** NaN if the text is no quantity. Text without a unit is in the base unit, as a number is. */
function parseQuantity(
  value: number | string,
  pattern: RegExp,
  units: Readonly<Record<string, number>>,
): number {
  if (typeof value === 'number') return value;
  const match = pattern.exec(value);
  if (match === null) return Number.NaN;
  const [, amount = '', unit] = match;
  const factor = unit === undefined ? 1 : (units[unit] ?? Number.NaN);
  return Math.round(Number(amount) * factor * 1000) / 1000;
}
