/** Who exists: users by namespace, their profiles, their connections, whom they have blocked. */
import type { Profile, User } from '../schemas/model.ts';
import type { Connection } from './connection.ts';
import { GatewayError } from './errors.ts';
import type { GroupRecord } from './groups.ts';

export interface UserRecord {
  /** Frozen; replaced as a whole when the profile changes. */
  user: User;
  /** Listed by the configuration or the backend; others are guests, forgotten with their last connection. */
  known: boolean;
  readonly connections: Set<Connection>;
  /** Groups it is a member of. */
  readonly memberships: Set<GroupRecord>;
  /** Ids of users of the same namespace that it does not want to hear from. */
  readonly blocked: Set<string>;
  /** Ids of users of the same namespace that it knows. */
  readonly contacts: Set<string>;
}

export class Directory {
  readonly #namespaces = new Map<string, Map<string, UserRecord>>();
  readonly #maxGuests: number;
  #guests = 0;
  #size = 0;

  constructor(maxGuests: number) {
    this.#maxGuests = maxGuests;
  }

  get size(): number {
    return this.#size;
  }

  get guests(): number {
    return this.#guests;
  }

  find(namespace: string, id: string): UserRecord | undefined {
    return this.#namespaces.get(namespace)?.get(id);
  }

  /** The profile that others see, or one made of the id alone. */
  userOf(namespace: string, id: string): User {
    return this.find(namespace, id)?.user ?? Object.freeze({ namespace, id, name: id });
  }

  /** Adds or replaces a user's profile; from then on it is known. */
  put(namespace: string, profile: Profile): UserRecord {
    const user: User = Object.freeze({ namespace, ...profile });
    const old = this.find(namespace, profile.id);
    if (old === undefined) return this.#add(user, true);
    old.user = user;
    if (!old.known) {
      old.known = true;
      this.#guests--;
    }
    return old;
  }

  /**
   * A user who logs in: as the directory has it, else with what the login says of it. `verified`: an
   * authenticator vouches for the id, so that it is known from now on; others are guests.
   *
   * @throws GatewayError limit_exceeded when there are `limits.guests` guests already
   */
  meet(namespace: string, profile: Profile, verified: boolean): UserRecord {
    const old = this.find(namespace, profile.id);
    if (old !== undefined) return old;
    if (verified) return this.#add(Object.freeze({ namespace, ...profile }), true);
    if (this.#guests >= this.#maxGuests)
      throw new GatewayError('limit_exceeded', { detail: 'too many guests' });
    return this.#add(Object.freeze({ namespace, ...profile }), false);
  }

  /** Forgets a guest without connections, unless the backend has said something about it. */
  release(record: UserRecord): void {
    if (record.known || record.connections.size > 0 || record.memberships.size > 0) return;
    if (record.blocked.size > 0 || record.contacts.size > 0) return;
    if (this.#namespaces.get(record.user.namespace)?.delete(record.user.id) !== true) return;
    this.#guests--;
    this.#size--;
  }

  #add(user: User, known: boolean): UserRecord {
    let users = this.#namespaces.get(user.namespace);
    if (users === undefined) {
      users = new Map();
      this.#namespaces.set(user.namespace, users);
    }
    const record: UserRecord = {
      user,
      known,
      connections: new Set(),
      memberships: new Set(),
      blocked: new Set(),
      contacts: new Set(),
    };
    users.set(user.id, record);
    this.#size++;
    if (!known) this.#guests++;
    return record;
  }
}
