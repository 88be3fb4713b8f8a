/** The messages that an upstream server has not answered yet, by their id on the wire. */
import type { Message } from '../../schemas/model.ts';

/** `message` is what the sender will be told is stored. */
export interface Awaited {
  readonly ref: number;
  readonly message: Message;
}

/** One id twice in flight is answered in the order of sending. Bounded by core's limit of commands in flight. */
export class AwaitedMessages {
  readonly #byId = new Map<string, Awaited[]>();

  add(id: string, awaited: Awaited): void {
    const queue = this.#byId.get(id);
    if (queue === undefined) this.#byId.set(id, [awaited]);
    else queue.push(awaited);
  }

  /** The oldest with this id, which is then forgotten; undefined if none waits. */
  take(id: string): Awaited | undefined {
    const queue = this.#byId.get(id);
    const awaited = queue?.shift();
    if (queue?.length === 0) this.#byId.delete(id);
    return awaited;
  }
}
