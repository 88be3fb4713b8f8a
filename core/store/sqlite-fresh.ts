/**
 * The newest messages: those that the tables of places do not have yet, by what those tables would find them.
 * `sqlite-places.ts` says why they are kept here.
 */
import { PairMap } from '../pair-map.ts';

export interface FreshMessage {
  readonly place: number;
  readonly conversation: number;
  readonly sequence: number;
  readonly namespace: string;
  readonly author: string;
  readonly clientId: string | null;
  /** As in the table of messages. */
  state: number;
  /** Epoch ms. */
  readonly at: number;
  readonly bytes: number;
}

/** An earlier one that has the author's client id too: in another namespace, or from before the window. */
interface Entry extends FreshMessage {
  readonly before: Entry | undefined;
}

/** How much was there at one time. */
export interface Mark {
  readonly size: number;
  readonly changes: number;
}

const NONE: readonly FreshMessage[] = [];

export class FreshMessages {
  /** Ascending in place; those of a conversation in sequence too. */
  private readonly all: Entry[] = [];
  private readonly byConversation = new Map<number, Entry[]>();
  private readonly byClientId = new PairMap<Entry>();
  /** States as they were before they changed. */
  private readonly changes: { readonly entry: Entry; readonly state: number }[] = [];

  get size(): number {
    return this.all.length;
  }

  /** The place of the newest; undefined: there is none. */
  get newest(): number | undefined {
    return this.all.at(-1)?.place;
  }

  /** It is newer than all others. */
  add(message: FreshMessage): void {
    const { place, conversation, sequence, namespace, author, clientId, state, at, bytes } = message;
    const before = clientId === null ? undefined : this.byClientId.get(author, clientId);
    const entry = { place, conversation, sequence, namespace, author, clientId, state, at, bytes, before };
    this.all.push(entry);
    const log = this.byConversation.get(conversation);
    if (log === undefined) this.byConversation.set(conversation, [entry]);
    else log.push(entry);
    if (clientId !== null) this.byClientId.set(author, clientId, entry);
  }

  /** The place of the author's newest with this client id. */
  ofClient(namespace: string, author: string, clientId: string): number | undefined {
    let entry = this.byClientId.get(author, clientId);
    while (entry !== undefined && entry.namespace !== namespace) entry = entry.before;
    return entry?.place;
  }

  /** Those of a conversation, ascending. */
  of(conversation: number): readonly FreshMessage[] {
    return this.byConversation.get(conversation) ?? NONE;
  }

  /** Nothing happens if it is not one of them. */
  setState(place: number, state: number): void {
    const entry = this.all[firstWhere(this.all, (candidate) => candidate.place >= place)];
    if (entry?.place !== place) return;
    this.changes.push({ entry, state: entry.state });
    entry.state = state;
  }

  mark(): Mark {
    return { size: this.all.length, changes: this.changes.length };
  }

  /** Everything since then was undone. */
  undo({ size, changes }: Mark): void {
    while (this.changes.length > changes) {
      const change = this.changes.pop();
      if (change !== undefined) change.entry.state = change.state;
    }
    while (this.all.length > size) {
      const entry = this.all.pop();
      if (entry !== undefined) this.drop(entry);
    }
  }

  private drop({ conversation, author, clientId, before }: Entry): void {
    const log = this.byConversation.get(conversation);
    log?.pop();
    if (log?.length === 0) this.byConversation.delete(conversation);
    if (clientId === null) return;
    if (before === undefined) this.byClientId.delete(author, clientId);
    else this.byClientId.set(author, clientId, before);
  }
}

/** The first index whose item passes a test that all later items pass too; the length if none does. */
export function firstWhere<Item>(items: readonly Item[], passes: (item: Item) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passes(items[middle] as Item)) high = middle;
    else low = middle + 1;
  }
  return low;
}
