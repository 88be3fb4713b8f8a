/** Messages by their authors' own ids, for de-duplication and for whoever looks one up by it. */
import type { Entry } from './memory-log.ts';
import { PairMap } from './pair-map.ts';

/** What one author has sent. */
interface Sent {
  readonly entries: Map<string, Entry>;
  /** No id is after this one, in the order of `isAfter`. */
  highest: string;
}

/** A total order: longer ids after shorter ones, so that counters ascend in it. */
const isAfter = (one: string, other: string): boolean =>
  one.length === other.length ? one > other : one.length > other.length;

export class ClientIds {
  private readonly authors = new PairMap<Sent>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(namespace: string, author: string, clientId: string | undefined): Entry | undefined {
    if (clientId === undefined) return undefined;
    const sent = this.authors.get(namespace, author);
    // Most clients count, and what is after all others is new: a map of thousands need not be asked.
    return sent === undefined || isAfter(clientId, sent.highest) ? undefined : sent.entries.get(clientId);
  }

  /** The newest message under an id is the one that is remembered. */
  set(entry: Entry): void {
    const { namespace, from, clientId } = entry.message;
    if (clientId === undefined) return;
    let own = this.authors.get(namespace, from.id);
    if (own === undefined) {
      own = { entries: new Map(), highest: clientId };
      this.authors.set(namespace, from.id, own);
    }
    const before = own.entries.size;
    own.entries.set(clientId, entry);
    this.count += own.entries.size - before;
    if (isAfter(clientId, own.highest)) own.highest = clientId;
  }

  /** Forgets the entry, unless a newer one has taken its place. */
  delete(entry: Entry): void {
    const { namespace, from, clientId } = entry.message;
    const own = this.authors.get(namespace, from.id)?.entries;
    if (own === undefined || clientId === undefined || own.get(clientId) !== entry) return;
    own.delete(clientId);
    this.count -= 1;
    if (own.size === 0) this.authors.delete(namespace, from.id);
  }
}
