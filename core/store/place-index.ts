/** Places of messages by ids that mostly ascend: the gateway's own, and those of clients that count. */

/** Removed places at the front that are worth a copy to get rid of. */
const COMPACT_FROM = 1024;

/** A total order: longer ids after shorter ones, so that counters ascend in it. */
const isAfter = (one: string, other: string): boolean =>
  one.length === other.length ? one > other : one.length > other.length;

/**
 * What comes in the order of its ids is appended and found by halving, and what is after all others is known to be new
 * without looking: a map of a million texts costs as much as all the rest of storing a message. What comes out of order
 * is kept in a map.
 */
export class PlaceIndex {
  readonly #idOf: (place: number) => string;
  /** In the order of the ids and in that of the places, from `#head` on. */
  #places: number[] = [];
  #head = 0;
  /** No id in order is after it. */
  #newest = '';
  #strays: Map<string, number> | undefined;

  /** `idOf` is asked for places that were set and not removed yet. */
  constructor(idOf: (place: number) => string) {
    this.#idOf = idOf;
  }

  get size(): number {
    return this.#places.length - this.#head + this.strayCount;
  }

  /** Ids that are kept in a map. */
  get strayCount(): number {
    return this.#strays?.size ?? 0;
  }

  get(id: string): number | undefined {
    const stray = this.#strays?.get(id);
    if (stray !== undefined || this.#isNewest(id)) return stray;
    const place = this.#places[this.#find(id)];
    return place !== undefined && this.#idOf(place) === id ? place : undefined;
  }

  /** Takes the place of an earlier one with the same id. */
  set(id: string, place: number): void {
    const last = this.#places.at(-1);
    if (this.#isNewest(id) && (last === undefined || last < place) && this.#strays?.has(id) !== true) {
      this.#places.push(place);
      this.#newest = id;
    } else this.setStray(id, place);
  }

  /** The same, out of order. */
  setStray(id: string, place: number): void {
    this.#strays ??= new Map();
    this.#strays.set(id, place);
  }

  /** Nothing happens if another has taken its place. */
  delete(id: string, place: number): void {
    if (!this.deleteStray(id, place)) this.deleteOrdered(place, place);
  }

  /** The same, if it came out of order; false if not. */
  deleteStray(id: string, place: number): boolean {
    return this.#strays?.get(id) === place && this.#strays.delete(id);
  }

  /** Removes those of the places, both ends included, that came in order. */
  deleteOrdered(from: number, to: number): void {
    const places = this.#places;
    let start = this.#head;
    if (from > (places[start] as number)) start = this.#firstFrom(from);
    let end = start;
    while (end < places.length && (places[end] as number) <= to) end += 1;
    if (end === places.length) {
      places.length = start;
      this.#restart();
    } else if (start > this.#head) places.splice(start, end - start);
    else {
      this.#head = end;
      if (end < COMPACT_FROM || end * 2 < places.length) return;
      this.#places = places.slice(end);
      this.#head = 0;
    }
  }

  /** After the last ones have been removed. */
  #restart(): void {
    const last = this.#places.length - 1;
    if (last >= this.#head) this.#newest = this.#idOf(this.#places[last] as number);
    else {
      this.#places = [];
      this.#head = 0;
      this.#newest = '';
    }
  }

  /** Whether the id is after all that came in order. */
  #isNewest(id: string): boolean {
    return this.#places.length === this.#head || isAfter(id, this.#newest);
  }

  /** Index of the first whose id is not before this one. */
  #find(id: string): number {
    let low = this.#head;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isAfter(id, this.#idOf(this.#places[middle] as number))) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of the first place that is not before this one. */
  #firstFrom(place: number): number {
    let low = this.#head;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle] as number) < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
