/** The clients of a bridge, each with its way to the server, and whose they are. */
import type { User } from '../../schemas/model.ts';
import type { ConfirmationHost } from '../confirmation.ts';
import type { Connection } from '../connection.ts';
import { userKey } from '../groups.ts';
import type { Link } from './link.ts';
import type { UpstreamRoster } from './roster.ts';

export interface Bridged {
  readonly link: Link;
  roster: UpstreamRoster | undefined;
}

export class BridgedClients {
  readonly #bridged = new Map<ConfirmationHost, Bridged>();
  readonly #byUser = new Map<string, Set<Connection>>();

  of(connection: ConfirmationHost): Bridged | undefined {
    return this.#bridged.get(connection);
  }

  add(connection: Connection, link: Link): void {
    this.#bridged.set(connection, { link, roster: undefined });
  }

  /** Connections of one user here. */
  ofUser(namespace: string, id: string): Iterable<Connection> {
    return this.#byUser.get(userKey({ namespace, id })) ?? [];
  }

  /** The user has been let in on this connection; gives all that the user has here. */
  identified(connection: Connection, user: User): ReadonlySet<Connection> {
    const key = userKey(user);
    const connections = this.#byUser.get(key) ?? new Set<Connection>();
    this.#byUser.set(key, connections.add(connection));
    return connections;
  }

  /** Lets go of the server: of a client that is gone, or that does not get in after all. */
  release(connection: Connection): void {
    const bridged = this.#bridged.get(connection);
    this.#bridged.delete(connection);
    bridged?.roster?.stop();
    bridged?.link.close();
    this.#forgetUser(connection);
  }

  #forgetUser(connection: Connection): void {
    const user = connection.user?.user;
    if (user === undefined) return;
    const key = userKey(user);
    const connections = this.#byUser.get(key);
    connections?.delete(connection);
    if (connections?.size === 0) this.#byUser.delete(key);
  }
}
