/** Logins of a bridge's clients: who they are here, what the server says to that, and what they get once they are in. */
import type { CommandOf } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { User } from '../../schemas/model.ts';
import { subjectOf } from '../auth/unverified.ts';
import { countFailure, takeLease } from '../commands/authenticate.ts';
import { type Identified, identify } from '../commands/identify.ts';
import type { Done } from '../commands/settlement.ts';
import type { Connection } from '../connection.ts';
import type { Outcome } from '../dialect.ts';
import { type ConnectedUser, connectedUser, type Endpoint } from '../endpoint.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import type { BridgedClients } from './bridged-clients.ts';
import { Link } from './link.ts';
import type { LinkClient } from './link-parts.ts';
import type { Numbers } from './numbers.ts';
import { UpstreamRoster } from './roster.ts';
import type { Upstream } from './upstream.ts';

/** What a login comes to. */
export type LoginSteps = Pick<LinkClient, 'up' | 'ended'>;

export interface EntranceParts {
  readonly hub: Hub;
  readonly endpoint: Endpoint;
  readonly upstream: Upstream;
  readonly clients: BridgedClients;
  readonly numbers: Numbers;
  /** The client's side of its link. */
  clientOf(connection: Connection, steps: LoginSteps): LinkClient;
}

/** Who somebody here says the client is. */
interface Vouched extends Identified {
  /** @throws GatewayError token_invalid: revoked meanwhile */
  standing(): void;
}

export class Entrance {
  readonly #hub: Hub;
  readonly #endpoint: Endpoint;
  readonly #upstream: Upstream;
  readonly #clients: BridgedClients;
  readonly #numbers: Numbers;
  readonly #clientOf: EntranceParts['clientOf'];

  constructor({ hub, endpoint, upstream, clients, numbers, clientOf }: EntranceParts) {
    this.#hub = hub;
    this.#endpoint = endpoint;
    this.#upstream = upstream;
    this.#clients = clients;
    this.#numbers = numbers;
    this.#clientOf = clientOf;
  }

  authenticate(connection: Connection, command: CommandOf<'authenticate'>, done: Done): void {
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
        if (user !== undefined) await this.#numbers.assign([user.id]);
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
    const askedAt = this.#hub.now();
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
      this.#clients.of(connection)?.link.renew(credentials);
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
    const hub = this.#hub;
    const { wheel, now, newId } = hub;
    const { path, config, dialect } = this.#endpoint;
    const upstream = this.#upstream;
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
        isGuess: user === undefined && dialect.id === upstream.dialect.id,
        credentials,
      },
      namespace: connection.namespace,
      wheel,
      log: connection.log,
      closeTimeoutMs: config.limits.closeTimeout,
      now,
      newId,
      random: Math.random,
      client: this.#clientOf(connection, {
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
              this.#clients.release(connection);
              connection.user = undefined;
              login?.({ ok: false, error: toGatewayError(error) });
            });
        },
        ended: (error) => {
          if (login === undefined) {
            connection.fault(error);
            return;
          }
          countFailure(hub, connection, error);
          login({ ok: false, error });
        },
      }),
    });
    this.#clients.add(connection, link);
    link.start();
  }

  /** The client is let in. @throws GatewayError store_unavailable: its number could not be made durable */
  async #admit(connection: Connection, user: User): Promise<void> {
    await this.#numbers.assign([user.id]);
    const bridged = this.#clients.of(connection);
    if (connection.isEnding || bridged === undefined) return;
    const most = this.#hub.config.limits.admission.connectionsPerUser;
    // Over all endpoints, as everywhere.
    if (this.#hub.connectionsOf(user.namespace, user.id).length >= most) {
      this.#endpoint.metrics.countRefusal('connections_per_user');
      throw new GatewayError('limit_exceeded', {
        fatal: 'policy',
        detail: `at most ${most} connections of one user`,
      });
    }
    const others = this.#clients.identified(connection, user);
    connection.user = connectedUser(user);
    connection.rated = this.#hub.directory.find(user.namespace, user.id) ?? others;
    const { roster } = this.#endpoint.policy;
    if (roster === undefined || this.#upstream.policy.roster !== undefined) return;
    bridged.roster = new UpstreamRoster({
      namespace: user.namespace,
      group: roster.group,
      intervalMs: roster.intervalMs,
      self: user,
      most: this.#upstream.config.limits.listed,
      wheel: this.#hub.wheel,
      push: (event) => this.#pushRoster(connection, event),
      lost: () => this.#endpoint.metrics.countLoss('user_list', ['online']),
    });
    for (const { group, attending } of bridged.link.joinedAtLogin) bridged.roster.joined(group, attending);
  }

  #pushRoster(connection: Connection, event: Event): void {
    const prepared = this.#numbers.prepare(event);
    if (prepared === undefined) connection.deliveries.offer(event);
    // Whoever has no number is left out of the list, and counted.
    else
      prepared.then(
        () => connection.deliveries.offer(event),
        () => connection.deliveries.offer(event),
      );
  }
}
