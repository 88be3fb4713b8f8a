/**
 * What one user has received of one conversation: everything up to a floor, and ranges above it.
 *
 * Both stores use it. A range can be joined to its neighbour when nothing between the two concerns the user
 * (own, revoked or removed messages), so a lively conversation normally needs no range at all.
 */

/**
 * Most ranges kept per user and conversation. What would need one more is not noted and therefore delivered
 * again; the floor still advances with each redelivery from the oldest on, so this always ends.
 */
export const MAX_RANGES = 128;

/** Sequences, both ends included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Received {
  /** All up to this sequence is received. */
  floor: number;
  /** Ends of the ranges above the floor in pairs, ascending; they neither overlap nor touch. */
  readonly ranges: number[];
}

const NOTHING: readonly Span[] = [];

/** Whether no message in the span, both ends included, has to reach the user. */
export type NothingIn = (span: Span) => boolean;

/** Notes a span as received. Returns the parts of it that were not received before. */
export function noteReceived(received: Received, span: Span, nothingIn: NothingIn): readonly Span[] {
  const { ranges } = received;
  let low = Math.max(span.from, received.floor + 1);
  let high = span.to;
  if (low > high) return NOTHING;

  let start = 0;
  while (start < ranges.length && at(ranges, start + 1) < low) start += 2;
  let end = start;
  let open = low;
  const added: Span[] = [];
  while (end < ranges.length && at(ranges, end) <= high) {
    if (at(ranges, end) > open) added.push({ from: open, to: at(ranges, end) - 1 });
    open = Math.max(open, at(ranges, end + 1) + 1);
    end += 2;
  }
  if (open <= high) added.push({ from: open, to: high });
  if (added.length === 0) return NOTHING;
  if (end > start) {
    low = Math.min(low, at(ranges, start));
    high = Math.max(high, at(ranges, end - 1));
  }

  const touches = (from: number, to: number): boolean => from > to || nothingIn({ from, to });
  if (end < ranges.length && touches(high + 1, at(ranges, end) - 1)) {
    high = at(ranges, end + 1);
    end += 2;
  }
  if (touches((start === 0 ? received.floor : at(ranges, start - 1)) + 1, low - 1)) {
    if (start === 0) {
      received.floor = high;
      ranges.splice(0, end);
      return added;
    }
    start -= 2;
    low = at(ranges, start);
  }
  if (end === start && ranges.length >= 2 * MAX_RANGES) return NOTHING;
  ranges.splice(start, end - start, low, high);
  return added;
}

export function isReceived(received: Received, sequence: number): boolean {
  if (sequence <= received.floor) return true;
  const { ranges } = received;
  for (let index = 0; index < ranges.length && at(ranges, index) <= sequence; index += 2) {
    if (sequence <= at(ranges, index + 1)) return true;
  }
  return false;
}

/** The spans above `after` and up to `last` that are not received, ascending. */
export function* notReceived(received: Received, after: number, last: number): Generator<Span, undefined> {
  let from = Math.max(received.floor, after) + 1;
  for (let index = 0; index < received.ranges.length; index += 2) {
    const to = Math.min(at(received.ranges, index) - 1, last);
    if (from <= to) yield { from, to };
    from = Math.max(from, at(received.ranges, index + 1) + 1);
  }
  if (from <= last) yield { from, to: last };
  return undefined;
}

/** For indexes below the length only. */
function at(ranges: readonly number[], index: number): number {
  return ranges[index] as number;
}
