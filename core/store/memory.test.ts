import { expect, it } from 'vitest';
import { MemoryMessageStore } from './memory.ts';
import { MemoryIdentityMap } from './memory-identity.ts';
import { answer, append, DAY, LIMITS, START, storeSuite, toGroup } from './store-suite.ts';

storeSuite('the store in memory', async (options) => {
  const messages = new MemoryMessageStore(options);
  return { messages, identities: new MemoryIdentityMap(), close: () => messages.close() };
});

it('holds nothing any more when everything is old', async () => {
  let now = START;
  const store = new MemoryMessageStore({ limits: { ...LIMITS, deduplicationMs: DAY }, now: () => now });
  const count = 3000;
  for (let index = 0; index < count; index += 1) {
    const target =
      index % 2 === 0 ? toGroup('lobby') : { to: { type: 'user', id: `user-${index}` } as const };
    await answer((done) => store.commit([append({ clientId: `c-${index}`, ...target })], done));
  }
  expect(store.stats()).toMatchObject({ messages: count, remembered: count, users: count / 2 });
  now += LIMITS.retentionMs;
  for (let index = 0; index < count / 200; index += 1) await answer<void>((done) => store.confirm([], done));
  expect(store.stats()).toEqual({ messages: 0, remembered: 0, conversations: 0, users: 0, queues: 0 });
});

it('gives every answer although a callback throws', async () => {
  const store = new MemoryMessageStore({ limits: LIMITS });
  const surfaced = Promise.withResolvers<unknown>();
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.once('uncaughtException', surfaced.resolve);
  store.confirm([], () => {
    throw new Error('of the caller');
  });
  await answer<void>((done) => store.confirm([], done));
  expect(await surfaced.promise).toMatchObject({ message: 'of the caller' });
  for (const listener of others) process.on('uncaughtException', listener);
});
