/** One endpoint at run time: its configuration joined with its dialect, and everything its connections share. */

import type { Command } from '../schemas/command.ts';
import type { EndpointConfig } from '../schemas/config.ts';
import type { Event } from '../schemas/event.ts';
import type { User } from '../schemas/model.ts';
import type { Authenticator } from './auth/port.ts';
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
import { EndpointMetrics } from './metrics.ts';
import { Flusher } from './outbox.ts';
import { PayloadEncryption } from './payload-encryption.ts';
import type { Transport } from './transport.ts';

/** What one fan-out key gave for the event that is being delivered: bytes to write, and what they lack. */
export interface SharedDelivery {
  readonly framed: Uint8Array;
  readonly losses: readonly { readonly type: string; readonly fields: readonly string[] }[];
}

/** Remembers the encodings of the event that is being fanned out, per transport kind and key. */
export class Lane {
  #event: Event | undefined;
  readonly #byKey = new Map<string, SharedDelivery>();

  get(event: Event, key: string): SharedDelivery | undefined {
    return this.#event === event ? this.#byKey.get(key) : undefined;
  }

  set(event: Event, key: string, shared: SharedDelivery): void {
    if (this.#event !== event) {
      this.#event = event;
      this.#byKey.clear();
    }
    this.#byKey.set(key, shared);
  }
}

export interface EndpointParts {
  readonly config: EndpointConfig;
  readonly dialect: AnyDialect;
  readonly authenticators: readonly Authenticator[];
  readonly identity: WireIdentity;
}

export class Endpoint {
  readonly config: EndpointConfig;
  readonly dialect: AnyDialect;
  readonly path: string;
  readonly namespace: string;
  readonly authenticators: readonly Authenticator[];
  readonly authentication: 'required' | 'anonymous' | 'none';
  readonly identity: WireIdentity;
  readonly policy: DeliveryPolicy;
  readonly metrics = new EndpointMetrics();
  readonly flusher: Flusher;
  /** Wire messages are encrypted below the codec; undefined: they are not. */
  readonly encryption: PayloadEncryption | undefined;
  readonly lanes: Readonly<Record<Transport['kind'], Lane>> = { websocket: new Lane(), sockjs: new Lane() };
  readonly connections = new Set<Connection>();
  /** Open connections that are only told why they may not be. */
  told = 0;
  readonly openFace: (connection: ConnectionContext) => Face<unknown, Event, Command>;
  /** The newest list that was pushed, so that nobody gets an equal one twice. */
  roster: { readonly event: Event; readonly signature: string } | undefined;

  constructor({ config, dialect, authenticators, identity }: EndpointParts) {
    this.config = config;
    this.dialect = dialect;
    this.path = config.path;
    this.namespace = config.namespace;
    this.authenticators = authenticators;
    this.authentication = config.auth === 'none' ? 'none' : config.anonymous ? 'anonymous' : 'required';
    this.identity = identity;
    this.policy = dialect.policy(config.options);
    this.encryption = config.encryption === undefined ? undefined : new PayloadEncryption(config.encryption);
    this.flusher = new Flusher(config.flushInterval);
    const context: EndpointContext<unknown> = {
      path: config.path,
      namespace: config.namespace,
      authentication: this.authentication,
      options: config.options,
      locale: config.locale,
      limits: { frame: config.limits.frame, content: config.limits.content },
      heartbeat: { silenceMs: config.heartbeat.silence },
    };
    this.openFace = dialect.server(context);
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
}
