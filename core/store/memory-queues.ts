/** Queues in memory: entries by id, until they are acknowledged. */
import type { QueueEntry } from './port.ts';

/** What an entry takes besides its texts. */
const ENTRY_BYTES = 400;

export class MemoryQueues {
  /** Ids of ULIDs sort by age; a queue exists while it has entries. */
  private readonly queues = new Map<string, QueueEntry[]>();

  #bytes = 0;

  /** What all entries take, estimated for what is not text. */
  get bytes(): number {
    return this.#bytes;
  }

  size(namespace: string, queue: string): number {
    return this.queues.get(queueKey(namespace, queue))?.length ?? 0;
  }

  add(entry: QueueEntry): void {
    const key = queueKey(entry.namespace, entry.queue);
    const entries = this.queues.get(key);
    this.#bytes += sizeOf(entry);
    if (entries === undefined) this.queues.set(key, [entry]);
    else entries.splice(firstAbove(entries, entry.id), 0, entry);
  }

  remove(namespace: string, queue: string, id: string): void {
    const key = queueKey(namespace, queue);
    const entries = this.queues.get(key);
    if (entries === undefined) return;
    const index = firstAbove(entries, id) - 1;
    const entry = entries[index];
    if (entry?.id !== id) return;
    this.#bytes -= sizeOf(entry);
    if (index === 0) entries.shift();
    else entries.splice(index, 1);
    if (entries.length === 0) this.queues.delete(key);
  }

  after(
    query: { readonly namespace: string; readonly queue: string; readonly after?: string | undefined },
    limit: number,
  ): readonly QueueEntry[] {
    const entries = this.queues.get(queueKey(query.namespace, query.queue)) ?? [];
    const start = query.after === undefined ? 0 : firstAbove(entries, query.after);
    return entries.slice(start, start + limit);
  }

  get counted(): number {
    return this.queues.size;
  }
}

/** Index of the first entry whose id is greater; the last one is tried first, as new entries belong there. */
function firstAbove(entries: readonly QueueEntry[], id: string): number {
  const newest = entries.at(-1);
  if (newest === undefined || newest.id <= id) return entries.length;
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle] as QueueEntry).id > id) high = middle;
    else low = middle + 1;
  }
  return low;
}

function sizeOf({ headers, body }: QueueEntry): number {
  return headers.reduce(
    (sum, [name, value]) => sum + name.length + value.length,
    ENTRY_BYTES + 2 * body.length,
  );
}

const queueKey = (namespace: string, queue: string): string => `${namespace.length}:${namespace}${queue}`;
