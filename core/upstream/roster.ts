/**
 * The list of who is there, for clients whose dialect is pushed one, from servers whose dialect only says who
 * comes and goes. What it can't know it does not say: nobody is listed as offline.
 */
import type { Event, EventOf } from '../../schemas/event.ts';
import type { Group, User } from '../../schemas/model.ts';
import type { TimerWheel, WheelTimer } from '../timer-wheel.ts';
import { bareGroup } from './results.ts';

export interface UpstreamRosterParts {
  readonly namespace: string;
  readonly group: string;
  /** Least time between two pushes, ms. */
  readonly intervalMs: number;
  readonly self: User;
  /** `upstream.limits.listed`. */
  readonly most: number;
  readonly wheel: TimerWheel;
  push(event: EventOf<'user_list'>): void;
  lost(): void;
}

export class UpstreamRoster {
  readonly #parts: UpstreamRosterParts;
  readonly #online = new Map<string, User>();
  #group: Group;
  #due: WheelTimer | undefined;
  #pushedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: UpstreamRosterParts) {
    this.#parts = parts;
    this.#group = bareGroup(parts.namespace, parts.group);
    this.#online.set(parts.self.id, parts.self);
  }

  /** Everybody who is there now. */
  get online(): readonly User[] {
    return [...this.#online.values()];
  }

  get group(): Group {
    return this.#group;
  }

  /** As the answer to a join says. */
  joined(group: Group, attending: readonly User[]): void {
    if (group.id !== this.#group.id) return;
    this.#group = group;
    for (const user of attending) this.#add(user);
    this.#changed();
  }

  /** True if the event was about this list. */
  see(event: Event): void {
    switch (event.type) {
      case 'member_joined':
      case 'member_left':
        if (event.group.id !== this.#group.id) return;
        if (event.type === 'member_joined') this.#add(event.user);
        else this.#remove(event.user);
        this.#changed();
        return;
      case 'presence_changed':
        if (event.online) this.#add(event.user);
        else this.#remove(event.user);
        this.#changed();
        return;
      default:
    }
  }

  /** The whole list, to a client that is ready for it. */
  welcome(): void {
    this.#push();
  }

  stop(): void {
    if (this.#due !== undefined) this.#parts.wheel.cancel(this.#due);
  }

  #add(user: User): void {
    if (this.#online.size >= this.#parts.most && !this.#online.has(user.id)) this.#parts.lost();
    else this.#online.set(user.id, user);
  }

  #remove(user: User): void {
    if (user.id !== this.#parts.self.id) this.#online.delete(user.id);
  }

  #changed(): void {
    const { wheel, intervalMs } = this.#parts;
    if (this.#due !== undefined) return;
    this.#due = wheel.arm(Math.max(0, this.#pushedAt + intervalMs - wheel.now()), () => {
      this.#due = undefined;
      this.#push();
    });
  }

  #push(): void {
    const { namespace, push, wheel } = this.#parts;
    this.#pushedAt = wheel.now();
    push({ type: 'user_list', namespace, group: this.#group, online: this.online, offline: [] });
  }
}
