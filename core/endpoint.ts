/** One endpoint at run time: its configuration joined with its dialect, and everything its connections share. */

import { isDeepStrictEqual } from 'node:util';
import type { Command } from '../schemas/command.ts';
import type { EndpointConfig } from '../schemas/config.ts';
import type { Event, EventOf } from '../schemas/event.ts';
import type { User } from '../schemas/model.ts';
import type { Authenticator } from './auth/port.ts';
import type { Burst } from './burst.ts';
import { CLOSE_CODES, type CloseReason } from './close.ts';
import type { Connection } from './connection.ts';
import type {
  AnyDialect,
  ConnectionContext,
  DeliveryPolicy,
  EndpointContext,
  Face,
  WireIdentity,
} from './dialect.ts';
import { Flusher } from './flusher.ts';
import { userKey } from './groups.ts';
import type { Screen } from './hooks/screen.ts';
import { EndpointMetrics } from './metrics.ts';
import { PayloadEncryption } from './payload-encryption.ts';
import type { Part } from './strand.ts';
import type { Transport } from './transport.ts';
import type { Bridge } from './upstream/bridge.ts';

/** What one fan-out key gave for the event that is being delivered: bytes to write, and what they lack. */
export interface SharedDelivery {
  readonly part: Part;
  /** Bytes of the part, framed. */
  readonly size: number;
  readonly losses: readonly { readonly type: string; readonly fields: readonly string[] }[];
}

/** Remembers the encodings of the event that is being fanned out, per transport kind and key. */
export class Lane {
  #event: Event | undefined;
  readonly #byKey = new Map<string, SharedDelivery>();
  /** The one asked for or made last: most of a fan-out has the same key, and what is said to one has no other. */
  #lastKey = '';
  #last: SharedDelivery | undefined;

  get(event: Event, key: string): SharedDelivery | undefined {
    if (this.#event !== event) return undefined;
    if (this.#lastKey === key) return this.#last;
    const found = this.#byKey.get(key);
    if (found === undefined) return undefined;
    if (this.#last !== undefined) this.#byKey.set(this.#lastKey, this.#last);
    this.#lastKey = key;
    this.#last = found;
    return found;
  }

  set(event: Event, key: string, shared: SharedDelivery): void {
    if (this.#event === event) {
      if (this.#last !== undefined) this.#byKey.set(this.#lastKey, this.#last);
    } else {
      this.#event = event;
      if (this.#byKey.size > 0) this.#byKey.clear();
    }
    this.#lastKey = key;
    this.#last = shared;
  }
}

/** One for each kind of transport. */
export type Lanes = Readonly<Record<Transport['kind'], Lane>>;

export const newLanes = (): Lanes => ({ websocket: new Lane(), sockjs: new Lane() });

export interface EndpointParts {
  readonly config: EndpointConfig;
  readonly dialect: AnyDialect;
  readonly authenticators: readonly Authenticator[];
  readonly identity: WireIdentity;
  /** Asked before a message is stored; undefined: nobody is. */
  readonly screen?: Screen | undefined;
  /** Those of the endpoint that it replaces, so that they are counted on. */
  readonly metrics?: EndpointMetrics | undefined;
}

/** What a reload replaces while connections stay: they read it at each use, or as they open. */
export interface Settings {
  readonly config: EndpointConfig;
  readonly authenticators: readonly Authenticator[];
  readonly screen?: Screen | undefined;
}

export class Endpoint {
  config: EndpointConfig;
  readonly dialect: AnyDialect;
  readonly path: string;
  readonly namespace: string;
  authenticators: readonly Authenticator[];
  readonly authentication: 'required' | 'anonymous' | 'none';
  readonly identity: WireIdentity;
  readonly policy: DeliveryPolicy;
  screen: Screen | undefined;
  /** See `DeliveryPolicy.silent`. */
  readonly silent: ReadonlySet<Event['type']>;
  readonly metrics: EndpointMetrics;
  readonly flusher: Flusher;
  /** Wire messages are encrypted below the codec; undefined: they are not. */
  encryption: PayloadEncryption | undefined;
  readonly lanes = newLanes();
  /** Who handles its connections' commands: the hub, or a bridge to the server behind. Set where it is made. */
  bridge: Bridge | undefined;
  readonly connections = new Set<Connection>();
  /** A reload has taken it out of service: nobody new comes in, and whoever is here is asked to go. */
  isRetired = false;
  /** Open connections that are only told why they may not be. */
  told = 0;
  openFace: (connection: ConnectionContext) => Face<unknown, Event, Command>;
  /** The messages that connections of it are being told together; undefined: none. */
  burst: Burst | undefined;
  /** The newest list that was pushed, so that nobody gets an equal one twice. */
  roster: EventOf<'user_list'> | undefined;

  constructor(parts: EndpointParts) {
    const { config, dialect, authenticators, identity, screen } = parts;
    this.metrics = parts.metrics ?? new EndpointMetrics();
    this.config = config;
    this.dialect = dialect;
    this.path = config.path;
    this.namespace = config.namespace;
    this.authenticators = authenticators;
    this.authentication = config.auth === 'none' ? 'none' : config.anonymous ? 'anonymous' : 'required';
    this.identity = identity;
    this.policy = dialect.policy(config.options);
    this.silent = new Set(this.policy.silent);
    this.screen = screen;
    this.encryption = config.encryption === undefined ? undefined : new PayloadEncryption(config.encryption);
    this.flusher = new Flusher(config.flushInterval, this.metrics, config.presenceInterval);
    this.openFace = dialect.server(this.#context());
  }

  #context(): EndpointContext<unknown> {
    const { path, namespace, options, locale, limits, heartbeat } = this.config;
    return {
      path,
      namespace,
      authentication: this.authentication,
      options,
      locale,
      limits: { frame: limits.frame, content: limits.content },
      heartbeat: { silenceMs: heartbeat.silence },
    };
  }

  /**
   * Takes over another configuration of the same endpoint, no connection being touched. What of it the sessions are
   * made with (`heartbeat.silence`, limits of frames and contents) holds for those that come.
   */
  reconfigure({ config, authenticators, screen }: Settings): void {
    const { encryption } = config;
    const isSame = isDeepStrictEqual(config, this.config);
    if (!isDeepStrictEqual(encryption, this.config.encryption)) {
      this.encryption = encryption === undefined ? undefined : new PayloadEncryption(encryption);
    }
    this.config = config;
    this.authenticators = authenticators;
    this.screen = screen;
    this.flusher.intervalMs = config.flushInterval;
    this.flusher.presence = config.presenceInterval;
    if (!isSame) this.openFace = this.dialect.server(this.#context());
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  closeCode(reason: CloseReason): number {
    return this.config.closeCodes[reason] ?? CLOSE_CODES[reason];
  }

  /** Whether groups of this id may be addressed here at all (see `DeliveryPolicy.transientGroups`). */
  mayAddress(groupId: string, prefixes: ReadonlySet<string>): boolean {
    const own = this.policy.transientGroups?.prefix;
    for (const prefix of prefixes) {
      if (prefix !== own && groupId.startsWith(prefix)) return false;
    }
    return true;
  }
}

/** Who is behind a connection, once it has logged in. */
export interface ConnectedUser {
  readonly user: User;
  readonly anonymous: boolean;
  /** The user's key (`userKey`): made once, because every delivery asks by it. */
  readonly key: string;
}

export const connectedUser = (user: User, anonymous = false): ConnectedUser => ({
  user,
  anonymous,
  key: userKey(user),
});
