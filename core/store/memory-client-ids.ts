/** Messages by their authors' own ids, for de-duplication and for whoever looks one up by it. */
import { AscendingIndex } from './ascending-index.ts';
import type { Entry } from './memory-log.ts';
import { PairMap } from './pair-map.ts';

const clientIdOf = ({ message }: Entry): string => message.clientId ?? '';

export class ClientIds {
  private readonly authors = new PairMap<AscendingIndex<Entry>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(namespace: string, author: string, clientId: string | undefined): Entry | undefined {
    return clientId === undefined ? undefined : this.authors.get(namespace, author)?.get(clientId);
  }

  /** The newest message under an id is the one that is remembered. */
  set(entry: Entry): void {
    const { namespace, from, clientId } = entry.message;
    if (clientId === undefined) return;
    let own = this.authors.get(namespace, from.id);
    if (own === undefined) {
      own = new AscendingIndex(clientIdOf);
      this.authors.set(namespace, from.id, own);
    }
    const before = own.size;
    own.set(clientId, entry);
    this.count += own.size - before;
  }

  /** Forgets the entry, unless a newer one has taken its place. */
  delete(entry: Entry): void {
    const { namespace, from, clientId } = entry.message;
    const own = this.authors.get(namespace, from.id);
    if (own === undefined || clientId === undefined) return;
    const before = own.size;
    own.delete(clientId, entry);
    this.count += own.size - before;
    if (own.size === 0) this.authors.delete(namespace, from.id);
  }
}
