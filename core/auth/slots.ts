/** At most so many at a time; so many more wait for their turn, in order; the rest are turned away. */
export class Slots {
  readonly #atATime: number;
  readonly #mayWait: number;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(atATime: number, mayWait: number) {
    this.#atATime = atATime;
    this.#mayWait = mayWait;
  }

  /** @throws Error when too many wait already; else what the work throws */
  async take<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#underWay < this.#atATime) this.#underWay++;
    else await this.#wait();
    try {
      return await work();
    } finally {
      // The place goes straight to the next in line: nobody can slip in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#underWay--;
      else next();
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#mayWait)
      return Promise.reject(new Error(`${this.#mayWait} wait for their turn already`));
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
