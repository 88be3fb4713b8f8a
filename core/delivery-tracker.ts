/**
 * Which deliveries of one connection its peer has confirmed. A cursor moves only here: by the dialect's own
 * acknowledgement, else by the pong to a ping that was sent after the delivery.
 *
 * Live deliveries of a conversation come in order, and so do replayed ones; whoever leaves one out says so by
 * `skipped`. So each of the two makes ranges in which nothing that the user could miss is unsent.
 */
import type { ConfirmedRange } from './store/port.ts';

/** `acknowledged`: the client confirms it by a frame of its own; the others are confirmed by pongs. */
export type DeliveryKind = 'live' | 'replayed' | 'acknowledged';

interface Range {
  readonly from: number;
  to: number;
  /** Highest sequence that a ping asks or has asked about. */
  asked: number;
  /** Highest sequence confirmed; `from - 1` if none is. */
  confirmed: number;
}

interface Track {
  readonly ranges: Range[];
  /** The ranges that the next live and the next replayed delivery continue. */
  live: Range | undefined;
  replayed: Range | undefined;
  /** Sequences that the client has to acknowledge; `accepted` while the store has not noted it yet. */
  readonly awaited: Map<number, 'awaited' | 'accepted'>;
}

export class DeliveryTracker {
  /** None before the first delivery. */
  #tracks: Map<string, Track> | undefined;
  #fresh = false;
  /** The one asked for last: messages of a conversation often come in a row. */
  #lastConversation = '';
  #last: Track | undefined;
  #awaited = 0;

  /** Whether something was sent that no ping has asked about yet. */
  get hasFresh(): boolean {
    return this.#fresh;
  }

  /** Conversations of which something is remembered. */
  get size(): number {
    return this.#tracks?.size ?? 0;
  }

  /** Messages that wait for the client's own acknowledgement; those that the store has still to note do not. */
  get awaitedCount(): number {
    return this.#awaited;
  }

  /** Whether this message has been sent on this connection and may still be missed as far as the store knows. */
  hasSent(conversation: string, sequence: number): boolean {
    const track = this.#tracks?.get(conversation);
    return (
      track !== undefined &&
      (track.awaited.has(sequence) || track.ranges.some(({ from, to }) => from <= sequence && sequence <= to))
    );
  }

  /** A message went out; or several at once, up to `last`. */
  sent(conversation: string, sequence: number, kind: DeliveryKind, last = sequence): void {
    const track = this.#track(conversation);
    if (kind === 'acknowledged') {
      if (track.awaited.get(sequence) !== 'awaited') this.#awaited++;
      track.awaited.set(sequence, 'awaited');
      // No range may reach over it: a pong does not confirm it.
      track.live = undefined;
      track.replayed = undefined;
      return;
    }
    this.#fresh = true;
    const continued = track[kind];
    if (continued !== undefined && sequence > continued.to && !awaitsWithin(track, continued.to, sequence)) {
      continued.to = last;
      return;
    }
    const range = { from: sequence, to: last, asked: sequence - 1, confirmed: sequence - 1 };
    track.ranges.push(range);
    // One that comes out of order stands alone.
    if (continued === undefined || sequence > continued.to) track[kind] = range;
  }

  /** A message of the conversation was not sent here although others missed nothing: what follows starts anew. */
  skipped(conversation: string): void {
    const track = this.#tracks?.get(conversation);
    if (track === undefined) return;
    track.live = undefined;
    track.replayed = undefined;
  }

  /** The same for all conversations whose key begins so. */
  skippedAll(prefix: string): void {
    for (const conversation of this.#tracks?.keys() ?? []) {
      if (conversation.startsWith(prefix)) this.skipped(conversation);
    }
  }

  /** A ping goes out now: its pong will confirm all that was sent before. */
  ask(): void {
    this.#fresh = false;
    for (const { ranges } of this.#tracks?.values() ?? []) {
      for (const range of ranges) range.asked = range.to;
    }
  }

  /** The pong: what the ping asked about has arrived. */
  answer(namespace: string, user: string): readonly ConfirmedRange[] {
    const confirmed: ConfirmedRange[] = [];
    for (const [conversation, track] of this.#tracks ?? []) {
      let done = 0;
      for (const range of track.ranges) {
        if (range.asked > range.confirmed) {
          confirmed.push({ namespace, user, conversation, from: range.from, to: range.asked });
          range.confirmed = range.asked;
        }
        if (range.confirmed === range.to && range !== track.live && range !== track.replayed) done++;
      }
      if (done > 0) this.#forget(conversation, track);
    }
    return confirmed;
  }

  /** The dialect's own ack. Undefined if the message is not waiting for one. */
  accept(
    namespace: string,
    user: string,
    conversation: string,
    sequence: number,
  ): ConfirmedRange | undefined {
    const awaited = this.#tracks?.get(conversation)?.awaited;
    if (awaited?.get(sequence) !== 'awaited') return undefined;
    awaited.set(sequence, 'accepted');
    this.#awaited--;
    return { namespace, user, conversation, from: sequence, to: sequence };
  }

  /** The store has noted an accepted message, or could not: it is not remembered here any more. */
  noted(conversation: string, sequence: number): void {
    const track = this.#tracks?.get(conversation);
    if (track?.awaited.delete(sequence) === true) this.#forget(conversation, track);
  }

  /** The dialect's nack: the message stays missed, and a later sync brings it again. False if none waited. */
  refuse(conversation: string, sequence: number): boolean {
    const track = this.#tracks?.get(conversation);
    if (track?.awaited.get(sequence) !== 'awaited') return false;
    this.#awaited--;
    this.noted(conversation, sequence);
    return true;
  }

  #track(conversation: string): Track {
    if (conversation === this.#lastConversation && this.#last !== undefined) return this.#last;
    let track = this.#tracks?.get(conversation);
    if (track === undefined) {
      track = { ranges: [], live: undefined, replayed: undefined, awaited: new Map() };
      this.#tracks ??= new Map();
      this.#tracks.set(conversation, track);
    }
    this.#lastConversation = conversation;
    this.#last = track;
    return track;
  }

  /** Drops ranges that are confirmed and that nothing continues, so that none pile up. */
  #forget(conversation: string, track: Track): void {
    const kept = track.ranges.filter(
      (range) => range.confirmed < range.to || range === track.live || range === track.replayed,
    );
    track.ranges.splice(0, track.ranges.length, ...kept);
    if (kept.length === 0 && track.awaited.size === 0) {
      this.#tracks?.delete(conversation);
      this.#last = undefined;
    }
  }
}

/** Whether a message between the two waits for its acknowledgement, so that no range may reach over it. */
function awaitsWithin({ awaited }: Track, after: number, before: number): boolean {
  if (awaited.size === 0) return false;
  for (const sequence of awaited.keys()) if (sequence > after && sequence < before) return true;
  return false;
}
