/**
 * Translates pasted frames: what each says in the canonical model, how another dialect would say it, and what of it
 * is lost on the way. Both dialects' sessions are brought to where a frame from the middle of a log makes sense.
 * Whatever the text is, nothing is thrown.
 */
import type { Destination } from '../../schemas/model.ts';
import type { CloseReason } from '../close.ts';
import type { AnyDialect, WireIdentity, WireMessage } from '../dialect.ts';
import { toGatewayError } from '../errors.ts';
import { explain } from '../explain.ts';
import { errorFrom, type FrameError } from './frame-errors.ts';
import { type Direction, senderOf } from './loopback.ts';
import { bookkeepingLosses, type FieldLoss, importantLosses } from './losses.ts';
import { type FrameReading, frameReader, readerUser } from './reader.ts';
import { bareUser, identityOf } from './stand-ins.ts';
import { type Manner, passedOn, type Trip, travel, type Value } from './trip.ts';

export interface TranslateRequest {
  readonly from: AnyDialect;
  readonly to: AnyDialect;
  readonly direction: Direction;
  readonly text: string;
  /** Who is logged in; by default the sender or recipient that the frame names, else `alice`. */
  readonly user?: string | undefined;
  /** Groups that are attended from the beginning. */
  readonly groups?: readonly string[] | undefined;
}

export interface TranslatedValue {
  /** The canonical value. */
  readonly value: Value;
  readonly manner: Manner;
  /** As the other dialect's client or server would send it. */
  readonly frames: readonly WireMessage[];
  /** Another type than the value's, if that is what its peer reads. */
  readonly arrivesAs: string | undefined;
  readonly losses: readonly FieldLoss[];
  /** Fields that are the gateway's own and on no wire. */
  readonly bookkeeping: readonly FieldLoss[];
  /** Why the other dialect's face refused it. */
  readonly errors: readonly FrameError[];
}

/** `nothing`: a frame that means something to its session only, such as an answer or a part of a transaction. */
export type FrameKind = 'message' | 'login' | 'heart_beat' | 'nothing' | 'error';

export interface TranslatedFrame {
  readonly wire: string;
  readonly kind: FrameKind;
  /** What the dialect's reference calls it; empty if it doesn't know. */
  readonly names: readonly string[];
  /** Paths of fields that its dialect does not have: they are in no canonical value. */
  readonly unknown: readonly string[];
  readonly values: readonly TranslatedValue[];
  readonly errors: readonly FrameError[];
  /** What a server of the frame's own dialect would answer, or a client would. */
  readonly answers: readonly WireMessage[];
  /** What of the frame its own dialect's face does not take in. */
  readonly unread: FrameReading['unread'];
  readonly ends: { readonly reason: CloseReason; readonly text: string } | undefined;
}

export interface Translation {
  readonly frames: readonly TranslatedFrame[];
  /** Users whose ids are no integers, and the integers that stand for them here. */
  readonly standIns: Readonly<Record<string, string>>;
  /** Frames beyond the most that are translated at a time. */
  readonly left: number;
}

/** Most frames of one text. */
export const MOST_FRAMES = 10_000;

export function translate(request: TranslateRequest): Translation {
  const { from, to, direction } = request;
  const wires = from.reference.cut(request.text);
  const read = frameReader({
    dialect: from,
    direction,
    user: readerUser(request.user),
    groups: request.groups ?? [],
  });
  const standIns: Record<string, string> = Object.create(null);
  const identity = identityOf(to, (user, integer) => {
    standIns[user] = integer;
  });
  const frames = wires.slice(0, MOST_FRAMES).map((wire) => {
    try {
      return frameOf(wire, read(wire), request, identity);
    } catch (thrown) {
      return failed(wire, errorFrom(toGatewayError(thrown)));
    }
  });
  return { frames, standIns: { ...standIns }, left: Math.max(0, wires.length - MOST_FRAMES) };
}

function frameOf(
  wire: string,
  reading: FrameReading,
  request: TranslateRequest,
  identity: WireIdentity,
): TranslatedFrame {
  const { errors, answers, unread, ends } = reading;
  const values = reading.values.map((value) => translated(value, request, identity));
  return { wire, ...kindOf(wire, reading, request), values, errors, answers, unread, ends };
}

const failed = (wire: string, error: FrameError): TranslatedFrame => ({
  wire,
  kind: 'error',
  names: [],
  unknown: [],
  values: [],
  errors: [error],
  answers: [],
  unread: [],
  ends: undefined,
});

/** Names of frames that keep a connection alive. */
const HEART_BEAT = /heart-?beat|\bpings?\b|\bpong\b/i;

function kindOf(
  wire: string,
  { isLogin, values, errors }: FrameReading,
  { from, direction }: TranslateRequest,
): Pick<TranslatedFrame, 'kind' | 'names' | 'unknown'> {
  const [reading] = explain(from.reference, { text: wire, sender: senderOf(direction) });
  const known = reading !== undefined && 'explanations' in reading ? reading.explanations : [];
  const names = known.map(({ frame }) => frame.name);
  const unknown = (known[0]?.rows ?? []).filter(({ state }) => state === 'unknown').map(({ path }) => path);
  if (isLogin) return { kind: 'login', names, unknown };
  if (values.length > 0) return { kind: 'message', names, unknown };
  if (errors.length > 0) return { kind: 'error', names, unknown };
  const isAlive = known.some(({ frame }) => HEART_BEAT.test(frame.name) || HEART_BEAT.test(frame.meaning));
  return { kind: isAlive ? 'heart_beat' : 'nothing', names, unknown };
}

function translated(value: Value, request: TranslateRequest, identity: WireIdentity): TranslatedValue {
  const { to, direction } = request;
  const user = bareUser(request.user ?? partyOf(value) ?? 'alice');
  const attends = placesOf(value, { type: 'user', id: user.id });
  const trip: Trip = travel({ dialect: to, user, attends, identity }, direction, passedOn(value, user.id));
  const row = { type: value.type, fates: trip.fates };
  const errors = [
    ...trip.faults.map(errorFrom),
    ...(trip.refusal === undefined ? [] : [errorFrom(trip.refusal)]),
  ];
  return {
    value,
    manner: trip.manner,
    frames: trip.wires,
    arrivesAs: trip.arrived === undefined || trip.arrived.type === value.type ? undefined : trip.arrived.type,
    losses: importantLosses(row),
    bookkeeping: bookkeepingLosses(row),
    errors,
  };
}

/** Who must be logged in for the value to make sense: the sender of a command, the recipient of an event. */
function partyOf(value: Value): string | undefined {
  if ('claimedSender' in value) return value.claimedSender;
  switch (value.type) {
    case 'authenticated':
    case 'session_replaced':
      return value.user.id;
    case 'message':
      return value.message.to.type === 'user' ? value.message.to.id : undefined;
    case 'contact_requested':
    case 'contact_accepted':
    case 'group_invited':
      return value.to;
    default:
      return undefined;
  }
}

/** What must be attended beforehand: all that the value is about, unless it is the coming itself. */
function placesOf(value: Value, inbox: Destination): readonly Destination[] {
  if (value.type === 'join_group' || value.type === 'subscribe') return [];
  const places: Destination[] = [inbox];
  const add = (place: Destination | undefined): void => {
    const known = places.some(({ type, id }) => type === place?.type && id === place.id);
    if (place !== undefined && place.type !== 'user' && !known) places.push(place);
  };
  if ('target' in value) add(value.target);
  if (value.type === 'message') add(value.message.to);
  if (value.type === 'message_revoked') add(value.to);
  if (value.type === 'send_batch') for (const item of value.items) add(item.target);
  if ('group' in value) {
    add({ type: 'group', id: typeof value.group === 'string' ? value.group : value.group.id });
  }
  return places;
}
