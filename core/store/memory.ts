/**
 * The store in memory: for tests, for demonstrations, and for gateways that may forget on a restart.
 *
 * Nothing is scanned on an append. What is too old is removed in bounded steps as calls come in.
 */

import type { Message, Target } from '../../schemas/model.ts';
import { conversationKey } from '../../schemas/model.ts';
import { type GatewayError, toGatewayError } from '../errors.ts';
import { AnswerQueue } from './answers.ts';
import { MemoryIndex } from './memory-index.ts';
import type { Entry } from './memory-log.ts';
import { Members } from './memory-members.ts';
import { MemoryQueues } from './memory-queues.ts';
import { pageOf, placeOf } from './page.ts';
import type {
  AppendOperation,
  ConfirmedRange,
  HistoryQuery,
  MessageStore,
  MissedPage,
  MissedQuery,
  QueueEntry,
  StoreCallback,
  StoreLimits,
  StoreOperation,
  StoreResult,
} from './port.ts';
import {
  backlogFull,
  contentBytes,
  conversationFilter,
  duplicateConflict,
  exceeds,
  isDirect,
  isSameMessage,
  messageUnknown,
  notTheAuthor,
  queueFull,
  queuesFull,
  recipientOf,
} from './rules.ts';

type Undo = () => void;

export interface MemoryStoreOptions {
  readonly limits: StoreLimits;
  /** Epoch ms. */
  readonly now?: () => number;
}

/** Sizes of everything that could leak. */
export interface MemoryStoreStats {
  readonly messages: number;
  readonly remembered: number;
  readonly conversations: number;
  readonly users: number;
  readonly queues: number;
}

export class MemoryMessageStore implements MessageStore {
  private readonly limits: StoreLimits;
  private readonly now: () => number;
  private readonly answers = new AnswerQueue();
  private readonly members = new Members();
  private readonly index: MemoryIndex;
  private readonly queues = new MemoryQueues();
  private places = 0;

  constructor(options: MemoryStoreOptions) {
    this.limits = options.limits;
    this.now = options.now ?? Date.now;
    this.index = new MemoryIndex(options.limits, this.members);
  }

  commit(operations: readonly StoreOperation[], done: StoreCallback<readonly StoreResult[]>): void {
    this.run(done, (now) => {
      const [only] = operations;
      // What is refused alone has changed nothing.
      if (only !== undefined && operations.length === 1) return [this.apply(only, now, undefined)];
      const results: StoreResult[] = [];
      const undo: Undo[] = [];
      try {
        for (const operation of operations) results.push(this.apply(operation, now, undo));
      } catch (error) {
        for (const step of undo.reverse()) step();
        throw error;
      }
      return results;
    });
  }

  enroll(namespace: string, key: string, users: readonly string[], done: StoreCallback<void>): void {
    this.run(done, () => {
      if (isDirect(key) || users.length === 0) return;
      const conversation = this.members.conversation(namespace, key);
      for (const user of users) this.members.join(conversation, user);
    });
  }

  withdraw(namespace: string, key: string, users: readonly string[], done: StoreCallback<void>): void {
    this.run(done, () => {
      const conversation = this.members.existing(namespace, key);
      if (conversation === undefined) return;
      for (const user of users) {
        const state = this.members.user(namespace, user);
        if (state === undefined) continue;
        this.members.receive(state, conversation, { from: 1, to: conversation.last });
        if (!isDirect(key)) this.members.leave(state, conversation);
      }
      this.members.release(conversation);
    });
  }

  confirm(ranges: readonly ConfirmedRange[], done: StoreCallback<void>): void {
    this.run(done, () => {
      for (const { namespace, user, conversation: key, from, to } of ranges) {
        const conversation = this.members.existing(namespace, key);
        const state = this.members.user(namespace, user);
        if (conversation === undefined || state === undefined) continue;
        this.members.receive(state, conversation, { from, to: Math.min(to, conversation.last) });
      }
    });
  }

  missed(query: MissedQuery, done: StoreCallback<MissedPage>): void {
    this.run(done, () => {
      const place = placeOf(query.after);
      const admits = conversationFilter(query);
      const streams: Iterator<Entry, undefined>[] = [];
      const state = this.members.user(query.namespace, query.user);
      for (const [conversation, received] of state?.memberships ?? []) {
        if (received.floor >= conversation.last || !admits(conversation.key)) continue;
        streams.push(this.young(conversation.missedBy(query.user, received, place)));
      }
      const { items, next } = pageOf(streams, query.limit);
      return { messages: items.map((entry) => entry.message), next };
    });
  }

  history(query: HistoryQuery, done: StoreCallback<readonly Message[]>): void {
    this.run(done, (now) => {
      const conversation = this.members.existing(query.namespace, query.conversation);
      if (conversation === undefined) return [];
      const messages: Message[] = [];
      const horizon = now - this.limits.retentionMs;
      let sequence = Math.min(query.before ?? Number.POSITIVE_INFINITY, conversation.last + 1) - 1;
      for (; sequence >= conversation.first && messages.length < query.limit; sequence -= 1) {
        const entry = conversation.get(sequence);
        if (entry !== undefined && !entry.revoked && entry.message.sentAt > horizon)
          messages.push(entry.message);
      }
      return messages.reverse();
    });
  }

  find(
    query: {
      readonly namespace: string;
      readonly id: string;
      readonly author: string;
      readonly target?: Target | undefined;
    },
    done: StoreCallback<Message | undefined>,
  ): void {
    this.run(done, (now) => {
      const entry = this.index.find(query, now);
      if (entry === undefined || query.target === undefined) return entry?.message;
      return entry.conversation.key === conversationKey(query.target, query.author)
        ? entry.message
        : undefined;
    });
  }

  dequeue(namespace: string, queue: string, id: string, done: StoreCallback<void>): void {
    this.run(done, () => this.queues.remove(namespace, queue, id));
  }

  queued(
    query: {
      readonly namespace: string;
      readonly queue: string;
      readonly after?: string | undefined;
      readonly limit: number;
    },
    done: StoreCallback<readonly QueueEntry[]>,
  ): void {
    this.run(done, () => this.queues.after(query, query.limit));
  }

  close(): Promise<void> {
    return this.answers.drained();
  }

  stats(): MemoryStoreStats {
    return {
      ...this.index.counted,
      ...this.members.counted,
      queues: this.queues.counted,
    };
  }

  /** Works at once and answers later. */
  private run<Value>(done: StoreCallback<Value>, work: (now: number) => Value): void {
    try {
      const now = this.now();
      this.index.prune(now);
      this.answers.answer(done, { ok: true, value: work(now) });
    } catch (thrown) {
      const error: GatewayError = toGatewayError(thrown);
      this.answers.answer(done, { ok: false, error });
    }
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
      if (!isSameMessage(earlier.message, draft, earlier.said, said)) throw duplicateConflict(draft);
      return { kind: 'append', message: earlier.message, duplicate: true };
    }
    const bytes = contentBytes(draft);
    const recipient = recipientOf(draft);
    const waiting = recipient === undefined ? undefined : this.members.user(draft.namespace, recipient);
    if (recipient !== undefined) {
      const messages = (waiting?.messages ?? 0) + 1;
      if (exceeds({ messages, bytes: (waiting?.bytes ?? 0) + bytes }, this.limits)) throw backlogFull();
    }

    const conversation = this.members.conversation(draft.namespace, conversationKey(draft.to, draft.from.id));
    if (recipient !== undefined) {
      const state = this.members.join(conversation, recipient);
      state.messages += 1;
      state.bytes += bytes;
    }
    const message = conversation.next(draft);
    const entry: Entry = {
      message,
      conversation,
      place: ++this.places,
      bytes,
      said,
      revoked: false,
      kept: true,
      next: undefined,
    };
    conversation.push(entry);
    if (undo !== undefined) undo.push(this.index.remover(entry));
    this.index.add(entry);
    return { kind: 'append', message, duplicate: false };
  }

  private revoke(
    operation: { readonly namespace: string; readonly message: string; readonly author: string },
    now: number,
    undo: Undo[] | undefined,
  ): StoreResult {
    const entry = this.index.find({ ...operation, id: operation.message }, now);
    if (entry === undefined) throw messageUnknown();
    if (entry.message.from.id !== operation.author) throw notTheAuthor();
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

  private *young(entries: Iterator<Entry, undefined>): Generator<Entry, undefined> {
    const horizon = this.now() - this.limits.retentionMs;
    for (let step = entries.next(); step.done !== true; step = entries.next()) {
      if (step.value.message.sentAt > horizon) yield step.value;
    }
    return undefined;
  }
}
