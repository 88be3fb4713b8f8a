/** The golden lines and what `golden/expectations.json` says of each. */
import { readdirSync, readFileSync } from 'node:fs';
import { dialects } from '../../adapters/index.ts';
import type { AnyDialect, ConnectionContext, Effect, Outcome } from '../../core/dialect.ts';
import type { FaceName, Input } from '../../core/dialect-vectors.ts';
import { type ErrorCode, GatewayError, type GatewayErrorOptions } from '../../core/errors.ts';
import type { Credential } from '../../schemas/command.ts';
import type { Result } from '../../schemas/outcome.ts';
import { apply, connectionFor, faceOf } from './drive.ts';

export interface Line {
  readonly id: string;
  readonly dialect: string;
  readonly direction: 'c2s' | 's2c';
  readonly wire: string;
}

/** An error in JSON. */
interface ErrorSpec extends Pick<GatewayErrorOptions, 'fatal' | 'messageId' | 'detail'> {
  readonly code: ErrorCode;
}
type OutcomeSpec =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly error: ErrorSpec };

/** An Input in JSON. */
export type InputSpec =
  | Exclude<Input, { readonly settle: number } | { readonly fail: GatewayError }>
  | { readonly settle: number; readonly outcome: OutcomeSpec }
  | { readonly fail: ErrorSpec };

/** Where a connection stands before the line: a face, and what it has been through. */
interface State {
  readonly dialect: string;
  readonly face: FaceName;
  readonly endpoint?: Readonly<Record<string, unknown>>;
  readonly credentials?: readonly Credential[];
  /** Ids that the connection makes, in order, instead of the counted ones. */
  readonly newIds?: readonly string[];
  /** Wire id by canonical id, where they differ. */
  readonly identity?: Readonly<Record<string, string>>;
  readonly steps: readonly InputSpec[];
}

interface Standing {
  readonly given: string;
  /** What happens besides, before the line. */
  readonly after?: readonly InputSpec[];
}

type Settled =
  | { readonly ref: number; readonly result: Result }
  | { readonly ref: number; readonly error: string };

/** What a face does with something; what is left out does not happen. */
export interface Reaction {
  /** Canonical values routed. */
  readonly routes?: readonly unknown[];
  /** Wire messages sent, as values. */
  readonly sends?: readonly unknown[];
  /** Commands answered, by ref. */
  readonly settles?: readonly Settled[];
  /** From here on core delivers. */
  readonly ready?: true;
  readonly closes?: string;
  /** Code of the fault that core gives back to `fail`. */
  readonly error?: string;
}

export type Expectation =
  /** Client to server: what the server face does with the line. */
  | (Standing & { readonly reaction: Reaction })
  /** Server to client: the input that makes the server face say the line, and what the client face reads. */
  | (Standing & { readonly input: InputSpec; readonly read: Standing & { readonly reaction: Reaction } })
  /** Decoded by the right face, and no more. */
  | { readonly decodeOnly: string };

export interface Expectations {
  readonly states: Readonly<Record<string, State>>;
  readonly lines: Readonly<Record<string, Expectation>>;
}

const folder = new URL('../golden/', import.meta.url);

export const goldenLines = (): readonly Line[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(new URL(name, folder), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as Line);

/** Replaces `{"$use": name}` by the named value, and `{"$repeat": [text, times]}` by the text. */
function resolve(value: unknown, values: Readonly<Record<string, unknown>>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => resolve(item, values));
  const fields = value as Readonly<Record<string, unknown>>;
  if (typeof fields.$use === 'string') {
    const { $use: name, ...changed } = fields;
    if (!Object.hasOwn(values, name)) throw new Error(`expectations.json has no value ${name}`);
    return { ...(resolve(values[name], values) as object), ...(resolve(changed, values) as object) };
  }
  if (Array.isArray(fields.$repeat)) return String(fields.$repeat[0]).repeat(Number(fields.$repeat[1]));
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, resolve(field, values)]));
}

export function readExpectations(): Expectations {
  const file = JSON.parse(readFileSync(new URL('expectations.json', folder), 'utf8')) as Expectations & {
    readonly values: Readonly<Record<string, unknown>>;
  };
  return resolve(file, file.values) as Expectations;
}

export function dialectOf(id: string): AnyDialect {
  const dialect = dialects.find((known) => known.id === id);
  if (dialect === undefined) throw new Error(`no dialect ${id}`);
  return dialect;
}

const errorOf = ({ code, ...options }: ErrorSpec): GatewayError => new GatewayError(code, options);

export function inputOf(spec: InputSpec): Input {
  if ('fail' in spec) return { fail: errorOf(spec.fail) };
  if (!('settle' in spec)) return spec;
  const outcome: Outcome = spec.outcome.ok ? spec.outcome : { ok: false, error: errorOf(spec.outcome.error) };
  return { settle: spec.settle, outcome };
}

/** The parts of a wire message that mean something: JSON by value, STOMP by command, headers and body. */
export function meaningOf(wire: unknown): unknown {
  const text = String(wire);
  const parsed = jsonOf(text);
  if (typeof parsed === 'object') return parsed;
  const end = text.indexOf('\n\n');
  if (end < 0) return text;
  const [command, ...headers] = text.slice(0, end).split('\n');
  const body = text.slice(end + 2).replace(/\0$/, '');
  return { command, headers, body: jsonOf(body) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

type Driven = ReturnType<typeof faceOf>;

export function standing({ states }: Expectations, { given, after = [] }: Standing): Driven {
  const state = states[given];
  if (state === undefined) throw new Error(`expectations.json has no state ${given}`);
  const { dialect, face, endpoint, credentials, newIds, identity, steps } = state;
  const counted = connectionFor();
  const ids = [...(newIds ?? [])];
  const canonical = Object.fromEntries(Object.entries(identity ?? {}).map(([id, wireId]) => [wireId, id]));
  const connection: Partial<ConnectionContext> = {
    ...(credentials === undefined ? {} : { credentials }),
    newId: () => ids.shift() ?? counted.newId(),
    ...(identity === undefined
      ? {}
      : { identity: { toWire: (id) => identity[id], toCanonical: (id) => canonical[id] } }),
  };
  const driven = faceOf(dialectOf(dialect), face, {
    connection,
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  for (const step of [...steps, ...after]) apply(driven, inputOf(step));
  return driven;
}

/** Applies an input and says what came of it, in JSON; timers and losses are left out. */
export function reactionOf(face: Driven, input: Input): Reaction {
  let effects: readonly Effect<unknown, unknown>[] = [];
  let error: string | undefined;
  try {
    effects = apply(face, input);
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    error = thrown.code;
  }
  const routes = effects.flatMap((effect) => (effect.kind === 'route' ? [effect.value] : []));
  const sends = effects.flatMap((effect) =>
    effect.kind === 'send' ? [meaningOf(face.codec.encode(effect.frame))] : [],
  );
  const settles = effects.flatMap((effect): readonly Settled[] => {
    if (effect.kind !== 'settled') return [];
    const { ref, outcome } = effect;
    return outcome.ok ? [{ ref, result: outcome.result }] : [{ ref, error: outcome.error.code }];
  });
  const close = effects.find((effect) => effect.kind === 'close');
  return {
    ...(routes.length === 0 ? {} : { routes }),
    ...(sends.length === 0 ? {} : { sends }),
    ...(settles.length === 0 ? {} : { settles }),
    ...(effects.some(({ kind }) => kind === 'ready') ? { ready: true } : {}),
    ...(close === undefined ? {} : { closes: close.reason }),
    ...(error === undefined ? {} : { error }),
  };
}
