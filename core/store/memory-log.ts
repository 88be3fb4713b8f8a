/** The parts of the in-memory store: conversation logs and what it knows of each user. */
import type { Message, Target } from '../../schemas/model.ts';
import type { Mutable } from '../mutable.ts';
import type { Placed } from './page.ts';
import type { MessageDraft } from './port.ts';
import { notReceived, type Received, type Span } from './received.ts';
import type { Backlog } from './rules.ts';

/** Removed entries at the front of a log that are worth a copy to get rid of. */
const COMPACT_FROM = 1024;

/** One stored message. Entries of all conversations form one list in the order in which they came. */
export interface Entry extends Placed {
  readonly message: Message;
  readonly conversation: Conversation;
  readonly bytes: number;
  /** Fingerprint of what the client said, where the message is not that. */
  readonly said: string | undefined;
  revoked: boolean;
  /** False once it is older than the retention: then it only serves de-duplication. */
  kept: boolean;
  next: Entry | undefined;
}

/** What the store knows of a user; it exists while the user belongs to any conversation. */
export interface UserState extends Backlog {
  readonly namespace: string;
  readonly id: string;
  readonly memberships: Map<Conversation, Received>;
}

/** The log of a conversation: consecutive sequences, removed from the front only. */
export class Conversation {
  readonly namespace: string;
  readonly key: string;
  /** Sequence of the newest message ever stored. */
  last = 0;
  /** Who can miss something here. */
  readonly members = new Set<UserState>();
  private entries: (Entry | undefined)[] = [];
  private head = 0;
  /** Whom its messages go to, one for each who is written to: what all of them say is kept once. */
  private readonly targets: Target[] = [];

  constructor(namespace: string, key: string) {
    this.namespace = namespace;
    this.key = key;
  }

  get size(): number {
    return this.entries.length - this.head;
  }

  /** The draft as the newest message, which `push` makes it. */
  next(draft: MessageDraft): Message {
    return Object.freeze(numbered(draft, this.targetLike(draft.to), this.last + 1));
  }

  private targetLike(to: Target): Target {
    for (const known of this.targets) if (known.id === to.id && known.type === to.type) return known;
    this.targets.push(to);
    return to;
  }

  push(entry: Entry): void {
    this.entries.push(entry);
    this.last = entry.message.sequence;
  }

  /** Takes back the newest `push`. */
  pop(): void {
    this.entries.pop();
    this.last -= 1;
  }

  dropOldest(): void {
    this.entries[this.head] = undefined;
    this.head += 1;
    if (this.head < COMPACT_FROM || this.head * 2 < this.entries.length) return;
    this.entries = this.entries.slice(this.head);
    this.head = 0;
  }

  /** Sequence of the oldest entry, one above the newest if there is none. */
  get first(): number {
    return this.last - this.size + 1;
  }

  get(sequence: number): Entry | undefined {
    return this.entries[this.head + sequence - this.first];
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

  /** Newest sequence whose entry was stored at or before `place`; one below the oldest if there is none. */
  sequenceAt(place: number): number {
    let low = this.first - 1;
    let high = this.last;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const entry = this.get(middle);
      if (entry !== undefined && entry.place <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** What has to reach the user and is not received, of the entries after `place`. */
  *missedBy(user: string, received: Received, place: number): Generator<Entry, undefined> {
    for (const span of notReceived(received, place === 0 ? 0 : this.sequenceAt(place), this.last)) {
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

/** Written out, it is one object of the right size: there may be millions. */
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

export function concerns(entry: Entry, user: string): boolean {
  return !entry.revoked && entry.kept && entry.message.from.id !== user;
}
