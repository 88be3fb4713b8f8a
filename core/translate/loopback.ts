/**
 * Both faces of one dialect, wired back to back in memory: what one face sends, its codec writes and the other's
 * codec reads. No clock and no socket: timers are left alone, time stands still, ids are counted.
 */
import type { Command, Credential } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { User } from '../../schemas/model.ts';
import type { CloseReason } from '../close.ts';
import type { AnyDialect, Effects, Outcome, WireIdentity, WireMessage } from '../dialect.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { Answer } from './hub-answers.ts';
import { connectionOf, countedIds, endpointOf, identityOf, TOKEN } from './stand-ins.ts';

/** `to-server`: what clients send, and the commands in it. `to-client`: what servers send, and the events in it. */
export type Direction = 'to-server' | 'to-client';
export type Side = 'client' | 'server';

export const senderOf = (direction: Direction): Side => (direction === 'to-server' ? 'client' : 'server');
export const receiverOf = (direction: Direction): Side => (direction === 'to-server' ? 'server' : 'client');

/** Something that happened, in order. */
export type Occurrence =
  | { readonly kind: 'sent'; readonly direction: Direction; readonly wire: WireMessage }
  | { readonly kind: 'routed'; readonly by: Side; readonly value: Command | Event }
  | { readonly kind: 'settled'; readonly ref: number; readonly outcome: Outcome }
  | { readonly kind: 'lost'; readonly by: Side; readonly type: string; readonly fields: readonly string[] }
  | { readonly kind: 'ready'; readonly by: Side }
  | { readonly kind: 'closed'; readonly by: Side; readonly reason: CloseReason; readonly text: string }
  /** A frame that could not be read, or a face that could not do what it was asked. */
  | { readonly kind: 'failed'; readonly by: Side; readonly error: GatewayError };

export interface LoopbackOptions {
  readonly dialect: AnyDialect;
  /** Of the endpoint, as written in a configuration; by default the dialect's defaults. */
  readonly options?: unknown;
  /** Who logs in. */
  readonly user: User;
  /** `none`: the user is claimed and nobody checks. */
  readonly authentication?: 'required' | 'none';
  /** What the client logs in with; by default a token, or a claim where nobody checks. */
  readonly credentials?: readonly Credential[];
  readonly identity?: WireIdentity;
  /** Only this face is opened, and what it says is heard by nobody: how it is before any login. */
  readonly alone?: Side;
  /** Settles what the server face routes. */
  onCommand(command: Command): Answer;
  onEvent?(event: Event): void;
}

export interface Loopback {
  /** What happened until both faces had nothing more to say after opening. */
  readonly login: readonly Occurrence[];
  readonly ready: Readonly<Record<Side, boolean>>;
  readonly closed: boolean;
  /** Hands a command to the client face, or an event to the server face; gives what came of it. */
  deliver(direction: Direction, value: Command | Event, ref?: number): readonly Occurrence[];
  /** Puts a wire message on the way as if the sender had sent it; gives what came of it. */
  inject(direction: Direction, wire: WireMessage): readonly Occurrence[];
}

/** Connections on the two sides; an event that one of them caused names the server's. */
export const CONNECTION_ID = 'c-server';

/** Most wire messages that one input may lead to: faces that answer each other's answers are stopped. */
const MOST_WIRES = 1_000;

const DONE: Outcome = { ok: true, result: { type: 'done' } };

interface AnyFace {
  readonly codec: { decode(message: WireMessage): Iterable<unknown>; encode(frame: unknown): WireMessage };
  readonly session: {
    open(): Effects<unknown, unknown>;
    receive(frame: unknown): Effects<unknown, unknown>;
    deliver(value: unknown, ref?: number): Effects<unknown, unknown>;
    settle(ref: number, outcome: Outcome): Effects<unknown, unknown>;
    fail(error: GatewayError): Effects<unknown, unknown>;
  };
}

/** Opens both faces and lets them log in by the dialect's own words. */
export function openLoopback(options: LoopbackOptions): Loopback {
  const { dialect } = options;
  const faces = facesOf(options);
  const ready: Record<Side, boolean> = { client: false, server: false };
  const over: Record<Side, boolean> = {
    client: options.alone === 'server',
    server: options.alone === 'client',
  };
  const encoder = new TextEncoder();
  let log: Occurrence[] = [];
  let onTheWay: { readonly direction: Direction; readonly wire: WireMessage }[] = [];

  /** Does something with a face; what it throws is given back to it, as core does. */
  function attempt(side: Side, action: (face: AnyFace) => Effects<unknown, unknown>): void {
    try {
      perform(side, action(faces[side]));
    } catch (thrown) {
      const error = toGatewayError(thrown);
      log.push({ kind: 'failed', by: side, error });
      try {
        perform(side, faces[side].session.fail(error));
      } catch (again) {
        log.push({ kind: 'failed', by: side, error: toGatewayError(again) });
        over[side] = true;
      }
    }
  }

  function perform(side: Side, effects: Effects<unknown, unknown>): void {
    const values: { readonly ref: number; readonly value: Command | Event }[] = [];
    for (const effect of effects) {
      if (over[side]) break;
      switch (effect.kind) {
        case 'send': {
          const direction = side === 'client' ? 'to-server' : 'to-client';
          const wire = faces[side].codec.encode(effect.frame);
          log.push({ kind: 'sent', direction, wire });
          onTheWay.push({ direction, wire });
          break;
        }
        case 'route':
          values.push({ ref: effect.ref, value: effect.value as Command | Event });
          break;
        case 'settled':
          log.push({ kind: 'settled', ref: effect.ref, outcome: effect.outcome });
          break;
        case 'lost':
          log.push({ kind: 'lost', by: side, type: effect.type, fields: effect.fields });
          break;
        case 'ready':
          ready[side] = true;
          log.push({ kind: 'ready', by: side });
          break;
        case 'close':
          over[side] = true;
          log.push({ kind: 'closed', by: side, reason: effect.reason, text: effect.text });
          break;
        case 'timer':
          break;
        default:
          effect satisfies never;
      }
    }
    // Nothing is settled before everything that was said with it.
    for (const { ref, value } of values) routed(side, ref, value);
  }

  function routed(side: Side, ref: number, value: Command | Event): void {
    log.push({ kind: 'routed', by: side, value });
    if (side === 'client') {
      options.onEvent?.(value as Event);
      attempt(side, ({ session }) => session.settle(ref, DONE));
      return;
    }
    const { outcome, events } = options.onCommand(value as Command);
    attempt(side, ({ session }) => session.settle(ref, outcome));
    for (const event of events) attempt(side, ({ session }) => session.deliver(event));
  }

  function receive(direction: Direction, wire: WireMessage): void {
    const side = receiverOf(direction);
    if (over[side]) return;
    const message = typeof wire === 'string' && dialect.text === 'bytes' ? encoder.encode(wire) : wire;
    attempt(side, ({ codec, session }) => {
      for (const frame of codec.decode(message)) {
        if (over[side]) break;
        attempt(side, () => session.receive(frame));
      }
      return [];
    });
  }

  /** Carries wire messages until there are none; gives what happened since the last time. */
  function settleDown(): readonly Occurrence[] {
    for (let carried = 0; onTheWay.length > 0; carried++) {
      const [next, ...rest] = onTheWay;
      onTheWay = rest;
      if (next === undefined) break;
      if (carried >= MOST_WIRES) {
        const error = new GatewayError('internal', { detail: 'the two faces do not stop talking' });
        log.push({ kind: 'failed', by: receiverOf(next.direction), error });
        onTheWay = [];
        break;
      }
      receive(next.direction, next.wire);
    }
    const happened = log;
    log = [];
    return happened;
  }

  for (const side of ['server', 'client'] as const) {
    if (!over[side]) attempt(side, ({ session }) => session.open());
  }
  const login = settleDown();

  return {
    login,
    ready,
    get closed() {
      return over.client || over.server;
    },
    deliver(direction, value, ref = 1) {
      const side = senderOf(direction);
      if (!over[side]) attempt(side, ({ session }) => session.deliver(value, ref));
      return settleDown();
    },
    inject(direction, wire) {
      receive(direction, wire);
      return settleDown();
    },
  };
}

function facesOf(options: LoopbackOptions): Readonly<Record<Side, AnyFace>> {
  const { dialect, user, authentication = 'required' } = options;
  const { namespace: _namespace, ...profile } = user;
  const credentials = options.credentials ?? [
    authentication === 'none' ? { kind: 'claim', user: profile } : { kind: 'token', token: TOKEN },
  ];
  const endpoint = endpointOf(dialect, { options: options.options, authentication });
  const newId = countedIds();
  const shared = {
    identity: options.identity ?? identityOf(dialect),
    subprotocol: dialect.subprotocols[0],
    newId,
  };
  // What is in the URL is known to the server before the first frame.
  const inUrl = dialect.loginBy === 'query' ? credentials : [];
  const server = connectionOf({ ...shared, id: CONNECTION_ID, credentials: inUrl });
  const client = connectionOf({ ...shared, id: 'c-client', credentials });
  return {
    server: dialect.server(endpoint)(server) as AnyFace,
    client: dialect.client(endpoint)(client) as AnyFace,
  };
}
