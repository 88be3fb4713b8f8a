/** Heart-beats [STOMP 1.2, Heart-beating]: negotiation, and when to send and expect one. */
import type { Effect } from '../../core/dialect.ts';
import { decimal, protocolFault } from './wire.ts';

/** Shortest interval that we promise, in ms. */
const SHORTEST_MS = 100;
/** Longest interval that a timer can have; a peer that names a longer one gets this. */
const LONGEST_MS = 2_147_483_647;
/** A peer may be this many times late before it counts as gone: the specification asks for a margin. */
const TOLERANCE = 2;

/** As a `heart-beat` header says it: what the writer can send and what it wants, in ms; 0: none. */
export interface HeartBeat {
  readonly outgoingMs: number;
  readonly incomingMs: number;
}

const NONE: HeartBeat = { outgoingMs: 0, incomingMs: 0 };

/**
 * Reads a `heart-beat` header; a missing one means `0,0`.
 *
 * @throws GatewayError frame_malformed, fatal, unless it is two integers
 */
export function readHeartBeat(header: string | undefined): HeartBeat {
  if (header === undefined) return NONE;
  const comma = header.indexOf(',');
  const outgoing = decimal(header.slice(0, Math.max(comma, 0)).trim());
  const incoming = decimal(header.slice(comma + 1).trim());
  if (comma < 0 || outgoing === undefined || incoming === undefined)
    throw protocolFault('frame_malformed', 'heart-beat is two numbers of milliseconds, such as 10000,10000');
  return { outgoingMs: Math.min(outgoing, LONGEST_MS), incomingMs: Math.min(incoming, LONGEST_MS) };
}

export const writeHeartBeat = (heartBeat: HeartBeat): string =>
  `${heartBeat.outgoingMs},${heartBeat.incomingMs}`;

/**
 * What we offer to a peer: our own intervals, or the peer's where they are shorter, because a client that
 * asks for a beat each second and gets one each ten believes us dead.
 */
export function offer(own: HeartBeat, peer: HeartBeat): HeartBeat {
  return {
    outgoingMs: shorter(own.outgoingMs, peer.incomingMs),
    incomingMs: shorter(own.incomingMs, peer.outgoingMs),
  };
}

const shorter = (own: number, peer: number): number =>
  own === 0 || peer === 0 ? own : Math.min(own, Math.max(peer, SHORTEST_MS));

/** The agreed intervals: 0 where either side has none, else the longer one. */
export function agree(own: HeartBeat, peer: HeartBeat): HeartBeat {
  return {
    outgoingMs: longer(own.outgoingMs, peer.incomingMs),
    incomingMs: longer(own.incomingMs, peer.outgoingMs),
  };
}

const longer = (one: number, other: number): number => (one === 0 || other === 0 ? 0 : Math.max(one, other));

/** A timer may be late by a tick of core's wheel; a beat must not. */
const MARGIN_MS = 60;

/**
 * Sends a heart-beat after a tenth less than the interval without any frame, so that one that travels slowly
 * is still in time.
 */
export const outgoingTimer = (intervalMs: number): Effect<never, never> => ({
  kind: 'timer',
  name: 'heart-beat-out',
  afterMs: Math.floor(Math.min(intervalMs * 0.9, intervalMs - MARGIN_MS)),
  restart: 'sent',
});

const incomingTimer = (intervalMs: number): Effect<never, never> => ({
  kind: 'timer',
  name: 'heart-beat-in',
  afterMs: intervalMs * TOLERANCE,
  restart: 'received',
});

/** The timers of the agreed intervals. */
export function heartBeatTimers(agreed: HeartBeat): Effect<never, never>[] {
  const timers: Effect<never, never>[] = [];
  if (agreed.outgoingMs > 0) timers.push(outgoingTimer(agreed.outgoingMs));
  if (agreed.incomingMs > 0) timers.push(incomingTimer(agreed.incomingMs));
  return timers;
}
