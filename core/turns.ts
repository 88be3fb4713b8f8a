/** Work that must not overlap other work on the same thing. */
import { userKey } from './groups.ts';
import type { Hub } from './hub.ts';

export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** How many things have work under way. */
  get size(): number {
    return this.#last.size;
  }

  /** Runs the work after all earlier work of the same key has ended, however it ended. Work must not wait for its own key. */
  async take<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}

/** What `Hub.turns` calls a user, and a group whichever of its names is used. */
export const userTurn = (namespace: string, id: string): string => `user:${userKey({ namespace, id })}`;
export const groupTurn = (hub: Hub, namespace: string, id: string): string =>
  `group:${userKey(hub.groups.find(namespace, id)?.group ?? { namespace, id })}`;
