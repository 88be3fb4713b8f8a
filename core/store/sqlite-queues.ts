/** Queues, in SQL. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { QueueEntry, StoreLimits } from './port.ts';
import { queueFull, queuesFull } from './rules.ts';
import type { QueueRow, RawResult } from './sqlite-protocol.ts';

export class Queues {
  private readonly limits: StoreLimits;
  private readonly grow: StatementSync;
  private readonly shrink: StatementSync;
  private readonly begin: StatementSync;
  private readonly end: StatementSync;
  private readonly forget: StatementSync;
  private readonly insert: StatementSync;
  private readonly remove: StatementSync;
  private readonly select: StatementSync;

  constructor(database: DatabaseSync, limits: StoreLimits) {
    this.limits = limits;
    // In memory, and undone with the transaction. Counted when it is first asked for.
    database.exec('CREATE TEMP TABLE queue_count (queues INTEGER); INSERT INTO queue_count VALUES (NULL)');
    this.begin = database.prepare(
      `UPDATE queue_count SET queues = coalesce(queues + 1, (SELECT count(*) FROM queue_size))
       RETURNING queues`,
    );
    this.end = database.prepare('UPDATE queue_count SET queues = queues - 1');
    this.grow = database.prepare(
      `INSERT INTO queue_size (namespace, queue, entries) VALUES (?, ?, 1)
       ON CONFLICT DO UPDATE SET entries = entries + 1 RETURNING entries`,
    );
    this.shrink = database.prepare(
      'UPDATE queue_size SET entries = entries - 1 WHERE namespace = ? AND queue = ?',
    );
    this.forget = database.prepare(
      'DELETE FROM queue_size WHERE namespace = ? AND queue = ? AND entries <= 0',
    );
    this.insert = database.prepare(
      'INSERT INTO queue_entry (namespace, queue, id, entry, bytes) VALUES (?, ?, ?, ?, ?)',
    );
    this.remove = database.prepare('DELETE FROM queue_entry WHERE namespace = ? AND queue = ? AND id = ?');
    this.select = database.prepare(
      `SELECT entry, bytes FROM queue_entry WHERE namespace = ? AND queue = ? AND id > ? ORDER BY id LIMIT ?`,
    );
  }

  add(entry: QueueEntry): RawResult {
    const { namespace, queue, id, body } = entry;
    const size = this.grow.get(namespace, queue) as { readonly entries: number };
    if (size.entries > this.limits.queueEntries) throw queueFull();
    if (size.entries === 1) {
      const { queues } = this.begin.get() as { readonly queues: number };
      if (queues > this.limits.queueNames) throw queuesFull();
    }
    const isText = typeof body === 'string';
    const json = JSON.stringify(isText ? entry : { ...entry, body: undefined });
    this.insert.run(namespace, queue, id, json, isText ? null : body);
    return { kind: 'enqueue' };
  }

  delete(namespace: string, queue: string, id: string): undefined {
    if (this.remove.run(namespace, queue, id).changes === 0) return;
    this.shrink.run(namespace, queue);
    if (this.forget.run(namespace, queue).changes > 0) this.end.run();
  }

  after(query: {
    readonly namespace: string;
    readonly queue: string;
    readonly after?: string | undefined;
    readonly limit: number;
  }): readonly QueueRow[] {
    const { namespace, queue, after, limit } = query;
    const rows = this.select.all(namespace, queue, after ?? '', Math.max(0, limit));
    return rows.map((row) => {
      const { entry, bytes } = row as unknown as QueueRow;
      return { entry, bytes };
    });
  }
}
