/** Removes what is too old, in bounded steps, in SQL. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StoreLimits } from './port.ts';
import type { Memberships } from './sqlite-memberships.ts';
import type { Places } from './sqlite-places.ts';

interface OldRow {
  readonly place: number;
  readonly conversation: number;
  readonly sequence: number;
  readonly namespace: string;
  readonly author: string;
  readonly recipient: string | null;
  readonly client_id: string | null;
  readonly state: number;
  readonly bytes: number;
  readonly at: number;
}

/** The store's order is that of age, so both passes look at the oldest places only and stop at the first young one. */
export class Retention {
  private readonly limits: StoreLimits;
  private readonly memberships: Memberships;
  private readonly places: Places;
  private readonly oldest: StatementSync;
  /** Of those only the first. SQLite plans a statement anew whenever its LIMIT is bound, and this is asked each time. */
  private readonly first: StatementSync;
  private readonly expire: StatementSync;
  private readonly remove: StatementSync;
  /** Every message up to this place has expired; noted when the transaction is on disk. */
  private expired = 0;
  private reached = 0;
  /** Whether more may be due than the last step did. */
  isBehind = false;

  constructor(
    database: DatabaseSync,
    limits: StoreLimits,
    parts: { readonly memberships: Memberships; readonly places: Places },
  ) {
    this.limits = limits;
    this.memberships = parts.memberships;
    this.places = parts.places;
    this.oldest = database.prepare(
      `SELECT place, conversation, sequence, namespace, author, recipient, client_id, state, bytes, at FROM message
       WHERE place > ? ORDER BY place LIMIT ?`,
    );
    this.first = database.prepare('SELECT at FROM message WHERE place > ? ORDER BY place LIMIT 1');
    this.expire = database.prepare('UPDATE message SET state = 2 WHERE place = ?');
    this.remove = database.prepare('DELETE FROM message WHERE place = ?');
  }

  /** One step, at most `most` messages in each pass. */
  step(now: number, most: number): void {
    const { retentionMs, deduplicationMs } = this.limits;
    this.reached = this.expired;
    let count = 0;
    const old = now - retentionMs;
    for (const row of this.after(this.expired, most, old)) {
      if (row.at > old) break;
      count += 1;
      this.reached = row.place;
      if (row.state === 2) continue;
      if (row.state === 0 && row.recipient !== null) {
        this.memberships.settle(row.namespace, row.recipient, row);
      }
      this.expire.run(row.place);
      this.places.setState(row.place, 2);
    }
    let removed = 0;
    const forgotten = now - Math.max(retentionMs, deduplicationMs);
    for (const row of this.after(0, most, forgotten)) {
      if (row.place > this.reached || row.at > forgotten) break;
      removed += 1;
      this.places.remove(row);
      this.remove.run(row.place);
    }
    this.isBehind = count === most || removed === most;
  }

  committed(): void {
    this.expired = this.reached;
  }

  /** The oldest rows after a place; none while the first of them is too young. */
  private after(place: number, most: number, horizon: number): readonly OldRow[] {
    const first = this.first.get(place) as { readonly at: number } | undefined;
    if (first === undefined || first.at > horizon) return [];
    return this.oldest.all(place, most) as unknown as readonly OldRow[];
  }
}
