/** How much waits for each recipient of direct messages: kept once read, and written once in a transaction. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { PairMap } from '../pair-map.ts';
import type { Backlog } from './rules.ts';

/** Most recipients kept from one transaction to the next. */
const MOST_KEPT = 65_536;

interface KeptBacklog extends Backlog {
  readonly namespace: string;
  readonly user: string;
  isChanged: boolean;
}

export class Backlogs {
  private readonly select: StatementSync;
  private readonly replace: StatementSync;
  private readonly kept = new PairMap<KeptBacklog>();
  private changed: KeptBacklog[] = [];

  constructor(database: DatabaseSync) {
    this.select = database.prepare('SELECT messages, bytes FROM backlog WHERE namespace = ? AND user = ?');
    this.replace = database.prepare(
      'INSERT OR REPLACE INTO backlog (namespace, user, messages, bytes) VALUES (?, ?, ?, ?)',
    );
  }

  /** What waits for the user now. */
  of(namespace: string, user: string): Readonly<Backlog> {
    return this.find(namespace, user);
  }

  /** So much more waits for the user; less, if it is negative. */
  add(namespace: string, user: string, { messages, bytes }: Readonly<Backlog>): void {
    const backlog = this.find(namespace, user);
    backlog.messages += messages;
    backlog.bytes += bytes;
    if (backlog.isChanged) return;
    backlog.isChanged = true;
    this.changed.push(backlog);
  }

  /** Writes what has changed: before the commit, and before anything may be undone. */
  save(): void {
    for (const backlog of this.changed) {
      const { namespace, user, messages, bytes } = backlog;
      this.replace.run(namespace, user, messages, bytes);
      backlog.isChanged = false;
    }
    this.changed = [];
    if (this.kept.size > MOST_KEPT) this.kept.clear();
  }

  /** Something was undone: only the file knows now. */
  forget(): void {
    this.kept.clear();
    this.changed = [];
  }

  private find(namespace: string, user: string): KeptBacklog {
    let backlog = this.kept.get(namespace, user);
    if (backlog === undefined) {
      const row = this.select.get(namespace, user) as Backlog | undefined;
      const { messages = 0, bytes = 0 } = row ?? {};
      backlog = { namespace, user, messages, bytes, isChanged: false };
      this.kept.set(namespace, user, backlog);
    }
    return backlog;
  }
}
