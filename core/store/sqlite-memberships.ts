/** Who can miss what, what they received, and how much waits for them, in SQL. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Page, type Placed, pageOf, placeOf } from './page.ts';
import type { ConfirmedRange, MissedQuery, StoreLimits } from './port.ts';
import { isReceived, noteReceived, notReceived, type Received, type Span } from './received.ts';
import { type Backlog, conversationFilter, isDirect } from './rules.ts';
import type { Backlogs } from './sqlite-backlogs.ts';
import type { Conversation, Conversations } from './sqlite-conversations.ts';
import type { Places } from './sqlite-places.ts';

/** Messages read at once of each conversation with missed messages. */
const CHUNK = 32;

interface MembershipRow {
  readonly conversation: number;
  readonly key: string;
  readonly last: number;
  readonly floor: number;
  readonly ranges: string;
}

interface MissedRow extends Placed {
  readonly sequence: number;
  readonly body: string;
}

/** A message as far as the backlog of its recipient is concerned. */
interface Owed {
  readonly conversation: number;
  readonly sequence: number;
  readonly bytes: number;
}

export class Memberships {
  private readonly limits: StoreLimits;
  private readonly conversations: Conversations;
  private readonly backlogs: Backlogs;
  private readonly places: Places;
  private readonly add: StatementSync;
  private readonly remove: StatementSync;
  private readonly membership: StatementSync;
  private readonly save: StatementSync;
  private readonly behind: StatementSync;

  constructor(
    database: DatabaseSync,
    limits: StoreLimits,
    parts: { readonly conversations: Conversations; readonly backlogs: Backlogs; readonly places: Places },
  ) {
    this.limits = limits;
    this.conversations = parts.conversations;
    this.backlogs = parts.backlogs;
    this.places = parts.places;
    this.add = database.prepare(
      'INSERT INTO membership (namespace, user, conversation, floor) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.remove = database.prepare(
      'DELETE FROM membership WHERE namespace = ? AND user = ? AND conversation = ?',
    );
    this.membership = database.prepare(
      'SELECT floor, ranges FROM membership WHERE namespace = ? AND user = ? AND conversation = ?',
    );
    this.save = database.prepare(
      'UPDATE membership SET floor = ?, ranges = ? WHERE namespace = ? AND user = ? AND conversation = ?',
    );
    this.behind = database.prepare(
      `SELECT conversation, key, last, floor, ranges FROM membership
       JOIN conversation ON conversation.id = membership.conversation
       WHERE membership.namespace = ? AND user = ? AND last > floor`,
    );
  }

  enroll(namespace: string, key: string, users: readonly string[]): undefined {
    if (isDirect(key)) return;
    const { id, last } = this.conversations.make(namespace, key);
    for (const user of users) this.join(namespace, user, { conversation: id, floor: last });
  }

  withdraw(namespace: string, key: string, users: readonly string[]): undefined {
    const conversation = this.conversations.find(namespace, key);
    if (conversation === undefined) return;
    for (const user of users) {
      if (isDirect(key)) this.confirm({ namespace, user, conversation: key, from: 1, to: conversation.last });
      else this.remove.run(namespace, user, conversation.id);
    }
  }

  /** Makes the user miss what comes after the floor, unless they are a member. */
  join(
    namespace: string,
    user: string,
    start: { readonly conversation: number; readonly floor: number },
  ): void {
    this.add.run(namespace, user, start.conversation, start.floor);
  }

  /** The recipient of a direct message can miss it, and all that follow. */
  joinDirect(namespace: string, user: string, conversation: Conversation): void {
    if (conversation.joined.includes(user)) return;
    this.join(namespace, user, { conversation: conversation.id, floor: conversation.last });
    conversation.joined.push(user);
  }

  confirm({ namespace, user, conversation: key, from, to }: ConfirmedRange): undefined {
    const conversation = this.conversations.find(namespace, key);
    if (conversation === undefined) return;
    const { id, last } = conversation;
    const received = this.received(namespace, user, id);
    if (received === undefined) return;
    const nothingIn = (span: Span): boolean => !this.places.hasAny(id, span, user);
    const added = noteReceived(received, { from, to: Math.min(to, last) }, nothingIn);
    if (added.length === 0) return;
    this.save.run(received.floor, JSON.stringify(received.ranges), namespace, user, id);
    if (!isDirect(key)) return;
    for (const span of added) {
      const weight = this.places.weight(id, span, user);
      if (weight.messages > 0) this.reduce(namespace, user, weight);
    }
  }

  /** The message does not wait any more, if it did: call it before the message is revoked or removed. */
  settle(namespace: string, user: string, message: Owed): void {
    const received = this.received(namespace, user, message.conversation);
    if (received === undefined || isReceived(received, message.sequence)) return;
    this.reduce(namespace, user, { messages: 1, bytes: message.bytes });
  }

  missed(query: MissedQuery, now: number): Page<MissedRow> {
    const admits = conversationFilter(query);
    const rows = this.behind.all(query.namespace, query.user) as unknown as readonly MembershipRow[];
    const place = placeOf(query.after);
    const horizon = now - this.limits.retentionMs;
    const streams = rows
      .filter((row) => admits(row.key))
      .map((row) => this.stream(row, { user: query.user, place, horizon }));
    return pageOf(streams, query.limit);
  }

  private *stream(
    row: MembershipRow,
    query: { readonly user: string; readonly place: number; readonly horizon: number },
  ): Generator<MissedRow, undefined> {
    const { conversation, last } = row;
    const after = query.place === 0 ? 0 : this.sequenceAt(row, query.place);
    for (const span of notReceived(receivedOf(row), after, last)) {
      for (let from = span.from; from <= span.to; ) {
        const wanted = { from, to: span.to, user: query.user, horizon: query.horizon, limit: CHUNK };
        const messages = this.places.page(conversation, wanted);
        yield* messages;
        const end = messages.at(-1);
        if (end === undefined || messages.length < CHUNK) break;
        from = end.sequence + 1;
      }
    }
    return undefined;
  }

  /**
   * The newest sequence above the floor that was stored at or before the place, the floor if there is none. Mostly
   * all of a conversation has been read or nothing; what is between is found in steps that double, then halve.
   */
  private sequenceAt({ conversation, floor, last }: MembershipRow, place: number): number {
    const newestAt = (sequence: number): { readonly sequence: number } | undefined => {
      const row = this.places.newestUpTo(conversation, sequence);
      return row !== undefined && row.sequence > floor && row.place > place ? row : undefined;
    };
    if (newestAt(last) === undefined) return last;
    let low = floor;
    let high = last;
    for (let step = 1; low < high; step *= 2) {
      const middle = Math.min(low + step, Math.ceil((low + high) / 2));
      const later = newestAt(middle);
      if (later === undefined) low = middle;
      else high = later.sequence - 1;
    }
    return low;
  }

  /** So much waits for the user no more. */
  private reduce(namespace: string, user: string, { messages, bytes }: Readonly<Backlog>): void {
    this.backlogs.add(namespace, user, { messages: -messages, bytes: -bytes });
  }

  private received(namespace: string, user: string, conversation: number): Received | undefined {
    const row = this.membership.get(namespace, user, conversation);
    return row === undefined ? undefined : receivedOf(row as unknown as MembershipRow);
  }
}

function receivedOf(row: { readonly floor: number; readonly ranges: string }): Received {
  return { floor: row.floor, ranges: row.ranges === '[]' ? [] : (JSON.parse(row.ranges) as number[]) };
}
