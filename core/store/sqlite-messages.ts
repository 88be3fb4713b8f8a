/** Commits: what appends and revokes messages, in SQL. Runs inside a transaction of its caller. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { conversationKey, type Message } from '../../schemas/model.ts';
import type { MessageDraft, StoreLimits } from './port.ts';
import {
  backlogFull,
  contentBytes,
  duplicateConflict,
  exceeds,
  isSameMessage,
  messageUnknown,
  notTheAuthor,
  recipientOf,
} from './rules.ts';
import type { Memberships } from './sqlite-memberships.ts';
import type { RawResult } from './sqlite-protocol.ts';

interface MessageRow {
  readonly place: number;
  readonly conversation: number;
  readonly sequence: number;
  readonly author: string;
  readonly state: number;
  readonly at: number;
  readonly bytes: number;
  readonly body: string;
}

const COLUMNS = 'place, conversation, sequence, author, state, at, bytes, body';

export class Messages {
  private readonly limits: StoreLimits;
  private readonly memberships: Memberships;
  private readonly byId: StatementSync;
  private readonly byClientId: StatementSync;
  private readonly advance: StatementSync;
  private readonly insert: StatementSync;
  private readonly setRevoked: StatementSync;
  private readonly conversationId: StatementSync;
  private readonly newest: StatementSync;

  constructor(database: DatabaseSync, limits: StoreLimits, memberships: Memberships) {
    this.limits = limits;
    this.memberships = memberships;
    this.byId = database.prepare(`SELECT ${COLUMNS} FROM message WHERE id = ? AND namespace = ?`);
    this.byClientId = database.prepare(
      `SELECT ${COLUMNS} FROM message WHERE author = ? AND client_id = ? AND namespace = ? ORDER BY place DESC LIMIT 1`,
    );
    this.advance = database.prepare(
      `INSERT INTO conversation (namespace, key, last) VALUES (?, ?, 1)
       ON CONFLICT DO UPDATE SET last = last + 1 RETURNING id, last`,
    );
    this.insert = database.prepare(
      `INSERT INTO message (conversation, sequence, id, namespace, author, recipient, client_id, at, bytes, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.setRevoked = database.prepare('UPDATE message SET state = 1 WHERE place = ?');
    this.conversationId = database.prepare('SELECT id FROM conversation WHERE namespace = ? AND key = ?');
    this.newest = database.prepare(
      `SELECT body FROM message WHERE conversation = ? AND sequence < ? AND state = 0 AND at > ?
       ORDER BY sequence DESC LIMIT ?`,
    );
  }

  append(draft: MessageDraft, now: number): RawResult {
    const { namespace, from, clientId } = draft;
    const earlier =
      clientId === undefined
        ? undefined
        : (this.byClientId.get(from.id, clientId, namespace) as MessageRow | undefined);
    if (earlier !== undefined && earlier.at > now - this.limits.deduplicationMs) {
      if (!isSameMessage(JSON.parse(earlier.body) as Message, draft)) throw duplicateConflict(draft);
      return { kind: 'append', sequence: earlier.sequence, earlier: earlier.body };
    }
    const { id, last } = this.advance.get(namespace, conversationKey(draft.to, from.id)) as {
      readonly id: number;
      readonly last: number;
    };
    const bytes = contentBytes(draft);
    const recipient = recipientOf(draft);
    if (recipient !== undefined) {
      this.memberships.join(namespace, recipient, { conversation: id, floor: last - 1 });
      if (exceeds(this.memberships.owe(namespace, recipient, bytes), this.limits)) throw backlogFull();
    }
    const body = JSON.stringify({ ...draft, sequence: last } satisfies Message);
    this.insert.run(
      id,
      last,
      draft.id,
      namespace,
      from.id,
      recipient ?? null,
      clientId ?? null,
      draft.sentAt,
      bytes,
      body,
    );
    return { kind: 'append', sequence: last, earlier: undefined };
  }

  revoke(
    operation: { readonly namespace: string; readonly message: string; readonly author: string },
    now: number,
  ): RawResult {
    const { namespace, author } = operation;
    const row = this.lookUp(operation, now);
    if (row === undefined) throw messageUnknown();
    if (row.author !== author) throw notTheAuthor();
    if (row.state === 0) {
      const recipient = recipientOf(JSON.parse(row.body) as Message);
      if (recipient !== undefined) this.memberships.settle(namespace, recipient, row);
      this.setRevoked.run(row.place);
    }
    return { kind: 'revoke', message: row.body };
  }

  /** The message as JSON. */
  find(
    query: {
      readonly namespace: string;
      readonly id: string;
      readonly author: string;
      readonly conversation: string | undefined;
    },
    now: number,
  ): string | undefined {
    const { namespace, id: message, author, conversation } = query;
    const row = this.lookUp({ namespace, message, author }, now);
    if (row === undefined || conversation === undefined) return row?.body;
    return row.conversation === this.conversation(namespace, conversation) ? row.body : undefined;
  }

  /** Messages as JSON, oldest first. */
  history(
    query: {
      readonly namespace: string;
      readonly conversation: string;
      readonly before?: number | undefined;
      readonly limit: number;
    },
    now: number,
  ): readonly string[] {
    const id = this.conversation(query.namespace, query.conversation);
    if (id === undefined) return [];
    const before = query.before ?? Number.MAX_SAFE_INTEGER;
    const rows = this.newest.all(id, before, now - this.limits.retentionMs, Math.max(0, query.limit));
    return (rows as unknown as readonly { readonly body: string }[]).map((row) => row.body).reverse();
  }

  private conversation(namespace: string, key: string): number | undefined {
    const row = this.conversationId.get(namespace, key) as { readonly id: number } | undefined;
    return row?.id;
  }

  /** By the gateway's id, else by the author's own. */
  private lookUp(
    query: { readonly namespace: string; readonly message: string; readonly author: string },
    now: number,
  ): MessageRow | undefined {
    const { namespace, message, author } = query;
    const row = (this.byId.get(message, namespace) ?? this.byClientId.get(author, message, namespace)) as
      | MessageRow
      | undefined;
    return row !== undefined && row.state !== 2 && row.at > now - this.limits.retentionMs ? row : undefined;
  }
}
