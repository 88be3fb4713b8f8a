/** At most so many at a time; so many more wait for their turn, in order; the rest are turned away. */

/** Too many wait already. */
export class NoRoom extends Error {}

export class Slots {
  readonly #atATime: number;
  readonly #mayWait: number;
  readonly #waiting = new Set<() => void>();
  #underWay = 0;

  constructor(atATime: number, mayWait: number) {
    this.#atATime = atATime;
    this.#mayWait = mayWait;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * @throws NoRoom when too many wait already; the signal's reason when it comes before the turn; else what the
   * work throws
   */
  async take<Value>(work: () => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    if (this.#underWay < this.#atATime) this.#underWay++;
    else await this.#wait(signal);
    try {
      return await work();
    } finally {
      // The place goes straight to the next in line: nobody can slip in between.
      const [next] = this.#waiting;
      if (next === undefined) this.#underWay--;
      else next();
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#mayWait)
      return Promise.reject(new NoRoom(`${this.#mayWait} wait for their turn already`));
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(go);
        reject(signal?.reason);
      };
      const go = (): void => {
        this.#waiting.delete(go);
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      this.#waiting.add(go);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}
