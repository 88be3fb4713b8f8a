/** Things that arrive one by one, taken by tests that wait for them and never for time. */

/** What arrives, kept in order; taken in order by whoever waits for it. */
export class Awaited<Item> {
  readonly #items: Item[] = [];
  #taken = 0;
  #over: string | undefined;
  #wake: () => void = () => {};

  /** Everything that has arrived so far, taken or not. */
  get all(): readonly Item[] {
    return this.#items;
  }

  push(item: Item): void {
    this.#items.push(item);
    this.#wake();
  }

  /** Nothing will follow: whoever still waits fails with this text. */
  end(why: string): void {
    this.#over ??= why;
    this.#wake();
  }

  /** The first not yet taken that satisfies the test; it is taken with all before it. */
  async next(test: (item: Item) => boolean = () => true): Promise<Item> {
    for (;;) {
      while (this.#taken < this.#items.length) {
        const item = this.#items[this.#taken++] as Item;
        if (test(item)) return item;
      }
      if (this.#over !== undefined) {
        throw new Error(`${this.#over} while waiting; so far: ${JSON.stringify(this.#items)}`);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves once so many have arrived; takes none of them. */
  async count(amount: number): Promise<void> {
    while (this.#items.length < amount) {
      if (this.#over !== undefined) throw new Error(`${this.#over} after ${this.#items.length} of ${amount}`);
      await new Promise<void>((resolve) => {
        const wake = this.#wake;
        this.#wake = () => {
          wake();
          resolve();
        };
      });
    }
  }
}
