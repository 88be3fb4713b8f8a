import { expect, test } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';

test('a json client and an ourchat client talk in private, in both directions', async () => {
  await using gateway = await startGateway();
  const alice = await connectRaw(await gateway.url('/ws/json', 'alice'));
  const bob = await connectRaw(await gateway.url('/ws/ourchat', 'bob'));
  expect(await alice.nextJson()).toEqual({ type: 'auth_success', data: { userId: 'alice' } });
  await bob.nextJson(({ type }) => type === 'USER_LIST');

  alice.send({
    type: 'message',
    data: { id: 'm1', fromId: 'alice', toId: 'bob', chatType: 'single', content: 'hello' },
  });
  expect(await alice.nextJson()).toEqual({ type: 'ack', data: { id: 'm1', status: 'success' } });
  expect(await bob.nextJson(({ type }) => type === 'CHAT')).toMatchObject({
    fromUserId: 1,
    fromNickname: 'Alice',
    toUserId: 2,
    content: 'hello',
    messageType: 'PRIVATE',
  });

  bob.send({ type: 'CHAT', fromUserId: 2, toUserId: 1, content: 'hi', messageType: 'PRIVATE' });
  expect(await alice.nextJson(({ type }) => type === 'message')).toMatchObject({
    data: { fromId: 'bob', toId: 'alice', chatType: 'single', content: 'hi', from_name: 'Bob' },
  });
});
