/** Users and their integers, in SQL. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { GatewayError } from '../errors.ts';
import { identityTaken, isAssignable } from './rules.ts';
import type { IdentityRow } from './sqlite-protocol.ts';

export class Identities {
  private readonly byUser: StatementSync;
  private readonly byInteger: StatementSync;
  private readonly insert: StatementSync;
  private readonly select: StatementSync;
  /** Per namespace an integer below which all are taken; a hint that saves the search from the start. */
  private readonly free = new Map<string, number>();

  constructor(database: DatabaseSync) {
    this.byUser = database.prepare('SELECT integer FROM identity WHERE namespace = ? AND user = ?');
    this.byInteger = database.prepare('SELECT 1 FROM identity WHERE namespace = ? AND integer = ?');
    this.insert = database.prepare('INSERT INTO identity (namespace, user, integer) VALUES (?, ?, ?)');
    this.select = database.prepare('SELECT namespace, user, integer FROM identity');
  }

  all(): readonly IdentityRow[] {
    return this.select.all().map((row) => {
      const { namespace, user, integer } = row as unknown as IdentityRow;
      return { namespace, user, integer };
    });
  }

  /** A transaction was undone: integers that looked taken may be free. */
  forgetHints(): void {
    this.free.clear();
  }

  /** Returns the integers of all these users. Seeds come first, so that nobody is given another's seed. */
  assign(
    namespace: string,
    users: readonly { readonly id: string; readonly integer?: number | undefined }[],
  ): readonly IdentityRow[] {
    const rows: IdentityRow[] = [];
    for (const { id, integer } of users) {
      if (integer === undefined) continue;
      if (!isAssignable(integer))
        throw new GatewayError('internal', { detail: 'a seed is a positive integer' });
      const held = this.integerOf(namespace, id);
      if (held === undefined ? this.isTaken(namespace, integer) : held !== integer)
        throw identityTaken(id, integer);
      if (held === undefined) this.insert.run(namespace, id, integer);
      rows.push({ namespace, user: id, integer });
    }
    for (const { id, integer: seed } of users) {
      if (seed !== undefined) continue;
      let integer = this.integerOf(namespace, id);
      if (integer === undefined) {
        integer = this.nextFree(namespace);
        this.insert.run(namespace, id, integer);
      }
      rows.push({ namespace, user: id, integer });
    }
    return rows;
  }

  private nextFree(namespace: string): number {
    let integer = this.free.get(namespace) ?? 1;
    while (this.isTaken(namespace, integer)) integer += 1;
    this.free.set(namespace, integer);
    return integer;
  }

  private integerOf(namespace: string, user: string): number | undefined {
    const row = this.byUser.get(namespace, user) as { readonly integer: number } | undefined;
    return row?.integer;
  }

  private isTaken(namespace: string, integer: number): boolean {
    return this.byInteger.get(namespace, integer) !== undefined;
  }
}
