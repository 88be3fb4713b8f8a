/**
 * The checker's own log: what was sent, what the gateway said is stored, what every user has heard. It judges
 * the gateway by these and by the bare tables of the database, not by any of its code.
 */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { freshDirectory } from './gateway-process.ts';

export interface Sending {
  readonly content: string;
  readonly user: string;
  /** A user; undefined: the lobby. */
  readonly to: string | undefined;
}

export class Ledger {
  /** In the order of sending, for each sender. */
  readonly sent = new Map<string, Sending>();
  readonly acknowledged = new Set<string>();
  /** What each user has heard over all connections. */
  readonly heard = new Map<string, Set<string>>();

  send(sending: Sending): void {
    this.sent.set(sending.content, sending);
  }

  hear(user: string, content: string): void {
    let contents = this.heard.get(user);
    if (contents === undefined) {
      contents = new Set();
      this.heard.set(user, contents);
    }
    contents.add(content);
  }

  /** Acknowledged messages for this user, written by others, that it has not heard. */
  missing(user: string, options: { readonly isPrivate: boolean }): readonly string[] {
    const heard = this.heard.get(user);
    return [...this.acknowledged].filter((content) => {
      const sending = this.sent.get(content);
      if (sending === undefined || sending.user === user) return false;
      const isFor = sending.to === undefined || (options.isPrivate && sending.to === user);
      return isFor && heard?.has(content) !== true;
    });
  }
}

interface Row {
  readonly key: string;
  readonly last: number;
  readonly sequence: number;
  readonly content: string;
}

/** The messages that a killed gateway has left behind, in the order of storing, read from a copy of its files. */
export class Remains {
  readonly rows: readonly Row[];
  readonly #places = new Map<string, Row>();

  constructor(data: string) {
    const copy = freshDirectory();
    cpSync(data, copy, { recursive: true });
    const database = new DatabaseSync(join(copy, 'dragoman.db'));
    const found = database
      .prepare(
        `SELECT key, last, sequence, body FROM message JOIN conversation ON conversation.id = conversation
         ORDER BY place`,
      )
      .all() as unknown as readonly (Omit<Row, 'content'> & { readonly body: string })[];
    database.close();
    this.rows = found.map(({ body, ...row }) => ({
      ...row,
      content: (JSON.parse(body) as { readonly content: string }).content,
    }));
    for (const row of this.rows) this.#places.set(row.content, row);
  }

  /** Everything that contradicts the promises, in words; empty: nothing does. */
  faults(ledger: Ledger): readonly string[] {
    return [...this.#contradictions(ledger), ...this.#gaps(), ...this.#inversions(ledger)];
  }

  *#contradictions(ledger: Ledger): Generator<string> {
    const counts = new Map<string, number>();
    for (const { content } of this.rows) counts.set(content, (counts.get(content) ?? 0) + 1);
    for (const content of ledger.acknowledged)
      if (!counts.has(content)) yield `${content} was acknowledged and is not stored`;
    for (const [content, count] of counts) {
      if (count > 1) yield `${content} is stored ${count} times`;
      if (!ledger.sent.has(content)) yield `${content} is stored and was never sent`;
    }
  }

  *#gaps(): Generator<string> {
    const lasts = new Map<string, { sequence: number; readonly last: number }>();
    for (const { key, sequence, last } of this.rows) {
      const before = lasts.get(key)?.sequence ?? 0;
      if (sequence !== before + 1) yield `in ${key} ${sequence} follows ${before}`;
      lasts.set(key, { sequence, last });
    }
    for (const [key, { sequence, last }] of lasts)
      if (sequence !== last) yield `${key} ends with ${sequence}, its counter with ${last}`;
  }

  /** What one sender wrote to one conversation must stand in the order of writing. */
  *#inversions(ledger: Ledger): Generator<string> {
    const places = new Map<string, number>();
    for (const { content, user } of ledger.sent.values()) {
      const row = this.#places.get(content);
      if (row === undefined) continue;
      const before = places.get(`${user} ${row.key}`) ?? 0;
      if (row.sequence < before) yield `${content} of ${user} has ${row.sequence}, after ${before}`;
      places.set(`${user} ${row.key}`, row.sequence);
    }
  }

  /** What is wrong with what one connection heard: a message twice, or one before another that precedes it. */
  faultsHeard(contents: readonly string[]): readonly string[] {
    const faults: string[] = [];
    const lasts = new Map<string, number>();
    for (const content of contents) {
      const row = this.#places.get(content);
      if (row === undefined) {
        faults.push(`${content} was heard and is not stored`);
        continue;
      }
      const before = lasts.get(row.key) ?? 0;
      if (row.sequence <= before)
        faults.push(`${content} (${row.sequence} of ${row.key}) came after ${before}`);
      lasts.set(row.key, row.sequence);
    }
    return faults;
  }
}
