/**
 * The loss table: what becomes of every kind of command and event, over the wire of one dialect, or over those of
 * a client's dialect and an upstream's. Nothing in it is written by hand: the samples are taken over the wires.
 */
import type { AnyDialect } from '../dialect.ts';
import {
  type Fate,
  type Fates,
  fatesOf,
  isBookkeeping,
  NOTHING_ARRIVED,
  withDeclared,
  worse,
} from './compare.ts';
import type { Direction } from './loopback.ts';
import { ALICE } from './sample-nouns.ts';
import { COMMAND_SAMPLES, EVENT_SAMPLES, nameOf, type Sample } from './samples.ts';
import { type Manner, passedOn, type Trip, travel, type Value } from './trip.ts';

export interface LossRow {
  readonly direction: Direction;
  /** The value's type, and what the sample is about where there are several. */
  readonly name: string;
  readonly type: string;
  readonly manner: Manner;
  /** Another type than was sent, if that is what arrived. */
  readonly arrivesAs: string | undefined;
  readonly fates: Fates;
}

export interface LossTable {
  /** Ids of the dialects in the order in which a command crosses them. */
  readonly dialects: readonly [client: string, upstream?: string];
  readonly rows: readonly LossRow[];
}

/** How much of a kind comes over: bookkeeping does not count. */
export type Grade = 'whole' | 'partly' | 'nothing';

export function gradeOf(row: LossRow): Grade {
  if (row.manner === 'nothing' || row.manner === 'close') return 'nothing';
  return importantLosses(row).length === 0 ? 'whole' : 'partly';
}

export interface FieldLoss {
  readonly path: string;
  readonly fate: Exclude<Fate, 'kept'>;
}

/** Every field that is not kept, in the order of the sample. */
export const lossesIn = ({ fates }: Pick<LossRow, 'fates'>): readonly FieldLoss[] =>
  Object.entries(fates).flatMap(([path, fate]) => (fate === 'kept' ? [] : [{ path, fate }]));

/** Those that somebody would miss. */
export const importantLosses = (row: Pick<LossRow, 'fates' | 'type'>): readonly FieldLoss[] =>
  lossesIn(row).filter(({ path }) => !isBookkeeping(row.type, path));

export const bookkeepingLosses = (row: Pick<LossRow, 'fates' | 'type'>): readonly FieldLoss[] =>
  lossesIn(row).filter(({ path }) => isBookkeeping(row.type, path));

interface Case extends Sample<Value> {
  readonly direction: Direction;
}

const casesOf = (samples: Readonly<Record<string, readonly Sample<Value>[]>>, direction: Direction) =>
  Object.values(samples).flatMap((each) => each.map((sample): Case => ({ ...sample, direction })));

const CASES: readonly Case[] = [
  ...casesOf(COMMAND_SAMPLES, 'to-server'),
  ...casesOf(EVENT_SAMPLES, 'to-client'),
];

/** A dialect, with the options of its endpoint if they are not the defaults. */
export interface Wire {
  readonly dialect: AnyDialect;
  readonly options?: unknown;
}

const over = (wire: Wire, { direction, attends, needs }: Case, value: Value): Trip =>
  travel({ ...wire, user: ALICE, attends, needs }, direction, value);

const rowOf = (
  sample: Case,
  { manner, arrived, fates }: Pick<Trip, 'manner' | 'arrived' | 'fates'>,
): LossRow => ({
  direction: sample.direction,
  name: nameOf(sample),
  type: sample.value.type,
  manner,
  arrivesAs: arrived === undefined || arrived.type === sample.value.type ? undefined : arrived.type,
  fates,
});

/** What one dialect loses: both its faces, back to back. */
export function dialectLosses(wire: Wire): LossTable {
  const rows = CASES.map((sample) => rowOf(sample, over(wire, sample, sample.value)));
  return { dialects: [wire.dialect.id], rows };
}

/** What a client dialect in front of an upstream dialect loses: really taken over both wires, one after the other. */
export function pairLosses(client: Wire, upstream: Wire): LossTable {
  const rows = CASES.map((sample) => {
    const [near, far] = sample.direction === 'to-server' ? [client, upstream] : [upstream, client];
    const first = over(near, sample, sample.value);
    // What needs no words of the near dialect is nothing that the far one could be told.
    if (first.arrived === undefined) return rowOf(sample, first);
    return rowOf(sample, joined(sample.value, first, over(far, sample, passedOn(first.arrived, ALICE.id))));
  });
  return { dialects: [client.dialect.id, upstream.dialect.id], rows };
}

function joined(value: Value, first: Trip, second: Trip): Pick<Trip, 'manner' | 'arrived' | 'fates'> {
  const { manner } = second;
  const arrived = second.arrived ?? (manner === 'not_needed' ? first.arrived : undefined);
  if (arrived === undefined) return { manner, arrived, fates: NOTHING_ARRIVED };
  // The second wire speaks of the first one's fields only where it is still the same kind of value.
  const declared = first.arrived?.type === value.type ? second.declared : [];
  return { manner, arrived, fates: withDeclared(fatesOf(value, arrived), [...first.declared, ...declared]) };
}

/** A pair's rows without what its dialects lose alone, in the same direction; rows with nothing left are left out. */
export function addedLosses(
  pair: LossTable,
  own: readonly [client: LossTable, upstream: LossTable],
): readonly LossRow[] {
  return pair.rows.flatMap((row, index) => {
    const alone = own.map((table) => table.rows[index]).filter((each) => each !== undefined);
    const known = new Map<string, Fate>();
    for (const { fates } of alone) {
      for (const [path, fate] of Object.entries(fates)) known.set(path, worse(known.get(path), fate));
    }
    if (known.get('*') === 'lost') return [];
    const added = lossesIn(row).filter(({ path, fate }) => worse(known.get(path), fate) !== known.get(path));
    if (added.length === 0) return [];
    return [{ ...row, fates: Object.fromEntries(added.map(({ path, fate }) => [path, fate])) }];
  });
}
