/** Messages in memory by the gateway's ids. */
import type { Entry } from './memory-log.ts';

/** Removed entries at the front that are worth a copy to get rid of. */
const COMPACT_FROM = 1024;

/**
 * Ids are made in the order in which messages are stored, so that a message is found by halving: appending costs
 * nothing, where a map of a million texts costs as much as all the rest of storing. An id out of order is kept apart.
 */
export class AscendingIds {
  private ascending: Entry[] = [];
  private head = 0;
  private readonly strays = new Map<string, Entry>();

  get size(): number {
    return this.ascending.length - this.head + this.strays.size;
  }

  add(entry: Entry): void {
    const newest = this.ascending.at(-1);
    if (newest === undefined || newest.message.id < entry.message.id) this.ascending.push(entry);
    else this.strays.set(entry.message.id, entry);
  }

  get(id: string): Entry | undefined {
    const entry = this.ascending[this.place(id)];
    return entry?.message.id === id ? entry : this.strays.get(id);
  }

  /** Cheap for the oldest and the newest. */
  delete(entry: Entry): void {
    const { id } = entry.message;
    if (this.strays.get(id) === entry) {
      this.strays.delete(id);
      return;
    }
    const place = this.place(id);
    if (this.ascending[place] !== entry) return;
    if (place !== this.head) this.ascending.splice(place, 1);
    else this.dropOldest();
  }

  private dropOldest(): void {
    this.head += 1;
    if (
      this.head < this.ascending.length &&
      (this.head < COMPACT_FROM || this.head * 2 < this.ascending.length)
    )
      return;
    this.ascending = this.ascending.slice(this.head);
    this.head = 0;
  }

  /** Index of the first whose id is not below this one. */
  private place(id: string): number {
    let low = this.head;
    let high = this.ascending.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.ascending[middle] as Entry).message.id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
