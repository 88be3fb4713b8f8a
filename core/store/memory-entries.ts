/**
 * All messages in memory by their places, which count them in the order in which they came.
 *
 * They lie in segments, and a segment goes as a whole. What somebody still waits for then can be set aside, as an
 * object of its own.
 */
import type { Message, Target, User } from '../../schemas/model.ts';
import type { Conversation, Entry, EntrySource, MessageIds } from './memory-log.ts';
import { Row } from './memory-row.ts';
import { SEGMENT_BYTES, SEGMENT_ROWS, type Segment, type SegmentMark } from './memory-segment.ts';
import { SpareSegments } from './memory-spares.ts';

/** From so many bytes on a segment takes no more: what is being filled can't be let go of. */
const LARGEST_SEGMENT_BYTES = 1024 * 1024;
/** And from this part of the whole memory on. */
const SEGMENT_SHARE = 1 / 16;
/** The part of the whole memory that may be ready for more, besides it. */
const SPARE_SHARE = 1 / 64;
/** What a message that was set aside takes besides its texts. */
const ASIDE_BYTES = 800;
/** Segments of which nothing is aside any more that are not worth a copy to get rid of. */
const ORDER_SLACK = 64;

export class Entries implements EntrySource {
  /** By their numbers, oldest first: place of the first message by `SEGMENT_ROWS`. */
  readonly #segments = new Map<number, Segment>();
  readonly #spares: SpareSegments;
  /** What was set aside, by the number of its segment and by place, which ascends. */
  readonly #aside = new Map<number, Map<number, Aside>>();
  #asideCount = 0;
  /** Numbers of those segments, ascending, and of some of which nothing is aside any more. */
  #asideOrder: number[] = [];
  /** The one that is being filled. */
  #newest: Segment | undefined;
  /** Place of the next message. None has place 0, which stands for "before all". */
  #next = SEGMENT_ROWS;
  #keptFrom = SEGMENT_ROWS;
  #rememberedFrom = SEGMENT_ROWS;
  #bytes = 0;
  /** Bytes from which on a segment takes no more. */
  readonly #segmentBytes: number;

  /** `memory`: bytes that the whole store may take. */
  constructor(memory: number) {
    const most = Math.min(memory * SEGMENT_SHARE, LARGEST_SEGMENT_BYTES);
    this.#segmentBytes = Math.max(most, 2 * SEGMENT_BYTES);
    this.#spares = new SpareSegments(memory * SPARE_SHARE);
  }

  /** What all of them take, estimated for what is not text. */
  get bytes(): number {
    return this.#bytes;
  }

  /** All segments below this number are closed: they take no more, and may go. */
  get closedTo(): number {
    return this.#open?.number ?? Math.ceil(this.#next / SEGMENT_ROWS);
  }

  get next(): number {
    return this.#next;
  }

  /** Messages before this place are kept for de-duplication only, but for those aside. */
  get keptFrom(): number {
    return this.#keptFrom;
  }

  /** Messages before this place are gone, but for those aside. */
  get rememberedFrom(): number {
    return this.#rememberedFrom;
  }

  get asideCount(): number {
    return this.#asideCount;
  }

  /** The one with the lowest place of those that were set aside, in whatever order their segments went. */
  get oldestAside(): Entry | undefined {
    if (this.#asideCount === 0) return undefined;
    const order = this.#asideOrder;
    while (order.length > 0 && !this.#aside.has(order[0] as number)) order.shift();
    for (const entry of this.#aside.get(order[0] as number)?.values() ?? []) return entry;
    return undefined;
  }

  /** `bytes`: of its content in UTF-8; `said`: fingerprint of what the client said, where the message is not that. */
  add(message: Message, conversation: Conversation, said: string | undefined, bytes: number): number {
    const segment = this.#open ?? this.#begin();
    const before = segment.bytes;
    segment.add(message, conversation, said, bytes);
    this.#bytes += segment.bytes - before;
    return this.#next++;
  }

  /** What takes back the next one that is added, while it is the newest. */
  remover(): () => void {
    const segment = this.#newest;
    const next = this.#next;
    const mark: SegmentMark | undefined = this.#open?.mark();
    return () => {
      this.#next = next;
      const newest = this.#newest as Segment;
      const before = newest.bytes;
      if (mark !== undefined) {
        newest.rewind(mark);
        this.#bytes += newest.bytes - before;
        return;
      }
      this.#remove(newest);
      this.#newest = segment;
    };
  }

  /** Undefined if it is gone. */
  get(place: number): Entry | undefined {
    return place < this.#keptFrom ? this.aside(place) : this.remembered(place);
  }

  /** The same, with those that are kept for de-duplication only. */
  remembered(place: number): Entry | undefined {
    const segment = this.#segment(place);
    return segment === undefined ? this.aside(place) : new Row(segment, place % SEGMENT_ROWS);
  }

  isGone(place: number): boolean {
    return this.aside(place) === undefined && (place < this.#keptFrom || this.#segment(place) === undefined);
  }

  /** A message that was set aside. */
  aside(place: number): Entry | undefined {
    return this.#asideCount === 0 ? undefined : this.#aside.get(Entries.segmentOf(place))?.get(place);
  }

  /** Epoch ms; undefined if nothing is there: then the rest of its segment is empty too. */
  sentAt(place: number): number | undefined {
    return this.#segment(place)?.sentAt(place % SEGMENT_ROWS);
  }

  /** The first place of the segment after the one that this place is in. */
  static afterSegmentOf(place: number): number {
    return (Entries.segmentOf(place) + 1) * SEGMENT_ROWS;
  }

  /** Number of the segment that a place is in. */
  static segmentOf(place: number): number {
    return Math.floor(place / SEGMENT_ROWS);
  }

  /** What a segment takes; undefined if it is not there. */
  bytesOf(number: number): number | undefined {
    return this.#segments.get(number)?.bytes;
  }

  /** Places of a segment that is there. */
  placesOf(number: number): { readonly from: number; readonly to: number } {
    const from = Math.max(number * SEGMENT_ROWS, this.#rememberedFrom);
    return { from, to: (number + 1) * SEGMENT_ROWS - 1 };
  }

  /** Lets go of a closed segment. */
  drop(number: number): void {
    const segment = this.#segments.get(number);
    if (segment === undefined) return;
    if (segment === this.#newest) this.#newest = undefined;
    this.#remove(segment);
  }

  /** Keeps a message whose segment goes; those of a segment by ascending places. */
  setAside(entry: Entry): Entry {
    const aside = new Aside(entry);
    this.#asidesOf(Entries.segmentOf(entry.place)).set(entry.place, aside);
    this.#asideCount += 1;
    this.#bytes += aside.size;
    return aside;
  }

  dropAside(place: number): void {
    const number = Entries.segmentOf(place);
    const asides = this.#aside.get(number);
    const aside = asides?.get(place);
    if (asides === undefined || aside === undefined) return;
    asides.delete(place);
    if (asides.size === 0) this.#aside.delete(number);
    this.#asideCount -= 1;
    this.#bytes -= aside.size;
  }

  #asidesOf(number: number): Map<number, Aside> {
    const known = this.#aside.get(number);
    if (known !== undefined) return known;
    if (this.#asideOrder.length > 2 * this.#aside.size + ORDER_SLACK)
      this.#asideOrder = this.#asideOrder.filter((other) => this.#aside.has(other));
    const order = this.#asideOrder;
    // Mostly the oldest segment goes first.
    let at = order.length;
    while (at > 0 && (order[at - 1] as number) > number) at -= 1;
    order.splice(at, 0, number);
    const asides = new Map<number, Aside>();
    this.#aside.set(number, asides);
    return asides;
  }

  /** Moves the bound of those that are kept. */
  keepFrom(place: number): void {
    this.#keptFrom = place;
  }

  /** Moves the bound of those that are remembered. A segment goes with the last of its messages. */
  rememberFrom(place: number): void {
    for (let at = this.#rememberedFrom; at < place; at = Entries.afterSegmentOf(at)) {
      if (Entries.afterSegmentOf(at) <= place) this.drop(Entries.segmentOf(at));
    }
    this.#rememberedFrom = place;
  }

  /** The one that has a message at this place. */
  #segment(place: number): Segment | undefined {
    const number = Entries.segmentOf(place);
    const newest = this.#newest;
    const segment = newest !== undefined && number === newest.number ? newest : this.#segments.get(number);
    return segment !== undefined && place % SEGMENT_ROWS < segment.size ? segment : undefined;
  }

  /** The one that takes the next message; undefined: a new one has to. */
  get #open(): Segment | undefined {
    const newest = this.#newest;
    if (newest === undefined || newest.size === SEGMENT_ROWS || newest.bytes >= this.#segmentBytes)
      return undefined;
    return newest;
  }

  /** Places that the one before has not used are left out. */
  #begin(): Segment {
    const segment = this.#spares.take();
    segment.number = Math.ceil(this.#next / SEGMENT_ROWS);
    this.#next = segment.number * SEGMENT_ROWS;
    this.#segments.set(segment.number, segment);
    this.#newest = segment;
    this.#bytes += SEGMENT_BYTES;
    return segment;
  }

  #remove(segment: Segment): void {
    this.#segments.delete(segment.number);
    this.#bytes -= segment.bytes;
    this.#spares.give(segment);
  }
}

/** What a message takes, in bytes, when it is set aside. */
export const asideSize = ({ textBytes }: Entry): number => ASIDE_BYTES + 2 * textBytes;

/** A message whose segment has gone. */
class Aside implements Entry {
  readonly place: number;
  readonly conversation: Conversation;
  readonly bytes: number;
  readonly textBytes: number;
  readonly said: string | undefined;
  readonly message: Message;
  /** What it takes, in bytes. */
  readonly size: number;
  revoked: boolean;

  constructor(entry: Entry) {
    const { place, conversation, bytes, textBytes, said, message, revoked } = entry;
    this.place = place;
    this.conversation = conversation;
    this.bytes = bytes;
    this.said = said;
    this.message = message;
    this.revoked = revoked;
    this.textBytes = textBytes;
    this.size = asideSize(entry);
  }

  get sequence(): number {
    return this.message.sequence;
  }

  get from(): User {
    return this.message.from;
  }

  get to(): Target {
    return this.message.to;
  }

  get sentAt(): number {
    return this.message.sentAt;
  }

  get ids(): MessageIds {
    return this.message;
  }
}
