/**
 * The integers that users are shown by where a dialect has numbers for ids. Those of known users are durable; guests
 * are lent theirs: nothing of them is written down, and some time after they have gone it is nobody's.
 */
import type { IdentityMap, StoreCallback } from './store/port.ts';
import { identityTaken } from './store/rules.ts';

/**
 * Lent integers begin here, which durable ones, counted from 1, never reach, and end with the largest that 32 bits hold:
 * a client may have no room for more. A guest who becomes a user keeps the lent one for good.
 */
const LENT_FROM = 1_000_000_000;
const LENT_TO = 2_147_483_647;
/**
 * A process begins where the clock says, so many a second further on: what one before it has lent is not lent again
 * before the clock has come around, after some four months.
 */
const LENT_PER_SECOND = 100;

export interface LendingLimits {
  /** How long an integer stays a guest's who has gone, ms. */
  readonly keep: number;
  /** Most integers of guests who have gone. */
  readonly entries: number;
}

export interface IntegersParts {
  readonly durable: IdentityMap;
  readonly limits: () => LendingLimits;
  /** Whether somebody who has none may be lent one only to be shown. */
  readonly mayShow: (user: string) => boolean;
  /** Monotonic ms. */
  readonly now: () => number;
  /** Epoch ms of the start. */
  readonly startedAt: number;
}

interface Loan {
  readonly namespace: string;
  readonly user: string;
  readonly integer: number;
  /** When the guest was last here or named; undefined: is here. */
  goneAt: number | undefined;
}

interface Names {
  readonly byUser: Map<string, Loan>;
  readonly byInteger: Map<number, Loan>;
  /** What users are about to have for good, and how many calls wait for it to be durable. */
  readonly chosen: Map<string, { readonly integer: number; calls: number }>;
  /** The same by integer: how many calls would give it to somebody. */
  readonly underWay: Map<number, number>;
  /** All integers below it are taken. */
  free: number;
}

type Assigned = Parameters<IdentityMap['assign']>[1];

export class Integers implements IdentityMap {
  readonly #parts: IntegersParts;
  readonly #namespaces = new Map<string, Names>();
  /** Loans of those who have gone, whoever has been away longest first. */
  readonly #gone = new Set<Loan>();
  #next: number;
  #lent = 0;
  /** Loans that ended before their time because of `entries`. */
  forgotten = 0;

  constructor(parts: IntegersParts) {
    this.#parts = parts;
    const seconds = Math.floor(parts.startedAt / 1000);
    this.#next = LENT_FROM + ((seconds * LENT_PER_SECOND) % (LENT_TO - LENT_FROM + 1));
  }

  /** Integers of guests, of those who are here and of those who have gone. */
  get lent(): number {
    return this.#lent;
  }

  integerOf(namespace: string, user: string): number | undefined {
    const durable = this.#parts.durable.integerOf(namespace, user);
    if (durable !== undefined) return durable;
    const loan = this.#namespaces.get(namespace)?.byUser.get(user);
    // Somebody names a guest who has gone: the loan lasts as long again.
    if (loan?.goneAt !== undefined) this.#goes(loan);
    return loan?.integer;
  }

  userOf(namespace: string, integer: number): string | undefined {
    return (
      this.#parts.durable.userOf(namespace, integer) ??
      this.#namespaces.get(namespace)?.byInteger.get(integer)?.user
    );
  }

  /**
   * What somebody who has none for good should get: what they are about to have, else what they were lent, else `own`
   * if nobody has it and nobody is about to; undefined: the next.
   */
  choice(namespace: string, user: string, own?: number): number | undefined {
    const names = this.#namesOf(namespace);
    const known = names.chosen.get(user)?.integer ?? names.byUser.get(user)?.integer;
    if (known !== undefined || own === undefined) return known;
    return this.#isTaken(namespace, names, own) ? undefined : own;
  }

  isDurable(namespace: string, user: string): boolean {
    return this.#parts.durable.integerOf(namespace, user) !== undefined;
  }

  /**
   * As `IdentityMap.assign`, and nobody gets what is lent to somebody else: who has none gets the smallest from 1 that
   * nobody has, and a guest keeps the one that others know.
   */
  assign(namespace: string, users: Assigned, done: StoreCallback<void>): void {
    const names = this.#namesOf(namespace);
    for (const { id, integer } of users) {
      const holder = integer === undefined ? undefined : names.byInteger.get(integer)?.user;
      if (integer === undefined || holder === undefined || holder === id) continue;
      setImmediate(done, { ok: false, error: identityTaken(id, integer) });
      return;
    }
    while (this.#isTaken(namespace, names, names.free)) names.free++;
    let least = names.free;
    const nextFree = (): number => {
      while (this.#isTaken(namespace, names, least)) least++;
      return least;
    };
    const underWay: { readonly id: string; readonly integer: number }[] = [];
    for (const { id, integer } of users) if (integer !== undefined) underWay.push({ id, integer });
    for (const { id, integer } of underWay) this.#begins(names, id, integer);
    const seeded = users.map(({ id, integer: seed }) => {
      if (seed !== undefined || this.isDurable(namespace, id)) return { id, integer: seed };
      // Asked for twice, it is the same.
      const integer = this.choice(namespace, id) ?? nextFree();
      this.#begins(names, id, integer);
      underWay.push({ id, integer });
      return { id, integer };
    });
    this.#parts.durable.assign(namespace, seeded, (outcome) => {
      for (const { id, integer } of underWay) this.#settles(names, id, integer);
      if (outcome.ok) for (const { id } of users) this.#end(names.byUser.get(id));
      done(outcome);
    });
  }

  #begins(names: Names, id: string, integer: number): void {
    names.underWay.set(integer, (names.underWay.get(integer) ?? 0) + 1);
    const chosen = names.chosen.get(id);
    if (chosen === undefined) names.chosen.set(id, { integer, calls: 1 });
    else if (chosen.integer === integer) chosen.calls++;
  }

  #settles(names: Names, id: string, integer: number): void {
    const others = (names.underWay.get(integer) ?? 1) - 1;
    if (others > 0) names.underWay.set(integer, others);
    else names.underWay.delete(integer);
    names.free = Math.min(names.free, integer);
    const chosen = names.chosen.get(id);
    if (chosen?.integer === integer && --chosen.calls === 0) names.chosen.delete(id);
  }

  #isTaken(namespace: string, names: Names, integer: number): boolean {
    return (
      names.byInteger.has(integer) ||
      names.underWay.has(integer) ||
      this.#parts.durable.userOf(namespace, integer) !== undefined
    );
  }

  /** A guest who is here has an integer from now on: `own` if nobody has it, who had none. Gives it. */
  lend(namespace: string, user: string, own?: number): number {
    const durable = this.#parts.durable.integerOf(namespace, user);
    if (durable !== undefined) return durable;
    const names = this.#namesOf(namespace);
    const loan = names.byUser.get(user) ?? this.#begin(names, { namespace, user, own });
    loan.goneAt = undefined;
    this.#gone.delete(loan);
    return loan.integer;
  }

  /** The guest has gone; who comes back soon has the same one. */
  gone(namespace: string, user: string): void {
    const loan = this.#namespaces.get(namespace)?.byUser.get(user);
    if (loan !== undefined) this.#goes(loan);
  }

  /** The integer of anybody whom a client is told of: what a guest has said may be told long after. */
  shown(namespace: string, user: string): number | undefined {
    const known = this.integerOf(namespace, user);
    if (known !== undefined || !this.#parts.mayShow(user)) return known;
    const loan = this.#begin(this.#namesOf(namespace), { namespace, user, own: undefined });
    this.#goes(loan);
    return loan.integer;
  }

  #begin(
    names: Names,
    { namespace, user, own }: { namespace: string; user: string; own: number | undefined },
  ): Loan {
    const chosen = this.#chosenFor(namespace, names, user);
    const isFree = own !== undefined && !this.#isTaken(namespace, names, own);
    const integer = chosen ?? (isFree ? own : this.#nextToLend(namespace, names));
    const loan: Loan = { namespace, user, integer, goneAt: undefined };
    names.byUser.set(user, loan);
    names.byInteger.set(integer, loan);
    this.#lent++;
    return loan;
  }

  /** What a user is about to have for good, unless it is or may become another's: then that will be refused. */
  #chosenFor(namespace: string, names: Names, user: string): number | undefined {
    const chosen = names.chosen.get(user);
    if (chosen === undefined) return undefined;
    const { integer, calls } = chosen;
    const isAnothers = this.#parts.durable.userOf(namespace, integer) !== undefined;
    return isAnothers || names.underWay.get(integer) !== calls ? undefined : integer;
  }

  #nextToLend(namespace: string, names: Names): number {
    for (;;) {
      const integer = this.#next;
      this.#next = integer === LENT_TO ? LENT_FROM : integer + 1;
      if (!this.#isTaken(namespace, names, integer)) return integer;
    }
  }

  #goes(loan: Loan): void {
    const now = this.#parts.now();
    loan.goneAt = now;
    this.#gone.delete(loan);
    this.#gone.add(loan);
    const { keep, entries } = this.#parts.limits();
    for (const oldest of this.#gone) {
      const isOver = now - (oldest.goneAt ?? now) >= keep;
      if (!isOver && this.#gone.size <= entries) return;
      if (!isOver) this.forgotten++;
      this.#end(oldest);
    }
  }

  #end(loan: Loan | undefined): void {
    if (loan === undefined) return;
    const names = this.#namesOf(loan.namespace);
    if (names.byUser.get(loan.user) !== loan) return;
    names.byUser.delete(loan.user);
    names.byInteger.delete(loan.integer);
    names.free = Math.min(names.free, loan.integer);
    this.#gone.delete(loan);
    this.#lent--;
  }

  #namesOf(namespace: string): Names {
    const known = this.#namespaces.get(namespace);
    if (known !== undefined) return known;
    const names: Names = {
      byUser: new Map(),
      byInteger: new Map(),
      chosen: new Map(),
      underWay: new Map(),
      free: 1,
    };
    this.#namespaces.set(namespace, names);
    return names;
  }
}
