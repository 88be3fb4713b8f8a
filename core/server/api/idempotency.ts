/**
 * `Idempotency-Key`: the same request under the same key is carried out once, and answered alike each time. In
 * memory: a restart forgets. Bounded by age, number and size; what is over is forgotten, the oldest first.
 */
import type { ApiLimits } from '../../../schemas/config/api.ts';
import { RequestRefused } from './problem.ts';

/** What goes out, as it goes out. */
export interface Answer {
  readonly status: number;
  /** JSON; undefined: no body. */
  readonly body: string | undefined;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The kind of problem that it tells of. */
  readonly kind?: string;
}

interface Entry {
  /** Of method, path, query and body. */
  readonly fingerprint: string;
  readonly answer: Promise<Answer>;
  /** Monotonic ms. */
  readonly at: number;
  /** 0 while it is under way. */
  bytes: number;
}

/** What an entry takes besides its answer, in bytes, about. */
const OVERHEAD_BYTES = 512;

/** Answers that say nothing about the next attempt: the same request is carried out again. */
const isPassing = (status: number): boolean => status >= 500 || status === 429;

export class Idempotency {
  replays = 0;
  conflicts = 0;
  /** Forgotten before their time. */
  evicted = 0;
  /** `api.limits.idempotency`. */
  limits: ApiLimits['idempotency'];
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #underWay = 0;

  /** `now` is monotonic ms. */
  constructor(limits: ApiLimits['idempotency'], now: () => number) {
    this.limits = limits;
    this.#now = now;
  }

  get size(): number {
    this.#forgetOld();
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Does the work, unless a request under the same id is under way or was answered: then gives that answer.
   *
   * @throws RequestRefused idempotency_conflict: another request had this id; idempotency_full
   */
  async run(
    id: string,
    fingerprint: string,
    work: () => Promise<Answer>,
  ): Promise<{ readonly answer: Answer; readonly replayed: boolean }> {
    this.#forgetOld();
    const known = this.#entries.get(id);
    if (known !== undefined) {
      if (known.fingerprint !== fingerprint) {
        this.conflicts++;
        throw new RequestRefused(
          'idempotency_conflict',
          'choose a new Idempotency-Key for each request; only a repetition has the one that it repeats',
        );
      }
      this.replays++;
      return { answer: await known.answer, replayed: true };
    }
    if (this.#underWay >= this.limits.entries) {
      throw new RequestRefused('idempotency_full', 'try again, or raise `api.limits.idempotency.entries`', {
        headers: { 'retry-after': '1' },
      });
    }
    const entry: Entry = { fingerprint, answer: work(), at: this.#now(), bytes: 0 };
    this.#entries.set(id, entry);
    this.#underWay++;
    try {
      const answer = await entry.answer;
      this.#settle(id, entry, answer);
      return { answer, replayed: false };
    } catch (error) {
      this.#entries.delete(id);
      throw error;
    } finally {
      this.#underWay--;
    }
  }

  #settle(id: string, entry: Entry, { status, body = '' }: Answer): void {
    if (isPassing(status)) {
      this.#entries.delete(id);
      return;
    }
    entry.bytes = OVERHEAD_BYTES + id.length * 2 + body.length * 2;
    this.#bytes += entry.bytes;
    const { entries, bytes } = this.limits;
    for (const [oldest, { bytes: size }] of this.#entries) {
      if (this.#entries.size <= entries && this.#bytes <= bytes) return;
      if (size === 0) continue;
      this.evicted++;
      this.#forget(oldest, size);
    }
  }

  #forgetOld(): void {
    const horizon = this.#now() - this.limits.window;
    for (const [id, { at, bytes }] of this.#entries) {
      if (at > horizon) return;
      if (bytes > 0) this.#forget(id, bytes);
    }
  }

  #forget(id: string, bytes: number): void {
    this.#entries.delete(id);
    this.#bytes -= bytes;
  }
}
