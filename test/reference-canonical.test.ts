/** What a reference says that a field becomes, it becomes: each golden line's outcome has its value there. */
import { expect, it } from 'vitest';
import { explain } from '../core/explain.ts';
import { dialectOf, goldenLines, type Line, type Reaction, readExpectations } from './support/golden.ts';

/** Fields that become something else than what they are on the wire, and why. */
const TRANSLATED: Readonly<Record<string, string>> = {
  'ourchat fromUserId': 'ids are mapped to integers',
  'ourchat userId': 'ids are mapped to integers',
  'ourchat onlineUsers[].userId': 'ids are mapped to integers',
  'ourchat offlineUsers[].userId': 'ids are mapped to integers',
  'ourchat createTime': 'it is local time',
  'socket data.channel': 'the option channels says what it stands for',
  'stomp headers.destination': 'its last part, or the user',
  'stomp headers.Authorization': 'it begins with Bearer',
};

const expectations = readExpectations();

/** Commands, events and results that come of a line, by type. */
function outcomesOf({ id }: Line): ReadonlyMap<string, unknown> {
  const expectation = expectations.lines[id];
  let reaction: Reaction = {};
  if (expectation !== undefined && 'reaction' in expectation) reaction = expectation.reaction;
  if (expectation !== undefined && 'read' in expectation) reaction = expectation.read.reaction;
  const { routes = [], settles = [] } = reaction;
  const results = settles.flatMap((settled) => ('result' in settled ? [settled.result] : []));
  return new Map([...routes, ...results].map((value) => [(value as { readonly type: string }).type, value]));
}

/** Everything that a path leads to; through an array to each item's. */
function found(value: unknown, keys: readonly string[]): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => found(item, keys));
  const [key, ...rest] = keys;
  if (key === undefined) return leavesOf(value);
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? found((value as Readonly<Record<string, unknown>>)[key], rest)
    : [];
}

const leavesOf = (value: unknown): readonly unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [value];

const cases = goldenLines().flatMap((line) => {
  const outcomes = outcomesOf(line);
  const { wire, direction, dialect, id } = line;
  const sender = direction === 'c2s' ? 'client' : 'server';
  const [reading] = explain(dialectOf(dialect).reference, { text: wire, sender });
  const rows = reading !== undefined && 'explanations' in reading ? reading.explanations[0]?.rows : undefined;
  return (rows ?? []).flatMap((row) => {
    if (row.state !== 'known' || row.field.becomes === null || row.field.values !== undefined) return [];
    if (row.value === '' || row.value === null || typeof row.value === 'object') return [];
    const [type = '', ...keys] = row.field.becomes.split('.');
    if (!outcomes.has(type)) return [];
    const { path, value, field } = row;
    return [
      {
        id,
        path,
        becomes: field.becomes,
        value,
        at: found(outcomes.get(type), keys),
        key: `${dialect} ${field.path}`,
      },
    ];
  });
});

it('is checked for many fields, and what is translated occurs', () => {
  expect(cases.length).toBeGreaterThan(150);
  const seen = new Set(cases.map(({ key }) => key));
  expect(Object.keys(TRANSLATED).filter((key) => !seen.has(key))).toEqual([]);
});

it.each(cases.filter(({ key }) => !Object.hasOwn(TRANSLATED, key)))(
  '$id: $path becomes $becomes',
  ({ value, at }) => {
    expect(at).toContain(value);
  },
);
