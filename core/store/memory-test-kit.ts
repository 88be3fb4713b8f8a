/** What tests of the store in memory at its limit share. */
import { conversationKey } from '../../schemas/conversation.ts';
import type { Message } from '../../schemas/model.ts';
import { MemoryMessageStore } from './memory.ts';
import { SEGMENT_ROWS } from './memory-segment.ts';
import type { MessageDraft, MissedPage, StoreLimits, StoreOperation, StoreResult } from './port.ts';
import { answer, append, LIMITS, START } from './store-suite.ts';

export const MEMORY = 2 * 1024 * 1024;
export const ROOMY = { ...LIMITS, backlogMessages: 1e9, backlogBytes: 1e12, queueEntries: 1e9 };
/** More than its memory holds. */
export const MANY = 20 * SEGMENT_ROWS;

export const open = (memory = MEMORY, limits: StoreLimits = ROOMY, now = () => START): MemoryMessageStore =>
  new MemoryMessageStore({ limits, memory, now });

export const commit = (
  store: MemoryMessageStore,
  ...operations: StoreOperation[]
): Promise<readonly StoreResult[]> => answer((done) => store.commit(operations, done));

export async function send(store: MemoryMessageStore, fields: Partial<MessageDraft> = {}): Promise<Message> {
  const [result] = await commit(store, append(fields));
  if (result?.kind !== 'append') throw new Error('not appended');
  return result.message;
}

export const confirm = (store: MemoryMessageStore, user: string, { to, from, sequence }: Message) =>
  answer<void>((done) => {
    const conversation = conversationKey(to, from.id);
    store.confirm([{ namespace: 'main', user, conversation, from: sequence, to: sequence }], done);
  });

export const missed = async (store: MemoryMessageStore, user: string): Promise<readonly Message[]> => {
  const messages: Message[] = [];
  let after: string | undefined;
  do {
    const page: MissedPage = await answer<MissedPage>((done) =>
      store.missed({ namespace: 'main', user, limit: 500, after }, done),
    );
    messages.push(...page.messages);
    after = page.next;
  } while (after !== undefined);
  return messages;
};

export const contents = (messages: readonly Message[]): readonly string[] =>
  messages.map(({ content }) => content);
