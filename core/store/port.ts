/**
 * The port to durable state: conversation logs, what each user missed, queues.
 *
 * Every method returns at once and answers through its callback, later in the order in which the calls were
 * made. A callback with `ok: true` means that the effect survives whatever the implementation promises to
 * survive (the embedded store: a power cut). Nothing here throws.
 */

import type { Headers, Message, RelayBody, Target, User } from '../../schemas/model.ts';
import type { GatewayError } from '../errors.ts';

export type StoreOutcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: GatewayError };

export type StoreCallback<Value> = (outcome: StoreOutcome<Value>) => void;

/** A message before the store has given it its place: everything but `sequence`. */
export type MessageDraft = Omit<Message, 'sequence'>;

/** An entry of a queue: kept until a consumer has acknowledged it. */
export interface QueueEntry {
  /** ULID, unique over all queues. */
  readonly id: string;
  readonly namespace: string;
  readonly queue: string;
  readonly name: string;
  readonly headers: Headers;
  readonly body: RelayBody;
  readonly from: User | undefined;
  /** Epoch ms. */
  readonly at: number;
}

/** One step of a commit. All steps of a commit take effect, in order, or none does. */
export type StoreOperation =
  /** Append to the conversation's log, unless the sender used this client id before (see `Appended`). */
  | {
      readonly kind: 'append';
      readonly draft: MessageDraft;
      /** Fingerprint of what the client said, where the draft is not that: a repeat is told by it. */
      readonly said?: string | undefined;
    }
  /** The message is not replayed or shown in history any more. Only its author may; checked by the store. */
  | { readonly kind: 'revoke'; readonly namespace: string; readonly message: string; readonly author: string }
  | { readonly kind: 'enqueue'; readonly entry: QueueEntry };

export type AppendOperation = Extract<StoreOperation, { readonly kind: 'append' }>;

/** Answers each operation of a commit, in order. */
export type StoreResult =
  /**
   * `duplicate`: the same (namespace, sender, client id) was stored before with the same target and content;
   * `message` is the one stored then, and nothing was appended.
   */
  | { readonly kind: 'append'; readonly message: Message; readonly duplicate: boolean }
  | { readonly kind: 'revoke'; readonly message: Message }
  | { readonly kind: 'enqueue' };

/** A range of a conversation, by sequence, both ends included. */
export interface ConfirmedRange {
  readonly namespace: string;
  readonly user: string;
  /** As `conversationKey` gives it. */
  readonly conversation: string;
  readonly from: number;
  readonly to: number;
}

export interface MissedQuery {
  readonly namespace: string;
  readonly user: string;
  /** Only these conversations; undefined: all of the user's. */
  readonly conversations?: readonly string[] | undefined;
  /** Only direct conversations and those of these groups; undefined: no such restriction. */
  readonly groups?: readonly string[] | undefined;
  /** Where the previous page ended, as its `next` said; undefined: from the oldest. */
  readonly after?: string | undefined;
  /** Most messages in the page. */
  readonly limit: number;
}

export interface MissedPage {
  /** In the order in which they were stored, so in `sequence` order within each conversation. */
  readonly messages: readonly Message[];
  /** Give it as `after` for the next page; undefined: nothing was left when the page was read. */
  readonly next: string | undefined;
}

export interface HistoryQuery {
  readonly namespace: string;
  readonly conversation: string;
  /** Messages older than this sequence; undefined: from the newest. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Bounds that refuse instead of dropping; all per recipient of direct messages. */
export interface StoreLimits {
  readonly backlogMessages: number;
  /** Bytes of undelivered content, in UTF-8. */
  readonly backlogBytes: number;
  /** Undelivered messages and history older than this are removed, ms. */
  readonly retentionMs: number;
  /** How long a client id is remembered for de-duplication, ms. */
  readonly deduplicationMs: number;
  /** Most entries of one queue. */
  readonly queueEntries: number;
  /** Most queues with entries. */
  readonly queueNames: number;
}

/** What waits until a confirmation is noted: nothing, the client's answer, or whatever the client says next. */
export type Waits = 'nothing' | 'answer' | 'client';

export interface MessageStore {
  /**
   * Errors: duplicate_conflict (same client id, other target or content), recipient_queue_full (a direct
   * recipient's backlog, a queue, or the number of queues), message_unknown and forbidden (revoke), store_unavailable
   * (cannot be kept now, for want of room too).
   */
  commit(operations: readonly StoreOperation[], done: StoreCallback<readonly StoreResult[]>): void;

  /**
   * Makes users members of a group's conversation: from its present end on they can miss messages. Users of
   * direct conversations need no enrolment. Enrolling twice changes nothing.
   */
  enroll(namespace: string, conversation: string, users: readonly string[], done: StoreCallback<void>): void;
  /** They miss nothing of it any more; what they had missed is forgotten. */
  withdraw(
    namespace: string,
    conversation: string,
    users: readonly string[],
    done: StoreCallback<void>,
  ): void;

  /**
   * The users have received these. Ranges may overlap, repeat and leave gaps; what lies in a gap stays missed.
   * The less waits until it is noted, the more milliseconds that may take; by default nothing does.
   */
  confirm(ranges: readonly ConfirmedRange[], done: StoreCallback<void>, waits?: Waits): void;
  /** Messages to the user (never the user's own) that nobody confirmed for them. */
  missed(query: MissedQuery, done: StoreCallback<MissedPage>): void;

  /** Newest last. Revoked messages are left out. */
  history(query: HistoryQuery, done: StoreCallback<readonly Message[]>): void;
  /**
   * Finds a message by the gateway's id, or by `author`'s own client id; `target` narrows the search to the
   * author's conversation with it.
   */
  find(
    query: {
      readonly namespace: string;
      readonly id: string;
      readonly author: string;
      readonly target?: Target | undefined;
    },
    done: StoreCallback<Message | undefined>,
  ): void;

  /** Acknowledged by a consumer: gone for good. */
  dequeue(namespace: string, queue: string, id: string, done: StoreCallback<void>): void;
  /** The oldest entries of a queue after `after`, for a broker that starts or has room. */
  queued(
    query: {
      readonly namespace: string;
      readonly queue: string;
      readonly after?: string | undefined;
      readonly limit: number;
    },
    done: StoreCallback<readonly QueueEntry[]>,
  ): void;

  /** Resolves when all that was accepted is answered; nothing may be called afterwards. */
  close(): Promise<void>;
}

/** A durable two-way map between the users of a namespace and the integers that a dialect shows instead. */
export interface IdentityMap {
  /** Gives each user an integer, the next free one from 1, unless it has one; a seed fixes it. Durable when `done` is called. */
  assign(
    namespace: string,
    users: readonly { readonly id: string; readonly integer?: number | undefined }[],
    done: StoreCallback<void>,
  ): void;
  /** Synchronous, for sessions: what `assign` has answered is known here. */
  integerOf(namespace: string, user: string): number | undefined;
  userOf(namespace: string, integer: number): string | undefined;
}
