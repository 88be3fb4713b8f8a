/** Counts that all threads of the generator see: who has sent how much, and how much has come. */

export interface Tally {
  /** Deliveries by thread and sender: each thread writes its own part. */
  readonly delivered: Float64Array;
  readonly sent: Float64Array;
  readonly acknowledged: Float64Array;
  /** Microseconds of the monotonic clock: start of the load, and the measured part. */
  readonly times: Float64Array;
  readonly buffer: SharedArrayBuffer;
  readonly senders: number;
}

export const START = 0;
export const FROM = 1;
export const UNTIL = 2;
const TIMES = 3;

export function tallyOf(senders: number, threads: number, buffer?: SharedArrayBuffer): Tally {
  const slots = senders * threads + senders * 2 + TIMES;
  const memory = buffer ?? new SharedArrayBuffer(slots * Float64Array.BYTES_PER_ELEMENT);
  const all = new Float64Array(memory);
  let at = 0;
  const take = (count: number): Float64Array => {
    at += count;
    return all.subarray(at - count, at);
  };
  return {
    delivered: take(senders * threads),
    sent: take(senders),
    acknowledged: take(senders),
    times: take(TIMES),
    buffer: memory,
    senders,
  };
}

export function deliveredOf({ delivered, senders }: Tally, sender: number): number {
  let sum = 0;
  for (let at = sender; at < delivered.length; at += senders) sum += delivered[at] as number;
  return sum;
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
export const allDelivered = ({ delivered }: Tally): number => total(delivered);
export const allSent = ({ sent }: Tally): number => total(sent);
export const allAcknowledged = ({ acknowledged }: Tally): number => total(acknowledged);

/** Microseconds of a clock that all threads share. */
export function nowMicros(): number {
  const [seconds, nanos] = process.hrtime();
  return seconds * 1e6 + nanos / 1e3;
}
