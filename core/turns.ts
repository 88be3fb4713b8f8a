/** Work that must not overlap other work on the same thing. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** How many things have work under way. */
  get size(): number {
    return this.#last.size;
  }

  /** Runs the work after all earlier work of the same key has ended, however it ended. Work must not wait for its own key. */
  async take<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
