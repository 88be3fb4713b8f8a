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

/** A fresh ULID: 26 characters that sort by time, then by order of making within this process. */
export const newUlid: () => string = monotonicFactory(pooledRandom());
