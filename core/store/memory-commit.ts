/** Commits to the store in memory: all steps of one take effect, in order, or none does. */
import { conversationKey } from '../../schemas/conversation.ts';
import type { Entries } from './memory-entries.ts';
import type { MemoryIndex } from './memory-index.ts';
import type { Members } from './memory-members.ts';
import type { MemoryQueues } from './memory-queues.ts';
import type { Retention } from './memory-retention.ts';
import type { AppendOperation, MessageDraft, StoreLimits, StoreOperation, StoreResult } from './port.ts';
import {
  backlogFull,
  contentBytes,
  duplicateConflict,
  exceeds,
  isSameMessage,
  memoryFull,
  messageUnknown,
  notTheAuthor,
  queueFull,
  queuesFull,
  recipientOf,
} from './rules.ts';

type Undo = () => void;

export interface MemoryCommitsParts {
  readonly limits: StoreLimits;
  readonly entries: Entries;
  readonly index: MemoryIndex;
  readonly members: Members;
  readonly queues: MemoryQueues;
  readonly retention: Retention;
}

export class MemoryCommits {
  private readonly limits: StoreLimits;
  private readonly entries: Entries;
  private readonly index: MemoryIndex;
  private readonly members: Members;
  private readonly queues: MemoryQueues;
  private readonly retention: Retention;

  constructor({ limits, entries, index, members, queues, retention }: MemoryCommitsParts) {
    this.limits = limits;
    this.entries = entries;
    this.index = index;
    this.members = members;
    this.queues = queues;
    this.retention = retention;
  }

  /** @throws GatewayError as the port says; nothing has changed then */
  commit(operations: readonly StoreOperation[], now: number): readonly StoreResult[] {
    const [only] = operations;
    // What is refused alone has changed nothing.
    if (only !== undefined && operations.length === 1) {
      const result = this.apply(only, now, undefined);
      this.settle(result);
      return [result];
    }
    const results: StoreResult[] = [];
    const undo: Undo[] = [];
    try {
      for (const operation of operations) results.push(this.apply(operation, now, undo));
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    }
    for (const result of results) this.settle(result);
    return results;
  }

  /** Nobody waits for what is revoked. Only when it can't be taken back any more. */
  private settle(result: StoreResult): void {
    if (result.kind !== 'revoke') return;
    const { namespace, to, from, sequence } = result.message;
    const conversation = this.members.existing(namespace, conversationKey(to, from.id));
    if (conversation !== undefined) this.retention.settled(conversation, [{ from: sequence, to: sequence }]);
  }

  /** Nothing has changed if it throws. `undo`: what takes it back, if a later one of the same commit is refused. */
  private apply(operation: StoreOperation, now: number, undo: Undo[] | undefined): StoreResult {
    switch (operation.kind) {
      case 'append':
        return this.append(operation, now, undo);
      case 'revoke':
        return this.revoke(operation, now, undo);
      case 'enqueue': {
        const { entry } = operation;
        const size = this.queues.size(entry.namespace, entry.queue);
        if (size >= this.limits.queueEntries) throw queueFull();
        if (size === 0 && this.queues.counted >= this.limits.queueNames) throw queuesFull();
        if (this.retention.isFull) throw memoryFull();
        this.queues.add(entry);
        undo?.push(() => this.queues.remove(entry.namespace, entry.queue, entry.id));
        return { kind: 'enqueue' };
      }
      default:
        operation satisfies never;
        throw new Error('unknown operation');
    }
  }

  private append({ draft, said }: AppendOperation, now: number, undo: Undo[] | undefined): StoreResult {
    const earlier = this.index.duplicateOf(draft, now);
    if (earlier !== undefined) {
      const { message } = earlier;
      if (!isSameMessage(message, draft, earlier.said, said)) throw duplicateConflict(draft);
      return { kind: 'append', message, duplicate: true };
    }
    const bytes = contentBytes(draft);
    const recipient = recipientOf(draft);
    const waiting = recipient === undefined ? undefined : this.members.user(draft.namespace, recipient);
    if (recipient !== undefined) {
      const messages = (waiting?.messages ?? 0) + 1;
      if (exceeds({ messages, bytes: (waiting?.bytes ?? 0) + bytes }, this.limits)) throw backlogFull();
    }

    if (this.retention.isFull) throw memoryFull();

    const conversation = this.members.conversation(draft.namespace, conversationKey(draft.to, draft.from.id));
    const newcomer = waiting?.memberships.has(conversation) === true ? undefined : recipient;
    const message = conversation.next(draft);
    const takeBack = undo === undefined ? undefined : this.remover(draft, newcomer);
    // Before anything is counted: there may be no memory for it.
    const place = this.entries.add(message, conversation, said, bytes);
    if (recipient !== undefined) {
      const state = this.members.join(conversation, recipient);
      state.messages += 1;
      state.bytes += bytes;
    }
    this.members.push(conversation, place);
    this.index.add(message, place);
    if (takeBack !== undefined) undo?.push(() => takeBack(place));
    return { kind: 'append', message, duplicate: false };
  }

  /**
   * What takes back the next message that is appended, as long as it is the newest. `newcomer`: who becomes a member by
   * it, from its sequence on; who stayed one would take the next message of this sequence for received.
   */
  private remover(draft: MessageDraft, newcomer: string | undefined): (place: number) => void {
    const fromIndex = this.index.remover(draft);
    const fromEntries = this.entries.remover();
    return (place) => {
      const entry = this.entries.get(place);
      if (entry === undefined) return;
      const { conversation } = entry;
      this.members.settleBacklog(entry);
      fromIndex(entry);
      fromEntries();
      const state = newcomer === undefined ? undefined : this.members.user(conversation.namespace, newcomer);
      if (state !== undefined) this.members.leave(state, conversation);
      this.members.pop(conversation);
    };
  }

  private revoke(
    operation: { readonly namespace: string; readonly message: string; readonly author: string },
    now: number,
    undo: Undo[] | undefined,
  ): StoreResult {
    const entry = this.index.find({ ...operation, id: operation.message }, now);
    if (entry === undefined) throw messageUnknown();
    if (entry.from.id !== operation.author) throw notTheAuthor();
    if (!entry.revoked) {
      const settled = this.members.settleBacklog(entry);
      entry.revoked = true;
      undo?.push(() => {
        entry.revoked = false;
        if (settled === undefined) return;
        settled.messages += 1;
        settled.bytes += entry.bytes;
      });
    }
    return { kind: 'revoke', message: entry.message };
  }
}
