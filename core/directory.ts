/** Who exists: users by namespace, their profiles, their connections, whom they have blocked. */
import type { Profile, User } from '../schemas/model.ts';
import type { Connection } from './connection.ts';
import { GatewayError } from './errors.ts';
import type { GroupRecord } from './groups.ts';
import { PairMap } from './pair-map.ts';
import { SmallSet } from './small-set.ts';

const NONE: ReadonlySet<never> = new Set();

export class UserRecord {
  /** Frozen; replaced as a whole when the profile changes. */
  user: User;
  /** Listed by the configuration or the backend; others are guests, forgotten with their last connection. */
  known: boolean;
  readonly connections = new SmallSet<Connection>();
  // Most users have none of them: an empty set for each would be most of what is kept of a user.
  #memberships: Set<GroupRecord> | undefined;
  #blocked: Set<string> | undefined;
  #contacts: Set<string> | undefined;

  constructor(user: User, known: boolean) {
    this.user = user;
    this.known = known;
  }

  /** Groups it is a member of. */
  get memberships(): ReadonlySet<GroupRecord> {
    return this.#memberships ?? NONE;
  }

  /** Ids of users of the same namespace that it does not want to hear from. */
  get blocked(): ReadonlySet<string> {
    return this.#blocked ?? NONE;
  }

  /** Ids of users of the same namespace that it knows. */
  get contacts(): ReadonlySet<string> {
    return this.#contacts ?? NONE;
  }

  setMembership(group: GroupRecord, isMember: boolean): void {
    this.#memberships = changed(this.#memberships, group, isMember);
  }

  setBlocked(user: string, isBlocked: boolean): void {
    this.#blocked = changed(this.#blocked, user, isBlocked);
  }

  setContact(user: string, isContact: boolean): void {
    this.#contacts = changed(this.#contacts, user, isContact);
  }
}

function changed<Item>(set: Set<Item> | undefined, item: Item, isIn: boolean): Set<Item> | undefined {
  if (isIn) return (set ?? new Set()).add(item);
  set?.delete(item);
  return set;
}

/** Written out, it is one object of the right size; spread, it would be one that has to grow. */
function userIn(namespace: string, { id, name, avatar, extensions }: Profile): User {
  if (avatar === undefined && extensions === undefined) return Object.freeze({ namespace, id, name });
  return Object.freeze({
    namespace,
    id,
    name,
    ...(avatar === undefined ? {} : { avatar }),
    ...(extensions === undefined ? {} : { extensions }),
  });
}

export class Directory {
  readonly #records = new PairMap<UserRecord>();
  /** Logins refused because of `limits.guests`. */
  guestsRefused = 0;
  /** `limits.guests`. */
  maxGuests: number;
  #guests = 0;
  readonly #forgot: (user: User) => void;

  /** `forgot` is called for each guest of whom nothing is known any more. */
  constructor(maxGuests: number, forgot: (user: User) => void = () => {}) {
    this.maxGuests = maxGuests;
    this.#forgot = forgot;
  }

  get size(): number {
    return this.#records.size;
  }

  get guests(): number {
    return this.#guests;
  }

  find(namespace: string, id: string): UserRecord | undefined {
    return this.#records.get(namespace, id);
  }

  /** Everybody of the namespace, in no order. */
  in(namespace: string): Iterable<UserRecord> {
    return this.#records.values(namespace);
  }

  /** The profile that others see, or one made of the id alone. */
  userOf(namespace: string, id: string): User {
    return this.find(namespace, id)?.user ?? Object.freeze({ namespace, id, name: id });
  }

  /** Adds or replaces a user's profile; from then on it is known. */
  put(namespace: string, profile: Profile): UserRecord {
    const user = userIn(namespace, profile);
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
    if (verified) return this.#add(userIn(namespace, profile), true);
    if (this.#guests >= this.maxGuests) {
      this.guestsRefused++;
      throw new GatewayError('limit_exceeded', { detail: 'too many guests' });
    }
    return this.#add(userIn(namespace, profile), false);
  }

  /** Nobody lists the user any more: it is forgotten when nothing else is known of it, as a guest is. */
  unlist(record: UserRecord): void {
    if (!record.known) return;
    record.known = false;
    this.#guests++;
    this.release(record);
  }

  /** Forgets a guest without connections, unless the backend has said something about it. */
  release(record: UserRecord): void {
    if (record.known || record.connections.size > 0 || record.memberships.size > 0) return;
    if (record.blocked.size > 0 || record.contacts.size > 0) return;
    if (!this.#records.delete(record.user.namespace, record.user.id)) return;
    this.#guests--;
    this.#forgot(record.user);
  }

  #add(user: User, known: boolean): UserRecord {
    const record = new UserRecord(user, known);
    this.#records.set(user.namespace, user.id, record);
    if (!known) this.#guests++;
    return record;
  }
}
