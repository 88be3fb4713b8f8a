/** A map by two strings. Joining them into one key for each look-up would cost more than the look-up. */
export class PairMap<Value> {
  readonly #maps = new Map<string, Map<string, Value>>();
  #count = 0;
  /** What was found last, and before that: a message asks for its two people several times. */
  #first = '';
  #second = '';
  #found: Value | undefined;
  #earlierFirst = '';
  #earlierSecond = '';
  #earlier: Value | undefined;

  get size(): number {
    return this.#count;
  }

  get(first: string, second: string): Value | undefined {
    if (this.#found !== undefined && second === this.#second && first === this.#first) return this.#found;
    const isEarlier =
      this.#earlier !== undefined && second === this.#earlierSecond && first === this.#earlierFirst;
    const found = isEarlier ? this.#earlier : this.#maps.get(first)?.get(second);
    if (found === undefined) return undefined;
    this.#earlierFirst = this.#first;
    this.#earlierSecond = this.#second;
    this.#earlier = this.#found;
    this.#first = first;
    this.#second = second;
    this.#found = found;
    return found;
  }

  /** Everything under the first of two strings. */
  values(first: string): Iterable<Value> {
    return this.#maps.get(first)?.values() ?? [];
  }

  set(first: string, second: string, value: Value): void {
    let map = this.#maps.get(first);
    if (map === undefined) {
      map = new Map();
      this.#maps.set(first, map);
    }
    this.#forgetFound();
    const before = map.size;
    map.set(second, value);
    this.#count += map.size - before;
  }

  /** Whether there was something. */
  delete(first: string, second: string): boolean {
    this.#forgetFound();
    const map = this.#maps.get(first);
    if (map?.delete(second) !== true) return false;
    this.#count -= 1;
    if (map.size === 0) this.#maps.delete(first);
    return true;
  }

  clear(): void {
    this.#maps.clear();
    this.#forgetFound();
    this.#count = 0;
  }

  #forgetFound(): void {
    this.#found = undefined;
    this.#earlier = undefined;
  }
}
