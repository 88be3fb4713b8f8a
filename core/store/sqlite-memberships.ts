/** Who can miss what, what they received, and how much waits for them, in SQL. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Page, type Placed, pageOf, placeOf } from './page.ts';
import type { ConfirmedRange, MissedQuery, StoreLimits } from './port.ts';
import { isReceived, noteReceived, notReceived, type Received, type Span } from './received.ts';
import { type Backlog, conversationFilter, isDirect } from './rules.ts';

/** Rows read at once of each conversation with missed messages. */
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
  private readonly addConversation: StatementSync;
  private readonly conversation: StatementSync;
  private readonly add: StatementSync;
  private readonly remove: StatementSync;
  private readonly membership: StatementSync;
  private readonly save: StatementSync;
  private readonly behind: StatementSync;
  private readonly anythingIn: StatementSync;
  private readonly weigh: StatementSync;
  private readonly addBacklog: StatementSync;
  private readonly reduceBacklog: StatementSync;
  private readonly sequenceAt: StatementSync;
  private readonly chunk: StatementSync;

  constructor(database: DatabaseSync, limits: StoreLimits) {
    this.limits = limits;
    this.addConversation = database.prepare(
      'INSERT INTO conversation (namespace, key, last) VALUES (?, ?, 0) ON CONFLICT DO NOTHING',
    );
    this.conversation = database.prepare('SELECT id, last FROM conversation WHERE namespace = ? AND key = ?');
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
    this.anythingIn = database.prepare(
      `SELECT 1 FROM message WHERE conversation = ? AND sequence BETWEEN ? AND ? AND author <> ? AND state = 0 LIMIT 1`,
    );
    this.weigh = database.prepare(
      `SELECT count(*) AS messages, coalesce(sum(bytes), 0) AS bytes FROM message
       WHERE conversation = ? AND sequence BETWEEN ? AND ? AND author <> ? AND state = 0`,
    );
    this.addBacklog = database.prepare(
      `INSERT INTO backlog (namespace, user, messages, bytes) VALUES (?, ?, 1, ?)
       ON CONFLICT DO UPDATE SET messages = messages + 1, bytes = bytes + excluded.bytes
       RETURNING messages, bytes`,
    );
    this.reduceBacklog = database.prepare(
      'UPDATE backlog SET messages = messages - ?, bytes = bytes - ? WHERE namespace = ? AND user = ?',
    );
    this.sequenceAt = database.prepare(
      'SELECT sequence FROM message WHERE conversation = ? AND place <= ? ORDER BY place DESC LIMIT 1',
    );
    this.chunk = database.prepare(
      `SELECT place, sequence, body FROM message
       WHERE conversation = ? AND sequence BETWEEN ? AND ? AND author <> ? AND state = 0 AND at > ?
       ORDER BY sequence LIMIT ${CHUNK}`,
    );
  }

  enroll(namespace: string, key: string, users: readonly string[]): undefined {
    if (isDirect(key)) return;
    this.addConversation.run(namespace, key);
    const { id, last } = this.find(namespace, key) as { readonly id: number; readonly last: number };
    for (const user of users) this.join(namespace, user, { conversation: id, floor: last });
  }

  withdraw(namespace: string, key: string, users: readonly string[]): undefined {
    const conversation = this.find(namespace, key);
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

  confirm({ namespace, user, conversation: key, from, to }: ConfirmedRange): undefined {
    const conversation = this.find(namespace, key);
    if (conversation === undefined) return;
    const { id, last } = conversation;
    const received = this.received(namespace, user, id);
    if (received === undefined) return;
    const nothingIn = (span: Span): boolean =>
      this.anythingIn.get(id, span.from, span.to, user) === undefined;
    const added = noteReceived(received, { from, to: Math.min(to, last) }, nothingIn);
    if (added.length === 0) return;
    this.save.run(received.floor, JSON.stringify(received.ranges), namespace, user, id);
    if (!isDirect(key)) return;
    for (const span of added) {
      const weight = this.weigh.get(id, span.from, span.to, user) as unknown as Backlog;
      if (weight.messages > 0) this.reduceBacklog.run(weight.messages, weight.bytes, namespace, user);
    }
  }

  /** One more message waits for the user. Returns what then waits in all. */
  owe(namespace: string, user: string, bytes: number): Backlog {
    return this.addBacklog.get(namespace, user, bytes) as unknown as Backlog;
  }

  /** The message does not wait any more, if it did: call it before the message is revoked or removed. */
  settle(namespace: string, user: string, message: Owed): void {
    const received = this.received(namespace, user, message.conversation);
    if (received === undefined || isReceived(received, message.sequence)) return;
    this.reduceBacklog.run(1, message.bytes, namespace, user);
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
    const start = query.place === 0 ? undefined : this.sequenceAt.get(conversation, query.place);
    const after = (start as { readonly sequence: number } | undefined)?.sequence ?? 0;
    for (const span of notReceived(receivedOf(row), after, last)) {
      for (let from = span.from; from <= span.to; ) {
        const found = this.chunk.all(conversation, from, span.to, query.user, query.horizon);
        const messages = found as unknown as readonly MissedRow[];
        yield* messages;
        const end = messages.at(-1);
        if (end === undefined || messages.length < CHUNK) break;
        from = end.sequence + 1;
      }
    }
    return undefined;
  }

  private find(namespace: string, key: string): { readonly id: number; readonly last: number } | undefined {
    return this.conversation.get(namespace, key) as
      | { readonly id: number; readonly last: number }
      | undefined;
  }

  private received(namespace: string, user: string, conversation: number): Received | undefined {
    const row = this.membership.get(namespace, user, conversation);
    return row === undefined ? undefined : receivedOf(row as unknown as MembershipRow);
  }
}

function receivedOf(row: { readonly floor: number; readonly ranges: string }): Received {
  return { floor: row.floor, ranges: row.ranges === '[]' ? [] : (JSON.parse(row.ranges) as number[]) };
}
