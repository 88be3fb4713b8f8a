/** One value over one wire: into the one face, as frames to the other, and out of that as what its peer would read. */
import type { Command } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Destination, User } from '../../schemas/model.ts';
import type { AnyDialect, Outcome, WireIdentity, WireMessage } from '../dialect.ts';
import type { GatewayError } from '../errors.ts';
import { type Fates, fatesOf, NOTHING_ARRIVED, withDeclared } from './compare.ts';
import { hubAnswer } from './hub-answers.ts';
import {
  CONNECTION_ID,
  type Direction,
  type Loopback,
  type LoopbackOptions,
  type Occurrence,
  openLoopback,
  receiverOf,
  senderOf,
} from './loopback.ts';
import { countedIds } from './stand-ins.ts';

export type Value = Command | Event;

/** What every value of a journey has around it. */
export interface Traveller {
  readonly dialect: AnyDialect;
  /** Of the endpoint, as written in a configuration. */
  readonly options?: unknown;
  readonly user: User;
  /** What the connection attends beforehand, as far as the dialect can. */
  readonly attends: readonly Destination[];
  /** Without attending this, there is nothing to say. */
  readonly needs?: Destination | undefined;
  readonly identity?: WireIdentity;
}

/**
 * How a value came over: in a frame; in none, because none is needed (being logged in is attending, a closed socket is
 * a goodbye); only by the end of the connection; or not at all.
 */
export type Manner = 'frame' | 'not_needed' | 'close' | 'nothing';

export interface Trip {
  readonly manner: Manner;
  readonly fates: Fates;
  /** What the other side read; undefined if nothing. */
  readonly arrived: Value | undefined;
  /** What the sender sent, in order. */
  readonly wires: readonly WireMessage[];
  /** Fields that the faces themselves call lost. */
  readonly declared: readonly string[];
  /** A command's, if the client face refused it. */
  readonly refusal: GatewayError | undefined;
  /** What could not be read or done, on either side. */
  readonly faults: readonly GatewayError[];
}

export interface Prepared {
  readonly loopback: Loopback;
  /** What the connection now attends. */
  readonly attended: ReadonlySet<Destination>;
}

/** Logged in and attending; what the dialect can't attend is left out. */
export function prepare(traveller: Traveller, more: Partial<LoopbackOptions> = {}): Prepared {
  const attended = new Set<Destination>();
  let loopback = openFor(traveller, more);
  for (const target of traveller.attends) {
    if (attend(loopback, target)) attended.add(target);
    if (!loopback.closed) continue;
    // A server that ends the connection over it: once more, without this one.
    loopback = openFor(traveller, more);
    for (const known of attended) attend(loopback, known);
  }
  return { loopback, attended };
}

/** Whether it was granted. */
export const attend = (loopback: Loopback, target: Destination): boolean =>
  loopback
    .deliver('to-server', { type: 'subscribe', target }, 0)
    .some((occurrence) => occurrence.kind === 'settled' && occurrence.outcome.ok);

function openFor(
  { dialect, options, user, attends, identity }: Traveller,
  more: Partial<LoopbackOptions>,
): Loopback {
  const newId = countedIds();
  const groups = new Set(attends.filter(({ type }) => type === 'group').map(({ id }) => id));
  return openLoopback({
    dialect,
    options,
    user,
    ...(identity !== undefined && { identity }),
    onCommand: (command) => hubAnswer(command, { user, connectionId: CONNECTION_ID, groups, newId }),
    ...more,
  });
}

/** Takes a value over. A login is taken over by logging in. */
export function travel(traveller: Traveller, direction: Direction, value: Value): Trip {
  if (value.type === 'authenticate' || value.type === 'authenticated') {
    return tripOf(value, direction, loginOf(traveller, value));
  }
  const { loopback, attended } = prepare(traveller);
  const { needs } = traveller;
  const isPossible = needs === undefined || attended.has(needs);
  return tripOf(value, direction, isPossible ? loopback.deliver(direction, value) : []);
}

/** As the gateway passes it on: the sender is who has logged in, whether the frame said so or not. */
export function passedOn(value: Value, userId: string): Value {
  switch (value.type) {
    case 'send_message':
    case 'revoke_message':
    case 'join_group':
    case 'leave_group':
      return { ...value, claimedSender: userId };
    default:
      return value;
  }
}

function loginOf(traveller: Traveller, value: Extract<Value, { type: 'authenticate' | 'authenticated' }>) {
  return value.type === 'authenticate'
    ? openFor(traveller, { credentials: value.credentials }).login
    : openFor({ ...traveller, user: value.user }, {}).login;
}

/** Reads what happened. */
export function tripOf(value: Value, direction: Direction, happened: readonly Occurrence[]): Trip {
  const sender = senderOf(direction);
  const receiver = receiverOf(direction);
  const arrivals: Value[] = [];
  const wires: WireMessage[] = [];
  const declared: string[] = [];
  const faults: GatewayError[] = [];
  let outcome: Outcome | undefined;
  let isClosed = false;
  for (const occurrence of happened) {
    switch (occurrence.kind) {
      case 'sent':
        if (occurrence.direction === direction) wires.push(occurrence.wire);
        break;
      case 'routed':
        if (occurrence.by === receiver && isNews(occurrence.value, value)) arrivals.push(occurrence.value);
        break;
      case 'settled':
        outcome = occurrence.outcome;
        break;
      case 'lost':
        if (occurrence.type === value.type) declared.push(...occurrence.fields);
        break;
      case 'closed':
        isClosed ||= occurrence.by === sender;
        break;
      case 'failed':
        faults.push(occurrence.error);
        break;
      case 'ready':
        break;
      default:
        occurrence satisfies never;
    }
  }
  const arrived = bestOf(value, arrivals);
  const refusal = outcome?.ok === false ? outcome.error : undefined;
  const isAnsweredHere = outcome?.ok === true && wires.length === 0 && !declared.includes('*');
  const manner = mannerOf({ arrived, isAnsweredHere, isClosed });
  const fates = manner === 'not_needed' ? withDeclared(fatesOf(value, value), declared) : NOTHING_ARRIVED;
  return {
    manner,
    fates: arrived === undefined ? fates : withDeclared(fatesOf(value, arrived), declared),
    arrived,
    wires,
    declared,
    refusal,
    faults,
  };
}

function mannerOf(trip: {
  readonly arrived: Value | undefined;
  readonly isAnsweredHere: boolean;
  readonly isClosed: boolean;
}): Manner {
  if (trip.arrived !== undefined) return 'frame';
  if (trip.isAnsweredHere) return 'not_needed';
  return trip.isClosed ? 'close' : 'nothing';
}

/** Not what a face does by itself: an acknowledgement of what has just come. */
const isNews = (routed: Value, sent: Value): boolean =>
  routed.type === sent.type || (routed.type !== 'settle_delivery' && routed.type !== 'authenticate');

/** Of several, the one that says most of what was sent: some wires say a thing twice, or add another. */
function bestOf(sent: Value, arrivals: readonly Value[]): Value | undefined {
  let best: Value | undefined;
  let most = -1;
  for (const arrived of arrivals) {
    const kept = Object.values(fatesOf(sent, arrived)).filter((fate) => fate === 'kept').length;
    const score = kept + (arrived.type === sent.type ? 1_000 : 0);
    if (score > most) {
      best = arrived;
      most = score;
    }
  }
  return best;
}
