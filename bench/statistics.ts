/** What the figures are made of: medians, percentiles, ratios, and a histogram that costs little to add to. */

/** The value below which `share` (0 to 1) of the values lie, by the nearest rank. NaN for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** The middle value, or the mean of the two in the middle. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (upper + lower) / 2;
}

/** `value` in units of `base`; undefined where either is missing or the base is nothing. */
export function ratio(value: number | undefined, base: number | undefined): number | undefined {
  if (value === undefined || base === undefined || base === 0) return undefined;
  const quotient = value / base;
  return Number.isFinite(quotient) ? quotient : undefined;
}

/** Steps in each power of two: a value is known to 1/64. */
const STEPS = 64;
const BUCKETS = 32 * STEPS;

/** Counts of whole microseconds up to 2^31, in buckets 1.6 % wide. Adding is a few instructions. */
export class Histogram {
  readonly counts: Uint32Array;

  constructor(counts: Uint32Array = new Uint32Array(BUCKETS)) {
    this.counts = counts;
  }

  add(value: number): void {
    const bucket = bucketOf(value);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
  }

  merge(other: Uint32Array): void {
    for (const [index, count] of other.entries()) this.counts[index] = (this.counts[index] ?? 0) + count;
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** The upper edge of the bucket that holds the percentile; NaN without values. */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.total));
    let seen = 0;
    for (const [bucket, count] of this.counts.entries()) {
      seen += count;
      if (seen >= rank) return upperEdge(bucket);
    }
    return Number.NaN;
  }
}

function bucketOf(value: number): number {
  const whole = value < 0 ? 0 : Math.min(Math.trunc(value), 0x7fffffff);
  if (whole < STEPS) return whole;
  const power = 31 - Math.clz32(whole) - 6;
  return (power + 1) * STEPS + ((whole >>> power) - STEPS);
}

function upperEdge(bucket: number): number {
  if (bucket < STEPS) return bucket;
  const power = Math.floor(bucket / STEPS) - 1;
  // Not shifted: the last bucket ends beyond what 32 bits hold.
  return ((bucket % STEPS) + STEPS + 1) * 2 ** power - 1;
}
