/** The loss table as Markdown: what docs/losses.md is made of. */
import type { AnyDialect } from '../dialect.ts';
import type { Direction } from './loopback.ts';
import { addedLosses, dialectLosses, gradeOf, type LossRow, type LossTable, pairLosses } from './losses.ts';
import { countsText, partsText, rowText } from './losses-words.ts';

const code = (text: string): string => `\`${text}\``;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const DIRECTIONS: readonly (readonly [Direction, string])[] = [
  ['to-server', 'Commands'],
  ['to-client', 'Events'],
];

/** The parts of the document, by the names of their markers. Each is made when it is asked for. */
export function lossDocument(dialects: readonly AnyDialect[]): Readonly<Record<string, () => string>> {
  return {
    'losses of pairs in numbers': () => summary(dialects),
    ...Object.fromEntries(dialects.map((dialect) => [`losses of ${dialect.id}`, () => dialectPart(dialect)])),
    'losses added by pairs': () => pairsPart(dialects),
  };
}

function summary(dialects: readonly AnyDialect[]): string {
  const ids = dialects.map(({ id }) => id);
  const pairs = dialects.map((client) =>
    dialects.map((upstream) => pairLosses({ dialect: client }, { dialect: upstream })),
  );
  return DIRECTIONS.map(([direction, what]) => {
    const rows = pairs.map((row, index) => [
      `**${ids[index]}**`,
      ...row.map((pair) => countsText(pair, direction)),
    ]);
    return `${what}:\n\n${table(['client, then upstream', ...ids.map(code)], rows)}`;
  }).join('\n\n');
}

function dialectPart(dialect: AnyDialect): string {
  const losses = dialectLosses({ dialect });
  return DIRECTIONS.map(([direction, what]) => {
    const rows = losses.rows.filter((row) => row.direction === direction);
    const partly = rows.filter((row) => gradeOf(row) === 'partly');
    const lines = [
      `${what} (whole / in part / not at all: ${countsText(losses, direction)})`,
      '',
      `- whole: ${listed(rows.filter((row) => gradeOf(row) === 'whole'))}`,
      `- not at all: ${listed(rows.filter((row) => gradeOf(row) === 'nothing'))}`,
      ...(partly.length === 0
        ? ['- in part: none']
        : ['- in part:', '', table(['kind', 'what becomes of it'], partly.map(partCells))]),
    ];
    return lines.join('\n');
  }).join('\n\n');
}

const partCells = (row: LossRow): readonly string[] => [named(row.name), rowText(row, code)];

/** `send_message: text to a user` with the type as code. */
function named(name: string): string {
  const [type = '', ...about] = name.split(': ');
  return [code(type), ...about].join(': ');
}

/** Kinds by type: those of one type together. */
function listed(rows: readonly LossRow[]): string {
  if (rows.length === 0) return 'none';
  const byType = new Map<string, string[]>();
  for (const { type, name, manner } of rows) {
    const about = name.slice(type.length + 2);
    const note =
      manner === 'close' ? [about, 'the connection ends'].filter((text) => text !== '').join(': ') : about;
    byType.set(type, [...(byType.get(type) ?? []), ...(note === '' ? [] : [note])]);
  }
  return [...byType]
    .map(([type, abouts]) => (abouts.length === 0 ? code(type) : `${code(type)} (${abouts.join('; ')})`))
    .join(', ');
}

function pairsPart(dialects: readonly AnyDialect[]): string {
  const own = new Map(dialects.map((dialect) => [dialect, dialectLosses({ dialect })]));
  const rows = dialects.flatMap((client) =>
    dialects.flatMap((upstream) => {
      const [near, far] = [own.get(client), own.get(upstream)];
      if (near === undefined || far === undefined) return [];
      return addedCells(pairLosses({ dialect: client }, { dialect: upstream }), [near, far]);
    }),
  );
  return rows.length === 0
    ? 'None: no pair loses more than its two dialects do alone.'
    : table(['client', 'upstream', 'kind', 'lost besides'], rows);
}

const addedCells = (
  pair: LossTable,
  own: readonly [client: LossTable, upstream: LossTable],
): readonly (readonly string[])[] =>
  addedLosses(pair, own).map((row) => [
    code(pair.dialects[0]),
    code(pair.dialects[1] ?? ''),
    named(row.name),
    row.manner === 'nothing' ? 'all of it' : partsText(row, code),
  ]);
