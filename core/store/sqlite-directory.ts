/** What the backend has changed of users, groups and their relations, in SQL. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type DirectoryEntry, directoryKey } from './directory.ts';

export class DirectoryEntries {
  private readonly upsert: StatementSync;
  private readonly select: StatementSync;

  constructor(database: DatabaseSync) {
    this.upsert = database.prepare(
      `INSERT INTO directory (kind, namespace, id, other, entry) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET entry = excluded.entry`,
    );
    this.select = database.prepare('SELECT entry FROM directory ORDER BY place');
  }

  /** Each entry as JSON, in the order in which its key was first saved. */
  all(): readonly string[] {
    return (this.select.all() as unknown as readonly { readonly entry: string }[]).map(({ entry }) => entry);
  }

  save(entries: readonly DirectoryEntry[]): undefined {
    for (const entry of entries) this.upsert.run(...directoryKey(entry), JSON.stringify(entry));
  }
}
