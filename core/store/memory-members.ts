/** Conversations and their users in memory: who can miss what, and how much waits for whom. */
import { Conversation, concerns, type Entry, type UserState } from './memory-log.ts';
import { PairMap } from './pair-map.ts';
import { isReceived, noteReceived, type Received, type Span } from './received.ts';
import { isDirect, recipientOf } from './rules.ts';

export class Members {
  private readonly conversations = new PairMap<Conversation>();
  private readonly users = new PairMap<UserState>();

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
    const conversation = new Conversation(namespace, key);
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
    }
    return state;
  }

  leave(state: UserState, conversation: Conversation): void {
    state.memberships.delete(conversation);
    conversation.members.delete(state);
    if (state.memberships.size === 0) this.users.delete(state.namespace, state.id);
  }

  /**
   * Forgets a conversation that holds nothing, and with it the members of a direct one. Should it live again,
   * it counts from 1, as after a restart.
   */
  release(conversation: Conversation): void {
    if (conversation.size > 0) return;
    if (isDirect(conversation.key)) {
      for (const state of [...conversation.members]) this.leave(state, conversation);
    }
    if (conversation.members.size > 0) return;
    this.conversations.delete(conversation.namespace, conversation.key);
  }

  /** The user has received a span of the conversation. */
  receive(state: UserState, conversation: Conversation, span: Span): void {
    const received = state.memberships.get(conversation);
    if (received === undefined) return;
    const nothingIn = (gap: Span): boolean => conversation.nothingFor(state.id, gap);
    const spans = noteReceived(received, span, nothingIn);
    if (!isDirect(conversation.key)) return;
    for (const added of spans) {
      for (const entry of conversation.within(added)) {
        if (!concerns(entry, state.id)) continue;
        state.messages -= 1;
        state.bytes -= entry.bytes;
      }
    }
  }

  /** The message no longer waits for its recipient. Returns the recipient if it did. */
  settleBacklog(entry: Entry): UserState | undefined {
    const recipient = recipientOf(entry.message);
    if (recipient === undefined || entry.revoked) return undefined;
    const state = this.user(entry.message.namespace, recipient);
    const received = state?.memberships.get(entry.conversation);
    if (state === undefined || received === undefined) return undefined;
    if (isReceived(received, entry.message.sequence)) return undefined;
    state.messages -= 1;
    state.bytes -= entry.bytes;
    return state;
  }
}
