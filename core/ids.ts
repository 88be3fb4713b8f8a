/** Ids that the gateway makes. */
import { randomFillSync, randomUUID } from 'node:crypto';
import { monotonicFactory } from 'ulid';

/** Random bytes fetched at a time: asking for them costs more than all the rest of an id. */
const POOL_BYTES = 4096;

/** Numbers from 0 to below 1, one for each random byte: what a digit of a ULID needs. */
export function pooledRandom(fill: (bytes: Uint8Array) => void = randomFillSync): () => number {
  const pool = new Uint8Array(POOL_BYTES);
  let at = POOL_BYTES;
  return () => {
    if (at === POOL_BYTES) {
      fill(pool);
      at = 0;
    }
    return (pool[at++] as number) / 256;
  };
}

/** A random UUID, in one piece: as Node makes it, it is a chain of a dozen pieces, and whoever keeps it keeps them all. */
export const newUuid = (): string => Buffer.from(randomUUID(), 'latin1').toString('latin1');

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** The last four digits of a ULID count those of one millisecond; two of them at a time, as text. */
const PAIRS: readonly string[] = [...DIGITS].flatMap((one) => [...DIGITS].map((other) => one + other));
const PAIR = PAIRS.length;

/**
 * Makes ULIDs, each greater than the one before: the first of a millisecond in full, which costs as much as parsing
 * a short message, and the others by counting up its last digits.
 */
export function ulidFactory(
  now: () => number = Date.now,
  random = pooledRandom(),
): (time?: number) => string {
  const inFull = monotonicFactory(random);
  let at = Number.NEGATIVE_INFINITY;
  let head = '';
  let count = 0;
  return (time = now()) => {
    // A clock that is set back changes nothing; when all digits are used up, the next millisecond begins early.
    if (time > at || count === PAIR * PAIR) {
      at = Math.max(time, at + 1);
      const first = inFull(at);
      head = first.slice(0, -4);
      // Half of the range is left to count, whatever the random digits are.
      count = PAIRS.indexOf(first.slice(-2)) + (PAIRS.indexOf(first.slice(-4, -2)) % (PAIR / 2)) * PAIR;
    }
    const id = head + PAIRS[Math.floor(count / PAIR)] + PAIRS[count % PAIR];
    count++;
    return id;
  };
}

/**
 * A fresh ULID: 26 characters that sort by time, then by order of making within this process. `time`: epoch ms, if it
 * has just been asked for.
 */
export const newUlid: (time?: number) => string = ulidFactory();
