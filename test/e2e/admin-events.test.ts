/** Every event that only the backend can cause reaches the right clients, in their words, and nobody else. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { administer } from '../../core/admin.ts';
import type { AdminCommand } from '../../schemas/admin-command.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';

let gateway: TestGateway;
let alice: RawClient;
let bob: RawClient;
let carol: RawClient;
let erin: RawClient;
let frank: RawClient;

beforeAll(async () => {
  gateway = await startGateway();
  alice = await connectRaw(await gateway.url('/ws/json', 'alice'));
  frank = await connectRaw(await gateway.url('/ws/json', 'frank'));
  bob = await connectRaw(await gateway.url('/ws/room', 'bob'));
  carol = await connectRaw(await gateway.url('/ws/socket', 'carol'));
  erin = await connectRaw(await gateway.url('/ws/im', 'erin'));
  await alice.nextJson(({ type }) => type === 'auth_success');
  await frank.nextJson(({ type }) => type === 'auth_success');
  bob.send({ msgType: 2, textData: { dataType: 1, data: { from: { id: 'bob' }, roomNumber: 'lobby' } } });
  await bob.nextJson(({ msg }) => msg === 'Join successfully');
  carol.send({ event: 'socket:subscribe', data: { channel: 'group:lobby' } });
  await carol.nextJson(({ event }) => event === 'socket:subscribed');
  erin.send('CONNECT\naccept-version:1.2\n\n\0');
  erin.send('SUBSCRIBE\nid:events\ndestination:/user/queue/events\nreceipt:ready\n\n\0');
  await erin.next((message) => message.startsWith('RECEIPT'));
});
afterAll(() => gateway.stop());

const act = (command: DistributiveOmit<AdminCommand, 'namespace'>): Promise<void> =>
  administer(gateway.gateway.hub, { namespace: 'main', ...command } as AdminCommand);
type DistributiveOmit<Value, Key extends PropertyKey> = Value extends unknown ? Omit<Value, Key> : never;

/** Shows that a client heard nothing of it: what comes next is the answer to its own ping. */
async function heardNothing(client: RawClient): Promise<void> {
  client.send({ type: 'ping' });
  expect(await client.nextJson()).toEqual({ type: 'pong' });
}

const body = (frame: string): Record<string, unknown> =>
  JSON.parse(frame.slice(frame.indexOf('\n\n') + 2, -1)) as Record<string, unknown>;

test('an announcement reaches members in their dialects, and no stranger', async () => {
  await act({ type: 'announce', group: 'lobby', text: '本周六下午 3 点团建' });
  expect(await alice.nextJson(({ type }) => type === 'group_announcement')).toEqual({
    type: 'group_announcement',
    data: { groupId: 'lobby', announcement: '本周六下午 3 点团建' },
  });
  expect(await carol.nextJson(({ event }) => event === 'group_announcement')).toMatchObject({
    channel: 'group:lobby',
    data: { text: '本周六下午 3 点团建' },
  });
  expect(body(await erin.next((message) => message.startsWith('MESSAGE')))).toMatchObject({
    type: 'group_announcement',
    text: '本周六下午 3 点团建',
  });
  await heardNothing(frank);
});

test('a mute is announced, enforced with the text of the source, and lifted', async () => {
  await act({ type: 'mute_member', group: 'lobby', user: 'alice', muted: true });
  expect(await alice.nextJson(({ type }) => type === 'group_member_mute')).toEqual({
    type: 'group_member_mute',
    data: { groupId: 'lobby', targetUserId: 'alice', muted: true },
  });
  const say = (id: string) => ({
    type: 'message',
    data: { id, fromId: 'alice', toId: 'lobby', chatType: 'group', content: 'hm' },
  });
  alice.send(say('muted-1'));
  expect(await alice.nextJson(({ type }) => type === 'error')).toEqual({
    type: 'error',
    data: { message: '你已被禁言', messageId: 'muted-1' },
  });
  await act({ type: 'mute_member', group: 'lobby', user: 'alice', muted: false });
  alice.send(say('muted-2'));
  expect(await alice.nextJson(({ type }) => type === 'ack')).toMatchObject({ data: { id: 'muted-2' } });
});

test('a block is answered with the text of the source', async () => {
  await act({ type: 'block_user', user: 'bob', blocked: 'alice', active: true });
  alice.send({
    type: 'message',
    data: { id: 'b1', fromId: 'alice', toId: 'bob', chatType: 'single', content: 'hello?' },
  });
  expect(await alice.nextJson(({ type }) => type === 'error')).toEqual({
    type: 'error',
    data: { message: '对方已将你屏蔽', messageId: 'b1' },
  });
});

test('contact requests, their acceptance and invitations go to one user only', async () => {
  await act({ type: 'request_contact', request: 'req_001', from: 'bob', to: 'alice' });
  expect(await alice.nextJson(({ type }) => type === 'friend_request')).toMatchObject({
    data: { id: 'req_001', fromId: 'bob', fromName: 'Bob' },
  });
  await act({ type: 'accept_contact', contact: 'bob', to: 'alice' });
  expect(await alice.nextJson(({ type }) => type === 'friend_accepted')).toEqual({
    type: 'friend_accepted',
    data: { friendId: 'bob', friendName: 'Bob' },
  });
  await heardNothing(frank);
  await act({ type: 'invite', group: 'staff', inviter: 'alice', user: 'frank' });
  expect(await frank.nextJson(({ type }) => type === 'group_invite')).toEqual({
    type: 'group_invite',
    data: { groupId: 'staff', groupName: 'Staff', inviterName: 'Alice' },
  });
  await heardNothing(alice);
});

test('a new owner is announced only if it is a member', async () => {
  await expect(act({ type: 'transfer_group', group: 'lobby', newOwner: 'frank' })).rejects.toMatchObject({
    code: 'not_joined',
  });
  await act({ type: 'transfer_group', group: 'lobby', newOwner: 'bob' });
  expect(await alice.nextJson(({ type }) => type === 'group_transfer')).toEqual({
    type: 'group_transfer',
    data: { groupId: 'lobby', newOwnerId: 'bob' },
  });
});

test('a kicked member hears group_member_kick, the others group_member_quit, and it may write no more', async () => {
  await act({
    type: 'put_group',
    group: 'closed',
    name: 'Closed',
    description: '',
    open: false,
    members: ['alice', 'frank'],
  });
  await act({ type: 'remove_member', group: 'closed', user: 'frank', reason: 'kicked' });
  expect(await frank.nextJson(({ type }) => type === 'group_member_kick')).toEqual({
    type: 'group_member_kick',
    data: { groupId: 'closed', targetUserId: 'frank' },
  });
  expect(await alice.nextJson(({ type }) => type === 'group_member_quit')).toEqual({
    type: 'group_member_quit',
    data: { groupId: 'closed', userId: 'frank' },
  });
  frank.send({
    type: 'message',
    data: { id: 'k1', fromId: 'frank', toId: 'closed', chatType: 'group', content: 'let me in' },
  });
  expect(await frank.nextJson(({ type }) => type === 'error')).toMatchObject({ data: { messageId: 'k1' } });
});

test('a dissolved group is gone for everybody', async () => {
  await act({ type: 'dissolve_group', group: 'closed' });
  expect(await alice.nextJson(({ type }) => type === 'group_dissolved')).toEqual({
    type: 'group_dissolved',
    data: { groupId: 'closed' },
  });
  await act({ type: 'dissolve_group', group: 'lobby' });
  expect(await bob.nextJson(({ msg }) => msg === 'Leave successfully')).toMatchObject({ status: 1 });
  await heardNothing(frank);
});

test('a disconnected user is told and closed normally', async () => {
  await act({ type: 'disconnect_user', user: 'frank' });
  expect(await frank.nextJson()).toMatchObject({ type: 'kick' });
  expect((await frank.closed).code).toBe(1000);
});
