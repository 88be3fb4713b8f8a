/**
 * The contract between the core and a dialect. Everything in this file is types and one identity function:
 * a dialect is a value of type `Dialect`, made of pure, synchronous parts.
 *
 * Adding a dialect is one folder under `adapters/` and one line in `adapters/index.ts`.
 */
import type { z } from 'zod';
import type { Command, Credential } from '../schemas/command.ts';
import type { Event, EventOf } from '../schemas/event.ts';
import type { Result } from '../schemas/outcome.ts';
import type { CloseReason } from './close.ts';
import type { GatewayError, Locale } from './errors.ts';
import type { DialectReference } from './reference.ts';

/** A WebSocket message: text or binary. */
export type WireMessage = string | Uint8Array;

/**
 * Wire messages <-> frames. One per connection, because it may hold a partial frame. Pure and synchronous:
 * no clock, no I/O.
 *
 * `decode` yields each whole frame and may then throw a GatewayError; frames already yielded stand.
 * `encode` gives one wire message: a string is sent as text, bytes as binary.
 */
export interface Codec<Frame> {
  decode(message: WireMessage): Iterable<Frame>;
  encode(frame: Frame): WireMessage;
}

/** How a command or a delivered value ended. */
export type Outcome =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly error: GatewayError };

/** What restarts a timer by itself: any wire message from the peer, that or a WebSocket pong, or any send. */
export type TimerRestart = 'received' | 'received_or_pong' | 'sent';

/** What a session wants done. Sessions only return effects; core carries them out, in order. */
export type Effect<Frame, Out> =
  /** Submit a canonical value. `ref` is the session's own number for it: `settle(ref, ...)` comes exactly once. */
  | { readonly kind: 'route'; readonly ref: number; readonly value: Out }
  /**
   * Send a frame. `confirm: 'dialect'` says that the client will acknowledge it by a frame of its own
   * (`settle_delivery`); otherwise core takes the next WebSocket pong for the confirmation of a delivery.
   * Client faces: `ref` names the value that the frame carries, if the face had held it back until now.
   */
  | { readonly kind: 'send'; readonly frame: Frame; readonly confirm?: 'dialect'; readonly ref?: number }
  /** Client faces only: the peer has answered the value that was delivered under `ref`. */
  | { readonly kind: 'settled'; readonly ref: number; readonly outcome: Outcome }
  /** This dialect can't say a thing: the value's type and the fields that vanish (`['*']`: all of it). */
  | { readonly kind: 'lost'; readonly type: string; readonly fields: readonly string[] }
  /**
   * Arm a named timer; re-arming replaces, `null` cancels. With `restart`, traffic of that kind starts it
   * over without a further effect, and time during which core has paused reading does not count.
   */
  | {
      readonly kind: 'timer';
      readonly name: string;
      readonly afterMs: number | null;
      readonly restart?: TimerRestart;
    }
  /** From here on core delivers; before it, core holds values back (bounded). */
  | { readonly kind: 'ready' }
  /** End the connection, after everything sent before. `text` is cut to 123 bytes by core. */
  | { readonly kind: 'close'; readonly reason: CloseReason; readonly text: string };

export type Effects<Frame, Out> = readonly Effect<Frame, Out>[];

/**
 * Protocol state of one connection. Synchronous; no I/O; time, ids and randomness come from the context.
 *
 * Any method may throw a GatewayError: core gives it back to `fail` (or to `settle`, if a command caused it).
 */
export interface Session<Frame, In, Out> {
  /** The connection is open: what is said first. */
  open(): Effects<Frame, Out>;
  /** A frame from the peer. */
  receive(frame: Frame): Effects<Frame, Out>;
  /** A canonical value for the peer. `ref` is given to client faces, which answer it with a `settled` effect. */
  deliver(value: In, ref?: number): Effects<Frame, Out>;
  /** The outcome of a routed value, exactly once for each `ref`. */
  settle(ref: number, outcome: Outcome): Effects<Frame, Out>;
  /** A fault with no command behind it; the error carries what could be salvaged from the frame. */
  fail(error: GatewayError): Effects<Frame, Out>;
  /** A timer armed by a `timer` effect has run out. */
  expire(timer: string): Effects<Frame, Out>;
  /**
   * The fast path. Sessions of one endpoint that return the same key for a value get the same bytes, encoded
   * once. A key only if `deliver` would give exactly one `send`, change no state and lose the same things, and
   * it must tell apart whatever changes the encoding; the origin's own session returns undefined.
   * Of messages to one group: sessions with the same key for one have the same key for the next, whoever writes it,
   * unless one of them is called in between or is its origin. Core then asks only one of them.
   */
  fanoutKey?(value: In): string | undefined;
  /**
   * The fast path of client faces: the message that `receive` would route, if every session of the endpoint that is
   * ready makes the same of the frame, now and later, and neither keeps anything of it nor asks what became of it. The
   * frame has to name the message: two that are the same are one message, said twice. Undefined: only `receive` knows.
   */
  commonMessage?(frame: Frame): EventOf<'message'> | undefined;
}

/** We are the server of a legacy client. */
export type ServerSession<Frame> = Session<Frame, Event, Command>;
/** We are the client of an upstream server. */
export type ClientSession<Frame> = Session<Frame, Command, Event>;

/** One side of a dialect on one connection. The two parts may share state (a negotiated version). */
export interface Face<Frame, In, Out> {
  readonly codec: Codec<Frame>;
  readonly session: Session<Frame, In, Out>;
}

/** Maps canonical user ids to what is on this endpoint's wire and back. Group ids are never mapped. */
export interface WireIdentity {
  /** The id on the wire, in decimal for integer identities; undefined if the user has none here. */
  toWire(userId: string): string | undefined;
  /** The canonical id; undefined if no user has this wire id. */
  toCanonical(wireId: string): string | undefined;
}

/** What a dialect needs to know of its endpoint; made once per endpoint. */
export interface EndpointContext<Options> {
  readonly path: string;
  readonly namespace: string;
  /** `none`: anybody is whoever they claim to be. `anonymous`: without a credential one may listen only. */
  readonly authentication: 'required' | 'anonymous' | 'none';
  readonly options: Options;
  readonly locale: Locale;
  readonly limits: {
    /** Largest frame, in bytes. */
    readonly frame: number;
    /** Longest inbound content, in code points. The router enforces it; a session may refuse earlier. */
    readonly content: number;
  };
  readonly heartbeat: {
    /** End a connection after this long without a sign of life by the dialect's own rules, ms; null: never. */
    readonly silenceMs: number | null;
  };
}

/** What came with the connection, and the session's sources of time and ids. */
export interface ConnectionContext {
  /** Unique; equals an event's `origin` if this connection caused the event. */
  readonly id: string;
  /** Server face: what the upgrade carried (`?token=`, cookie), until the session is ready. Client face: what to log in with. */
  readonly credentials: readonly Credential[];
  /** The negotiated WebSocket subprotocol, or undefined. */
  readonly subprotocol: string | undefined;
  readonly identity: WireIdentity;
  /** Epoch ms. */
  now(): number;
  /** A fresh UUID (version 4). */
  newId(): string;
}

/** How core treats connections of a dialect, given an endpoint's options. */
export interface DeliveryPolicy {
  /** `membership`: logged in means attending every group one is a member of. `explicit`: join or subscribe. */
  readonly attendance: 'membership' | 'explicit';
  /** Groups attended at login besides, by anybody whom they admit. */
  readonly attendAtLogin?: readonly string[];
  /** Direct messages come from login on, or once the user's own inbox is subscribed. */
  readonly inbox: 'login' | 'subscribe';
  /** When what was missed is replayed: after `ready`, after a join or subscription, or on `sync` only. */
  readonly replay: 'login' | 'attend' | 'sync';
  /** The only groups whose messages the dialect can say: others are offered live (and counted lost), not replayed. */
  readonly groups?: readonly string[];
  /**
   * Group ids with this prefix that nobody configured are open groups that come with their first attending
   * connection and go with the last, at most `limit` made by the endpoint. Endpoints whose policy does not name the
   * prefix can't address such a group at all.
   */
  readonly transientGroups?: { readonly prefix: string; readonly limit: number };
  /**
   * Events of which the dialect never says anything: they are counted as lost without asking the session, because
   * some of them come to everybody whenever anybody comes or goes.
   */
  readonly silent?: readonly Event['type'][];
  /** As a client: the server waits to hear which messages have arrived. Otherwise they are settled as they are taken. */
  readonly confirmsUpstream?: boolean;
  /** Push `user_list` of this group: whole after `ready`, then at most once per interval and only if it differs. */
  readonly roster?: { readonly group: string; readonly intervalMs: number };
}

export interface Dialect<Frame, Options> {
  /** Lower-case id, the folder's name, used in YAML, metrics and `extensions`. */
  readonly id: string;
  /** One line for people. */
  readonly title: string;
  /** Schema of the endpoint's `options`; every key has a default and a description. */
  readonly options: z.ZodType<Options>;
  /** WebSocket subprotocols offered, best first. A client that asks for none of them is accepted without. */
  readonly subprotocols: readonly string[];
  /** How text messages are handed to `decode`: as strings, or as UTF-8 bytes without a copy. */
  readonly text: 'string' | 'bytes';
  readonly defaults: {
    readonly locale: Locale;
    readonly identity: 'string' | 'integer';
    /** A second login of a user on the endpoint replaces the first. */
    readonly singleSession: boolean;
    readonly silenceMs: number | null;
    readonly closeCodes: Partial<Record<CloseReason, number>>;
  };
  /** What each of its frames and fields means, and where that is written. */
  readonly reference: DialectReference;
  /** Where a client of this dialect puts its token. */
  readonly loginBy: 'query' | 'frame';
  /**
   * What of a decoded frame its sender's schemas name, in whatever letters. Needed where the codec hands on frames with
   * all else that they hold; absent: it reads nothing that it does not know.
   */
  readonly known?: (frame: Frame, sender: 'client' | 'server') => Frame;
  policy(options: Options): DeliveryPolicy;
  server(endpoint: EndpointContext<Options>): (connection: ConnectionContext) => Face<Frame, Event, Command>;
  client(endpoint: EndpointContext<Options>): (connection: ConnectionContext) => Face<Frame, Command, Event>;
}

/** A dialect with its frame and option types hidden: what the registry holds and core works with. */
export type AnyDialect = Dialect<unknown, unknown>;

/** Checks a dialect's types, then hides them: core never looks inside a frame or an option. */
export function defineDialect<Frame, Options>(dialect: Dialect<Frame, Options>): AnyDialect {
  return dialect as unknown as AnyDialect;
}
