/** Explanations for people: a table per frame, 110 columns wide where paths and values let it. */
import type { Explanation, Reading } from '../explain.ts';
import type { Row } from '../explain-fields.ts';
import type { Condition, DialectReference, FieldReference, FrameReference } from '../reference.ts';
import { columns, wrap } from './demo-table.ts';

const WIDTH = 110;
const MOST_PATH = 34;
const MOST_VALUE = 28;
/** Longest value and longest frame that are shown, in UTF-16 units; the rest is an ellipsis. */
const MOST_SHOWN = 80;

/** Nothing that a terminal would take for a command, and no line end. */
const printable = (text: string): string =>
  JSON.stringify(text.toWellFormed())
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');

const shorten = (text: string): string =>
  text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…`.toWellFormed() : text;

const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - columns(text)));

/** Lines of at most `width` columns, cut at spaces where there are any. */
function fill(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((long) => wrap(long, width))) {
    if (line !== '' && columns(line) + 1 + columns(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** One frame: its tables, or what is wrong with it. */
export function readingText(reading: Reading): string {
  if ('error' in reading)
    return `error: ${printable(reading.error)}\n  in: ${shorten(printable(reading.wire))}\n`;
  return reading.explanations.map(explanationText).join('\n');
}

function explanationText({ frame, rows }: Explanation): string {
  const head = `${frame.name}, sent by ${frame.direction === 'both' ? 'either side' : `the ${frame.direction}`}`;
  const lines = [head, ...fill(`${frame.meaning} [${frame.clause}]`, WIDTH - 2).map((line) => `  ${line}`)];
  if (rows.length > 0) lines.push('', ...tableLines(rows.map(cellsOf)));
  return `${lines.join('\n')}\n`;
}

type Cells = readonly [path: string, value: string, paragraphs: readonly string[]];

function cellsOf(row: Row): Cells {
  const path = printable(row.path);
  if (row.state === 'missing') return [path, 'MISSING', [row.field.meaning, factsOf(row.field)]];
  const value = shorten(printable(JSON.stringify(row.value) ?? ''));
  if (row.state === 'unknown') return [path, value, ['UNKNOWN: this frame has no such field']];
  const { field } = row;
  const facts = field === undefined ? [] : [factsOf(field)];
  if (row.state === 'wrong') return [path, value, [`WRONG: ${row.fault}`, ...facts]];
  const here = row.valueMeaning === undefined ? [] : [`here: ${row.valueMeaning}`];
  return [path, value, [row.field.meaning, ...here, ...facts]];
}

const factsOf = ({ required, becomes, clause }: FieldReference): string =>
  [
    typeof required === 'object'
      ? `required if ${conditionText(required)}`
      : required
        ? 'required'
        : 'optional',
    ...(becomes === null ? [] : [`canonical: ${becomes}`]),
    `[${clause}]`,
  ].join(', ');

function conditionText(condition: Condition): string {
  const { path } = condition;
  if ('is' in condition) return `${path} is ${condition.is.map(String).join(' or ')}`;
  if ('present' in condition) return `${path} is ${condition.present ? 'there' : 'not there'}`;
  return 'startsWith' in condition
    ? `${path} begins with ${condition.startsWith}`
    : `${path} does not begin with ${condition.startsNotWith}`;
}

function tableLines(rows: readonly Cells[]): readonly string[] {
  const widest = (texts: readonly string[], most: number) =>
    Math.min(most, Math.max(...texts.map((text) => columns(text))));
  const pathWidth = widest(
    rows.map(([path]) => path),
    MOST_PATH,
  );
  const valueWidth = widest(
    rows.map(([, value]) => value),
    MOST_VALUE,
  );
  const textWidth = WIDTH - 2 - pathWidth - 2 - valueWidth - 2;
  return rows.flatMap(([path, value, paragraphs]) => {
    const left = wrap(path, pathWidth);
    const middle = wrap(value, valueWidth);
    const right = paragraphs.flatMap((paragraph) => fill(paragraph, textWidth));
    const height = Math.max(left.length, middle.length, right.length);
    return Array.from({ length: height }, (_, index) =>
      `  ${padded(left[index] ?? '', pathWidth)}  ${padded(middle[index] ?? '', valueWidth)}  ${right[index] ?? ''}`.trimEnd(),
    );
  });
}

/** All kinds of frame. */
export function listText({ source }: DialectReference, frames: readonly FrameReference[]): string {
  const rows = frames.map(
    ({ name, direction, meaning, clause }): Cells => [name, direction, [`${meaning} [${clause}]`]],
  );
  const head = [
    `source: ${source}`,
    'S: the source states it; R: real clients or servers do it; D: ours',
    '',
  ];
  return `${[...head, ...(rows.length === 0 ? [] : tableLines(rows))].join('\n')}\n`;
}
