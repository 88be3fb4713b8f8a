/** A set that mostly has one item: a real set for each user would be much of what is kept of one. Items are objects. */
export class SmallSet<Item extends object> implements Iterable<Item> {
  /** The only item; with more than one, a set of all. */
  #items: Item | Set<Item> | undefined;

  get size(): number {
    const items = this.#items;
    return items instanceof Set ? items.size : items === undefined ? 0 : 1;
  }

  has(item: Item): boolean {
    const items = this.#items;
    return items instanceof Set ? items.has(item) : items === item;
  }

  add(item: Item): this {
    const items = this.#items;
    if (items instanceof Set) items.add(item);
    else if (items === undefined) this.#items = item;
    else if (items !== item) this.#items = new Set([items, item]);
    return this;
  }

  /** Whether it was there. */
  delete(item: Item): boolean {
    const items = this.#items;
    if (!(items instanceof Set)) {
      if (items !== item) return false;
      this.#items = undefined;
      return true;
    }
    if (!items.delete(item)) return false;
    if (items.size === 0) this.#items = undefined;
    return true;
  }

  /** In the order in which they came. Like a set's, it sees what is added and deleted meanwhile once there are two. */
  [Symbol.iterator](): Iterator<Item> {
    const items = this.#items;
    if (items instanceof Set) return items.values();
    return (items === undefined ? [] : [items]).values();
  }
}
