/**
 * Same dialect on both sides: what a JSON frame says goes on as it was said, with what the codec does not know, so
 * that a gateway in front of an unchanged service is not seen.
 */
import type { WireMessage } from '../dialect.ts';
import type { Recent } from './recent.ts';

/** Changes a wire message on its way out. */
export type Overlay = (encoded: WireMessage) => WireMessage;

interface Json {
  [key: string]: unknown;
}

/** Deeper objects are handed on as the codec wrote them. */
const MAX_DEPTH = 32;

/**
 * Whither a frame goes: `up` to the server, where what the gateway adds may be what it knows an answer by; `down`
 * to the client; or down as the `answer` to a command, which may be of another kind than what is said for it, or as
 * its `refusal`, whose words are the server's to choose. `vouched` is up to a server that takes our word for who says
 * it: there a frame is written anew, because another parser might read a member twice said, or in other letters,
 * as another sender.
 */
export type Passage = 'up' | 'vouched' | 'down' | 'answer' | 'refusal';

export interface Passing {
  readonly passage: Passage;
  readonly received: WireMessage;
  /** The received frame as the codec writes what it read; undefined where it can't. */
  known(): WireMessage | undefined;
  /** What was made of frames before. */
  readonly recent: Recent<Laid>;
  /** Members that the gateway itself would not have said have been handed on. */
  carried(): void;
}

/** What a frame became, and what it would have been. */
export interface Laid {
  readonly passage: Passage;
  readonly encoded: string;
  readonly said: string;
  readonly carries: boolean;
}

/** Puts what a received frame says into the frame that is sent for it; undefined where frames are not JSON. */
export function overlayOf(passing: Passing): Overlay | undefined {
  const { passage, received, recent, carried } = passing;
  if (typeof received !== 'string') return undefined;
  return (encoded) => {
    if (encoded === received || typeof encoded !== 'string') return encoded;
    let laid = recent.get(received);
    if (laid?.encoded !== encoded || laid.passage !== passage) {
      laid = lay(passage, encoded, received, passing.known);
      recent.set(received, laid);
    }
    if (laid.carries) carried();
    return laid.said;
  };
}

function lay(
  passage: Passage,
  encoded: string,
  received: string,
  known: () => WireMessage | undefined,
): Laid {
  const laid = (said: string, carries = false): Laid => ({ passage, encoded, said, carries });
  const out = objectOf(encoded);
  const whole = objectOf(received);
  if (out === undefined || whole === undefined) return laid(encoded);
  const agrees = agree(out, whole, 0);
  if (passage === 'refusal') return laid(isAlike(out, whole) ? received : encoded);
  if (!agrees && passage === 'answer') return laid(encoded);
  const unknown = agrees ? without(whole, out, 0) : unknownOf(whole, known());
  const extra = passage === 'vouched' && unknown !== undefined ? unlike(unknown, out, 0) : unknown;
  const carries = extra !== undefined;
  if (agrees && passage !== 'up' && passage !== 'vouched') return laid(received, carries);
  if (carries) merge(out, extra);
  if (passage === 'vouched') return laid(carries ? JSON.stringify(out) : encoded, carries);
  // The same in other words: the words it had.
  if (isSame(out, whole, 0)) return laid(received, carries);
  return laid(carries ? JSON.stringify(out) : encoded, carries);
}

/** What the codec did not read of a frame. */
function unknownOf(whole: Json, known: WireMessage | undefined): Json | undefined {
  const read = typeof known === 'string' ? objectOf(known) : undefined;
  return read === undefined ? undefined : without(whole, read, 0);
}

/** Whether two frames say nothing different: whatever both have is the same. */
function agree(one: unknown, other: unknown, depth: number): boolean {
  if (one === other || (saysNothing(one) && saysNothing(other))) return true;
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((item, index) => agree(item, other[index], depth + 1))
    );
  }
  if (!isObject(one) || !isObject(other)) return false;
  return Object.keys(one).every(
    (key) => !Object.hasOwn(other, key) || agree(one[key], other[key], depth + 1),
  );
}

/** What is missing is missing, whether by null or by an empty text. */
const saysNothing = (value: unknown): boolean => value === null || value === '';

/** The part of the language that TypeScript does not know yet: the text of a number, and a number by its text. */
interface SourceText {
  readonly source?: string;
}
type Reviver = (key: string, value: unknown) => unknown;
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object };

/** A number with more digits than a double has is written as it was read. */
const withAllDigits = (_key: string, value: unknown, { source }: SourceText = {}): unknown =>
  typeof value === 'number' && source !== undefined && String(value) !== source ? rawJSON(source) : value;

/** Whether two frames are of one kind, as far as can be seen: made of the same members, one of which says the same. */
const isAlike = (out: Json, whole: Json): boolean =>
  Object.keys(out).every((key) => Object.hasOwn(whole, key)) &&
  Object.entries(out).some(([key, value]) => !isObject(value) && value === whole[key]);

/** Where there may be a number that is not written as JavaScript would write it; what only looks like one costs time. */
const UNUSUAL_NUMBER = /[:,[\s](?:-0|-?\d+[.eE]|-?\d{16})/;

function objectOf(text: string): Json | undefined {
  try {
    // Looking at each number costs several times what parsing does.
    const value: unknown = UNUSUAL_NUMBER.test(text)
      ? JSON.parse(text, withAllDigits as Reviver)
      : JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The members of `whole` that `known` lacks, at any depth; undefined if it lacks none. */
function without(whole: Json, known: Json, depth: number): Json | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const extra: Json = {};
  for (const [key, value] of Object.entries(whole)) {
    if (key === '__proto__') continue;
    if (!Object.hasOwn(known, key)) {
      extra[key] = value;
      continue;
    }
    const inner = known[key];
    if (!isObject(value) || !isObject(inner)) continue;
    const deeper = without(value, inner, depth + 1);
    if (deeper !== undefined) extra[key] = deeper;
  }
  return Object.keys(extra).length === 0 ? undefined : extra;
}

/** Those members that no name of the frame's own is like, but for capital letters. */
function unlike(extra: Json, out: Json, depth: number): Json | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const names = new Set(Object.keys(out).map((name) => name.toLowerCase()));
  const left: Json = {};
  for (const [key, value] of Object.entries(extra)) {
    const own = Object.hasOwn(out, key) ? out[key] : undefined;
    if (isObject(value) && isObject(own)) {
      const deeper = unlike(value, own, depth + 1);
      if (deeper !== undefined) left[key] = deeper;
    } else if (!names.has(key.toLowerCase())) left[key] = value;
  }
  return Object.keys(left).length === 0 ? undefined : left;
}

/** Adds members where the frame has room for them: what it says itself stands. */
function merge(out: Json, extra: Json): void {
  for (const [key, value] of Object.entries(extra)) {
    if (!Object.hasOwn(out, key)) out[key] = value;
    else if (isObject(value) && isObject(out[key])) merge(out[key], value);
  }
}

function isSame(one: unknown, other: unknown, depth: number): boolean {
  if (one === other) return true;
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((item, index) => isSame(item, other[index], depth + 1))
    );
  }
  if (!isObject(one) || !isObject(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key], depth + 1))
  );
}
