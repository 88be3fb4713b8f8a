/** The store in memory at its limit: nothing is refused while there is something that may go. */
import { describe, expect, it } from 'vitest';
import { conversationKey } from '../../schemas/conversation.ts';
import type { Message } from '../../schemas/model.ts';
import type { MemoryMessageStore } from './memory.ts';
import { SEGMENT_ROWS } from './memory-segment.ts';
import { commit, confirm, MANY, MEMORY, missed, open, ROOMY, send } from './memory-test-kit.ts';
import type { MessageDraft } from './port.ts';
import { answer, by, DAY, START, toGroup } from './store-suite.ts';

/** Sends to one who is away until no more is taken. */
async function fill(store: MemoryMessageStore, content = 'x'): Promise<readonly Message[]> {
  const kept: Message[] = [];
  while (store.health().ok) kept.push(await send(store, { content }));
  return kept;
}

async function takes(store: MemoryMessageStore, count: number, content = 'x'): Promise<void> {
  for (let index = 0; index < count; index += 1) await send(store, { ...toGroup('lobby'), content });
}

describe('there is room again', () => {
  it('when what waited is revoked', async () => {
    const store = open();
    for (const { id: message } of await fill(store))
      await commit(store, { kind: 'revoke', namespace: 'main', message, author: 'alice' });
    expect(store.health().ok).toBe(true);
    await takes(store, 1000);
  });

  it('when what waited is too old, though its client ids would be remembered', async () => {
    let now = START;
    const store = open(MEMORY, { ...ROOMY, retentionMs: DAY, deduplicationMs: 60 * DAY }, () => now);
    await fill(store);
    now += 2 * DAY;
    // Nobody asks but whoever watches over it.
    await expect.poll(() => store.health().ok).toBe(true);
    for (let index = 0; index < 1000; index += 1) await send(store, { ...toGroup('lobby'), sentAt: now });
  });

  it('after a message that takes all of it', async () => {
    const store = open();
    await send(store, { ...toGroup('lobby'), content: 'x'.repeat(2 * MEMORY) });
    await takes(store, 1000);
  });

  it('for large messages where small ones have to go', async () => {
    const store = open(2 * MEMORY);
    await takes(store, 2 * MANY);
    for (let index = 0; index < 30; index += 1) {
      await takes(store, 1, 'x'.repeat(900_000));
      await takes(store, 5);
    }
  });

  it('where most of it is waited for', async () => {
    const memory = 16 * MEMORY;
    const store = open(memory);
    const content = 'x'.repeat(50_000);
    const kept: Message[] = [];
    while (store.usage().bytes < (memory * 3) / 4) kept.push(await send(store, { content }));
    for (let index = 0; index < 2000; index += 1) {
      await takes(store, 1, content);
      expect(store.usage().bytes).toBeLessThan(memory);
    }
    expect((await missed(store, 'bob')).length).toBe(kept.length);
  });
});

it('lets go of what was set aside as soon as nobody waits for it, in any order', async () => {
  const store = open();
  const kept: Message[] = [];
  for (let index = 0; index < MANY; index += 1) {
    if (index % 400 === 0) kept.push(await send(store, { content: 'y'.repeat(10_000) }));
    else await takes(store, 1);
  }
  const [first, second, third] = kept as [Message, Message, Message];
  const find = ({ id }: Message) =>
    answer<Message | undefined>((done) => store.find({ namespace: 'main', id, author: 'alice' }, done));
  await confirm(store, 'bob', third);
  expect(await find(third)).toBeUndefined();
  await commit(store, { kind: 'revoke', namespace: 'main', message: second.id, author: 'alice' });
  expect(await find(second)).toBeUndefined();
  expect(await find(first)).toEqual(first);
});

it('counts the authors of client ids', async () => {
  const store = open();
  await takes(store, 1);
  const before = store.usage().bytes;
  for (let index = 0; index < 100; index += 1)
    await send(store, { ...toGroup('lobby'), ...by('alice'), clientId: `c-${index}` });
  const ofOne = store.usage().bytes - before;
  for (let index = 0; index < 100; index += 1)
    await send(store, { ...toGroup('lobby'), ...by(`user-${index}`), clientId: `c-${index}` });
  expect(store.usage().bytes - before - ofOne).toBeGreaterThan(100 * 300);
});

it('counts for no backlog what is too old, in whatever order the runs went', async () => {
  let now = START;
  const store = open(MEMORY, { ...ROOMY, backlogMessages: SEGMENT_ROWS }, () => now);
  const chat = (count: number) => sends(count, toGroup('lobby'));
  const sends = async (count: number, fields: Partial<MessageDraft> = {}): Promise<void> => {
    for (let index = 0; index < count; index += 1) await send(store, { sentAt: now, ...fields });
  };
  // Too much of the first run is waited for: the second, with one who waits in it, goes before.
  await sends(SEGMENT_ROWS);
  now += 20 * DAY;
  await sends(1, { to: { type: 'user', id: 'carol' } });
  await chat(MANY);
  const conversation = conversationKey({ type: 'user', id: 'bob' }, 'alice');
  const most = { namespace: 'main', user: 'bob', conversation, from: 1, to: SEGMENT_ROWS - 30 };
  await answer<void>((done) => store.confirm([most], done));
  await chat(MANY);
  now += 11 * DAY;
  await chat(1);
  expect(await missed(store, 'bob')).toEqual([]);
  expect(await missed(store, 'carol')).toHaveLength(1);
  await sends(SEGMENT_ROWS);
});
