/** `dragoman translate`: what frames of one dialect become in another, and what of them is lost. */
import type { AnyDialect } from '../dialect.ts';
import type { FrameError } from '../translate/frame-errors.ts';
import type { Direction } from '../translate/loopback.ts';
import type { FieldLoss } from '../translate/losses.ts';
import {
  type FrameKind,
  MOST_FRAMES,
  type TranslatedFrame,
  type TranslatedValue,
  type Translation,
  translate,
} from '../translate/translate.ts';
import { chooseDialect } from './choose-dialect.ts';
import { CommandFailure } from './failure.ts';
import { frameText, indented, jsonText, printable, wireText } from './frame-text.ts';
import { readInput } from './standard-input.ts';

export interface TranslateOptions {
  readonly from: string;
  readonly to: string;
  readonly direction: Direction;
  readonly user?: string;
  readonly group?: readonly string[];
  /** As JSON, for programs. */
  readonly json?: boolean;
}

export interface TranslateParts {
  readonly input: AsyncIterable<Uint8Array | string>;
  out(text: string): void;
}

/**
 * Translates the frames on standard input.
 *
 * @throws CommandFailure if there is no such dialect or no frame, and, after everything is said, if a frame could
 * not be read
 */
export async function translateCommand(
  { input, out }: TranslateParts,
  dialects: readonly AnyDialect[],
  options: TranslateOptions,
): Promise<void> {
  const from = chooseDialect(dialects, options.from);
  const to = chooseDialect(dialects, options.to);
  const { direction, user, group: groups } = options;
  const text = await readInput(input);
  const translation = translate({ from, to, direction, text, user, groups });
  const { frames, left } = translation;
  if (frames.length === 0) throw new CommandFailure('there is no frame on standard input');
  out(options.json === true ? `${jsonText(plain(translation))}\n` : translationText(translation, to.id));
  const unread = frames.filter(({ kind }) => kind === 'error').length;
  const tooMany = left > 0 ? [`${left} frames beyond the first ${MOST_FRAMES} were left out`] : [];
  const faults = unread > 0 ? [`${unread} of ${frames.length} frames could not be read`] : [];
  if (unread + left > 0) throw new CommandFailure([...faults, ...tooMany].join('; '));
}

const plain = ({ frames, ...rest }: Translation) => ({
  frames: frames.map(({ values, answers, ...frame }) => ({
    ...frame,
    answers: answers.map(wireText),
    values: values.map((value) => ({ ...value, frames: value.frames.map(wireText) })),
  })),
  ...rest,
});

function translationText({ frames, standIns }: Translation, to: string): string {
  const parts = frames.map((frame, index) => frameBlock(frame, index + 1, to));
  const integers = Object.entries(standIns).map(([user, integer]) => `${integer} for ${printable(user)}`);
  if (integers.length > 0) parts.push(`integers that stand for users here: ${integers.join(', ')}\n`);
  return parts.join('\n');
}

const KINDS: Readonly<Record<FrameKind, string>> = {
  message: 'message',
  login: 'login',
  heart_beat: 'heart-beat, stays between the two ends of a connection',
  nothing: 'nothing to pass on: it only means something to its own connection',
  error: 'error',
};

function frameBlock(frame: TranslatedFrame, number: number, to: string): string {
  const { wire, kind, names, unknown, values, errors, answers, unread, ends } = frame;
  const name = names.length === 0 ? '' : ` (${names.join(' or ')})`;
  const lines = [
    `frame ${number}: ${KINDS[kind]}${name}`,
    frameText(wire, '  | '),
    ...errors.map((error) => `  error: ${errorText(error)}`),
    ...unread.map(({ type, fields }) => `  not taken in: ${type} ${fields.join(', ')}`),
    ...unknown.map((path) => `  lost, its dialect has no such field: ${printable(path)}`),
    ...(kind === 'message'
      ? []
      : answers.flatMap((answer) => ['  answered with:', frameText(answer, '    ')])),
    ...(ends === undefined ? [] : [`  ends the connection: ${ends.reason}`]),
    ...values.flatMap((value) => valueLines(value, to)),
  ];
  return `${lines.join('\n')}\n`;
}

const errorText = ({ code, message }: FrameError): string => `${code}: ${printable(message)}`;

function valueLines(translated: TranslatedValue, to: string): readonly string[] {
  const { value, frames, arrivesAs, losses, bookkeeping, errors } = translated;
  return [
    '  canonical:',
    indented(printable(jsonText(value)), '    '),
    `  ${to}:${frames.length === 0 ? ` ${withoutFrame(translated)}` : ''}`,
    ...frames.map((frame) => frameText(frame, '    ')),
    ...(arrivesAs === undefined ? [] : [`  arrives as: ${arrivesAs}`]),
    ...losses.map(lossLine),
    ...(bookkeeping.length === 0
      ? []
      : [
          `  known to the gateway itself, not on the wire: ${bookkeeping.map(({ path }) => path).join(', ')}`,
        ]),
    ...errors.map((error) => `  error: ${errorText(error)}`),
  ];
}

function withoutFrame({ manner }: TranslatedValue): string {
  if (manner === 'not_needed') return 'needs no frame';
  return manner === 'close' ? 'ends the connection, without a frame' : 'has no frame for this';
}

const lossLine = ({ path, fate }: FieldLoss): string => `  ${fate}: ${path === '*' ? 'all of it' : path}`;
