/**
 * An endpoint in front of another server: the place of the hub for its connections. Every command of a client
 * passes `submit`, every event for it `#event`: whoever wants to watch a bridged conversation stands there.
 */
import type { Command, CommandOf } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Message, User } from '../../schemas/model.ts';
import { subjectOf } from '../auth/unverified.ts';
import { countFailure, takeLease } from '../commands/authenticate.ts';
import { type Identified, identify } from '../commands/identify.ts';
import { checkSender, speaker } from '../commands/permissions.ts';
import { checkRate, checkRates } from '../commands/rates.ts';
import { DONE, type Done } from '../commands/settlement.ts';
import type { ConfirmationHost } from '../confirmation.ts';
import type { Connection, ConnectionHost, DeliveryStore } from '../connection.ts';
import type { Outcome, WireMessage } from '../dialect.ts';
import { type ConnectedUser, connectedUser, type Endpoint } from '../endpoint.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import { userKey } from '../groups.ts';
import type { Hub } from '../hub.ts';
import { Link } from './link.ts';
import { type Laid, type Overlay, overlayOf, type Passage } from './passage.ts';
import { peopleOf } from './people.ts';
import { Recent } from './recent.ts';
import { UpstreamRoster } from './roster.ts';
import type { Besides } from './spool.ts';
import type { Upstream } from './upstream.ts';
import type { Received } from './upstream-session.ts';

/** Who somebody here says the client is. */
interface Vouched extends Identified {
  /** @throws GatewayError token_invalid: revoked meanwhile */
  standing(): void;
}

interface Bridged {
  readonly link: Link;
  roster: UpstreamRoster | undefined;
}

export class Bridge implements ConnectionHost {
  readonly wheel: Hub['wheel'];
  readonly log: Hub['log'];
  readonly now: Hub['now'];
  readonly newId: Hub['newId'];
  readonly store: DeliveryStore;
  readonly overlays = new WeakMap<Event, Overlay>();
  readonly upstream: Upstream;
  readonly #hub: Hub;
  readonly #endpoint: Endpoint;
  readonly #bridged = new Map<ConfirmationHost, Bridged>();
  readonly #byUser = new Map<string, Set<Connection>>();
  /** The same dialect on both sides: what the codec does not know passes. */
  readonly #isSame: boolean;

  constructor(hub: Hub, endpoint: Endpoint, upstream: Upstream) {
    this.#hub = hub;
    this.#endpoint = endpoint;
    this.upstream = upstream;
    this.wheel = hub.wheel;
    this.log = hub.log;
    this.now = hub.now;
    this.newId = hub.newId;
    this.#isSame = endpoint.dialect.id === upstream.dialect.id;
    this.store = {
      // What the client has is the server's to know, of this connection alone: another one of the same user has
      // deliveries of its own.
      confirm: (ranges, done, by) => {
        const { link } = this.#bridged.get(by) ?? {};
        for (const { conversation, from, to } of ranges) link?.incoming.confirmed(conversation, from, to);
        done({ ok: true, value: undefined });
      },
      // What was missed is the server's to send again.
      missed: (_query, done) => done({ ok: true, value: { messages: [], next: undefined } }),
    };
  }

  /** Connections of one user here, for whoever ends them. */
  connectionsOf(namespace: string, user: string): readonly Connection[] {
    return [...this.#connectionsOf(namespace, user)];
  }

  #connectionsOf(namespace: string, id: string): Iterable<Connection> {
    return this.#byUser.get(userKey({ namespace, id })) ?? [];
  }

  // --- ConnectionHost -----------------------------------------------------------------------------------

  submit(connection: Connection, command: Command, done: Done): void {
    try {
      this.#submit(connection, command, done);
    } catch (error) {
      done({ ok: false, error: toGatewayError(error) });
    }
  }

  ready(connection: Connection): void {
    const bridged = this.#bridged.get(connection);
    bridged?.roster?.welcome();
    bridged?.link.incoming.flow();
  }

  isTracked(_message: Message, { anonymous }: ConnectedUser): boolean {
    return !anonymous && this.upstream.policy.confirmsUpstream === true;
  }

  unsaid(connection: Connection, message: Message): void {
    const { link } = this.#bridged.get(connection) ?? {};
    link?.incoming.said(message);
  }

  mayReceive(connection: Connection): boolean {
    return this.#bridged.get(connection)?.link.mayReceive ?? true;
  }

  drained(connection: Connection): void {
    this.#bridged.get(connection)?.link.incoming.flow();
  }

  closed(connection: Connection): void {
    this.#release(connection);
    this.#hub.closed(connection);
  }

  /** Lets go of the server: of a client that is gone, or that does not get in after all. */
  #release(connection: Connection): void {
    const bridged = this.#bridged.get(connection);
    this.#bridged.delete(connection);
    bridged?.roster?.stop();
    bridged?.link.close();
    this.#forgetUser(connection);
  }

  pass(connection: Connection, wire: WireMessage, error: GatewayError): boolean {
    const { link } = this.#bridged.get(connection) ?? {};
    if (!this.#passes(error) || link === undefined) return false;
    try {
      // What no codec knows is a command all the same.
      checkRate(this.#hub, connection, 1);
      return link.passUp(wire);
    } catch (refusal) {
      connection.fault(refusal);
      return true;
    }
  }

  #passes({ code }: GatewayError): boolean {
    return this.#isSame && code === 'frame_unknown';
  }

  // --- commands -----------------------------------------------------------------------------------------

  #submit(connection: Connection, command: Command, done: Done): void {
    checkRates(this.#hub, connection, command);
    if (command.type === 'authenticate') {
      this.#authenticate(connection, command, done);
      return;
    }
    if (command.type === 'report_error') {
      connection.log.info(
        { code: command.code, text: command.message.slice(0, 200) },
        'the client reports an error',
      );
      done(DONE);
      return;
    }
    const bridged = this.#bridged.get(connection);
    if (command.type === 'disconnect' && bridged === undefined) {
      done(DONE);
      return;
    }
    const user = speaker(connection);
    for (const said of command.type === 'send_batch' ? command.items : [command]) {
      if ('claimedSender' in said) checkSender(user, said.claimedSender);
    }
    if (bridged === undefined) throw new GatewayError('unauthenticated');
    this.#checkSize(connection, bridged, command);
    if (command.type === 'settle_delivery') {
      this.#settleDeliveries(connection, bridged, command, done);
      return;
    }
    bridged.link.submit(command, this.#watched(bridged, command, done), this.#besides(connection, bridged));
  }

  /** @throws GatewayError content_too_long, limit_exceeded */
  #checkSize(connection: Connection, { link }: Bridged, command: Command): void {
    const { limits } = this.#endpoint.config;
    const items = command.type === 'send_batch' ? command.items : [command];
    for (const item of items) {
      if (item.type !== 'send_message' || item.content.length <= limits.content) continue;
      if ([...item.content].length > limits.content) {
        throw new GatewayError('content_too_long', {
          detail: `at most ${limits.content} characters`,
          ...(item.clientId === undefined ? {} : { messageId: item.clientId }),
        });
      }
    }
    const joins = command.type === 'join_group' || command.type === 'subscribe';
    if (joins && link.attending >= limits.subscriptions) {
      connection.log.info('too many subscriptions');
      this.#endpoint.metrics.countRefusal('subscriptions');
      throw new GatewayError('limit_exceeded', {
        detail: `at most ${limits.subscriptions} subscriptions on a connection`,
      });
    }
  }

  /** What an answer says of who is there is news for the list. */
  #watched(bridged: Bridged, command: Command, done: Done): Done {
    if (bridged.roster === undefined) return done;
    return (outcome) => {
      const { roster } = bridged;
      const result = outcome.ok ? outcome.result : undefined;
      if (result?.type === 'joined') roster?.joined(result.group, result.attending);
      const isAsked = command.type === 'list_users' && command.group === roster?.group.id;
      if (isAsked && !outcome.ok && outcome.error.code === 'unsupported') {
        done({
          ok: true,
          result: { type: 'users', group: roster.group, online: roster.online, offline: [] },
        });
      } else {
        done(outcome);
      }
    };
  }

  /** Messages are acknowledged to us, entries of a queue to the server. */
  #settleDeliveries(
    connection: Connection,
    { link }: Bridged,
    command: CommandOf<'settle_delivery'>,
    done: Done,
  ): void {
    const { accepted } = command;
    const entries = command.deliveries.filter(({ kind }) => kind === 'queue');
    let known = entries.length > 0;
    for (const delivery of command.deliveries) {
      if (delivery.kind !== 'message') continue;
      const { conversation, sequence } = delivery;
      if (!connection.acknowledge(conversation, sequence, accepted, () => {})) continue;
      known = true;
      if (!accepted) link.incoming.refused(conversation, sequence);
    }
    if (!known) throw new GatewayError('message_unknown', { detail: 'no such delivery' });
    if (entries.length === 0) done(DONE);
    else link.submit({ type: 'settle_delivery', deliveries: entries, accepted }, done, undefined);
  }

  /** What our codec did not know of the frame that the command came in. */
  #besides(connection: Connection, { link }: Bridged): Besides | undefined {
    const { received } = connection;
    if (!this.#isSame || received === undefined) return undefined;
    const overlay = this.#overlay(this.#upward, received, (frame) => link.encode(frame));
    return overlay && { overlay, bytes: received.wire.length };
  }

  #overlay(
    passage: Passage,
    { wire, frame }: Received,
    encode: (frame: unknown) => WireMessage | undefined,
  ): Overlay | undefined {
    return overlayOf({
      passage,
      received: wire,
      recent: this.#laid,
      carried: this.#carried,
      known: () => {
        try {
          return encode(frame);
        } catch (error) {
          const why = 'a frame can not be written again: what it has besides is not handed on';
          this.log.debug({ err: error }, why);
          return undefined;
        }
      },
    });
  }

  readonly #laid = new Recent<Laid>();
  /** A server that sees the client's own credential checks itself who says what. */
  get #upward(): Passage {
    return this.upstream.config.auth === 'pass' ? 'up' : 'vouched';
  }

  readonly #carried = (): void => {
    this.upstream.metrics.carried++;
  };

  // --- login --------------------------------------------------------------------------------------------

  #authenticate(connection: Connection, command: CommandOf<'authenticate'>, done: Done): void {
    const { credentials } = command;
    this.#identify(connection, command)
      .then(async (found) => {
        if (connection.isEnding) return;
        if (connection.user !== undefined) {
          this.#again(connection, command, found, done);
          return;
        }
        const identity = found?.identity;
        const user = identity === undefined ? undefined : this.#userOf(connection, identity);
        if (user !== undefined) await this.#prepared([user.id]);
        if (connection.isEnding) return;
        connection.awaitsUpstream = true;
        const guess = user ?? this.#guess(connection, credentials);
        this.#open(connection, { user, guess, credentials, found, done });
      })
      .catch((error: unknown) => {
        const refusal = toGatewayError(error);
        countFailure(this.#hub, connection, refusal);
        if (!connection.isEnding) done({ ok: false, error: refusal });
      });
  }

  async #identify(
    connection: Connection,
    { credentials }: CommandOf<'authenticate'>,
  ): Promise<Vouched | undefined> {
    if (this.#endpoint.config.auth === 'upstream') return undefined;
    const askedAt = this.now();
    const found = await identify(connection, credentials);
    if (found === undefined) return undefined;
    const standing = (): void => {
      if (!this.#hub.revocations.isRevoked(connection.namespace, found.identity, askedAt)) return;
      throw new GatewayError('token_invalid', { detail: 'revoked', fatal: 'unauthenticated' });
    };
    standing();
    return { ...found, standing };
  }

  #userOf(
    connection: Connection,
    identity: { userId: string; name?: string | undefined; avatar?: string | undefined },
  ): User {
    const { namespace } = connection;
    const known = this.#hub.directory.find(namespace, identity.userId)?.user;
    const { userId: id, name = id, avatar } = identity;
    return known ?? Object.freeze({ namespace, id, name, ...(avatar === undefined ? {} : { avatar }) });
  }

  /** Who a client says it is, where only the server behind can tell whether that is so. */
  #guess(connection: Connection, credentials: CommandOf<'authenticate'>['credentials']): User | undefined {
    const { namespace } = connection;
    for (const credential of credentials) {
      if (credential.kind === 'claim') return { namespace, ...credential.user };
      const id = credential.kind === 'password' ? credential.login : subjectOf(credential);
      if (id !== undefined) return { namespace, id, name: id };
    }
    return undefined;
  }

  /** Logged in already: a newer token takes the place of the older. */
  #again(
    connection: Connection,
    { credentials }: CommandOf<'authenticate'>,
    found: Vouched | undefined,
    done: Done,
  ): void {
    const { user, anonymous } = connection.user as ConnectedUser;
    if (found !== undefined) {
      if (found.identity.userId !== user.id) {
        throw new GatewayError('token_invalid', { detail: 'logged in as another user already' });
      }
      takeLease(this.#hub, connection, found);
      // The older token may not be good any more when the server has to be asked again.
      this.#bridged.get(connection)?.link.renew(credentials);
    }
    done({ ok: true, result: { type: 'authenticated', user, anonymous } });
  }

  #open(
    connection: Connection,
    {
      user,
      guess,
      credentials,
      found,
      done,
    }: {
      readonly user: User | undefined;
      readonly guess: User | undefined;
      readonly credentials: CommandOf<'authenticate'>['credentials'];
      readonly found: Vouched | undefined;
      readonly done: Done;
    },
  ): void {
    const { upstream, wheel, now, newId } = this;
    const hub = this.#hub;
    const { path, config, policy } = this.#endpoint;
    let login: ((outcome: Outcome) => void) | undefined = (outcome) => {
      login = undefined;
      connection.awaitsUpstream = false;
      done(outcome);
    };
    const link = new Link({
      upstream,
      applicant: {
        endpoint: path,
        user: user ?? guess,
        isGuess: user === undefined && this.#isSame,
        credentials,
      },
      namespace: connection.namespace,
      wheel,
      log: connection.log,
      closeTimeoutMs: config.limits.closeTimeout,
      now,
      newId,
      random: Math.random,
      client: {
        id: connection.id,
        policy,
        get isCongested() {
          return connection.isCongested;
        },
        prepare: (event) => this.#prepare(event),
        up: (self) => {
          const known = user ?? self ?? guess;
          if (known === undefined) {
            const detail = 'the server behind does not say who this is; give the endpoint an authenticator';
            connection.fault(new GatewayError('token_invalid', { detail }));
            return;
          }
          this.#admit(connection, known)
            .then(() => {
              if (connection.isEnding) return;
              // It may have been revoked while the server was asked.
              found?.standing();
              if (found !== undefined) takeLease(hub, connection, found);
              login?.({ ok: true, result: { type: 'authenticated', user: known, anonymous: false } });
            })
            .catch((error: unknown) => {
              this.#release(connection);
              connection.user = undefined;
              login?.({ ok: false, error: toGatewayError(error) });
            });
        },
        event: (event, received) => this.#event(connection, event, received),
        answer: (received, ok, say) => {
          const overlay = this.#overlayDown(connection, received, ok ? 'answer' : 'refusal');
          if (overlay === undefined) say();
          else connection.laid(overlay, say);
        },
        passes: (error) => this.#passes(error) && connection.isReady,
        pass: (wire) => connection.pass(wire),
        lost: (type, fields, value) => this.#endpoint.metrics.countLoss(type, fields, value),
        pump: () => connection.pump(),
        ended: (error) => {
          if (login === undefined) {
            connection.fault(error);
            return;
          }
          countFailure(hub, connection, error);
          login({ ok: false, error });
        },
      },
    });
    this.#bridged.set(connection, { link, roster: undefined });
    link.start();
  }

  /** The client is let in. @throws GatewayError store_unavailable: its number could not be made durable */
  async #admit(connection: Connection, user: User): Promise<void> {
    await this.#prepared([user.id]);
    const bridged = this.#bridged.get(connection);
    if (connection.isEnding || bridged === undefined) return;
    const key = userKey(user);
    const others = this.#byUser.get(key) ?? new Set();
    const most = this.#hub.config.limits.admission.connectionsPerUser;
    // Over all endpoints, as everywhere.
    if (this.#hub.connectionsOf(user.namespace, user.id).length >= most) {
      this.#endpoint.metrics.countRefusal('connections_per_user');
      throw new GatewayError('limit_exceeded', {
        fatal: 'policy',
        detail: `at most ${most} connections of one user`,
      });
    }
    this.#byUser.set(key, others.add(connection));
    connection.user = connectedUser(user);
    connection.rated = this.#hub.directory.find(user.namespace, user.id) ?? others;
    const { roster } = this.#endpoint.policy;
    if (roster === undefined || this.upstream.policy.roster !== undefined) return;
    bridged.roster = new UpstreamRoster({
      namespace: user.namespace,
      group: roster.group,
      intervalMs: roster.intervalMs,
      self: user,
      wheel: this.wheel,
      push: (event) => this.#pushRoster(connection, event),
      lost: () => this.#endpoint.metrics.countLoss('user_list', ['online']),
    });
    for (const { group, attending } of bridged.link.joinedAtLogin) bridged.roster.joined(group, attending);
  }

  #pushRoster(connection: Connection, event: Event): void {
    const prepared = this.#prepare(event);
    if (prepared === undefined) connection.offer(event);
    // Whoever has no number is left out of the list, and counted.
    else
      prepared.then(
        () => connection.offer(event),
        () => connection.offer(event),
      );
  }

  #forgetUser(connection: Connection): void {
    const user = connection.user?.user;
    if (user === undefined) return;
    const key = userKey(user);
    const connections = this.#byUser.get(key);
    connections?.delete(connection);
    if (connections?.size === 0) this.#byUser.delete(key);
  }

  // --- events -------------------------------------------------------------------------------------------

  #event(connection: Connection, event: Event, received: Received | undefined): void {
    const overlay = this.#overlayDown(connection, received, 'down');
    if (overlay !== undefined) this.overlays.set(event, overlay);
    this.#bridged.get(connection)?.roster?.see(event);
    connection.offer(event);
  }

  /** What the client is told of a frame of the server's, in the server's words; undefined where these can't be known. */
  #overlayDown(
    connection: Connection,
    received: Received | undefined,
    passage: Exclude<Passage, 'up' | 'vouched'>,
  ): Overlay | undefined {
    if (!this.#isSame || received === undefined) return undefined;
    return this.#overlay(passage, received, (frame) => connection.encode(frame));
  }

  /** Numbers for whoever has none yet, where the client's wire has numbers. */
  #prepare(event: Event): Promise<void> | undefined {
    if (this.#endpoint.config.identity !== 'integer') return undefined;
    const { identities } = this.#hub;
    const unknown = peopleOf(event).filter(
      (id) => identities.integerOf(this.#endpoint.namespace, id) === undefined,
    );
    return unknown.length === 0 ? undefined : this.#prepared([...new Set(unknown)]);
  }

  async #prepared(ids: readonly string[]): Promise<void> {
    const { namespace } = this.#endpoint;
    const { identities } = this.#hub;
    for (const id of ids) {
      // A number that somebody has at the server already is theirs here too, if it is free.
      const own = /^[1-9][0-9]{0,14}$/.test(id) ? Number(id) : undefined;
      const isFree = own !== undefined && identities.userOf(namespace, own) === undefined;
      await this.#hub.assignInteger(namespace, id, isFree ? own : undefined);
    }
  }
}
