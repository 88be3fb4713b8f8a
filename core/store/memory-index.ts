/** All messages in memory by their ids: the gateway's, and those of their authors. */
import type { Message } from '../../schemas/model.ts';
import { ClientIds } from './memory-client-ids.ts';
import type { Entries } from './memory-entries.ts';
import type { Entry } from './memory-log.ts';
import { PlaceIndex } from './place-index.ts';
import type { MessageDraft, StoreLimits } from './port.ts';

/** What an id takes that came out of order, with its entry in a map. */
const STRAY_BYTES = 160;
/** What the index of an author's client ids takes, without those. */
const AUTHOR_BYTES = 320;

export class MemoryIndex {
  private readonly limits: StoreLimits;
  private readonly entries: Entries;
  private readonly messages: PlaceIndex;
  /** Kept as long as de-duplication or the message needs it. */
  private readonly clientIds: ClientIds;

  constructor(limits: StoreLimits, entries: Entries) {
    this.limits = limits;
    this.entries = entries;
    this.messages = new PlaceIndex((place) => entries.remembered(place)?.ids.id ?? '');
    this.clientIds = new ClientIds(entries);
  }

  get counted(): { readonly messages: number; readonly remembered: number } {
    return { messages: this.messages.size, remembered: this.clientIds.size };
  }

  /** What ids take besides the places of those in the order of the messages, estimated. */
  get bytes(): number {
    const strays = this.messages.strayCount + this.clientIds.strayCount;
    return strays * STRAY_BYTES + this.clientIds.authorCount * AUTHOR_BYTES;
  }

  add(message: Message, place: number): void {
    const { namespace, from, id, clientId } = message;
    this.messages.set(id, place);
    if (clientId !== undefined) this.clientIds.set(namespace, from.id, clientId, place);
  }

  /** What takes back the message that is about to be added, with its client id: that may have been another's. */
  remover(draft: MessageDraft): (entry: Entry) => void {
    const earlier = this.earlier(draft);
    return (entry) => {
      this.forget(entry);
      this.forgetClientId(entry);
      if (earlier !== undefined) this.clientIds.restore(earlier);
    };
  }

  /** Whoever looks for the message does not find it any more; its client id is still remembered. */
  forget(entry: Entry): void {
    this.messages.delete(entry.ids.id, entry.place);
  }

  forgetClientId(entry: Entry): void {
    this.clientIds.delete(entry);
  }

  /** Forgets all messages at these places, both ends included. */
  forgetAll(from: number, to: number): void {
    if (this.messages.strayCount > 0) {
      for (let place = from; place <= to; place += 1) {
        const entry = this.entries.get(place);
        if (entry !== undefined) this.messages.deleteStray(entry.ids.id, place);
      }
    }
    this.messages.deleteOrdered(from, to);
    this.clientIds.deleteAll(from, to);
  }

  /** A message that `forgetAll` forgot is found again. */
  restore(entry: Entry): void {
    this.messages.setStray(entry.ids.id, entry.place);
    this.clientIds.restore(entry);
  }

  /** What the author of a draft sent under its client id within the window of de-duplication. */
  duplicateOf(draft: MessageDraft, now: number): Entry | undefined {
    const entry = this.earlier(draft);
    return entry !== undefined && entry.sentAt > now - this.limits.deduplicationMs ? entry : undefined;
  }

  /** By the gateway's id, else by the author's own. */
  find(
    query: { readonly namespace: string; readonly id: string; readonly author: string },
    now: number,
  ): Entry | undefined {
    const { namespace, id, author } = query;
    const place = this.messages.get(id);
    const byId = place === undefined ? undefined : this.entries.get(place);
    const entry =
      byId?.conversation.namespace === namespace ? byId : this.clientIds.get(namespace, author, id);
    if (entry === undefined || this.entries.isGone(entry.place)) return undefined;
    return entry.sentAt > now - this.limits.retentionMs ? entry : undefined;
  }

  /** What the author of a draft sent under its client id, however long ago. */
  private earlier({ namespace, from, clientId }: MessageDraft): Entry | undefined {
    return this.clientIds.get(namespace, from.id, clientId);
  }
}
