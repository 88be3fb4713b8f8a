/**
 * Who may come in, and how often, over all endpoints: by the client's address how many connections, and how many
 * bad logins before nobody there may try for a while; by user how many commands. Everything is bounded: addresses without connections and failures are forgotten.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { AdmissionLimits } from '../schemas/config.ts';
import { TokenBucket } from './rate-limit.ts';

export type AdmissionRefusal = 'connections_per_address' | 'failed_logins';

interface Failures {
  count: number;
  /** When the window began, and until when the address is banned; monotonic ms. */
  since: number;
  bannedUntil: number;
}

export class Admission {
  #limits: AdmissionLimits;
  /** Addresses forgotten before their time because of `failedLogins.addresses`. */
  forgotten = 0;
  readonly #now: () => number;
  readonly #connections = new Map<string, number>();
  /** By the user's record in the directory, and forgotten with it. */
  #userRates = new WeakMap<object, TokenBucket>();
  /** In the order in which they began. */
  readonly #failing = new Map<string, Failures>();

  /** `now` is monotonic ms. */
  constructor(limits: AdmissionLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Other limits from now on. Rates of users hold for those who log in from now on. */
  reconfigure(limits: AdmissionLimits): void {
    if (!isDeepStrictEqual(limits.commandsPerUser, this.#limits.commandsPerUser))
      this.#userRates = new WeakMap();
    this.#limits = limits;
  }

  /** Whether a connection need not even be opened to be refused. */
  isFlooding(address: string): boolean {
    const count = this.#connections.get(addressKey(address)) ?? 0;
    return count >= this.#limits.connectionsPerAddress + this.#limits.told;
  }

  /** A connection opens; call `leave` when it is over, refused or not. */
  enter(address: string): AdmissionRefusal | undefined {
    const key = addressKey(address);
    const count = (this.#connections.get(key) ?? 0) + 1;
    this.#connections.set(key, count);
    if (count > this.#limits.connectionsPerAddress) return 'connections_per_address';
    return this.isBanned(address) ? 'failed_logins' : undefined;
  }

  leave(address: string): void {
    const key = addressKey(address);
    const count = this.#connections.get(key) ?? 0;
    if (count > 1) this.#connections.set(key, count - 1);
    else this.#connections.delete(key);
  }

  /** What all connections of a user share, one after the other too. */
  rateOf(user: object): TokenBucket {
    let rate = this.#userRates.get(user);
    if (rate === undefined) {
      rate = new TokenBucket(this.#limits.commandsPerUser, this.#now());
      this.#userRates.set(user, rate);
    }
    return rate;
  }

  /** Addresses that have connections. */
  get addresses(): number {
    return this.#connections.size;
  }

  /** Addresses of which nobody can log in now. */
  get banned(): number {
    const now = this.#now();
    let count = 0;
    for (const { bannedUntil } of this.#failing.values()) if (bannedUntil > now) count++;
    return count;
  }

  /** Addresses whose failures are remembered. */
  get failing(): number {
    return this.#failing.size;
  }

  isBanned(address: string): boolean {
    return (this.#failing.get(addressKey(address))?.bannedUntil ?? 0) > this.#now();
  }

  /** A bad credential came from there. Tells whether the address is banned for it from now on. */
  failed(address: string): boolean {
    const { attempts, window, ban } = this.#limits.failedLogins;
    const key = addressKey(address);
    const now = this.#now();
    let failures = this.#failing.get(key);
    if (failures === undefined || now - failures.since > window) {
      failures = { count: 0, since: now, bannedUntil: failures?.bannedUntil ?? 0 };
      this.#failing.delete(key);
      this.#forget(now);
      this.#failing.set(key, failures);
    }
    if (failures.bannedUntil > now || ++failures.count < attempts) return false;
    // The ban is the price of the whole window: the count begins anew behind it.
    this.#failing.delete(key);
    this.#failing.set(key, { count: 0, since: now, bannedUntil: now + ban });
    return true;
  }

  /** Makes room for one more. */
  #forget(now: number): void {
    const { window, addresses } = this.#limits.failedLogins;
    for (const [key, { since, bannedUntil }] of this.#failing) {
      const isOver = now - since > window && bannedUntil <= now;
      if (!isOver && this.#failing.size < addresses) return;
      if (!isOver) this.forgotten++;
      this.#failing.delete(key);
    }
  }
}

/**
 * What counts as one address: an IPv4 address however it is written, of IPv6 the /64 that one customer has
 * (RFC 6177).
 */
export function addressKey(address: string): string {
  const mapped = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  if (isIPv4(mapped)) return mapped;
  const plain = address.split('%', 1)[0] ?? '';
  if (!isIPv6(plain)) return address;
  const [head = '', tail] = plain.split('::', 2);
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  // A dotted quad at the end stands for two groups.
  const length = before.length + after.length + (plain.includes('.') ? 1 : 0);
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - length);
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
