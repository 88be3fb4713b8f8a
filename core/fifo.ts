/** From so many on those that have left are let go of as soon as they are half of all: a queue may never be empty. */
const COMPACT_FROM = 1024;

/** A queue. Shifting an array of hundreds for each item would cost more than what is done with it. */
export class Fifo<Item> {
  #items: Item[] = [];
  /** Index of the first that waits. */
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** The oldest, which waits no longer; undefined: none waits. */
  shift(): Item | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head++];
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    if (this.#items.length > 0) this.#items = [];
    this.#head = 0;
  }
}
