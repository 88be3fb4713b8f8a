/**
 * What leaves the store in memory: what is too old, and, where there is no room for more, the oldest that nobody waits
 * for.
 *
 * Room is made a segment at a time. Where few of its messages are waited for, these are set aside and the rest goes;
 * where many are, it stays, and is looked at again when fewer are.
 */
import { asideSize, Entries } from './memory-entries.ts';
import type { MemoryIndex } from './memory-index.ts';
import type { Conversation, Entry, UserState } from './memory-log.ts';
import type { Members } from './memory-members.ts';
import type { MemoryQueues } from './memory-queues.ts';
import type { StoreLimits } from './port.ts';
import type { Span } from './received.ts';

/** Most messages that one call removes because of their age. */
const PRUNE_STEP = 256;
/** The share of what a segment takes that its messages may take, set aside for the rest to go. */
const MOST_ASIDE = 1 / 4;
/** Most segments that one call looks at where there is little room: a look takes as long as storing some messages. */
const LOOKS = 2;
/** The same where there is none: what is refused would be so although something may go. */
const LOOKS_FULL = 128;
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

/** Of a conversation, for a look at a segment. */
interface Lagging {
  /** Highest of its sequences there. */
  readonly newest: number;
  /** Who may miss any of them, once that is known. */
  states?: readonly UserState[];
}

export class Retention {
  /** Messages that had to go before they were too old. */
  forgotten = 0;
  private readonly parts: RetentionParts;
  /** When something may be too old again, epoch ms. */
  private due = 0;
  /** Numbers of segments that may be able to go: not looked at since somebody waited for more of them. */
  private readonly candidates = new Set<number>();
  /** All segments below this number have been candidates. */
  private closedTo = 0;
  /** How long a client id is remembered, ms. */
  private readonly rememberedMs: number;

  constructor(parts: RetentionParts) {
    this.parts = parts;
    this.rememberedMs = Math.max(parts.limits.retentionMs, parts.limits.deduplicationMs);
  }

  /** Whether more than the memory is taken. */
  get isFull(): boolean {
    return this.bytes > this.parts.memory;
  }

  /** What is taken, estimated for what is not text. */
  get bytes(): number {
    const { entries, index, members, queues } = this.parts;
    return entries.bytes + index.bytes + members.bytes + queues.bytes;
  }

  /** Removes what is too old and, where there is little room, what nobody waits for, in a bounded step. */
  step(now: number): void {
    if (now >= this.due) this.prune(now);
    this.makeRoom();
  }

  private prune(now: number): void {
    const { entries, index, members, limits } = this.parts;
    const { keptFrom } = entries;
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
    if (entries.keptFrom > keptFrom) this.mayGo(keptFrom, entries.keptFrom - 1);
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

  /** Lets go of one segment where there is little room, and of as many as it takes where there is none. */
  private makeRoom(): void {
    const { entries, memory } = this.parts;
    if (this.bytes <= memory * (1 - FREE_SHARE)) return;
    this.closedTo = Math.max(this.closedTo, Entries.segmentOf(entries.rememberedFrom));
    for (; this.closedTo < entries.closedTo; this.closedTo += 1) this.candidates.add(this.closedTo);
    const most = this.isFull ? LOOKS_FULL : LOOKS;
    let looks = 0;
    for (const segment of this.candidates) {
      this.candidates.delete(segment);
      looks += 1;
      if ((this.letGo(segment) && !this.isFull) || looks === most) return;
    }
  }

  /** Nobody may wait any longer for what is at these places, both ends included. */
  private mayGo(from: number, to: number): void {
    // What is not closed, or was so without need of room, becomes a candidate in its turn.
    const last = Math.min(Entries.segmentOf(to), this.closedTo - 1);
    for (let segment = Entries.segmentOf(from); segment <= last; segment += 1) {
      if (this.parts.entries.bytesOf(segment) !== undefined) this.candidates.add(segment);
    }
  }

  /** Somebody waits no longer for these messages of a conversation. */
  settled(conversation: Conversation, spans: readonly Span[]): void {
    for (const span of spans) {
      const from = Math.max(span.from, conversation.first);
      const to = Math.min(span.to, conversation.last);
      const start = conversation.placeAt(from);
      const end = conversation.placeAt(to);
      if (start === undefined || end === undefined || from > to) continue;
      this.mayGo(start, end);
      this.dropAsides(conversation, { from, to });
    }
  }

  private dropAsides(conversation: Conversation, { from, to }: Span): void {
    const { entries, members } = this.parts;
    for (let sequence = from; sequence <= to && entries.asideCount > 0; sequence += 1) {
      const place = conversation.placeAt(sequence);
      const entry = place === undefined ? undefined : entries.aside(place);
      if (entry !== undefined && !members.isWaitedFor(entry)) this.dropAside(entry);
    }
  }

  /** False if too many of its messages are waited for, or it is gone. */
  private letGo(segment: number): boolean {
    const { entries, index, members } = this.parts;
    const bytes = entries.bytesOf(segment);
    if (bytes === undefined) return false;
    const { from, to } = entries.placesOf(segment);
    let kept = 0;
    let asideBytes = 0;
    const waited: Entry[] = [];
    const conversations = new Map<Conversation, Lagging>();
    const laggingIn = (conversation: Conversation): readonly UserState[] => {
      const lagging = conversations.get(conversation) as Lagging;
      lagging.states ??= members.lagging(conversation, lagging.newest);
      return lagging.states;
    };
    // Backwards, to meet the newest message of each conversation first.
    for (let place = to; place >= from; place -= 1) {
      const entry = entries.get(place);
      if (entry === undefined) continue;
      kept += 1;
      const { conversation } = entry;
      if (!conversations.has(conversation)) conversations.set(conversation, { newest: entry.sequence });
      if (!members.isWaitedFor(entry, laggingIn)) continue;
      asideBytes += asideSize(entry);
      if (asideBytes > bytes * MOST_ASIDE) return false;
      waited.push(entry);
    }
    index.forgetAll(from, to);
    for (const entry of waited.reverse()) index.restore(entries.setAside(entry));
    entries.drop(segment);
    for (const conversation of conversations.keys()) members.release(conversation);
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
