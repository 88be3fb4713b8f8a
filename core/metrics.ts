/**
 * What is counted. Hot paths add to plain numbers; `metrics-registry.ts` reads them when `/metrics` is asked for.
 */
import type { ErrorCode } from './errors.ts';
import { Losses } from './losses.ts';

/** Limits on who comes in and how often, as `/metrics` names them. */
export type LimitName =
  | 'connections'
  | 'connections_per_address'
  | 'connections_per_user'
  | 'sockjs_sessions'
  | 'frame'
  | 'bytes_before_login'
  | 'frames_before_login'
  | 'subscriptions'
  | 'send_buffer'
  | 'held'
  | 'attendance_per_connection'
  | 'commands_per_connection'
  | 'commands_per_user'
  | 'failed_logins'
  | 'login_deadline';

/** Counters of one endpoint. Plain numbers, so that adding to them costs nothing. */
export class EndpointMetrics {
  connectionsOpened = 0;
  connectionsRefused = 0;
  failedLogins = 0;
  wireMessagesIn = 0;
  bytesIn = 0;
  framesIn = 0;
  framesOut = 0;
  /** Frames made by an encoder; `framesOut` above it shows what the fan-out shares. */
  encodes = 0;
  writes = 0;
  bytesOut = 0;
  slowConsumers = 0;
  held = 0;
  pauses = 0;
  /** Times that a connection had as many commands without an outcome as it may. */
  stalls = 0;
  /** Connections that the gateway ended and whose closing handshake was not completed. */
  uncleanCloses = 0;
  replayed = 0;
  readonly commands = new Tally();
  readonly events = new Tally();
  readonly errors = new Map<ErrorCode, number>();
  readonly closes = new Map<string, number>();
  /** By the limit that something was refused for. */
  readonly refusals = new Map<LimitName, number>();
  /** By `type` and then field, as the dialect's `lost` effects say. */
  readonly losses = new Losses();

  countRefusal(limit: LimitName): void {
    add(this.refusals, limit);
  }

  /** `times`: so many recipients did without it. */
  countLoss(type: string, fields: readonly string[], value?: unknown, times = 1): void {
    this.losses.count(type, fields, value, times);
  }
}

/** Counts by key, cheap where the same key comes many times in a row: a fan-out counts each recipient. */
export class Tally implements Iterable<readonly [string, number]> {
  readonly #counts = new Map<string, number>();
  #last = '';
  #run = 0;

  add(key: string, amount = 1): void {
    if (key === this.#last) {
      this.#run += amount;
      return;
    }
    this.#settle();
    this.#last = key;
    this.#run = amount;
  }

  get(key: string): number {
    this.#settle();
    return this.#counts.get(key) ?? 0;
  }

  [Symbol.iterator](): Iterator<readonly [string, number]> {
    this.#settle();
    return this.#counts.entries();
  }

  #settle(): void {
    if (this.#run > 0) add(this.#counts, this.#last, this.#run);
    this.#run = 0;
  }
}

export function add<Key>(counts: Map<Key, number>, key: Key, amount = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + amount);
}
