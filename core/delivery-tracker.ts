/**
 * Which deliveries of one connection its peer has confirmed. A cursor moves only here: by the dialect's own
 * acknowledgement, else by the pong to a ping that was sent after the delivery.
 *
 * A connection receives a conversation in order and without gaps from some first message on, so what it has
 * received is one range per conversation.
 */
import type { ConfirmedRange } from './store/port.ts';

interface Track {
  /** First and last sequence that was sent on this connection. */
  readonly from: number;
  sent: number;
  /** Highest sequence that a ping under way asks about; 0: none. */
  asked: number;
  /** Highest sequence confirmed; `from - 1` if none is. */
  confirmed: number;
  /** Sequences that wait for the dialect's own ack, in order; empty where pongs confirm. */
  readonly awaited: Set<number>;
}

export class DeliveryTracker {
  readonly #tracks = new Map<string, Track>();
  #fresh = false;

  /** Whether something was sent that no ping has asked about yet. */
  get hasFresh(): boolean {
    return this.#fresh;
  }

  /** Whether this message has been sent on this connection. */
  hasSent(conversation: string, sequence: number): boolean {
    const track = this.#tracks.get(conversation);
    return track !== undefined && sequence >= track.from && sequence <= track.sent;
  }

  /** A message went out. A replay may reach back before what came live; then the range begins there. */
  sent(conversation: string, sequence: number, byDialect: boolean): void {
    let track = this.#tracks.get(conversation);
    if (track === undefined || sequence < track.from) {
      track = {
        from: sequence,
        sent: track === undefined ? sequence : Math.max(track.sent, sequence),
        asked: 0,
        confirmed: sequence - 1,
        awaited: track?.awaited ?? new Set(),
      };
      this.#tracks.set(conversation, track);
    }
    if (sequence > track.sent) track.sent = sequence;
    if (byDialect) track.awaited.add(sequence);
    else this.#fresh = true;
  }

  /** A message of the conversation could not be said here: what follows starts a new range. */
  skipped(conversation: string): void {
    this.#tracks.delete(conversation);
  }

  /** A ping goes out now: its pong will confirm all that was sent before. */
  ask(): void {
    this.#fresh = false;
    for (const track of this.#tracks.values()) {
      if (track.awaited.size === 0) track.asked = track.sent;
    }
  }

  /** The pong: what the ping asked about has arrived. */
  answer(namespace: string, user: string): readonly ConfirmedRange[] {
    const ranges: ConfirmedRange[] = [];
    for (const [conversation, track] of this.#tracks) {
      if (track.asked <= track.confirmed) continue;
      ranges.push({ namespace, user, conversation, from: track.from, to: track.asked });
      track.confirmed = track.asked;
    }
    return ranges;
  }

  /** The dialect's own ack. Undefined if the message was not waiting for one. */
  accept(
    namespace: string,
    user: string,
    conversation: string,
    sequence: number,
  ): ConfirmedRange | undefined {
    const track = this.#tracks.get(conversation);
    if (track === undefined || !track.awaited.delete(sequence)) return undefined;
    return { namespace, user, conversation, from: sequence, to: sequence };
  }

  /** The dialect's nack: the message stays missed, and a later sync brings it again. */
  refuse(conversation: string, sequence: number): boolean {
    const track = this.#tracks.get(conversation);
    if (track === undefined || !track.awaited.delete(sequence)) return false;
    // So that a replay on this connection does not take it for sent.
    this.#tracks.delete(conversation);
    return true;
  }
}
