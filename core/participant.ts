/**
 * A connection as the commands see it: on which endpoint it is, who has logged in there, what it attends, and how
 * often it may ask. It knows no socket and no session.
 */
import type { Logger } from 'pino';
import type { Credential } from '../schemas/command.ts';
import type { EventOf } from '../schemas/event.ts';
import type { Message } from '../schemas/model.ts';
import type { Lease } from './auth/lease.ts';
import type { ConnectionHost, Upgrade } from './connection-host.ts';
import type { ConnectionContext, WireIdentity } from './dialect.ts';
import type { ConnectedUser, Endpoint } from './endpoint.ts';
import { TokenBucket } from './rate-limit.ts';

const NO_CREDENTIALS: readonly Credential[] = Object.freeze([]);

/** To its session it is the context, and nothing more. */
export class Participant implements ConnectionContext {
  readonly id: string;
  readonly endpoint: Endpoint;
  /** What the upgrade carried, until somebody has logged in: they are secrets, and most connections live long. */
  credentials: readonly Credential[];
  readonly subprotocol: string | undefined;
  readonly remoteAddress: string;
  /** Those cookies of the upgrade that the endpoint names. */
  readonly cookies: Readonly<Record<string, string>>;
  /** Shared by all connections of the user; undefined where nobody is logged in. */
  userRate: TokenBucket | undefined;
  /** Whose rate that is; undefined where nobody is counted. */
  rated: object | undefined;
  /** Set by the router when a login succeeds. */
  user: ConnectedUser | undefined;
  /** Whether direct messages come here. */
  inbox = false;
  /** The newest roster that was pushed here. */
  roster: EventOf<'user_list'> | undefined;
  /** The credentials are good here and wait for the server behind, which has deadlines of its own. */
  awaitsUpstream = false;
  /** Ends the connection when its token does; undefined before login and where nobody vouches for the user. */
  lease: Lease | undefined;

  protected readonly host: ConnectionHost;
  // Made at their first use: most connections are idle, and there are many.
  #log: Logger | undefined;
  #rate: TokenBucket | undefined;
  #attendanceRate: TokenBucket | undefined;
  #attending: Set<string> | undefined;

  constructor(host: ConnectionHost, endpoint: Endpoint, remoteAddress: string, upgrade: Upgrade) {
    this.host = host;
    this.endpoint = endpoint;
    this.remoteAddress = remoteAddress;
    this.credentials = upgrade.credentials;
    this.cookies = upgrade.cookies;
    this.subprotocol = upgrade.subprotocol;
    this.id = host.newId();
  }

  get namespace(): string {
    return this.endpoint.namespace;
  }

  get identity(): WireIdentity {
    return this.endpoint.identity;
  }

  get isLoggedIn(): boolean {
    return this.user !== undefined;
  }

  /** Whether the message stays missed by its user until a delivery is confirmed. */
  isMissable(message: Message): boolean {
    return this.user !== undefined && this.host.isTracked(message, this.user);
  }

  now(): number {
    return this.host.now();
  }

  newId(): string {
    return this.host.newId();
  }

  get log(): Logger {
    this.#log ??= this.host.log.child({ connection: this.id, endpoint: this.endpoint.path });
    return this.#log;
  }

  /** Of commands: `limits.rate`. */
  get rate(): TokenBucket {
    this.#rate ??= new TokenBucket(this.endpoint.config.limits.rate, this.host.wheel.now());
    return this.#rate;
  }

  /** Of joining and subscribing: `limits.rate`, and all of `limits.subscriptions` at once. */
  get attendanceRate(): TokenBucket {
    const { rate, subscriptions } = this.endpoint.config.limits;
    this.#attendanceRate ??= new TokenBucket(
      { perSecond: rate.perSecond, burst: Math.max(rate.burst, subscriptions) },
      this.host.wheel.now(),
    );
    return this.#attendanceRate;
  }

  /** Keys of the groups and destinations that it attends. */
  get attending(): Set<string> {
    this.#attending ??= new Set();
    return this.#attending;
  }

  /** Nobody asks for them again once somebody has logged in. */
  protected forgetCredentials(): void {
    if (this.user !== undefined) this.credentials = NO_CREDENTIALS;
  }
}
