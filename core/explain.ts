/**
 * Explains frames by a dialect's reference: which kind of frame each is, what each of its fields means, which
 * fields nobody knows and which are missing. Nothing is sent or stored; whatever the text is, nothing is thrown.
 */
import { GatewayError } from './errors.ts';
import { holds, type Row, rowsOf, valueAt } from './explain-fields.ts';
import type { DialectReference, FrameReference, Sender } from './reference.ts';

/** A frame that was read and recognised. */
export interface Explanation {
  readonly frame: FrameReference;
  readonly rows: readonly Row[];
}

/**
 * One frame of a paste. Two explanations if two kinds of frame fit equally well, which can be only where nobody
 * said who sent it.
 */
export type Reading =
  | { readonly wire: string; readonly explanations: readonly Explanation[] }
  | { readonly wire: string; readonly error: string };

export interface ExplainRequest {
  readonly text: string;
  /** Who sent the frames; undefined: find out. */
  readonly sender: Sender | undefined;
}

/** Explains every frame of a text. Never throws. */
export function explain(reference: DialectReference, { text, sender }: ExplainRequest): readonly Reading[] {
  return reference.cut(text).map((wire) => readingOf(reference, wire, sender));
}

function readingOf(reference: DialectReference, wire: string, sender: Sender | undefined): Reading {
  let value: unknown;
  try {
    value = reference.read(wire);
  } catch (error) {
    return { wire, error: faultOf(error) };
  }
  const kinds = kindsOf(reference, value);
  const fitting = kinds.filter((frame) => isSaidBy(frame, sender));
  if (fitting.length === 0) return { wire, error: unknownKind(reference, value, kinds[0]) };
  return { wire, explanations: best(fitting.map((frame) => ({ frame, rows: rowsOf(frame, value) }))) };
}

function faultOf(error: unknown): string {
  if (!(error instanceof GatewayError)) return 'this is no frame';
  return error.cause instanceof SyntaxError ? `${error.message} (${error.cause.message})` : error.message;
}

const isSaidBy = ({ direction }: FrameReference, sender: Sender | undefined): boolean =>
  sender === undefined || direction === 'both' || direction === sender;

/** The kinds that a frame can be of, whoever sent it. */
function kindsOf({ frames }: DialectReference, value: unknown): readonly FrameReference[] {
  const fitting = frames.filter(({ when }) => when.every((condition) => holds(condition, value)));
  const named = fitting.filter(({ otherwise }) => otherwise !== true);
  return named.length > 0 ? named : fitting;
}

/** The explanations with the fewest fields that are unknown, missing or wrong. */
function best(explanations: readonly Explanation[]): readonly Explanation[] {
  const faults = ({ rows }: Explanation) => rows.filter(({ state }) => state !== 'known').length;
  const least = Math.min(...explanations.map(faults));
  return explanations.filter((explanation) => faults(explanation) === least);
}

/** `other`: a kind that it would be if somebody else had sent it. */
function unknownKind(
  { toldBy }: DialectReference,
  value: unknown,
  other: FrameReference | undefined,
): string {
  if (other !== undefined) return `only a ${other.direction} sends this: ${other.name}`;
  const told = toldBy.map((path) => `${path} ${shown(valueAt(path, value))}`).join(', ');
  return `no frame of this dialect has ${told}; --list names those that there are`;
}

/** Longest value that is quoted in an error, in UTF-16 units. */
const MOST_SHOWN = 60;

function shown(value: unknown): string {
  if (value === undefined) return '(absent)';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…`.toWellFormed() : text;
}
