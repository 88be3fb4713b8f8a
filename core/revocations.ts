/**
 * Tokens that are good no more although they say so themselves. Known by user and time: whatever was issued
 * before the time is revoked.
 */
import type { Identity } from './auth/port.ts';
import type { Connection } from './connection.ts';
import { GatewayError } from './errors.ts';
import { userKey } from './groups.ts';

interface Revocation {
  /** Tokens issued before are revoked; epoch ms. */
  before: number;
  /** When that was said; epoch ms. A question asked before then may have been answered from what was known. */
  at: number;
}

export class Revocations {
  readonly #byUser = new Map<string, Revocation>();
  readonly #now: () => number;

  /** `now` is epoch ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  add(namespace: string, user: string, before: number): void {
    const key = userKey({ namespace, id: user });
    const known = this.#byUser.get(key)?.before ?? 0;
    this.#byUser.set(key, { before: Math.max(known, before), at: this.#now() });
  }

  /** Epoch ms before which the user's tokens are revoked; undefined if none are. */
  before(namespace: string, user: string): number | undefined {
    return this.#byUser.get(userKey({ namespace, id: user }))?.before;
  }

  /** Whether a login that began at `askedAt` (epoch ms) rests on a revoked token. */
  isRevoked(namespace: string, { userId, issuedAt }: Identity, askedAt: number): boolean {
    if (this.#byUser.size === 0) return false;
    const revocation = this.#byUser.get(userKey({ namespace, id: userId }));
    if (revocation === undefined) return false;
    return issuedAt === undefined ? revocation.at >= askedAt : issuedAt < revocation.before;
  }
}

/** Ends those of a user's connections that rest on a token issued, or if it does not say, used before `before`. */
export function endRevoked(connections: Iterable<Connection>, before: number): number {
  let ended = 0;
  for (const connection of [...connections]) {
    const { lease } = connection;
    if (lease === undefined || lease.since >= before) continue;
    connection.fault(new GatewayError('token_expired'));
    ended++;
  }
  return ended;
}
