/** All messages in memory by their ids, and their removal when they are too old. */

import { AscendingIndex } from './ascending-index.ts';
import { ClientIds } from './memory-client-ids.ts';
import type { Entry } from './memory-log.ts';
import type { Members } from './memory-members.ts';
import type { MessageDraft, StoreLimits } from './port.ts';

/** Most messages that one call removes because of their age. */
const PRUNE_STEP = 256;

/**
 * Entries form one list in the order in which they came, which is that of age: the front of it is what
 * retention and de-duplication have to look at.
 */
export class MemoryIndex {
  private readonly limits: StoreLimits;
  private readonly members: Members;
  private readonly messages = new AscendingIndex<Entry>(({ message }) => message.id);
  /** Kept as long as de-duplication or the message needs it. */
  private readonly clientIds = new ClientIds();
  private newest: Entry | undefined;
  private oldestKept: Entry | undefined;
  private oldestRemembered: Entry | undefined;

  constructor(limits: StoreLimits, members: Members) {
    this.limits = limits;
    this.members = members;
  }

  get counted(): { readonly messages: number; readonly remembered: number } {
    return { messages: this.messages.size, remembered: this.clientIds.size };
  }

  add(entry: Entry): void {
    this.messages.set(entry.message.id, entry);
    this.clientIds.set(entry);
    if (this.newest !== undefined) this.newest.next = entry;
    this.newest = entry;
    this.oldestKept ??= entry;
    this.oldestRemembered ??= entry;
  }

  /** Gives what takes an entry back, of its conversation too, that is about to be added: as long as it is the newest. */
  remover(entry: Entry): () => void {
    const { namespace, from, clientId } = entry.message;
    const earlier = this.clientIds.get(namespace, from.id, clientId);
    const previous = this.newest;
    return () => {
      this.members.settleBacklog(entry);
      entry.conversation.pop();
      this.messages.delete(entry.message.id, entry);
      this.clientIds.delete(entry);
      if (earlier !== undefined) this.clientIds.set(earlier);
      if (previous !== undefined) previous.next = undefined;
      this.newest = previous;
      if (this.oldestKept === entry) this.oldestKept = undefined;
      if (this.oldestRemembered === entry) this.oldestRemembered = undefined;
      this.members.release(entry.conversation);
    };
  }

  /** What the author sent under the draft's client id within the window of de-duplication. */
  duplicateOf({ namespace, from, clientId }: MessageDraft, now: number): Entry | undefined {
    const entry = this.clientIds.get(namespace, from.id, clientId);
    return entry !== undefined && entry.message.sentAt > now - this.limits.deduplicationMs
      ? entry
      : undefined;
  }

  /** By the gateway's id, else by the author's own. */
  find(
    query: { readonly namespace: string; readonly id: string; readonly author: string },
    now: number,
  ): Entry | undefined {
    const { namespace, id, author } = query;
    const byId = this.messages.get(id);
    const entry = byId?.message.namespace === namespace ? byId : this.clientIds.get(namespace, author, id);
    return entry?.kept === true && entry.message.sentAt > now - this.limits.retentionMs ? entry : undefined;
  }

  /** Removes what is too old, in a bounded step. */
  prune(now: number): void {
    const { retentionMs, deduplicationMs } = this.limits;
    for (let step = 0; step < PRUNE_STEP; step += 1) {
      const entry = this.oldestKept;
      if (entry === undefined || entry.message.sentAt > now - retentionMs) break;
      this.members.settleBacklog(entry);
      entry.kept = false;
      entry.conversation.dropOldest();
      this.messages.delete(entry.message.id, entry);
      this.members.release(entry.conversation);
      this.oldestKept = entry.next;
    }
    const forgotten = now - Math.max(retentionMs, deduplicationMs);
    for (let step = 0; step < PRUNE_STEP; step += 1) {
      const entry = this.oldestRemembered;
      if (entry === undefined || entry.kept || entry.message.sentAt > forgotten) break;
      this.clientIds.delete(entry);
      this.oldestRemembered = entry.next;
      if (this.newest === entry) this.newest = undefined;
    }
  }
}
