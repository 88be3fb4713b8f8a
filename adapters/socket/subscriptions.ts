/** The channels of one connection: by exact name, and by what they stand for. */
import type { Event } from '../../schemas/event.ts';
import type { Destination, Target } from '../../schemas/model.ts';

const NONE: readonly string[] = Object.freeze([]);

/** For events that may go out without a `channel`. */
const NO_CHANNEL: readonly undefined[] = Object.freeze([undefined]);

/**
 * Two names may stand for one target (`group:x` and `private-group:x`): the target is subscribed with its
 * first name and unsubscribed with its last, and each name gets its own copy of what is sent to the target.
 */
export class Subscriptions {
  readonly #targets = new Map<string, Target>();
  readonly #users = new Map<string, readonly string[]>();
  readonly #groups = new Map<string, readonly string[]>();

  get size(): number {
    return this.#targets.size;
  }

  targetOf(name: string): Target | undefined {
    return this.#targets.get(name);
  }

  namesOf(target: Destination): readonly string[] {
    switch (target.type) {
      case 'user':
        return this.#users.get(target.id) ?? NONE;
      case 'group':
        return this.#groups.get(target.id) ?? NONE;
      case 'topic':
      case 'queue':
        return NONE;
    }
  }

  add(name: string, target: Target): void {
    this.#targets.set(name, target);
    const byId = this.#byId(target);
    byId.set(target.id, [...(byId.get(target.id) ?? NONE), name]);
  }

  remove(name: string): void {
    const target = this.#targets.get(name);
    if (target === undefined) return;
    this.#targets.delete(name);
    const byId = this.#byId(target);
    const rest = (byId.get(target.id) ?? NONE).filter((other) => other !== name);
    if (rest.length === 0) byId.delete(target.id);
    else byId.set(target.id, rest);
  }

  /** Drops every name of a group that this connection can't attend any more. */
  removeGroup(id: string): void {
    for (const name of this.#groups.get(id) ?? NONE) this.#targets.delete(name);
    this.#groups.delete(id);
  }

  /**
   * Where an event goes out: the names of its conversation or group; what concerns the user, and group events
   * of groups that are not subscribed, on the own inbox's channels; without channel if that is not subscribed
   * either. Empty: this connection can't be told, because the event means nothing without its channel.
   */
  channelsOf(event: Event, self: string): readonly (string | undefined)[] {
    switch (event.type) {
      case 'message':
        return this.#conversation(event.message.to, self);
      case 'message_revoked':
        return this.#conversation(event.to, self);
      case 'message_read':
        return this.#conversation(event.target, self);
      case 'relayed':
        return this.namesOf(event.target);
      case 'member_joined':
      case 'member_left':
      case 'member_removed':
      case 'user_list':
      case 'group_dissolved':
      case 'group_transferred':
      case 'member_muted':
      case 'group_announcement': {
        const names = this.#groups.get(event.group.id);
        return names ?? this.#personal(self);
      }
      case 'group_invited':
      case 'presence_changed':
      case 'contact_requested':
      case 'contact_accepted':
        return this.#personal(self);
      case 'authenticated':
      case 'session_replaced':
      case 'going_away':
        return NO_CHANNEL;
    }
    return event satisfies never;
  }

  /** A direct conversation is seen on the own inbox's channels, whichever of the two wrote. */
  #conversation(target: Target, self: string): readonly string[] {
    return target.type === 'group' ? this.namesOf(target) : (this.#users.get(self) ?? NONE);
  }

  #personal(self: string): readonly (string | undefined)[] {
    return this.#users.get(self) ?? NO_CHANNEL;
  }

  #byId(target: Target): Map<string, readonly string[]> {
    return target.type === 'user' ? this.#users : this.#groups;
  }
}
