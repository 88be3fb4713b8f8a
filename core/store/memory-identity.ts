/** The two-way map of users and integers, in memory. */
import { GatewayError } from '../errors.ts';
import { AnswerQueue } from './answers.ts';
import type { IdentityMap, StoreCallback } from './port.ts';
import { identityTaken, isAssignable } from './rules.ts';

interface Names {
  readonly integers: Map<string, number>;
  readonly users: Map<number, string>;
  /** All integers below it are taken. */
  free: number;
}

/** What sessions read: both directions of all namespaces. */
export class IdentityTable {
  private readonly namespaces = new Map<string, Names>();

  integerOf(namespace: string, user: string): number | undefined {
    return this.namespaces.get(namespace)?.integers.get(user);
  }

  userOf(namespace: string, integer: number): string | undefined {
    return this.namespaces.get(namespace)?.users.get(integer);
  }

  set(namespace: string, user: string, integer: number): void {
    const names = this.names(namespace);
    names.integers.set(user, integer);
    names.users.set(integer, user);
  }

  /** The smallest integer from 1 that nobody has. */
  free(namespace: string): number {
    const names = this.names(namespace);
    while (names.users.has(names.free)) names.free += 1;
    return names.free;
  }

  private names(namespace: string): Names {
    const known = this.namespaces.get(namespace);
    if (known !== undefined) return known;
    const names = { integers: new Map<string, number>(), users: new Map<number, string>(), free: 1 };
    this.namespaces.set(namespace, names);
    return names;
  }
}

/** Lasts as long as the process. A seed that contradicts an assignment gives `duplicate_conflict` and assigns nobody. */
export class MemoryIdentityMap implements IdentityMap {
  private readonly table = new IdentityTable();
  private readonly answers = new AnswerQueue();

  assign(
    namespace: string,
    users: readonly { readonly id: string; readonly integer?: number | undefined }[],
    done: StoreCallback<void>,
  ): void {
    const error = this.problem(namespace, users);
    if (error !== undefined) {
      this.answers.answer(done, { ok: false, error });
      return;
    }
    for (const { id, integer } of users) {
      if (integer !== undefined) this.table.set(namespace, id, integer);
    }
    for (const { id } of users) {
      if (this.table.integerOf(namespace, id) !== undefined) continue;
      this.table.set(namespace, id, this.table.free(namespace));
    }
    this.answers.answer(done, { ok: true, value: undefined });
  }

  integerOf(namespace: string, user: string): number | undefined {
    return this.table.integerOf(namespace, user);
  }

  userOf(namespace: string, integer: number): string | undefined {
    return this.table.userOf(namespace, integer);
  }

  private problem(
    namespace: string,
    users: readonly { readonly id: string; readonly integer?: number | undefined }[],
  ): GatewayError | undefined {
    const seeds = new Map<number, string>();
    const seeded = new Map<string, number>();
    for (const { id, integer } of users) {
      if (integer === undefined) continue;
      if (!isAssignable(integer))
        return new GatewayError('internal', { detail: 'a seed is a positive integer' });
      const holder = this.table.userOf(namespace, integer) ?? seeds.get(integer);
      const held = this.table.integerOf(namespace, id) ?? seeded.get(id);
      if ((holder ?? id) !== id || (held ?? integer) !== integer) return identityTaken(id, integer);
      seeds.set(integer, id);
      seeded.set(id, integer);
    }
    return undefined;
  }
}
