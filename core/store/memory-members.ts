/** Conversations and their users in memory: who can miss what, and how much waits for whom. */

import { PairMap } from '../pair-map.ts';
import { Conversation, concerns, type Entry, type EntrySource, type UserState } from './memory-log.ts';
import { isReceived, noteReceived, type Received, type Span } from './received.ts';
import { isDirect, recipientOf } from './rules.ts';

/** What a conversation and a user's part in one take, in bytes, with the maps that lead to them. */
const CONVERSATION_BYTES = 700;
const MEMBERSHIP_BYTES = 400;
const PLACE_BYTES = 8;

export class Members {
  private readonly entries: EntrySource;
  private readonly conversations = new PairMap<Conversation>();
  private readonly users = new PairMap<UserState>();
  private memberships = 0;
  /** Places that conversations hold. */
  private places = 0;
  /** Highest sequence of the conversations that were forgotten. */
  private forgotten = 0;

  constructor(entries: EntrySource) {
    this.entries = entries;
  }

  /** What is known of conversations and users takes, estimated. */
  get bytes(): number {
    const { conversations, memberships, places } = this;
    return conversations.size * CONVERSATION_BYTES + memberships * MEMBERSHIP_BYTES + places * PLACE_BYTES;
  }

  get counted(): { readonly conversations: number; readonly users: number } {
    return { conversations: this.conversations.size, users: this.users.size };
  }

  user(namespace: string, id: string): UserState | undefined {
    return this.users.get(namespace, id);
  }

  existing(namespace: string, key: string): Conversation | undefined {
    return this.conversations.get(namespace, key);
  }

  /** The conversation, made if need be. */
  conversation(namespace: string, key: string): Conversation {
    const known = this.existing(namespace, key);
    if (known !== undefined) return known;
    const conversation = new Conversation(this.entries, namespace, key, this.forgotten);
    this.conversations.set(namespace, key, conversation);
    return conversation;
  }

  /** Makes a user a member from the conversation's present end on, unless they are one. */
  join(conversation: Conversation, id: string): UserState {
    const { namespace } = conversation;
    let state = this.users.get(namespace, id);
    if (state === undefined) {
      state = { namespace, id, messages: 0, bytes: 0, memberships: new Map<Conversation, Received>() };
      this.users.set(namespace, id, state);
    }
    if (!state.memberships.has(conversation)) {
      state.memberships.set(conversation, { floor: conversation.last, ranges: [] });
      conversation.members.add(state);
      this.memberships += 1;
    }
    return state;
  }

  leave(state: UserState, conversation: Conversation): void {
    if (!state.memberships.delete(conversation)) return;
    this.memberships -= 1;
    conversation.members.delete(state);
    if (conversation.waiter === state) conversation.waiter = undefined;
    if (state.memberships.size === 0) this.users.delete(state.namespace, state.id);
  }

  /** A message is the newest of its conversation. */
  push(conversation: Conversation, place: number): void {
    conversation.push(place);
    this.places += 1;
  }

  /** Takes back the newest `push`. */
  pop(conversation: Conversation): void {
    conversation.pop();
    this.places -= 1;
    this.release(conversation);
  }

  /**
   * Forgets a conversation that holds nothing, and with it the members of a direct one. Should it live again, it counts
   * on above all that was forgotten: what is still confirmed of its earlier life is not taken for what comes then.
   */
  release(conversation: Conversation): void {
    this.places -= conversation.trim();
    if (conversation.size > 0) return;
    if (isDirect(conversation.key)) {
      for (const state of [...conversation.members]) this.leave(state, conversation);
    }
    if (conversation.members.size > 0) return;
    this.forgotten = Math.max(this.forgotten, conversation.last);
    this.conversations.delete(conversation.namespace, conversation.key);
  }

  /** The user has received a span of the conversation. Returns the parts of it that were not received before. */
  receive(state: UserState, conversation: Conversation, span: Span): readonly Span[] {
    const received = state.memberships.get(conversation);
    if (received === undefined) return [];
    const nothingIn = (gap: Span): boolean => conversation.nothingFor(state.id, gap);
    const spans = noteReceived(received, span, nothingIn);
    if (!isDirect(conversation.key)) return spans;
    for (const added of spans) {
      for (const entry of conversation.within(added)) {
        if (!concerns(entry, state.id)) continue;
        state.messages -= 1;
        state.bytes -= entry.bytes;
      }
    }
    return spans;
  }

  /** The message no longer waits for its recipient. Returns the recipient if it did. */
  settleBacklog(entry: Entry): UserState | undefined {
    const recipient = recipientOf(entry);
    if (recipient === undefined || entry.revoked) return undefined;
    const state = this.user(entry.conversation.namespace, recipient);
    if (state === undefined || !isMissing(state, entry)) return undefined;
    state.messages -= 1;
    state.bytes -= entry.bytes;
    return state;
  }

  /** Members of a conversation who may still have to get something of it up to this sequence. */
  lagging(conversation: Conversation, sequence: number): readonly UserState[] {
    const states: UserState[] = [];
    for (const state of conversation.members) {
      const received = state.memberships.get(conversation);
      if (received !== undefined && received.floor < sequence) states.push(state);
    }
    return states;
  }

  /** Whether a message has still to reach somebody. `among`: the members who come into question, asked if need be. */
  isWaitedFor(
    entry: Entry,
    among: (conversation: Conversation) => Iterable<UserState> = ({ members }) => members,
  ): boolean {
    const { conversation } = entry;
    const { waiter } = conversation;
    if (waiter !== undefined && isMissing(waiter, entry)) return true;
    for (const state of among(conversation)) {
      if (!isMissing(state, entry)) continue;
      conversation.waiter = state;
      return true;
    }
    return false;
  }
}

/** Whether the message has to reach the member, who has not received it. */
function isMissing(state: UserState, entry: Entry): boolean {
  const received = state.memberships.get(entry.conversation);
  return received !== undefined && concerns(entry, state.id) && !isReceived(received, entry.sequence);
}
