/** All messages in memory by their ids, and their removal when they are too old. */
import type { Entry } from './memory-log.ts';
import { keyOf, type Members } from './memory-members.ts';
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
  private readonly messages = new Map<string, Entry>();
  /** By author and client id; kept as long as de-duplication or the message needs it. */
  private readonly remembered = new Map<string, Entry>();
  private newest: Entry | undefined;
  private oldestKept: Entry | undefined;
  private oldestRemembered: Entry | undefined;

  constructor(limits: StoreLimits, members: Members) {
    this.limits = limits;
    this.members = members;
  }

  get counted(): { readonly messages: number; readonly remembered: number } {
    return { messages: this.messages.size, remembered: this.remembered.size };
  }

  /** Returns what takes the entry out again, as long as it is the newest. */
  add(entry: Entry): () => void {
    const { id } = entry.message;
    const known = clientKeyOf(entry.message);
    const earlier = known === undefined ? undefined : this.remembered.get(known);
    const previous = this.newest;
    this.messages.set(id, entry);
    if (known !== undefined) this.remembered.set(known, entry);
    if (previous !== undefined) previous.next = entry;
    this.newest = entry;
    this.oldestKept ??= entry;
    this.oldestRemembered ??= entry;
    return () => {
      this.messages.delete(id);
      if (known !== undefined && earlier === undefined) this.remembered.delete(known);
      else if (known !== undefined && earlier !== undefined) this.remembered.set(known, earlier);
      if (previous !== undefined) previous.next = undefined;
      this.newest = previous;
      if (this.oldestKept === entry) this.oldestKept = undefined;
      if (this.oldestRemembered === entry) this.oldestRemembered = undefined;
    };
  }

  /** What the author sent under the draft's client id within the window of de-duplication. */
  duplicateOf(draft: MessageDraft, now: number): Entry | undefined {
    const known = clientKeyOf(draft);
    const entry = known === undefined ? undefined : this.remembered.get(known);
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
    const entry =
      byId?.message.namespace === namespace ? byId : this.remembered.get(clientKey(namespace, author, id));
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
      this.messages.delete(entry.message.id);
      this.members.release(entry.conversation);
      this.oldestKept = entry.next;
    }
    const forgotten = now - Math.max(retentionMs, deduplicationMs);
    for (let step = 0; step < PRUNE_STEP; step += 1) {
      const entry = this.oldestRemembered;
      if (entry === undefined || entry.kept || entry.message.sentAt > forgotten) break;
      const known = clientKeyOf(entry.message);
      if (known !== undefined && this.remembered.get(known) === entry) this.remembered.delete(known);
      this.oldestRemembered = entry.next;
      if (this.newest === entry) this.newest = undefined;
    }
  }
}

const clientKey = (namespace: string, author: string, clientId: string): string =>
  keyOf(namespace, keyOf(author, clientId));

function clientKeyOf(draft: MessageDraft): string | undefined {
  return draft.clientId === undefined ? undefined : clientKey(draft.namespace, draft.from.id, draft.clientId);
}
