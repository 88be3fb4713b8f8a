/** Reads pasted frames by one dialect's face, as if they came in the middle of a connection. */
import type { Destination, User } from '../../schemas/model.ts';
import type { CloseReason } from '../close.ts';
import type { AnyDialect, WireMessage } from '../dialect.ts';
import { errorFrom, errorTold, type FrameError } from './frame-errors.ts';
import { hubAnswer } from './hub-answers.ts';
import {
  CONNECTION_ID,
  type Direction,
  type Loopback,
  type Occurrence,
  openLoopback,
  receiverOf,
  senderOf,
} from './loopback.ts';
import { bareUser, countedIds } from './stand-ins.ts';
import { attend, prepare, type Value } from './trip.ts';

export interface FrameReading {
  readonly values: readonly Value[];
  readonly isLogin: boolean;
  readonly errors: readonly FrameError[];
  /** What the reading face says in return. */
  readonly answers: readonly WireMessage[];
  /** What the face itself can't take in: frame or value types with fields. */
  readonly unread: readonly { readonly type: string; readonly fields: readonly string[] }[];
  readonly ends: { readonly reason: CloseReason; readonly text: string } | undefined;
}

export interface ReaderOptions {
  readonly dialect: AnyDialect;
  readonly direction: Direction;
  readonly user: User;
  /** Groups that are attended from the beginning. */
  readonly groups: readonly string[];
}

/** Most words of a frame that are tried as names of groups. */
const MOST_WORDS = 24;
/** Most words that a session attends as groups; then another one takes its place. */
const MOST_TRIED = 400;
const LONGEST_WORD = 64;

const NEEDS_ATTENDANCE: ReadonlySet<string> = new Set(['not_joined', 'not_subscribed']);

/** A reader of frames, one after the other: the session lasts until a frame ends it. */
export function frameReader(options: ReaderOptions): (wire: string) => FrameReading {
  const { dialect, direction, user } = options;
  const receiver = receiverOf(direction);
  const prefix = dialect.policy(dialect.options.parse({})).transientGroups?.prefix;
  const tried = new Set<string>();
  let current: Loopback | undefined;

  /** Logged in, and attending these groups besides the ones from the beginning. */
  function open(groups: readonly string[]): Loopback {
    const places = [...options.groups, ...groups].map((id): Destination => ({ type: 'group', id }));
    const inbox: readonly Destination[] = direction === 'to-client' ? [{ type: 'user', id: user.id }] : [];
    tried.clear();
    return prepare({ dialect, user, attends: [...places, ...inbox] }).loopback;
  }

  function read(loopback: Loopback, wire: string): FrameReading {
    return readingOf(loopback.inject(direction, ended(wire, dialect)), direction);
  }

  /** Once more, attending every group that the frame may speak of; undefined if that brings nothing to light. */
  function again(wire: string, ready: Loopback): FrameReading | undefined {
    const words = wordsOf(wire, prefix).filter((word) => !tried.has(word));
    if (words.length === 0) return undefined;
    const isFull = tried.size + words.length > MOST_TRIED;
    if (!ready.closed && !isFull) for (const id of words) attend(ready, { type: 'group', id });
    const loopback = ready.closed || isFull ? open(words) : ready;
    for (const word of words) tried.add(word);
    current = loopback;
    const reading = read(loopback, wire);
    return reading.values.length > 0 ? reading : undefined;
  }

  return (wire) => {
    const login = loginIn(wire, options);
    if (login !== undefined) return login;
    const ready = current === undefined || current.closed ? open([]) : current;
    current = ready;
    const reading = read(ready, wire);
    const isMissing =
      reading.values.length === 0 &&
      (receiver === 'client' || reading.errors.some(({ code }) => NEEDS_ATTENDANCE.has(code)));
    return (isMissing ? again(wire, ready) : undefined) ?? reading;
  };
}

/** Where frames are bytes that may span wire messages, a NUL ends one: a paste has lost it. */
const ended = (wire: string, dialect: AnyDialect): string =>
  dialect.text === 'bytes' && wire.trim() !== '' ? `${wire}\0` : wire;

/** What a face that nobody has logged in at makes of the frame, if it is a login for it. */
function loginIn(wire: string, { dialect, direction, user }: ReaderOptions): FrameReading | undefined {
  const receiver = receiverOf(direction);
  const newId = countedIds();
  const alone = openLoopback({
    dialect,
    user,
    alone: receiver,
    ...(receiver === 'server' && { credentials: [] }),
    onCommand: (command) =>
      hubAnswer(command, { user, connectionId: CONNECTION_ID, groups: new Set(), newId }),
  });
  if (alone.ready[receiver]) return undefined;
  const happened = alone.inject(direction, ended(wire, dialect));
  return happened.some(({ kind }) => kind === 'ready')
    ? { ...readingOf(happened, direction), isLogin: true }
    : undefined;
}

function readingOf(happened: readonly Occurrence[], direction: Direction): FrameReading {
  const receiver = receiverOf(direction);
  const back = direction === 'to-server' ? 'to-client' : 'to-server';
  const values: Value[] = [];
  const errors: FrameError[] = [];
  const answers: WireMessage[] = [];
  const unread: { readonly type: string; readonly fields: readonly string[] }[] = [];
  let ends: FrameReading['ends'];
  for (const occurrence of happened) {
    if (occurrence.kind === 'sent' && occurrence.direction === back) answers.push(occurrence.wire);
    if (!('by' in occurrence) || occurrence.by !== receiver) continue;
    if (occurrence.kind === 'routed') values.push(occurrence.value);
    if (occurrence.kind === 'failed') errors.push(errorFrom(occurrence.error));
    if (occurrence.kind === 'lost') unread.push({ type: occurrence.type, fields: occurrence.fields });
    if (occurrence.kind === 'closed') ends = { reason: occurrence.reason, text: occurrence.text };
  }
  // A session that refuses without throwing has said so to its peer.
  if (errors.length === 0 && values.length === 0 && senderOf(back) === 'server') {
    errors.push(...answers.map(errorTold).filter((error) => error !== undefined));
  }
  return { values, isLogin: false, errors, answers, unread, ends };
}

function wordsOf(wire: string, prefix: string | undefined): readonly string[] {
  const words = wire
    .split(/[^\p{L}\p{N}_.\-@]+/u)
    .filter((word) => word !== '' && word.length <= LONGEST_WORD);
  const few = [...new Set(words)].slice(0, MOST_WORDS);
  return prefix === undefined ? few : [...few, ...few.map((word) => prefix + word)];
}

export const readerUser = (id: string | undefined): User => bareUser(id ?? 'alice');
