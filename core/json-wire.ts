/**
 * JSON text frames, checked by compiled JSON Schemas: what every JSON dialect's codec is made of.
 *
 * A frame is decoded in three steps: text to value (`frame_malformed`), value to a known kind
 * (`frame_unknown`), and that kind's schema (`field_missing` for an absent required field, else
 * `frame_malformed`). Strings with a lone surrogate are malformed, because they have no UTF-8 form.
 */
import { Ajv, type JSONSchemaType, type ValidateFunction } from 'ajv';
import type { Codec, WireMessage } from './dialect.ts';
import { GatewayError } from './errors.ts';

/** Deepest nesting of a frame. Deeper ones are refused, so that no stringify can exhaust the stack later. */
const MAX_DEPTH = 32;

/**
 * `allErrors` stays off: one fault is enough to refuse, and a hostile frame must not cost more than a good one.
 * `unicode: false`: minLength and maxLength count UTF-16 units, in constant time; code points are the router's concern.
 */
const ajv = new Ajv({
  allErrors: false,
  strict: true,
  allowUnionTypes: true,
  unicode: false,
  // Ajv would print at each start that `unicode` goes away in its next major version.
  logger: false,
  // The schemas are ours and constant: a test looks whether they are schemas, for whom it takes longer than all the rest.
  validateSchema: false,
});

/** A schema for ajv: checked against the frame type where the type is simple enough, else by the conformance suite. */
export type FrameSchema = JSONSchemaType<unknown> | Record<string, unknown>;

export interface JsonFrames<Frame> {
  /** Finds a value's kind; undefined: not a frame of this dialect. */
  readonly kindOf: (value: Readonly<Record<string, unknown>>) => string | undefined;
  /** JSON Schema of each kind. */
  readonly schemas: Readonly<Record<string, FrameSchema>>;
  /** Reads the client's message id off a value that may be broken in any way. */
  readonly messageIdOf?: (value: Readonly<Record<string, unknown>>) => unknown;
  /** Called before a value of a known kind is checked, and may change it. */
  readonly prepare?: (value: Record<string, unknown>, kind: string) => void;
  /** Brings a checked value into the dialect's frame type; the identity by default. */
  readonly toFrame?: (value: unknown, kind: string) => Frame;
}

const describe = (value: unknown): string => JSON.stringify(String(value).slice(0, 40));

/**
 * Compiles the schemas once and gives a stateless codec that any number of connections may share.
 *
 * @throws GatewayError from `decode`: data_unsupported (binary), frame_malformed, frame_unknown, field_missing
 */
export function jsonCodec<Frame>(frames: JsonFrames<Frame>): Codec<Frame> {
  const validators = new Map<string, ValidateFunction>(
    Object.entries(frames.schemas).map(([kind, schema]) => [kind, ajv.compile(schema)]),
  );
  const { kindOf, messageIdOf, prepare, toFrame } = frames;

  const salvage = (value: Readonly<Record<string, unknown>>) => {
    const id = messageIdOf?.(value);
    return typeof id === 'string' && id.length > 0 && id.length <= 256 && id.isWellFormed()
      ? { messageId: id }
      : {};
  };

  return {
    decode(message: WireMessage): Iterable<Frame> {
      const value = parseJsonObject(message, salvage);
      const kind = kindOf(value);
      const validate = kind === undefined ? undefined : validators.get(kind);
      if (kind === undefined || validate === undefined) {
        throw new GatewayError('frame_unknown', {
          ...salvage(value),
          detail: kind === undefined ? 'it names no kind' : describe(kind),
        });
      }
      prepare?.(value, kind);
      if (!validate(value)) {
        const fault = validate.errors?.[0];
        const missing = fault?.keyword === 'required' || fault?.keyword === 'minLength';
        const field =
          fault?.keyword === 'required'
            ? `${fault.instancePath}/${String(fault.params.missingProperty)}`
            : (fault?.instancePath ?? '');
        throw new GatewayError(missing ? 'field_missing' : 'frame_malformed', {
          ...salvage(value),
          detail: missing ? field.slice(1) : `${field.slice(1) || 'frame'} ${fault?.message ?? 'is wrong'}`,
        });
      }
      return [toFrame === undefined ? (value as Frame) : toFrame(value, kind)];
    },
    encode: (frame) => JSON.stringify(frame),
  };
}

/**
 * Parses a text message that must hold one JSON object.
 *
 * @throws GatewayError data_unsupported for binary, frame_malformed otherwise
 */
export function parseJsonObject(
  message: WireMessage,
  salvage: (value: Readonly<Record<string, unknown>>) => { readonly messageId?: string } = () => ({}),
): Record<string, unknown> {
  if (typeof message !== 'string')
    throw new GatewayError('data_unsupported', { detail: 'send text, not binary' });
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch (cause) {
    throw new GatewayError('frame_malformed', { detail: 'not JSON', cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GatewayError('frame_malformed', { detail: 'a JSON object is expected' });
  }
  const escapes = message.includes('\\u');
  if (!isSound(value, escapes, MAX_DEPTH)) {
    throw new GatewayError('frame_malformed', {
      ...salvage(value as Readonly<Record<string, unknown>>),
      detail: `nested deeper than ${MAX_DEPTH} levels, or a string with a lone surrogate`,
    });
  }
  return value as Record<string, unknown>;
}

/** Depth within bounds and, where escapes occur, every string and key well-formed. */
function isSound(value: unknown, checkStrings: boolean, depth: number): boolean {
  if (typeof value === 'string') return !checkStrings || value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isSound(item, checkStrings, depth - 1));
  for (const key in value) {
    if (checkStrings && !key.isWellFormed()) return false;
    if (!isSound((value as Record<string, unknown>)[key], checkStrings, depth - 1)) return false;
  }
  return true;
}

/**
 * The members of a value that its schema names, at any depth; all of it where the schema names none. In whatever letters:
 * some parsers read `From` as `from`.
 */
export function namedIn(value: unknown, schema: unknown): unknown {
  const { properties, items } = (schema ?? {}) as { readonly properties?: object; readonly items?: unknown };
  if (Array.isArray(value)) return items === undefined ? value : value.map((item) => namedIn(item, items));
  if (typeof value !== 'object' || value === null || properties === undefined) return value;
  const schemas = new Map(Object.entries(properties).map(([name, named]) => [name.toLowerCase(), named]));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const name = key.toLowerCase();
      return schemas.has(name) ? [[key, namedIn(member, schemas.get(name))]] : [];
    }),
  );
}
