/** Shutdown: what was accepted is acknowledged before the goodbye. */
import { expect, test } from 'vitest';
import { storeLimits } from '../../core/cli/store.ts';
import { MemoryMessageStore } from '../../core/store/memory.ts';
import { MemoryIdentityMap } from '../../core/store/memory-identity.ts';
import type { StoreCallback, StoreOperation, StoreResult } from '../../core/store/port.ts';
import { startGateway, testConfig } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';

/** A store that keeps commits waiting until it is told to go on. */
class PatientStore extends MemoryMessageStore {
  readonly waiting: (() => void)[] = [];
  asked = Promise.withResolvers<void>();

  override commit(operations: readonly StoreOperation[], done: StoreCallback<readonly StoreResult[]>): void {
    this.waiting.push(() => super.commit(operations, done));
    this.asked.resolve();
  }
}

test('a message that waits for the disk is acknowledged before the connection is closed with 1012', async () => {
  const messages = new PatientStore({ limits: storeLimits(testConfig()) });
  const gateway = await startGateway({ store: { messages, identities: new MemoryIdentityMap() } });
  const alice = await connectRaw(await gateway.url('/ws/json', 'alice'));
  await alice.nextJson(({ type }) => type === 'auth_success');
  const bob = await connectRaw(await gateway.url('/ws/ourchat', 'bob'));
  await bob.nextJson(({ type }) => type === 'USER_LIST');
  alice.send({
    type: 'message',
    data: { id: 'last', fromId: 'alice', toId: 'bob', chatType: 'single', content: 'good night' },
  });
  await messages.asked.promise;

  const stopped = gateway.stop();
  expect(await bob.nextJson(({ type }) => type === 'ERROR')).toMatchObject({ code: 1090 });
  for (const goOn of messages.waiting) goOn();
  expect(await alice.nextJson()).toEqual({ type: 'ack', data: { id: 'last', status: 'success' } });
  expect((await alice.closed).code).toBe(1012);
  await stopped;
  await messages.close();
});
