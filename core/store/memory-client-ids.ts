/** Messages by their authors' own ids, for de-duplication and for whoever looks one up by it. */

import { PairMap } from '../pair-map.ts';
import type { Entries } from './memory-entries.ts';
import type { Entry } from './memory-log.ts';
import { PlaceIndex } from './place-index.ts';

export class ClientIds {
  private readonly entries: Entries;
  private readonly authors = new PairMap<PlaceIndex>();
  private readonly clientIdOf: (place: number) => string;
  private count = 0;
  private strays = 0;

  constructor(entries: Entries) {
    this.entries = entries;
    this.clientIdOf = (place) => entries.remembered(place)?.ids.clientId ?? '';
  }

  get size(): number {
    return this.count;
  }

  /** Of those, the ones that are kept in a map. */
  get strayCount(): number {
    return this.strays;
  }

  get authorCount(): number {
    return this.authors.size;
  }

  get(namespace: string, author: string, clientId: string | undefined): Entry | undefined {
    if (clientId === undefined) return undefined;
    const place = this.authors.get(namespace, author)?.get(clientId);
    return place === undefined ? undefined : this.entries.remembered(place);
  }

  /** The newest message under an id is the one that is remembered. */
  set(namespace: string, author: string, clientId: string, place: number): void {
    const own = this.own(namespace, author);
    const { size, strayCount } = own;
    own.set(clientId, place);
    this.counted(own, size, strayCount);
  }

  /** Forgets the message, unless a newer one has taken its place. */
  delete(entry: Entry): void {
    const { clientId } = entry.ids;
    const { namespace } = entry.conversation;
    const own = this.authors.get(namespace, entry.from.id);
    if (own === undefined || clientId === undefined) return;
    const { size, strayCount } = own;
    own.delete(clientId, entry.place);
    this.counted(own, size, strayCount);
    if (own.size === 0) this.authors.delete(namespace, entry.from.id);
  }

  /** Forgets all messages at these places, both ends included. */
  deleteAll(from: number, to: number): void {
    const found = new Map<PlaceIndex, Entry>();
    for (let place = from; place <= to; place += 1) {
      const entry = this.entries.remembered(place);
      const own =
        entry === undefined ? undefined : this.authors.get(entry.conversation.namespace, entry.from.id);
      if (entry === undefined || own === undefined) continue;
      found.set(own, entry);
      if (own.strayCount === 0) continue;
      const { clientId } = entry.ids;
      const { size, strayCount } = own;
      if (clientId !== undefined) own.deleteStray(clientId, place);
      this.counted(own, size, strayCount);
    }
    for (const [own, { conversation, from: author }] of found) {
      const { size, strayCount } = own;
      own.deleteOrdered(from, to);
      this.counted(own, size, strayCount);
      if (own.size === 0) this.authors.delete(conversation.namespace, author.id);
    }
  }

  /** Remembers a message again that `deleteAll` forgot. */
  restore(entry: Entry): void {
    const { clientId } = entry.ids;
    const { namespace } = entry.conversation;
    if (clientId === undefined || this.get(namespace, entry.from.id, clientId) !== undefined) return;
    const own = this.own(namespace, entry.from.id);
    const { size, strayCount } = own;
    own.setStray(clientId, entry.place);
    this.counted(own, size, strayCount);
  }

  private own(namespace: string, author: string): PlaceIndex {
    let own = this.authors.get(namespace, author);
    if (own === undefined) {
      own = new PlaceIndex(this.clientIdOf);
      this.authors.set(namespace, author, own);
    }
    return own;
  }

  private counted(own: PlaceIndex, size: number, strayCount: number): void {
    this.count += own.size - size;
    this.strays += own.strayCount - strayCount;
  }
}
