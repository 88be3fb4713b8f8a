/** The parts of the in-memory store: conversation logs and what it knows of each user. */
import type { Message, Target, User } from '../../schemas/model.ts';
import type { Mutable } from '../mutable.ts';
import type { Placed } from './page.ts';
import type { MessageDraft } from './port.ts';
import { notReceived, type Received, type Span } from './received.ts';
import type { Backlog } from './rules.ts';

/** Removed places at the front of a log that are worth a copy to get rid of. */
const COMPACT_FROM = 1024;

export interface MessageIds {
  readonly id: string;
  readonly clientId?: string | undefined;
}

/** One stored message, wherever it lies. Good until the call that asked for it returns. */
export interface Entry extends Placed {
  readonly conversation: Conversation;
  readonly sequence: number;
  readonly from: User;
  readonly to: Target;
  /** Epoch ms. */
  readonly sentAt: number;
  /** Of its content, in UTF-8. */
  readonly bytes: number;
  /** Of all its texts, in UTF-8. */
  readonly textBytes: number;
  readonly ids: MessageIds;
  /** Fingerprint of what the client said, where the message is not that. */
  readonly said: string | undefined;
  revoked: boolean;
  /** May be made anew each time that it is asked for. */
  readonly message: Message;
}

/** Where conversations find the messages at their places. */
export interface EntrySource {
  /** Undefined if it is not kept any more. */
  get(place: number): Entry | undefined;
  isGone(place: number): boolean;
}

/** What the store knows of a user; it exists while the user belongs to any conversation. */
export interface UserState extends Backlog {
  readonly namespace: string;
  readonly id: string;
  readonly memberships: Map<Conversation, Received>;
}

/** The log of a conversation: places of consecutive sequences, removed from the front only. */
export class Conversation {
  readonly namespace: string;
  readonly key: string;
  /** Sequence of the newest message ever stored. */
  last: number;
  /** Who can miss something here. */
  readonly members = new Set<UserState>();
  /** One of them who was found waiting last: whoever is away waits for more than one message. */
  waiter: UserState | undefined;
  readonly #entries: EntrySource;
  #places: number[] = [];
  #head = 0;
  /** Whom its messages go to, one for each who is written to: what all of them say is kept once. */
  readonly #targets: Target[] = [];

  /** `last`: the sequences go on after this one. */
  constructor(entries: EntrySource, namespace: string, key: string, last: number) {
    this.#entries = entries;
    this.namespace = namespace;
    this.key = key;
    this.last = last;
  }

  get size(): number {
    return this.#places.length - this.#head;
  }

  /** The draft as the newest message, which `push` makes it. */
  next(draft: MessageDraft): Message {
    return Object.freeze(numbered(draft, this.#targetLike(draft.to), this.last + 1));
  }

  #targetLike(to: Target): Target {
    for (const known of this.#targets) if (known.id === to.id && known.type === to.type) return known;
    this.#targets.push(to);
    return to;
  }

  push(place: number): void {
    this.#places.push(place);
    this.last += 1;
  }

  /** Takes back the newest `push`. */
  pop(): void {
    this.#places.pop();
    this.last -= 1;
  }

  /** Forgets the oldest places as far as their messages are gone. Returns how many. */
  trim(): number {
    const before = this.size;
    while (this.size > 0 && this.#entries.isGone(this.#places[this.#head] as number)) this.#head += 1;
    const trimmed = before - this.size;
    if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#places.length) {
      this.#places = this.#places.slice(this.#head);
      this.#head = 0;
    }
    return trimmed;
  }

  /** Sequence of the oldest message, one above the newest if there is none. */
  get first(): number {
    return this.last - this.size + 1;
  }

  /** Place of a message; undefined if it is gone with all before it, or not there yet. */
  placeAt(sequence: number): number | undefined {
    return sequence < this.first ? undefined : this.#places[this.#head + sequence - this.first];
  }

  get(sequence: number): Entry | undefined {
    const place = this.placeAt(sequence);
    return place === undefined ? undefined : this.#entries.get(place);
  }

  /** The entries of the span that are still there, ascending. */
  *within(span: Span): Generator<Entry, undefined> {
    const to = Math.min(span.to, this.last);
    for (let sequence = Math.max(span.from, this.first); sequence <= to; sequence += 1) {
      const entry = this.get(sequence);
      if (entry !== undefined) yield entry;
    }
    return undefined;
  }

  /** Newest sequence whose message was stored at or before `place`; one below the oldest if there is none. */
  #sequenceAt(place: number): number {
    let low = this.#head;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle] as number) <= place) low = middle + 1;
      else high = middle;
    }
    return this.first - 1 + low - this.#head;
  }

  /** What has to reach the user and is not received, of the entries after `place`. */
  *missedBy(user: string, received: Received, place: number): Generator<Entry, undefined> {
    for (const span of notReceived(received, place === 0 ? 0 : this.#sequenceAt(place), this.last)) {
      for (const entry of this.within(span)) {
        if (concerns(entry, user)) yield entry;
      }
    }
    return undefined;
  }

  /** Whether nothing in the span has to reach the user. */
  nothingFor(user: string, span: Span): boolean {
    for (const entry of this.within(span)) {
      if (concerns(entry, user)) return false;
    }
    return true;
  }
}

/** Written out, it is one object of the right size; spread, it would be one that has to grow. */
function numbered(draft: MessageDraft, to: Target, sequence: number): Message {
  const { id, clientId, namespace, from, content, contentType, sentAt } = draft;
  const message: Mutable<Message> =
    clientId === undefined
      ? { id, namespace, sequence, from, to, content, contentType, sentAt }
      : { id, clientId, namespace, sequence, from, to, content, contentType, sentAt };
  if (draft.replyTo !== undefined) message.replyTo = draft.replyTo;
  if (draft.attachment !== undefined) message.attachment = draft.attachment;
  if (draft.extensions !== undefined) message.extensions = draft.extensions;
  return message;
}

/** Whether a message that is kept has to reach the user. */
export function concerns(entry: Entry, user: string): boolean {
  return !entry.revoked && entry.from.id !== user;
}
