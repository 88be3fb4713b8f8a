/** What a client attends at its server: what has to be asked for again after a reconnection, and what it may hear. */
import type { Command, CommandOf } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Destination } from '../../schemas/model.ts';
import type { Result } from '../../schemas/outcome.ts';
import type { DeliveryPolicy } from '../dialect.ts';

type Joining = CommandOf<'join_group' | 'subscribe'>;

export class UpstreamAttendance {
  readonly #client: DeliveryPolicy;
  readonly #server: DeliveryPolicy;
  /** The command that began each attendance, by what is attended. */
  readonly #attended = new Map<string, Joining>();

  constructor(client: DeliveryPolicy, server: DeliveryPolicy) {
    this.#client = client;
    this.#server = server;
  }

  get size(): number {
    return this.#attended.size;
  }

  /** What is to be asked for at the first login, for a client that does not ask for it itself. */
  atLogin(groups: readonly string[], self: string | undefined): readonly Command[] {
    const wanted: Command[] = [];
    if (this.#client.attendance === 'membership' && this.#server.attendance === 'explicit') {
      const own = this.#client.roster === undefined ? [] : [this.#client.roster.group];
      const all = new Set([...groups, ...(this.#client.attendAtLogin ?? []), ...own]);
      for (const group of all) wanted.push({ type: 'join_group', group, exclusive: false });
    }
    if (this.#client.inbox === 'login' && this.#server.inbox === 'subscribe' && self !== undefined) {
      wanted.push({ type: 'subscribe', target: { type: 'user', id: self } });
    }
    if (this.#client.replay === 'login' && this.#server.replay === 'sync') wanted.push(SYNC);
    return wanted;
  }

  /** What to ask for again, in the order in which it was first asked for, and what was missed meanwhile. */
  get again(): readonly Command[] {
    return [...this.#attended.values(), ...(this.#server.replay === 'sync' ? [SYNC] : [])];
  }

  /** The result of what a server does for everybody and has no words to be asked for. */
  knownResult(command: Command): Result | undefined {
    const isInbox =
      (command.type === 'subscribe' || command.type === 'unsubscribe') && command.target.type === 'user';
    if (isInbox && this.#server.inbox === 'login') {
      const { target } = command;
      return command.type === 'subscribe' ? { type: 'subscribed', target } : { type: 'unsubscribed', target };
    }
    if (command.type !== 'sync' || this.#server.replay === 'sync') return undefined;
    const { target } = command;
    return target === undefined ? { type: 'synced', count: 0 } : { type: 'synced', target, count: 0 };
  }

  /** The server has granted a command. */
  granted(command: Command): void {
    switch (command.type) {
      case 'join_group':
        this.#attended.set(attendanceKey({ type: 'group', id: command.group }), command);
        break;
      case 'subscribe':
        this.#attended.set(attendanceKey(command.target), command);
        break;
      case 'leave_group':
        this.#attended.delete(attendanceKey({ type: 'group', id: command.group }));
        break;
      case 'unsubscribe':
        this.#attended.delete(attendanceKey(command.target));
        break;
      default:
    }
  }

  /** Whether the client hears this: a server that knows no joining sends it what it has not joined, too. */
  hears(event: Event): boolean {
    switch (event.type) {
      case 'message':
        return this.hearsOf(event.message.to);
      case 'message_revoked':
        return this.hearsOf(event.to);
      case 'member_joined':
      case 'member_left':
        return this.hearsOf({ type: 'group', id: event.group.id });
      default:
        return true;
    }
  }

  hearsOf(target: Destination, key = attendanceKey(target)): boolean {
    if (target.type === 'group') {
      return this.#client.attendance === 'membership' || this.#attended.has(key);
    }
    if (target.type !== 'user' || this.#client.inbox === 'login') return true;
    for (const key of this.#attended.keys()) if (key.startsWith('user:')) return true;
    return false;
  }
}

const SYNC: CommandOf<'sync'> = { type: 'sync' };

/** Under which it is kept that this is attended. */
export const attendanceKey = ({ type, id }: Destination): string => `${type}:${id}`;
