/**
 * The gateway's state and its composition: who exists, who is here (`presence.ts`), what they attend
 * (`attendance.ts`). Commands act on it (`commands/`), connections live in it, and it knows no dialect.
 */
import type { Logger } from 'pino';
import type { Command } from '../schemas/command.ts';
import type { Config } from '../schemas/config.ts';
import type { Message } from '../schemas/model.ts';
import { Admission } from './admission.ts';
import { addMember, attend, unattend, unattendGroup } from './attendance.ts';
import { isGuestId } from './bridged-view.ts';
import type { Bus } from './bus/port.ts';
import { perform } from './commands/index.ts';
import type { Connection } from './connection.ts';
import type { ConnectionHost } from './connection-host.ts';
import { Destinations } from './destinations.ts';
import type { Outcome } from './dialect.ts';
import { Directory, type UserRecord } from './directory.ts';
import type { ConnectedUser, Endpoint } from './endpoint.ts';
import { toGatewayError } from './errors.ts';
import { FanOut } from './fan-out.ts';
import { type GroupRecord, Groups } from './groups.ts';
import type { Hooks } from './hooks/hooks.ts';
import { newUlid } from './ids.ts';
import { Integers } from './integers.ts';
import type { Operator } from './operator.ts';
import { attach, detach } from './presence.ts';
import { endRevoked, Revocations } from './revocations.ts';
import { Rosters } from './roster.ts';
import { promised } from './store/answers.ts';
import type { DirectoryEntry, DirectoryStore } from './store/directory.ts';
import type { IdentityMap, MessageStore } from './store/port.ts';
import { TimerWheel } from './timer-wheel.ts';
import { Turns } from './turns.ts';

export interface HubParts {
  readonly config: Config;
  readonly store: MessageStore;
  readonly identities: IdentityMap;
  readonly directoryStore: DirectoryStore;
  readonly bus: Bus;
  readonly log: Logger;
  readonly node: string;
  /** Servers of the business that are asked and told; undefined: none. */
  readonly hooks?: Hooks | undefined;
  now(): number;
  newId(): string;
}

/** Whether nobody is connected there. */
const isDeserted = ({ connections, told }: Endpoint): boolean => connections.size === 0 && told === 0;

export class Hub implements ConnectionHost {
  /** Replaced as a whole by a reload. */
  config: Config;
  readonly store: MessageStore;
  readonly identities: Integers;
  readonly directoryStore: DirectoryStore;
  readonly log: Logger;
  /** One change at a time of each user and each group: what is saved last is what memory says. */
  readonly turns = new Turns();
  readonly wheel = new TimerWheel();
  readonly admission: Admission;
  readonly revocations: Revocations;
  readonly directory: Directory;
  readonly groups = new Groups();
  readonly destinations: Destinations;
  readonly fanOut: FanOut;
  readonly hooks: Hooks | undefined;
  readonly rosters: Rosters;
  readonly endpoints: Endpoint[] = [];
  /** Endpoints that a reload has taken out of service, until their last connection has gone. */
  readonly retired = new Set<Endpoint>();
  /** What an operator asks of the gateway as a whole; set where it is made. */
  operator: Operator | undefined;
  readonly connections = new Set<Connection>();
  readonly overlays = undefined;
  /** Prefixes of group ids that some endpoint makes groups for on demand. */
  readonly transientPrefixes = new Set<string>();
  readonly now: () => number;
  readonly newId: () => string;
  readonly #awaited = new Set<() => void>();
  #lastMessage: Message | undefined;
  #lastHome: GroupRecord | undefined;

  constructor(parts: HubParts) {
    this.config = parts.config;
    this.store = parts.store;
    this.directoryStore = parts.directoryStore;
    this.log = parts.log;
    this.now = parts.now;
    this.newId = parts.newId;
    this.admission = new Admission(parts.config.limits.admission, () => this.wheel.now());
    this.revocations = new Revocations(parts.now);
    this.identities = new Integers({
      durable: parts.identities,
      limits: () => this.config.limits.guestIntegers,
      mayShow: (user) => !isGuestId(user) && user !== this.config.api.system.id,
      now: () => this.wheel.now(),
      startedAt: parts.now(),
    });
    this.directory = new Directory(parts.config.limits.guests, ({ namespace, id }) =>
      this.identities.gone(namespace, id),
    );
    this.destinations = new Destinations(parts.store, parts.config.limits.queue, parts.log);
    const { hooks } = parts;
    this.hooks = hooks;
    this.fanOut = new FanOut({
      stored: hooks === undefined ? undefined : (message, path) => hooks.stored(message, path),
      node: parts.node,
      bus: parts.bus,
      directory: this.directory,
      groups: this.groups,
      destinations: this.destinations,
    });
    this.rosters = new Rosters(this);
  }

  addEndpoint(endpoint: Endpoint): void {
    this.endpoints.push(endpoint);
    const { transientGroups } = endpoint.policy;
    if (transientGroups !== undefined) this.transientPrefixes.add(transientGroups.prefix);
  }

  /** Every endpoint that has or may have connections. */
  get serving(): readonly Endpoint[] {
    return this.retired.size === 0 ? this.endpoints : [...this.endpoints, ...this.retired];
  }

  /** Another configuration and its endpoints. Gives those that are out of service from now on. */
  reconfigure(config: Config, endpoints: readonly Endpoint[]): readonly Endpoint[] {
    this.config = config;
    this.admission.reconfigure(config.limits.admission);
    this.directory.maxGuests = config.limits.guests;
    this.destinations.limits = config.limits.queue;
    const gone = this.endpoints.filter((endpoint) => !endpoints.includes(endpoint));
    for (const endpoint of gone) {
      endpoint.isRetired = true;
      if (!isDeserted(endpoint)) this.retired.add(endpoint);
    }
    this.endpoints.length = 0;
    this.transientPrefixes.clear();
    for (const endpoint of endpoints) this.addEndpoint(endpoint);
    for (const { policy } of this.retired) {
      if (policy.transientGroups !== undefined) this.transientPrefixes.add(policy.transientGroups.prefix);
    }
    return gone;
  }

  /** `at`: epoch ms, of a message that has a time. */
  newMessageId(at?: number): string {
    return newUlid(at);
  }

  // --- ConnectionHost -----------------------------------------------------------------------------------

  opened(connection: Connection): void {
    this.connections.add(connection);
    connection.endpoint.connections.add(connection);
    connection.endpoint.metrics.connectionsOpened++;
  }

  /** A connection that is told why it may not be: it counts as nobody's. */
  refused(connection: Connection): void {
    this.connections.add(connection);
    connection.endpoint.told++;
    connection.endpoint.metrics.connectionsRefused++;
  }

  submit(connection: Connection, command: Command, done: (outcome: Outcome) => void): void {
    try {
      perform(this, connection, command, done);
    } catch (error) {
      done({ ok: false, error: toGatewayError(error) });
    }
  }

  ready(connection: Connection): void {
    const { policy } = connection.endpoint;
    this.rosters.welcome(connection);
    if (policy.replay !== 'login' || connection.user === undefined || connection.user.anonymous) return;
    connection.deliveries.replay(policy.groups === undefined ? {} : { groups: policy.groups });
  }

  isTracked(message: Message, { user, anonymous, key }: ConnectedUser): boolean {
    if (anonymous || message.namespace !== user.namespace) return false;
    if (message.to.type === 'user') return message.to.id === user.id || message.from.id === user.id;
    return this.#homeOf(message)?.members.has(key) === true;
  }

  /** The group whose log a message is in. The one before is remembered: a fan-out asks for each recipient. */
  #homeOf(message: Message): GroupRecord | undefined {
    if (message !== this.#lastMessage) {
      const record = this.groups.find(message.namespace, message.to.id);
      this.#lastMessage = message;
      this.#lastHome = record?.group.namespace === message.namespace ? record : undefined;
    }
    return this.#lastHome;
  }

  /** The log has it, and losses are counted: nobody else waits for it. */
  unsaid(): void {}

  mayReceive(): boolean {
    return true;
  }

  drained(): void {}

  /** The gateway is the server: what it does not know is refused. */
  pass(): boolean {
    return false;
  }

  closed(connection: Connection): void {
    this.detach(connection);
    this.admission.leave(connection.remoteAddress);
    this.connections.delete(connection);
    const { endpoint } = connection;
    if (!endpoint.connections.delete(connection)) endpoint.told--;
    if (endpoint.isRetired && isDeserted(endpoint)) this.retired.delete(endpoint);
    for (const look of this.#awaited) look();
  }

  /** Resolves when no connection is left. */
  empty(): Promise<void> {
    return this.until(() => this.connections.size === 0);
  }

  /** Resolves when it is so; looked at whenever a connection has gone. */
  until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return;
        this.#awaited.delete(look);
        resolve();
      };
      this.#awaited.add(look);
    });
  }

  // --- revocation ---------------------------------------------------------------------------------------

  /** No token of the user issued until now is good any more. Gives how many connections ended for it. */
  revokeUser(namespace: string, user: string): number {
    return this.revokeTokens(namespace, user, this.now() + 1);
  }

  /** The user's tokens issued before `before` (epoch ms) are good no more, and connections that rest on them end. */
  revokeTokens(namespace: string, user: string, before: number): number {
    this.revocations.add(namespace, user, before);
    return endRevoked(this.connectionsOf(namespace, user), before);
  }

  /** A user's open connections, those through to another server included. */
  connectionsOf(namespace: string, user: string): readonly Connection[] {
    const own = this.directory.find(namespace, user)?.connections ?? [];
    return [...own, ...this.serving.flatMap(({ bridge }) => bridge?.connectionsOf(namespace, user) ?? [])];
  }

  // --- who is here, and what they attend ----------------------------------------------------------------

  attach(connection: Connection, record: UserRecord): void {
    attach(this, connection, record);
  }

  detach(connection: Connection): void {
    detach(this, connection);
  }

  attend(connection: Connection, record: GroupRecord): void {
    attend(this, connection, record);
  }

  unattendGroup(connection: Connection, record: GroupRecord): void {
    unattendGroup(this, connection, record);
  }

  unattend(connection: Connection, key: string): void {
    unattend(this, connection, key);
  }

  addMember(record: GroupRecord, member: UserRecord): void {
    addMember(this, record, member);
  }

  /** Makes changes of users and groups durable, all or none. @throws GatewayError store_unavailable */
  save(entries: readonly DirectoryEntry[]): Promise<void> {
    return promised((done) => this.directoryStore.save(entries, done));
  }

  stop(): void {
    this.fanOut.close();
    this.wheel.stop();
  }
}
