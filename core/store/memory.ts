/**
 * The store in memory: for tests, for demonstrations, and for gateways that may forget on a restart.
 *
 * Nothing is scanned on an append. What is too old, and what there is no room for, is removed in bounded steps as calls
 * come in.
 */

import { conversationKey } from '../../schemas/conversation.ts';
import type { Message, Target } from '../../schemas/model.ts';
import { type GatewayError, toGatewayError } from '../errors.ts';
import { AnswerQueue } from './answers.ts';
import { MemoryCommits } from './memory-commit.ts';
import { Entries } from './memory-entries.ts';
import { MemoryIndex } from './memory-index.ts';
import type { Entry } from './memory-log.ts';
import { Members } from './memory-members.ts';
import { MemoryQueues } from './memory-queues.ts';
import { Retention } from './memory-retention.ts';
import { pageOf, placeOf } from './page.ts';
import type {
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
import { conversationFilter, isDirect } from './rules.ts';

export interface MemoryStoreOptions {
  readonly limits: StoreLimits;
  /** Bytes that all of it may take, estimated for what is not text; unbounded without. */
  readonly memory?: number;
  /** Epoch ms. */
  readonly now?: () => number;
}

/** How many there are of everything that could leak. */
export interface MemoryStoreStats {
  readonly messages: number;
  readonly remembered: number;
  readonly conversations: number;
  readonly users: number;
  readonly queues: number;
}

/** How full it is. */
export interface MemoryStoreUsage {
  /** What is taken, and what may be; estimated for what is not text. */
  readonly bytes: number;
  readonly limit: number;
  readonly messages: number;
  /** Messages that went before they were too old. */
  readonly forgotten: number;
}

export class MemoryMessageStore implements MessageStore {
  private readonly limits: StoreLimits;
  private readonly memory: number;
  private readonly now: () => number;
  private readonly answers = new AnswerQueue();
  private readonly entries: Entries;
  private readonly members: Members;
  private readonly index: MemoryIndex;
  private readonly queues = new MemoryQueues();
  private readonly retention: Retention;
  private readonly commits: MemoryCommits;

  constructor(options: MemoryStoreOptions) {
    this.limits = options.limits;
    this.now = options.now ?? Date.now;
    const { limits, memory = Number.POSITIVE_INFINITY } = options;
    this.memory = memory;
    this.entries = new Entries(memory);
    this.members = new Members(this.entries);
    this.index = new MemoryIndex(limits, this.entries);
    const { entries, index, members, queues } = this;
    this.retention = new Retention({ limits, memory, entries, index, members, queues });
    this.commits = new MemoryCommits({ limits, entries, index, members, queues, retention: this.retention });
  }

  commit(operations: readonly StoreOperation[], done: StoreCallback<readonly StoreResult[]>): void {
    this.run(done, (now) => this.commits.commit(operations, now));
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
        const spans = this.members.receive(state, conversation, { from: 1, to: conversation.last });
        if (!isDirect(key)) this.members.leave(state, conversation);
        this.retention.settled(conversation, spans);
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
        const span = { from, to: Math.min(to, conversation.last) };
        this.retention.settled(conversation, this.members.receive(state, conversation, span));
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
        if (entry !== undefined && !entry.revoked && entry.sentAt > horizon) messages.push(entry.message);
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

  usage(): MemoryStoreUsage {
    const { bytes, forgotten } = this.retention;
    return { bytes, limit: this.memory, messages: this.index.counted.messages, forgotten };
  }

  /** Not well while nothing more can be kept. Nobody else may ask for anything then: what can go goes here too. */
  health(): { readonly ok: boolean; readonly error?: string } {
    if (this.retention.isFull) this.retention.step(this.now());
    if (!this.retention.isFull) return { ok: true };
    const error = `what waits to be delivered, with what is known of conversations and members, takes all of limits.memory, ${this.memory} bytes`;
    return { ok: false, error };
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
      this.retention.step(now);
      this.answers.answer(done, { ok: true, value: work(now) });
    } catch (thrown) {
      const error: GatewayError = toGatewayError(thrown);
      this.answers.answer(done, { ok: false, error });
    }
  }

  private *young(entries: Iterator<Entry, undefined>): Generator<Entry, undefined> {
    const horizon = this.now() - this.limits.retentionMs;
    for (let step = entries.next(); step.done !== true; step = entries.next()) {
      if (step.value.sentAt > horizon) yield step.value;
    }
    return undefined;
  }
}
