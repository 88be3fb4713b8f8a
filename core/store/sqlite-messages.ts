/** Commits: what appends and revokes messages, in SQL. Runs inside a transaction of its caller. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Message } from '../../schemas/model.ts';
import { GatewayError } from '../errors.ts';
import type { StoreLimits } from './port.ts';
import {
  backlogFull,
  duplicateConflict,
  exceeds,
  isSameMessage,
  messageUnknown,
  notTheAuthor,
  recipientOf,
} from './rules.ts';
import { type AppendRow, type DraftBody, withSequence } from './sqlite-append.ts';
import type { Backlogs } from './sqlite-backlogs.ts';
import type { Conversations } from './sqlite-conversations.ts';
import type { Memberships } from './sqlite-memberships.ts';
import type { Places } from './sqlite-places.ts';
import type { RawResult, StoredBody } from './sqlite-protocol.ts';

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
  private readonly conversations: Conversations;
  private readonly backlogs: Backlogs;
  private readonly memberships: Memberships;
  private readonly places: Places;
  private readonly byId: StatementSync;
  private readonly byPlace: StatementSync;
  private readonly insert: StatementSync;
  private readonly setRevoked: StatementSync;

  constructor(
    database: DatabaseSync,
    limits: StoreLimits,
    parts: {
      readonly conversations: Conversations;
      readonly backlogs: Backlogs;
      readonly memberships: Memberships;
      readonly places: Places;
    },
  ) {
    this.limits = limits;
    this.conversations = parts.conversations;
    this.backlogs = parts.backlogs;
    this.memberships = parts.memberships;
    this.places = parts.places;
    this.byId = database.prepare(`SELECT ${COLUMNS} FROM message WHERE id = ? AND namespace = ?`);
    this.byPlace = database.prepare(`SELECT ${COLUMNS} FROM message WHERE place = ?`);
    this.insert = database.prepare(
      `INSERT INTO message (conversation, sequence, id, namespace, author, recipient, client_id, at, bytes, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.setRevoked = database.prepare('UPDATE message SET state = 1 WHERE place = ?');
  }

  /** Nothing is written if it throws a GatewayError. */
  append(row: AppendRow, now: number): RawResult {
    const [id, namespace, author, recipient, clientId, key, at, bytes, body] = row;
    const earlier = clientId === null ? undefined : this.ofClient(namespace, author, clientId);
    if (earlier !== undefined && earlier.at > now - this.limits.deduplicationMs) return again(earlier, body);
    if (this.places.isFull) throw new GatewayError('store_unavailable');
    if (recipient !== null) {
      const waiting = this.backlogs.of(namespace, recipient);
      const backlog = { messages: waiting.messages + 1, bytes: waiting.bytes + bytes };
      if (exceeds(backlog, this.limits)) throw backlogFull();
    }
    const conversation = this.conversations.make(namespace, key);
    if (recipient !== null) {
      this.memberships.joinDirect(namespace, recipient, conversation);
      this.backlogs.add(namespace, recipient, { messages: 1, bytes });
    }
    const sequence = this.conversations.advance(conversation);
    const stored = withSequence(body, sequence);
    const { lastInsertRowid } = this.insert.run(
      conversation.id,
      sequence,
      id,
      namespace,
      author,
      recipient,
      clientId,
      at,
      bytes,
      stored,
    );
    this.places.add({
      place: Number(lastInsertRowid),
      conversation: conversation.id,
      sequence,
      namespace,
      author,
      clientId,
      state: 0,
      at,
      bytes,
    });
    return { kind: 'append', sequence, earlier: undefined };
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
      this.places.setState(row.place, 1);
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
    return row.conversation === this.conversations.find(namespace, conversation)?.id ? row.body : undefined;
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
    const conversation = this.conversations.find(query.namespace, query.conversation);
    if (conversation === undefined) return [];
    const bodies = this.places.before(conversation.id, {
      sequence: query.before ?? Number.MAX_SAFE_INTEGER,
      horizon: now - this.limits.retentionMs,
      limit: Math.max(0, query.limit),
    });
    return bodies.toReversed();
  }

  /** By the gateway's id, else by the author's own. */
  private lookUp(
    query: { readonly namespace: string; readonly message: string; readonly author: string },
    now: number,
  ): MessageRow | undefined {
    const { namespace, message, author } = query;
    const byId = this.byId.get(message, namespace) as MessageRow | undefined;
    const row = byId ?? this.ofClient(namespace, author, message);
    return row !== undefined && row.state !== 2 && row.at > now - this.limits.retentionMs ? row : undefined;
  }

  /** The author's newest with this client id. */
  private ofClient(namespace: string, author: string, clientId: string): MessageRow | undefined {
    const place = this.places.ofClient(namespace, author, clientId);
    return place === undefined ? undefined : (this.byPlace.get(place) as MessageRow | undefined);
  }
}

/** The answer to a client id that was used before. @throws GatewayError duplicate_conflict: for another message */
function again({ sequence, body: earlier }: MessageRow, body: string): RawResult {
  const stored = JSON.parse(earlier) as StoredBody;
  const draft = JSON.parse(body) as DraftBody;
  if (!isSameMessage(stored, draft, stored.said, draft.said)) throw duplicateConflict(draft);
  return { kind: 'append', sequence, earlier };
}
