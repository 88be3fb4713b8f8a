/** The loss table in words, shared by the command line and the documents. */
import { type Fate, isBookkeeping } from './compare.ts';
import type { Direction } from './loopback.ts';
import { type Grade, gradeOf, importantLosses, type LossRow, type LossTable } from './losses.ts';

/** Fields that stand for all fields below them; `fate` is `lost` only if all of these are. */
export interface LostPart {
  readonly path: string;
  readonly fate: Exclude<Fate, 'kept'>;
}

/** The important losses of a row; where nothing of a part is kept, the part is named instead of its fields. */
export function lostParts(row: Pick<LossRow, 'fates' | 'type'>): readonly LostPart[] {
  const paths = Object.keys(row.fates).filter((path) => !isBookkeeping(row.type, path));
  const losses = importantLosses(row);
  const gone = new Set(losses.map(({ path }) => path));
  const parts = new Map<string, LostPart['fate']>();
  for (const { path, fate } of losses) {
    const part =
      prefixesOf(path).find((prefix) => below(prefix, paths).every((each) => gone.has(each))) ?? path;
    parts.set(part, parts.get(part) === 'changed' ? 'changed' : fate);
  }
  return [...parts].map(([path, fate]) => ({ path, fate }));
}

/** Shortest first: `message`, `message.from`, `message.from.name`. */
function prefixesOf(path: string): readonly string[] {
  const names = path.split('.');
  return names.map((_, index) => names.slice(0, index + 1).join('.'));
}

const below = (prefix: string, paths: readonly string[]): readonly string[] =>
  paths.filter((path) => path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`));

/** `without replyTo; changed: sentAt`; `code` writes a field's name. Empty if nothing is missing. */
export function partsText(
  row: Pick<LossRow, 'fates' | 'type'>,
  code = (path: string): string => path,
): string {
  const parts = lostParts(row).filter(({ path }) => path !== 'type');
  const named = (fate: LostPart['fate']) =>
    parts.filter((part) => part.fate === fate).map(({ path }) => code(path));
  const texts = [
    ['without ', named('lost')],
    ['changed: ', named('changed')],
  ] as const;
  return texts.flatMap(([text, paths]) => (paths.length === 0 ? [] : [text + paths.join(', ')])).join('; ');
}

export const GRADES: readonly Grade[] = ['whole', 'partly', 'nothing'];

/** How many kinds of commands, or of events, come over whole, in part, and not at all. */
export function countGrades({ rows }: LossTable, direction: Direction): Readonly<Record<Grade, number>> {
  const counts = { whole: 0, partly: 0, nothing: 0 };
  for (const row of rows) if (row.direction === direction) counts[gradeOf(row)]++;
  return counts;
}

/** `8 / 12 / 11`, in the order of `GRADES`. */
export const countsText = (table: LossTable, direction: Direction): string => {
  const counts = countGrades(table, direction);
  return GRADES.map((grade) => counts[grade]).join(' / ');
};

/** A row's one line: what becomes of it. */
export function rowText(row: LossRow, code?: (path: string) => string): string {
  const { manner, arrivesAs } = row;
  if (manner === 'nothing') return 'lost';
  if (manner === 'close') return 'lost; the connection ends';
  const parts = partsText(row, code);
  const notes = [
    ...(manner === 'not_needed' ? ['no frame is needed'] : []),
    ...(arrivesAs === undefined ? [] : [`arrives as ${(code ?? String)(arrivesAs)}`]),
    ...(parts === '' ? [] : [parts]),
  ];
  return notes.length === 0 ? 'whole' : notes.join('; ');
}
