/**
 * Keeps what one connection wants in the order in which it said it, while the backend is asked about some of it:
 * each command takes a place, is made ready in any order, and runs when all before it have run.
 */
export interface Place {
  run: (() => void) | undefined;
}

export class Line {
  readonly #places: Place[] = [];
  readonly #failed: (error: unknown) => void;
  #running = false;

  /** `failed` is told what a `run` throws; those after it run all the same. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  get isEmpty(): boolean {
    return this.#places.length === 0;
  }

  /** A place at the end. Made ready exactly once. */
  join(): Place {
    const place: Place = { run: undefined };
    this.#places.push(place);
    return place;
  }

  /** What `run` leads to may join the line again. */
  ready(place: Place, run: () => void): void {
    place.run = run;
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#places[0]?.run; next !== undefined; next = this.#places[0]?.run) {
      this.#places.shift();
      try {
        next();
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#running = false;
  }
}
