/** `dragoman losses`: what is lost in a dialect, and between two. */
import type { AnyDialect } from '../dialect.ts';
import type { Direction } from '../translate/loopback.ts';
import { dialectLosses, type LossRow, type LossTable, pairLosses } from '../translate/losses.ts';
import { countGrades, countsText, rowText } from '../translate/losses-words.ts';
import { chooseDialect } from './choose-dialect.ts';

export interface LossesRequest {
  /** The clients' dialect, and that of the server behind the gateway. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** As JSON, for programs. */
  readonly json?: boolean | undefined;
}

const DIRECTIONS: readonly (readonly [Direction, string])[] = [
  ['to-server', 'commands'],
  ['to-client', 'events'],
];

/**
 * Prints the table: all pairs in numbers, one dialect, or one pair in full.
 *
 * @throws CommandFailure if there is no such dialect
 */
export function lossesCommand(
  out: (text: string) => void,
  dialects: readonly AnyDialect[],
  { from, to, json }: LossesRequest,
): void {
  if (from === undefined) {
    const pairs = dialects.flatMap((client) =>
      dialects.map((upstream) => pairLosses({ dialect: client }, { dialect: upstream })),
    );
    out(json === true ? asJson(pairs.map(numbersOf)) : summaryText(dialects, pairs));
    return;
  }
  const client = { dialect: chooseDialect(dialects, from) };
  const table =
    to === undefined ? dialectLosses(client) : pairLosses(client, { dialect: chooseDialect(dialects, to) });
  out(json === true ? asJson(table) : tableText(table));
}

const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const numbersOf = (table: LossTable) => ({
  dialects: table.dialects,
  commands: countGrades(table, 'to-server'),
  events: countGrades(table, 'to-client'),
});

/** Cells in columns, two spaces between them. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function summaryText(dialects: readonly AnyDialect[], pairs: readonly LossTable[]): string {
  const ids = dialects.map(({ id }) => id);
  const blocks = DIRECTIONS.map(([direction, what]) => {
    const rows = ids.map((client) => [
      client,
      ...ids.map((upstream) => {
        const pair = pairs.find(({ dialects: [a, b] }) => a === client && b === upstream);
        return pair === undefined ? '' : countsText(pair, direction);
      }),
    ]);
    return `kinds of ${what}: whole / in part / not at all\n${columns([['client \\ upstream', ...ids], ...rows])}\n`;
  });
  return `${blocks.join('\n')}\nIn full: dragoman losses <client dialect> [upstream dialect]\n`;
}

function tableText(table: LossTable): string {
  const [client, upstream] = table.dialects;
  const head = upstream === undefined ? client : `${client} in front of ${upstream}`;
  const blocks = DIRECTIONS.map(([direction, what]) => {
    const rows = table.rows.filter((row) => row.direction === direction);
    return `${what}, whole / in part / not at all: ${countsText(table, direction)}\n${rowLines(rows)}\n`;
  });
  return `${head}\n\n${blocks.join('\n')}`;
}

const rowLines = (rows: readonly LossRow[]): string =>
  indentedLines(columns(rows.map((row) => [row.name, rowText(row)])));

const indentedLines = (text: string): string => text.replace(/^/gm, '  ');
