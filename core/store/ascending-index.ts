/** Things in memory by ids that mostly ascend: the gateway's own, and those of clients that count. */

/** Removed items at the front that are worth a copy to get rid of. */
const COMPACT_FROM = 1024;

/** A total order: longer ids after shorter ones, so that counters ascend in it. */
const isAfter = (one: string, other: string): boolean =>
  one.length === other.length ? one > other : one.length > other.length;

/**
 * What comes in the order of its ids is appended and found by halving, and what is after all others is known to be new
 * without looking: a map of a million texts costs as much as all the rest of storing a message. What comes out of order
 * is kept in a map.
 */
export class AscendingIndex<Item> {
  private readonly idOf: (item: Item) => string;
  private ascending: Item[] = [];
  private head = 0;
  private strays: Map<string, Item> | undefined;

  constructor(idOf: (item: Item) => string) {
    this.idOf = idOf;
  }

  get size(): number {
    return this.ascending.length - this.head + (this.strays?.size ?? 0);
  }

  /** Takes the place of another with the same id. */
  set(id: string, item: Item): void {
    if (this.strays?.has(id) === true) this.strays.set(id, item);
    else if (this.isNewest(id)) this.ascending.push(item);
    else {
      const place = this.place(id);
      if (this.isAt(place, id)) this.ascending[place] = item;
      else {
        this.strays ??= new Map();
        this.strays.set(id, item);
      }
    }
  }

  get(id: string): Item | undefined {
    if (!this.isNewest(id)) {
      const place = this.place(id);
      if (this.isAt(place, id)) return this.ascending[place];
    }
    return this.strays?.get(id);
  }

  /** Cheap for the oldest and the newest. Nothing happens if another has taken the item's place. */
  delete(id: string, item: Item): void {
    if (this.strays?.get(id) === item) {
      this.strays.delete(id);
      return;
    }
    const place = this.place(id);
    if (this.ascending[place] !== item) return;
    if (place === this.head) this.dropOldest();
    else this.ascending.splice(place, 1);
  }

  private dropOldest(): void {
    // What is out is not held on to.
    this.ascending[this.head] = undefined as Item;
    this.head += 1;
    const left = this.ascending.length - this.head;
    if (left > 0 && (this.head < COMPACT_FROM || this.head < left)) return;
    this.ascending = this.ascending.slice(this.head);
    this.head = 0;
  }

  /** Whether the id is after all that came in order. */
  private isNewest(id: string): boolean {
    const last = this.ascending.length - 1;
    return last < this.head || isAfter(id, this.idOf(this.ascending[last] as Item));
  }

  private isAt(place: number, id: string): boolean {
    return place < this.ascending.length && this.idOf(this.ascending[place] as Item) === id;
  }

  /** Index of the first whose id is not before this one. */
  private place(id: string): number {
    let low = this.head;
    let high = this.ascending.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isAfter(id, this.idOf(this.ascending[middle] as Item))) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
