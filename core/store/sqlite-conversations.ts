/**
 * The conversations that messages come to. Each is read from the file once and then kept, because every message asks
 * for it; how far its log has come is written once in a transaction, not for each message.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { PairMap } from '../pair-map.ts';

/** Most conversations kept from one transaction to the next. */
const MOST_KEPT = 65_536;

export interface Conversation {
  readonly id: number;
  /** Sequence of its newest message. */
  last: number;
  /** Recipients of direct messages who are known to be members: at most the two. */
  readonly joined: string[];
  isChanged: boolean;
}

interface Row {
  readonly id: number;
  readonly last: number;
}

export class Conversations {
  private readonly select: StatementSync;
  private readonly insert: StatementSync;
  private readonly update: StatementSync;
  private readonly kept = new PairMap<Conversation>();
  private changed: Conversation[] = [];

  constructor(database: DatabaseSync) {
    this.select = database.prepare('SELECT id, last FROM conversation WHERE namespace = ? AND key = ?');
    this.insert = database.prepare(
      'INSERT INTO conversation (namespace, key, last) VALUES (?, ?, 0) RETURNING id, last',
    );
    this.update = database.prepare('UPDATE conversation SET last = ? WHERE id = ?');
  }

  find(namespace: string, key: string): Conversation | undefined {
    const kept = this.kept.get(namespace, key);
    if (kept !== undefined) return kept;
    const row = this.select.get(namespace, key) as Row | undefined;
    return row === undefined ? undefined : this.keep(namespace, key, row);
  }

  /** The conversation, made if it is not there. */
  make(namespace: string, key: string): Conversation {
    const known = this.find(namespace, key);
    return known ?? this.keep(namespace, key, this.insert.get(namespace, key) as unknown as Row);
  }

  /** The sequence of one more message. */
  advance(conversation: Conversation): number {
    if (!conversation.isChanged) {
      conversation.isChanged = true;
      this.changed.push(conversation);
    }
    conversation.last += 1;
    return conversation.last;
  }

  /** Writes what has changed: before the commit, and before a statement reads it. */
  save(): void {
    for (const conversation of this.changed) {
      this.update.run(conversation.last, conversation.id);
      conversation.isChanged = false;
    }
    this.changed = [];
    if (this.kept.size > MOST_KEPT) this.kept.clear();
  }

  /** Something was undone: only the file knows now. */
  forget(): void {
    this.kept.clear();
    this.changed = [];
  }

  private keep(namespace: string, key: string, { id, last }: Row): Conversation {
    const conversation = { id, last, joined: [], isChanged: false };
    this.kept.set(namespace, key, conversation);
    return conversation;
  }
}
