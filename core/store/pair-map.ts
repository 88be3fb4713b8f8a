/** A map by two strings. Joining them into one key for each look-up would cost more than the look-up. */
export class PairMap<Value> {
  private readonly maps = new Map<string, Map<string, Value>>();
  private count = 0;
  /** What was found last: a message asks for its people several times. */
  private lastFirst = '';
  private lastSecond = '';
  private last: Value | undefined;

  get size(): number {
    return this.count;
  }

  get(first: string, second: string): Value | undefined {
    if (this.last !== undefined && second === this.lastSecond && first === this.lastFirst) return this.last;
    const found = this.maps.get(first)?.get(second);
    this.lastFirst = first;
    this.lastSecond = second;
    this.last = found;
    return found;
  }

  set(first: string, second: string, value: Value): void {
    let map = this.maps.get(first);
    if (map === undefined) {
      map = new Map();
      this.maps.set(first, map);
    }
    this.last = undefined;
    const before = map.size;
    map.set(second, value);
    this.count += map.size - before;
  }

  delete(first: string, second: string): void {
    this.last = undefined;
    const map = this.maps.get(first);
    if (map?.delete(second) !== true) return;
    this.count -= 1;
    if (map.size === 0) this.maps.delete(first);
  }

  clear(): void {
    this.maps.clear();
    this.last = undefined;
    this.count = 0;
  }
}
