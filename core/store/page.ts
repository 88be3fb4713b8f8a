/** One page over many conversations, in the order in which the messages were stored. */

/** `place` counts all messages of a store in the order in which they came. */
export interface Placed {
  readonly place: number;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** The `after` of the next page; undefined: nothing was left. */
  readonly next: string | undefined;
}

interface Head<Item> {
  item: Item;
  readonly rest: Iterator<Item, undefined>;
}

/** Reads no further than it needs: each stream is ascending in `place`, and at most `limit` + 1 items are merged. */
export function pageOf<Item extends Placed>(
  streams: Iterable<Iterator<Item, undefined>>,
  limit: number,
): Page<Item> {
  const heap: Head<Item>[] = [];
  for (const rest of streams) {
    const first = rest.next();
    if (first.done === true) continue;
    heap.push({ item: first.value, rest });
    rise(heap, heap.length - 1);
  }
  const items: Item[] = [];
  while (items.length < limit) {
    const top = heap[0];
    if (top === undefined) break;
    items.push(top.item);
    const following = top.rest.next();
    if (following.done !== true) top.item = following.value;
    else {
      const last = heap.pop() as Head<Item>;
      if (heap.length > 0) heap[0] = last;
    }
    sink(heap);
  }
  const end = items.at(-1);
  return { items, next: heap.length === 0 || end === undefined ? undefined : String(end.place) };
}

/** The place that `after` names; 0 when there is none. */
export function placeOf(after: string | undefined): number {
  const place = Number(after ?? 0);
  return Number.isSafeInteger(place) ? place : 0;
}

function rise(heap: Head<Placed>[], from: number): void {
  for (let child = from; child > 0; ) {
    const parent = (child - 1) >> 1;
    if (!swapIfLess(heap, child, parent)) return;
    child = parent;
  }
}

function sink(heap: Head<Placed>[]): void {
  for (let parent = 0; ; ) {
    const left = 2 * parent + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const least = right < heap.length && placeAt(heap, right) < placeAt(heap, left) ? right : left;
    if (!swapIfLess(heap, least, parent)) return;
    parent = least;
  }
}

function swapIfLess(heap: Head<Placed>[], child: number, parent: number): boolean {
  if (placeAt(heap, child) >= placeAt(heap, parent)) return false;
  const lower = heap[child] as Head<Placed>;
  heap[child] = heap[parent] as Head<Placed>;
  heap[parent] = lower;
  return true;
}

/** For indexes below the length only. */
function placeAt(heap: readonly Head<Placed>[], index: number): number {
  return (heap[index] as Head<Placed>).item.place;
}
