/** `dragoman explain`: what each field of a frame means, and which clause of the dialect's source it comes from. */
import type { AnyDialect } from '../dialect.ts';
import { explain, type Reading } from '../explain.ts';
import type { Row } from '../explain-fields.ts';
import type { FrameReference, Sender } from '../reference.ts';
import { listText, readingText } from './explain-table.ts';
import { CommandFailure } from './failure.ts';
import { readInput } from './standard-input.ts';

export interface ExplainOptions {
  readonly dialect: string;
  /** Who sent the frames; undefined: find out. */
  readonly direction?: Sender;
  /** All kinds of frame of the dialect, and nothing is read. */
  readonly list?: boolean;
  /** As JSON, for programs. */
  readonly json?: boolean;
}

export interface ExplainParts {
  readonly input: AsyncIterable<Uint8Array | string>;
  out(text: string): void;
}

/**
 * Explains the frames on standard input, or lists the kinds that there are.
 *
 * @throws CommandFailure if there is no such dialect or no frame, and, after everything is said, if a frame could
 * not be read
 */
export async function explainCommand(
  { input, out }: ExplainParts,
  dialects: readonly AnyDialect[],
  options: ExplainOptions,
): Promise<void> {
  const { reference } = chosen(dialects, options.dialect);
  const { direction: sender } = options;
  if (options.list === true) {
    const frames = reference.frames.filter(
      ({ direction }) => sender === undefined || direction === 'both' || direction === sender,
    );
    out(options.json === true ? asText(frames) : listText(reference, frames));
    return;
  }
  const readings = explain(reference, { text: await readInput(input), sender });
  if (readings.length === 0) throw new CommandFailure('there is no frame on standard input');
  out(options.json === true ? asText(readings.map(plainReading)) : readings.map(readingText).join('\n'));
  const unread = readings.filter((reading) => 'error' in reading).length;
  if (unread > 0) throw new CommandFailure(`${unread} of ${readings.length} frames could not be explained`);
}

function chosen(dialects: readonly AnyDialect[], id: string): AnyDialect {
  const dialect = dialects.find((known) => known.id === id);
  if (dialect !== undefined) return dialect;
  const ids = dialects.map((known) => known.id).join(', ');
  throw new CommandFailure(`there is no dialect ${JSON.stringify(id)}; there are: ${ids}`);
}

const asText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function plainReading(reading: Reading) {
  if ('error' in reading) return reading;
  return {
    wire: reading.wire,
    explanations: reading.explanations.map(({ frame, rows }) => ({
      ...named(frame),
      fields: rows.map(plainRow),
    })),
  };
}

const named = ({ name, direction, meaning, clause }: FrameReference) => ({
  name,
  direction,
  meaning,
  clause,
});

/** A row with what its reference says of it, but for the enumeration. */
function plainRow(row: Row) {
  if (!('field' in row) || row.field === undefined) return row;
  const { field, ...seen } = row;
  const { meaning, clause, becomes } = field;
  return { ...seen, meaning, required: field.required, becomes, clause };
}
