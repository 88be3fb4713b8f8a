/**
 * Where messages lie, by conversation and sequence and by their author's own ids, in SQL.
 *
 * The messages of one commit belong to many conversations and authors. An index that each commit brings up to date
 * would have almost as many pages to write as there are messages; the log itself grows at its end only. So the
 * tables of places follow it in large steps, and what they do not have yet is kept in memory: it can always be read
 * again, from the place on up to which `place_indexed` says that they have everything.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Span } from './received.ts';
import type { Backlog } from './rules.ts';
import { type FreshMessage, FreshMessages, firstWhere, type Mark } from './sqlite-fresh.ts';

/** Most messages that may wait for the tables while these can't be written, times those that are taken at once. */
const MOST_STEPS = 8;

/** Messages of a conversation, as one user is to get them. */
interface Wanted extends Span {
  readonly user: string;
  /** Only messages younger than this, epoch ms. */
  readonly horizon: number;
  readonly limit: number;
}

export interface FoundMessage {
  readonly place: number;
  readonly sequence: number;
  readonly body: string;
}

interface FreshRow extends Omit<FreshMessage, 'clientId'> {
  readonly client_id: string | null;
}

/** A span in two parts: what the tables know, and what is younger. */
interface Parts {
  readonly indexed: Span | undefined;
  readonly fresh: readonly FreshMessage[];
}

export class Places {
  private readonly indexedUpTo: StatementSync;
  private readonly after: StatementSync;
  private readonly bodyAt: StatementSync;
  private readonly ofClientId: StatementSync;
  private readonly anyIn: StatementSync;
  private readonly weightIn: StatementSync;
  private readonly atOrBefore: StatementSync;
  private readonly pageIn: StatementSync;
  private readonly newest: StatementSync;
  private readonly take: readonly StatementSync[];
  private readonly note: StatementSync;
  private readonly removeSequence: StatementSync;
  private readonly removeClientId: StatementSync;
  private readonly stepSize: number;
  /** Undefined: to be read from the file. */
  private known: FreshMessages | undefined;
  private upTo: number | undefined;

  /** `step`: so many messages are taken into the tables at once. */
  constructor(database: DatabaseSync, step: number) {
    this.stepSize = step;
    const joined = 'place_by_sequence AS log JOIN message ON message.place = log.place';
    const range = 'log.conversation = ? AND log.sequence BETWEEN ? AND ?';
    this.indexedUpTo = database.prepare('SELECT place FROM place_indexed');
    this.after = database.prepare(
      `SELECT place, conversation, sequence, namespace, author, client_id, state, at, bytes FROM message
       WHERE place > ? ORDER BY place`,
    );
    this.bodyAt = database.prepare('SELECT body FROM message WHERE place = ?');
    this.ofClientId = database.prepare(
      `SELECT place FROM place_by_client WHERE author = ? AND client_id = ? AND namespace = ?
       ORDER BY place DESC LIMIT 1`,
    );
    this.anyIn = database.prepare(
      `SELECT 1 FROM ${joined} WHERE ${range} AND author <> ? AND state = 0 LIMIT 1`,
    );
    this.weightIn = database.prepare(
      `SELECT count(*) AS messages, coalesce(sum(bytes), 0) AS bytes FROM ${joined}
       WHERE ${range} AND author <> ? AND state = 0`,
    );
    this.atOrBefore = database.prepare(
      `SELECT sequence, place FROM place_by_sequence
       WHERE conversation = ? AND sequence <= ? ORDER BY sequence DESC LIMIT 1`,
    );
    this.pageIn = database.prepare(
      `SELECT log.place, log.sequence, body FROM ${joined}
       WHERE ${range} AND author <> ? AND state = 0 AND at > ? ORDER BY log.sequence LIMIT ?`,
    );
    this.newest = database.prepare(
      `SELECT body FROM ${joined} WHERE log.conversation = ? AND log.sequence < ? AND state = 0 AND at > ?
       ORDER BY log.sequence DESC LIMIT ?`,
    );
    this.take = [
      database.prepare(
        `INSERT INTO place_by_sequence SELECT conversation, sequence, place FROM message
         WHERE place > ? AND place <= ? ORDER BY conversation, sequence`,
      ),
      database.prepare(
        `INSERT INTO place_by_client SELECT author, client_id, namespace, place FROM message
         WHERE place > ? AND place <= ? AND client_id IS NOT NULL ORDER BY author, client_id, namespace, place`,
      ),
    ];
    this.note = database.prepare('UPDATE place_indexed SET place = ?');
    this.removeSequence = database.prepare(
      'DELETE FROM place_by_sequence WHERE conversation = ? AND sequence = ?',
    );
    this.removeClientId = database.prepare(
      'DELETE FROM place_by_client WHERE author = ? AND client_id = ? AND namespace = ? AND place = ?',
    );
  }

  /** Whether the tables are so far behind that it is time for a step. */
  get isStepDue(): boolean {
    return this.known !== undefined && this.known.size >= this.stepSize;
  }

  /** Whether no more messages may be added before the tables have followed. */
  get isFull(): boolean {
    return this.fresh.size >= MOST_STEPS * this.stepSize;
  }

  /** A message was appended, after all others. */
  add(message: FreshMessage): void {
    this.fresh.add(message);
  }

  setState(place: number, state: number): void {
    this.fresh.setState(place, state);
  }

  /** A message was deleted. */
  remove(message: {
    readonly place: number;
    readonly conversation: number;
    readonly sequence: number;
    readonly namespace: string;
    readonly author: string;
    readonly client_id: string | null;
  }): void {
    const { place, conversation, sequence, namespace, author, client_id: clientId } = message;
    if (place > this.indexed) {
      this.forget();
      return;
    }
    this.removeSequence.run(conversation, sequence);
    if (clientId !== null) this.removeClientId.run(author, clientId, namespace, place);
  }

  mark(): Mark {
    return this.fresh.mark();
  }

  undo(mark: Mark): void {
    this.fresh.undo(mark);
  }

  /** Something was undone of which no mark is left, or deleted: only the file knows now. */
  forget(): void {
    this.known = undefined;
  }

  /**
   * Takes everything into the tables, inside a transaction of its caller. Returns what to call when that is on disk;
   * undefined: there was nothing to do.
   */
  step(): (() => void) | undefined {
    const upTo = this.fresh.newest;
    if (upTo === undefined) return undefined;
    for (const statement of this.take) statement.run(this.indexed, upTo);
    this.note.run(upTo);
    return () => {
      this.upTo = upTo;
      this.known = new FreshMessages();
    };
  }

  /** Of the author's newest message with this client id. */
  ofClient(namespace: string, author: string, clientId: string): number | undefined {
    const fresh = this.fresh.ofClient(namespace, author, clientId);
    if (fresh !== undefined) return fresh;
    const row = this.ofClientId.get(author, clientId, namespace) as { readonly place: number } | undefined;
    return row?.place;
  }

  /** Whether the span has a message that the user has to get. */
  hasAny(conversation: number, span: Span, user: string): boolean {
    const { indexed, fresh } = this.parts(conversation, span);
    if (fresh.some((message) => message.state === 0 && message.author !== user)) return true;
    return (
      indexed !== undefined && this.anyIn.get(conversation, indexed.from, indexed.to, user) !== undefined
    );
  }

  /** How much of the span the user has to get. */
  weight(conversation: number, span: Span, user: string): Backlog {
    const { indexed, fresh } = this.parts(conversation, span);
    const { messages, bytes } =
      indexed === undefined
        ? { messages: 0, bytes: 0 }
        : (this.weightIn.get(conversation, indexed.from, indexed.to, user) as unknown as Backlog);
    const weight = { messages, bytes };
    for (const message of fresh) {
      if (message.state !== 0 || message.author === user) continue;
      weight.messages += 1;
      weight.bytes += message.bytes;
    }
    return weight;
  }

  /** The newest message up to a sequence. */
  newestUpTo(
    conversation: number,
    sequence: number,
  ): { readonly sequence: number; readonly place: number } | undefined {
    const fresh = this.fresh.of(conversation);
    const found = fresh[firstWhere(fresh, (message) => message.sequence > sequence) - 1];
    if (found !== undefined) return found;
    const row = this.atOrBefore.get(conversation, sequence);
    return row as { readonly sequence: number; readonly place: number } | undefined;
  }

  /** The oldest of a span that the user has to get. */
  page(conversation: number, { from, to, user, horizon, limit }: Wanted): readonly FoundMessage[] {
    const { indexed, fresh } = this.parts(conversation, { from, to });
    const found: FoundMessage[] =
      indexed === undefined
        ? []
        : (this.pageIn.all(conversation, indexed.from, indexed.to, user, horizon, limit) as never);
    for (const { place, sequence, author, state, at } of fresh) {
      if (found.length >= limit) break;
      if (state === 0 && author !== user && at > horizon)
        found.push({ place, sequence, body: this.body(place) });
    }
    return found;
  }

  /** The bodies of the newest messages before a sequence, newest first. */
  before(
    conversation: number,
    query: { readonly sequence: number; readonly horizon: number; readonly limit: number },
  ): readonly string[] {
    const bodies: string[] = [];
    const fresh = this.fresh.of(conversation);
    const end = firstWhere(fresh, ({ sequence }) => sequence >= query.sequence);
    for (let index = end - 1; index >= 0 && bodies.length < query.limit; index -= 1) {
      const { place, state, at } = fresh[index] as FreshMessage;
      if (state === 0 && at > query.horizon) bodies.push(this.body(place));
    }
    const rows = this.newest.all(conversation, query.sequence, query.horizon, query.limit - bodies.length);
    for (const { body } of rows as unknown as readonly { readonly body: string }[]) bodies.push(body);
    return bodies;
  }

  private body(place: number): string {
    return (this.bodyAt.get(place) as { readonly body: string }).body;
  }

  private parts(conversation: number, { from, to }: Span): Parts {
    const all = this.fresh.of(conversation);
    const first = all[0]?.sequence ?? Number.MAX_SAFE_INTEGER;
    if (first > to) return { indexed: { from, to }, fresh: [] };
    const start = firstWhere(all, ({ sequence }) => sequence >= from);
    const end = firstWhere(all, ({ sequence }) => sequence > to);
    return {
      indexed: from < first ? { from, to: first - 1 } : undefined,
      fresh: all.slice(start, end),
    };
  }

  /** Up to this place the tables have everything. */
  private get indexed(): number {
    this.upTo ??= (this.indexedUpTo.get() as { readonly place: number }).place;
    return this.upTo;
  }

  private get fresh(): FreshMessages {
    this.known ??= this.read();
    return this.known;
  }

  private read(): FreshMessages {
    const fresh = new FreshMessages();
    for (const row of this.after.all(this.indexed) as unknown as readonly FreshRow[]) {
      fresh.add({ ...row, clientId: row.client_id });
    }
    return fresh;
  }
}
