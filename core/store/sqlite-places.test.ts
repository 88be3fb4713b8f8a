import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { conversationKey } from '../../schemas/conversation.ts';
import type { MessageDraft, StoreLimits } from './port.ts';
import { rawOperation } from './sqlite-append.ts';
import { DATABASE_FILE } from './sqlite-database.ts';
import { DatabaseEngine } from './sqlite-engine.ts';
import type { DatabaseRequest, RawOutcome } from './sqlite-protocol.ts';
import { append, by, DAY, LIMITS, START, toGroup } from './store-suite.ts';

const root = mkdtempSync(join(tmpdir(), 'dragoman-places-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directories = 0;
const freshDirectory = (): string => join(root, String(++directories));

const WIDE: StoreLimits = { ...LIMITS, backlogMessages: 1e6, backlogBytes: 1e9 };
const DIRECT = conversationKey({ type: 'user', id: 'bob' }, 'alice');

const open = (
  directory: string,
  {
    indexStep = 4,
    limits = WIDE,
    maxPages,
  }: { indexStep?: number; limits?: StoreLimits; maxPages?: number } = {},
): DatabaseEngine => new DatabaseEngine({ directory, limits, maxPages, synchronous: 'full', indexStep });

const say = (fields: Partial<MessageDraft> = {}): DatabaseRequest => ({
  kind: 'commit',
  operations: [rawOperation(append(fields))],
});
const run = (
  engine: DatabaseEngine,
  requests: readonly DatabaseRequest[],
  now = START,
): readonly RawOutcome[] => {
  const outcomes = engine.run(requests, now);
  engine.rest();
  return outcomes;
};
const answerOf = (outcome: RawOutcome | undefined): unknown => {
  if (outcome?.ok !== true) throw new Error(outcome?.error.cause ?? outcome?.error.code);
  return outcome.value;
};
const contentsOf = (bodies: readonly string[]): readonly string[] =>
  bodies.map((json) => (JSON.parse(json) as { readonly content: string }).content);
const missed = (engine: DatabaseEngine): readonly string[] => {
  const [outcome] = run(engine, [{ kind: 'missed', namespace: 'main', user: 'bob', limit: 999 }]);
  return contentsOf((answerOf(outcome) as { readonly messages: readonly string[] }).messages);
};
const history = (engine: DatabaseEngine, limit = 999): readonly string[] => {
  const query = { kind: 'history', namespace: 'main', conversation: DIRECT, limit } as const;
  return contentsOf(answerOf(run(engine, [query])[0]) as readonly string[]);
};

/** How many rows the tables of a closed database have. */
function counts(directory: string): Record<string, unknown> | undefined {
  const database = new DatabaseSync(join(directory, DATABASE_FILE));
  const row = database
    .prepare(
      `SELECT (SELECT count(*) FROM message) AS message, (SELECT count(*) FROM place_by_sequence) AS bySequence,
       (SELECT count(*) FROM place_by_client) AS byClient, (SELECT place FROM place_indexed) AS indexed`,
    )
    .get();
  database.close();
  return row;
}

describe('the tables of places', () => {
  it('follow in steps, and with the tick', () => {
    const directory = freshDirectory();
    let engine = open(directory);
    for (let index = 0; index < 3; index += 1) run(engine, [say({ clientId: `c-${index}` })]);
    engine.close();
    expect(counts(directory)).toEqual({ message: 3, bySequence: 0, byClient: 0, indexed: 0 });
    engine = open(directory);
    run(engine, [say()]);
    engine.close();
    expect(counts(directory)).toEqual({ message: 4, bySequence: 4, byClient: 3, indexed: 4 });
    engine = open(directory);
    run(engine, [say()]);
    run(engine, [{ kind: 'tick' }]);
    engine.close();
    expect(counts(directory)).toEqual({ message: 5, bySequence: 5, byClient: 3, indexed: 5 });
  });

  it('are not needed for what is younger, nor after the file is opened again', () => {
    const directory = freshDirectory();
    let engine = open(directory, { indexStep: 5 });
    const contents = Array.from({ length: 8 }, (_, index) => String(index));
    run(
      engine,
      contents.slice(0, 5).map((content) => say({ content, clientId: `c-${content}` })),
    );
    run(
      engine,
      contents.slice(5).map((content) => say({ content, clientId: `c-${content}` })),
    );
    for (let opening = 0; opening < 2; opening += 1) {
      expect(missed(engine)).toEqual(contents);
      expect(history(engine)).toEqual(contents);
      expect(history(engine, 4)).toEqual(contents.slice(4));
      for (const content of ['1', '6']) {
        const [again] = run(engine, [say({ content, clientId: `c-${content}` })]);
        expect(answerOf(again)).toMatchObject([
          { sequence: Number(content) + 1, earlier: expect.any(String) },
        ]);
        const [other] = run(engine, [say({ content: 'other', clientId: `c-${content}` })]);
        expect(other).toMatchObject({ ok: false, error: { code: 'duplicate_conflict' } });
      }
      engine.close();
      engine = open(directory, { indexStep: 5 });
    }
    engine.close();
  });

  it('know nothing of what was refused', () => {
    const engine = open(freshDirectory(), { indexStep: 100 });
    const fail = { kind: 'revoke', namespace: 'main', message: 'none', author: 'alice' } as const;
    run(engine, [say({ id: 'kept', content: 'kept', clientId: 'c-1' })]);
    const operations = [
      rawOperation(append({ content: 'lost', clientId: 'c-2' })),
      rawOperation(append({ content: 'lost', clientId: 'c-1', namespace: 'other' })),
      { kind: 'revoke', namespace: 'main', message: 'kept', author: 'alice' } as const,
      fail,
    ];
    const refused = { kind: 'commit', operations } as const;
    const outcomes = run(engine, [refused, say({ content: 'next', clientId: 'c-2' }), refused]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([false, true, false]);
    expect(missed(engine)).toEqual(['kept', 'next']);
    expect(answerOf(run(engine, [say({ content: 'kept', clientId: 'c-1' })])[0])).toMatchObject([
      { sequence: 1 },
    ]);
    const elsewhere = run(engine, [say({ clientId: 'c-1', namespace: 'other', content: 'new' })]);
    expect(answerOf(elsewhere[0])).toMatchObject([{ sequence: 1, earlier: undefined }]);
    engine.close();
  });

  it('leave out what was revoked or confirmed, before and after they follow', () => {
    const engine = open(freshDirectory(), { indexStep: 4 });
    const texts = Array.from({ length: 6 }, (_, index) => say({ id: `id-${index}`, content: String(index) }));
    run(engine, texts.slice(0, 4));
    run(engine, texts.slice(4));
    for (const message of ['id-1', 'id-4']) {
      const revoke = { kind: 'revoke', namespace: 'main', message, author: 'alice' } as const;
      answerOf(run(engine, [{ kind: 'commit', operations: [revoke] }])[0]);
    }
    expect(history(engine)).toEqual(['0', '2', '3', '5']);
    const range = { namespace: 'main', user: 'bob', conversation: DIRECT, from: 4, to: 5 };
    run(engine, [{ kind: 'confirm', ranges: [range], waits: 'answer' }]);
    expect(missed(engine)).toEqual(['0', '2', '5']);
    run(engine, [{ kind: 'tick' }]);
    expect(missed(engine)).toEqual(['0', '2', '5']);
    engine.close();
  });

  it('lose what has become too old together with the messages', () => {
    const limits = { ...WIDE, retentionMs: DAY, deduplicationMs: DAY };
    const directory = freshDirectory();
    const engine = open(directory, { indexStep: 4, limits });
    run(
      engine,
      Array.from({ length: 5 }, (_, index) => say({ clientId: `c-${index}` })),
    );
    run(engine, [say({ clientId: 'young' }), say(toGroup('lobby')), say(by('carol'))]);
    run(engine, [say({ clientId: 'later', sentAt: START + DAY, content: 'later' })], START + DAY);
    run(engine, [{ kind: 'tick' }], START + DAY);
    expect(history(engine)).toEqual(['later']);
    engine.close();
    expect(counts(directory)).toMatchObject({ message: 1, bySequence: 1, byClient: 1 });
  });
});

describe('tables of places that cannot be written', () => {
  it('are followed up as soon as they can, what came meanwhile is stored, and too much of it is refused', () => {
    const directory = freshDirectory();
    open(directory).close();
    const spoiler = new DatabaseSync(join(directory, DATABASE_FILE));
    spoiler.exec(
      `CREATE TABLE gate (shut INTEGER); INSERT INTO gate VALUES (1);
       CREATE TRIGGER no_step BEFORE INSERT ON place_by_sequence WHEN (SELECT shut FROM gate) = 1
       BEGIN SELECT RAISE(ABORT, 'no room for places'); END`,
    );
    spoiler.close();
    let engine = open(directory);
    const stored: string[] = [];
    for (let index = 0; index < 40; index += 1) {
      const content = String(index);
      const [outcome] = run(engine, [say({ content, clientId: `c-${index}` })]);
      if (outcome?.ok) stored.push(content);
      else expect(outcome).toMatchObject({ error: { code: 'store_unavailable' } });
    }
    expect(stored).toHaveLength(32);
    expect(engine.fault).toContain('no room for places');
    expect(missed(engine)).toEqual(stored);
    engine.close();

    const healer = new DatabaseSync(join(directory, DATABASE_FILE));
    healer.exec('UPDATE gate SET shut = 0');
    healer.close();
    engine = open(directory);
    run(engine, [{ kind: 'tick' }]);
    expect(engine.fault).toBeUndefined();
    expect(answerOf(run(engine, [say({ content: 'after' })])[0])).toMatchObject([{ sequence: 33 }]);
    expect(missed(engine)).toEqual([...stored, 'after']);
    engine.close();
  });
});

describe('a database with indexes in place of the tables', () => {
  it('is brought up to date when it is opened', () => {
    const directory = freshDirectory();
    let engine = open(directory);
    const contents = Array.from({ length: 7 }, (_, index) => String(index));
    run(
      engine,
      contents.map((content) => say({ content, clientId: `c-${content}` })),
    );
    engine.close();
    const database = new DatabaseSync(join(directory, DATABASE_FILE));
    database.exec(
      `DROP TABLE place_by_sequence; DROP TABLE place_by_client; DROP TABLE place_indexed;
       CREATE UNIQUE INDEX message_sequence ON message (conversation, sequence);
       CREATE INDEX message_client ON message (author, client_id, namespace) WHERE client_id IS NOT NULL;
       PRAGMA user_version = 3`,
    );
    database.close();
    engine = open(directory);
    expect(missed(engine)).toEqual(contents);
    const [again] = run(engine, [say({ content: '3', clientId: 'c-3' })]);
    expect(answerOf(again)).toMatchObject([{ sequence: 4, earlier: expect.any(String) }]);
    engine.close();
    expect(counts(directory)).toEqual({ message: 7, bySequence: 7, byClient: 7, indexed: 7 });
  });
});
