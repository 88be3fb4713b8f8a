/**
 * What leaves the store in memory: what is too old, and, where there is no room for more, the oldest that nobody waits
 * for.
 *
 * Room is made a segment at a time. Where few of its messages are waited for, these are set aside and the rest goes;
 * where many are, it stays.
 */
import { Entries } from './memory-entries.ts';
import type { MemoryIndex } from './memory-index.ts';
import type { Conversation, Entry } from './memory-log.ts';
import type { Members } from './memory-members.ts';
import type { MemoryQueues } from './memory-queues.ts';
import { SEGMENT_ROWS } from './memory-segment.ts';
import type { StoreLimits } from './port.ts';

/** Most messages that one call removes because of their age. */
const PRUNE_STEP = 256;
/** Most messages of a segment that are set aside for the rest to go: objects of their own take more than rows. */
const MOST_ASIDE = SEGMENT_ROWS / 8;
/** Calls and messages between two looks at segments in vain: a look takes as long as storing some messages. */
const PAUSE = 64;
/** Between two looks while it is full and nothing is asked, ms. */
const LOOK_MS = 2;
/** The share of the memory that is kept free while there is something to let go of. */
const FREE_SHARE = 1 / 16;

export interface RetentionParts {
  readonly limits: StoreLimits;
  /** Bytes that the store may take. */
  readonly memory: number;
  readonly entries: Entries;
  readonly index: MemoryIndex;
  readonly members: Members;
  readonly queues: MemoryQueues;
}

export class Retention {
  /** Messages that had to go before they were too old. */
  forgotten = 0;
  private readonly parts: RetentionParts;
  /** When something may be too old again, epoch ms. */
  private due = 0;
  private hand: Iterator<number, undefined> | undefined;
  /** Segments in a row that had to stay. */
  private inVain = 0;
  /** Counts calls and messages; after a segment that had to stay, the next is looked at when it has come so far. */
  private calls = 0;
  private resumeAt = 0;
  private timer: NodeJS.Timeout | undefined;

  /** How long a client id is remembered, ms. */
  private readonly rememberedMs: number;

  constructor(parts: RetentionParts) {
    this.parts = parts;
    this.rememberedMs = Math.max(parts.limits.retentionMs, parts.limits.deduplicationMs);
  }

  /** Whether more than the memory is taken, and none of it may go. */
  get isFull(): boolean {
    return this.bytes > this.parts.memory;
  }

  /** What is taken, estimated for what is not text. */
  get bytes(): number {
    const { entries, index, members, queues } = this.parts;
    return entries.bytes + index.bytes + members.bytes + queues.bytes;
  }

  /** Removes what is too old, in a bounded step. */
  prune(now: number): void {
    if (now < this.due) return;
    const { entries, index, members, limits } = this.parts;
    const old = now - limits.retentionMs;
    for (let step = 0; step < PRUNE_STEP && entries.keptFrom < entries.next; step += 1) {
      const place = entries.keptFrom;
      const sentAt = entries.sentAt(place);
      if (sentAt !== undefined && sentAt > old) break;
      const entry = sentAt === undefined ? undefined : entries.get(place);
      if (entry !== undefined) {
        members.settleBacklog(entry);
        index.forget(entry);
      }
      entries.keepFrom(entry === undefined ? Entries.afterSegmentOf(place) : place + 1);
      if (entry !== undefined) members.release(entry.conversation);
    }
    for (let step = 0; step < PRUNE_STEP; step += 1) {
      const entry = entries.oldestAside;
      if (entry === undefined || entry.sentAt > old) break;
      members.settleBacklog(entry);
      this.dropAside(entry);
    }
    const forgotten = now - this.rememberedMs;
    for (let step = 0; step < PRUNE_STEP && entries.rememberedFrom < entries.keptFrom; step += 1) {
      const place = entries.rememberedFrom;
      const sentAt = entries.sentAt(place);
      if (sentAt !== undefined && sentAt > forgotten) break;
      const entry = sentAt === undefined ? undefined : entries.remembered(place);
      if (entry !== undefined) index.forgetClientId(entry);
      const next = entry === undefined ? Entries.afterSegmentOf(place) : place + 1;
      entries.rememberFrom(Math.min(next, entries.keptFrom));
    }
    this.due = this.nextDue(now);
  }

  /** Where there is little room, lets go of the oldest that nobody waits for: at most one segment. */
  makeRoom(): void {
    const { entries, memory } = this.parts;
    if (this.bytes <= memory * (1 - FREE_SHARE) || this.inVain >= entries.closedSegments) return;
    this.calls += 1;
    if (this.calls + entries.next >= this.resumeAt) this.look();
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Looks whether the next segment may go. */
  private look(): void {
    const { entries } = this.parts;
    let step = this.hand?.next();
    if (step === undefined || step.done === true) {
      this.hand = entries.closed();
      step = this.hand.next();
    }
    if (step.done === true) return;
    if (this.letGo(step.value)) this.inVain = 0;
    else {
      this.inVain += 1;
      this.resumeAt = this.calls + entries.next + PAUSE;
    }
  }

  /** Somebody waits no longer for messages of a conversation. */
  settled(conversation: Conversation): void {
    this.inVain = 0;
    if (this.isFull) this.lookSoon();
    const { entries, members } = this.parts;
    while (entries.asideCount > 0) {
      const place = conversation.firstPlace;
      const entry = place === undefined ? undefined : entries.aside(place);
      if (entry === undefined || members.isWaitedFor(entry)) return;
      this.dropAside(entry);
    }
  }

  /** Nobody may ask for anything while it is full, and it is to be well again all the same. */
  private lookSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.look();
      if (this.isFull && this.inVain < this.parts.entries.closedSegments) this.lookSoon();
    }, LOOK_MS).unref();
  }

  /** False if too many of its messages are waited for. */
  private letGo(segment: number): boolean {
    const { entries, index, members } = this.parts;
    const { from, to } = entries.placesOf(segment);
    let kept = 0;
    const waited: Entry[] = [];
    const conversations = new Set<Conversation>();
    for (let place = from; place <= to; place += 1) {
      const entry = entries.get(place);
      if (entry === undefined) continue;
      kept += 1;
      conversations.add(entry.conversation);
      if (!members.isWaitedFor(entry)) continue;
      if (waited.length === MOST_ASIDE) return false;
      waited.push(entry);
    }
    index.forgetAll(from, to);
    for (const entry of waited) index.restore(entries.setAside(entry));
    entries.drop(segment);
    for (const conversation of conversations) members.release(conversation);
    this.forgotten += kept - waited.length;
    this.due = 0;
    return true;
  }

  private dropAside(entry: Entry): void {
    const { entries, index, members } = this.parts;
    index.forget(entry);
    index.forgetClientId(entry);
    entries.dropAside(entry.place);
    members.release(entry.conversation);
  }

  private nextDue(now: number): number {
    const { entries, limits } = this.parts;
    const { keptFrom, rememberedFrom, next, oldestAside } = entries;
    const end = (sentAt: number | undefined, after: number) => (sentAt === undefined ? now : sentAt + after);
    return Math.min(
      keptFrom === next ? now : end(entries.sentAt(keptFrom), limits.retentionMs),
      oldestAside === undefined ? Number.POSITIVE_INFINITY : end(oldestAside.sentAt, limits.retentionMs),
      rememberedFrom === keptFrom
        ? Number.POSITIVE_INFINITY
        : end(entries.sentAt(rememberedFrom), this.rememberedMs),
    );
  }
}
