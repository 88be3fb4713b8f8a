/** Pages of what has no order of its own: by id, so that a page stands wherever others come and go. */
import { setImmediate } from 'node:timers/promises';

/** Items looked at before others get their turn: a list of a million holds up nobody. */
const SLICE = 4096;

export interface IdPage<Item> {
  readonly items: readonly Item[];
  /** The id after which the next page begins; undefined: nothing was left. */
  readonly next: string | undefined;
}

/**
 * The least `limit` ids after `after`. Looks at every item once, a slice in each turn of the event loop, and keeps
 * no more than a page. What comes and goes meanwhile may be on the page or not.
 */
export async function pageAfter<Item>(
  items: Iterable<Item>,
  idOf: (item: Item) => string,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<IdPage<Item>> {
  const page: { readonly id: string; readonly item: Item }[] = [];
  let seen = 0;
  for (const item of items) {
    seen++;
    if (seen % SLICE === 0) await setImmediate();
    const id = idOf(item);
    if (after !== undefined && id <= after) continue;
    const last = page.length > limit ? page[limit] : undefined;
    if (last !== undefined && id >= last.id) continue;
    page.splice(placeOf(page, id), 0, { id, item });
    if (page.length > limit + 1) page.pop();
  }
  const shown = page.slice(0, limit);
  return { items: shown.map(({ item }) => item), next: page.length > limit ? shown.at(-1)?.id : undefined };
}

function placeOf(page: readonly { readonly id: string }[], id: string): number {
  let low = 0;
  let high = page.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((page[middle] as { readonly id: string }).id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** An answer's page: `next` is left out where there is none. */
export const written = <Item>(items: readonly Item[], next: string | undefined) =>
  next === undefined ? { items } : { items, next };
