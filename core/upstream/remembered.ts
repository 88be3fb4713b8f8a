/**
 * The last messages that were shown, or sent, to one client, by `keyOf`. Asked for each delivery of each client: a
 * `Set` that always loses its oldest key spends most of its time in being made anew.
 */

import { randomInt } from 'node:crypto';

/** Places that a table begins with; a power of two, as all its sizes are. */
const FIRST_SIZE = 64;

/** Another one in each process: nobody can choose ids that all have one hash. */
const SEED = randomInt(2 ** 32);

/** Of a text; FNV-1a over its UTF-16 units, from a start of our own. */
export function hashOf(key: string): number {
  let hash = SEED;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash ^ (hash >>> 15);
}

export class Remembered {
  readonly #most: number;
  /** A ring: the keys in the order in which they came, the oldest at `#oldest` once there are as many as may be. */
  readonly #keys: string[] = [];
  readonly #hashes: number[] = [];
  #oldest = 0;
  /** Where each key is in the ring, from 1; 0: nothing. Open addressing, the next free place; at most half full. */
  #table = new Int32Array(0);

  constructor(most: number) {
    this.#most = most;
  }

  has(key: string, hash = hashOf(key)): boolean {
    return this.#table.length > 0 && this.#table[this.#placeOf(key, hash)] !== 0;
  }

  /** False: it has it already. */
  add(key: string, hash = hashOf(key)): boolean {
    if (this.#most === 0) return true;
    if (this.#keys.length * 2 >= this.#table.length) this.#grow();
    const place = this.#placeOf(key, hash);
    if (this.#table[place] !== 0) return false;
    if (this.#keys.length < this.#most) {
      this.#table[place] = this.#keys.push(key);
      this.#hashes.push(hash);
      return true;
    }
    const at = this.#oldest;
    this.#forget(at);
    this.#keys[at] = key;
    this.#hashes[at] = hash;
    this.#oldest = at + 1 === this.#most ? 0 : at + 1;
    // What was behind the one that is forgotten may have moved.
    this.#table[this.#placeOf(key, hash)] = at + 1;
    return true;
  }

  /** Its place in the table, or the one where it belongs. */
  #placeOf(key: string, hash: number): number {
    const mask = this.#table.length - 1;
    let place = hash & mask;
    for (;;) {
      const at = this.#table[place] as number;
      if (at === 0 || (this.#hashes[at - 1] === hash && this.#keys[at - 1] === key)) return place;
      place = (place + 1) & mask;
    }
  }

  /** Takes a key of the ring out of the table, and closes the gap. */
  #forget(at: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let gap = this.#placeOf(this.#keys[at] as string, this.#hashes[at] as number);
    table[gap] = 0;
    for (let place = (gap + 1) & mask; table[place] !== 0; place = (place + 1) & mask) {
      const moved = table[place] as number;
      const wanted = (this.#hashes[moved - 1] as number) & mask;
      // It may not come before the place where it is looked for first.
      if (((place - wanted) & mask) < ((place - gap) & mask)) continue;
      table[gap] = moved;
      table[place] = 0;
      gap = place;
    }
  }

  #grow(): void {
    if (this.#keys.length === this.#most && this.#table.length > 0) return;
    this.#table = new Int32Array(Math.max(FIRST_SIZE, this.#table.length * 2));
    for (const [index, key] of this.#keys.entries()) {
      this.#table[this.#placeOf(key, this.#hashes[index] as number)] = index + 1;
    }
  }
}
