/**
 * Every server-side event goes from an HTTP call to the right clients, in the words of their dialects, and to
 * nobody else: frank belongs to nothing, and the stranger is an alice of another namespace.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiGateway, startApiGateway } from '../support/api.ts';
import { type Audience, ELSEWHERE, gather, heardBy } from '../support/audience.ts';

let gateway: ApiGateway;
let audience: Audience;
/** The id of a message of alice's in the lobby, as the gateway gave it. */
let told: string;

beforeAll(async () => {
  gateway = await startApiGateway({ edit: (yaml) => yaml.replace('endpoints:\n', `endpoints:${ELSEWHERE}`) });
  audience = await gather(gateway);
});
afterAll(() => gateway.stop());

const time = expect.any(Number);
const lobby = expect.objectContaining({ id: 'lobby', name: 'Lobby' });
/** A person on the wire of a channel, and in the body of a STOMP event. */
const NAMES: Readonly<Record<string, string>> = { alice: 'Alice', bob: 'Bob', erin: 'Erin', frank: 'Frank' };
const person = (id: string) => ({ id, name: NAMES[id], avatar: '' });
const user = (id: string) => ({ id, name: NAMES[id] });
const onChannel = (event: string, data: object, channel = 'group:lobby') => ({
  event,
  channel,
  data: { ...data, timestamp: time },
});
const onQueue = (type: string, data: object) => ({
  destination: '/user/queue/events',
  type,
  ...data,
  at: time,
});
const roomLeave = (id: string) => ({
  status: 1,
  msg: 'Leave successfully',
  resultBody: {
    msgType: 3,
    textData: {
      dataType: 2,
      data: expect.objectContaining({ number: 'lobby', newLeaveMember: expect.objectContaining({ id }) }),
    },
  },
});

test('a message in the name of a user reaches the group in five dialects', async () => {
  const { message } = (await gateway.api.main('POST', '/messages', {
    from: 'alice',
    to: { type: 'group', id: 'lobby' },
    content: '各位好',
    clientId: 'c1',
  })) as { readonly message: { readonly id: string } };
  told = message.id;
  expect(await heardBy(audience)).toEqual({
    alice: [
      { type: 'message', data: expect.objectContaining({ id: 'c1', fromId: 'alice', content: '各位好' }) },
    ],
    bob: [
      {
        status: 1,
        msg: 'Message',
        resultBody: {
          msgType: 3,
          textData: {
            dataType: 3,
            data: expect.objectContaining({ roomNumber: 'lobby', content: '各位好' }),
          },
        },
      },
    ],
    carol: [
      onChannel('message', { id: 'c1', from: person('alice'), content: '各位好', contentType: 'text' }),
    ],
    dave: [expect.objectContaining({ type: 'CHAT', fromUserId: 1, messageType: 'GROUP', content: '各位好' })],
    erin: [
      expect.objectContaining({ destination: '/topic/group/lobby', fromId: 'alice', content: '各位好' }),
    ],
  });
});

test('a message of the system reaches one user only', async () => {
  for (const [id, heard] of [
    ['frank', { type: 'message', data: expect.objectContaining({ fromId: 'system', from_name: 'System' }) }],
    ['erin', expect.objectContaining({ destination: '/user/queue/messages', fromId: 'system' })],
    [
      'carol',
      onChannel(
        'message',
        {
          id: expect.any(String),
          from: { id: 'system', name: 'System', avatar: '' },
          content: 'hi',
          contentType: 'text',
        },
        'user:carol',
      ),
    ],
  ] as const) {
    await gateway.api.main('POST', '/messages', { to: { type: 'user', id }, content: 'hi' });
    expect(await heardBy(audience)).toEqual({ [id]: [heard] });
  }
});

test.each([
  [
    'alice',
    { type: 'friend_request', data: { id: 'r1', fromId: 'frank', fromName: 'Frank', createTime: time } },
  ],
  [
    'carol',
    onChannel('contact_requested', { request: 'r1', from: person('frank'), to: 'carol' }, 'user:carol'),
  ],
  ['erin', onQueue('contact_requested', { requestId: 'r1', from: user('frank'), toId: 'erin' })],
])('contact_requested reaches %s alone', async (to, heard) => {
  await gateway.api.publish({ type: 'contact_requested', request: 'r1', from: 'frank', to });
  expect(await heardBy(audience)).toEqual({ [to]: [heard] });
});

test.each([
  ['alice', { type: 'friend_accepted', data: { friendId: 'frank', friendName: 'Frank' } }],
  ['carol', onChannel('contact_accepted', { contact: person('frank'), to: 'carol' }, 'user:carol')],
  ['erin', onQueue('contact_accepted', { contact: user('frank'), toId: 'erin' })],
])('contact_accepted reaches %s alone', async (to, heard) => {
  await gateway.api.publish({ type: 'contact_accepted', contact: 'frank', to });
  expect(await heardBy(audience)).toEqual({ [to]: [heard] });
  expect(await gateway.api.main('GET', `/users/${to}/contacts`)).toEqual({ items: ['frank'] });
});

test.each([
  ['frank', { type: 'group_invite', data: { groupId: 'staff', groupName: 'Staff', inviterName: 'Alice' } }],
  [
    'carol',
    onChannel(
      'group_invited',
      { group: expect.objectContaining({ id: 'staff' }), inviter: person('alice'), to: 'carol' },
      'user:carol',
    ),
  ],
  [
    'erin',
    onQueue('group_invited', {
      group: expect.objectContaining({ id: 'staff' }),
      inviter: user('alice'),
      toId: 'erin',
    }),
  ],
])('group_invited reaches %s alone', async (invited, heard) => {
  await gateway.api.publish({ type: 'group_invited', group: 'staff', inviter: 'alice', user: invited });
  expect(await heardBy(audience)).toEqual({ [invited]: [heard] });
});

test('group_announcement reaches members and whoever attends', async () => {
  const text = '本周六下午 3 点团建';
  const heard = {
    alice: [{ type: 'group_announcement', data: { groupId: 'lobby', announcement: text } }],
    carol: [onChannel('group_announcement', { group: lobby, text })],
    erin: [onQueue('group_announcement', { group: lobby, text })],
  };
  await gateway.api.publish({ type: 'group_announcement', group: 'lobby', text });
  expect(await heardBy(audience)).toEqual(heard);
  await gateway.api.main('POST', '/groups/lobby/announcements', { text });
  expect(await heardBy(audience)).toEqual(heard);
});

test('group_transferred names the new owner to the group', async () => {
  await gateway.api.publish({ type: 'group_transferred', group: 'lobby', newOwner: 'bob' });
  expect(await heardBy(audience)).toEqual({
    alice: [{ type: 'group_transfer', data: { groupId: 'lobby', newOwnerId: 'bob' } }],
    carol: [onChannel('group_transferred', { group: lobby, newOwner: person('bob') })],
    erin: [onQueue('group_transferred', { group: lobby, newOwner: user('bob') })],
  });
  expect(await gateway.api.main('GET', '/groups/lobby')).toMatchObject({ owner: 'bob' });
});

test.each([true, false])('member_muted (%s) reaches the group, and holds', async (muted) => {
  await gateway.api.publish({ type: 'member_muted', group: 'lobby', user: 'bob', muted });
  expect(await heardBy(audience)).toEqual({
    alice: [{ type: 'group_member_mute', data: { groupId: 'lobby', targetUserId: 'bob', muted } }],
    carol: [onChannel('member_muted', { group: lobby, user: person('bob'), muted })],
    erin: [onQueue('member_muted', { group: lobby, user: user('bob'), muted })],
  });
  const path = '/api/v1/namespaces/main/messages';
  const body = { from: 'bob', to: { type: 'group', id: 'lobby' }, content: 'hm', clientId: 'once' };
  const answer = await gateway.api.call('POST', path, { body });
  expect(answer.status).toBe(muted ? 403 : 200);
  if (muted) expect(answer.body).toMatchObject({ code: 'muted' });
  else expect(Object.keys(await heardBy(audience))).toEqual(['alice', 'bob', 'carol', 'dave', 'erin']);
});

test('message_revoked takes a message back for everybody, by either of its ids', async () => {
  const heard = {
    alice: [
      {
        type: 'message_revoked',
        data: { messageId: 'c1', fromId: 'alice', toId: 'lobby', chatType: 'group' },
      },
    ],
    carol: [onChannel('message_revoked', { id: 'c1', from: person('alice') })],
    erin: [
      onQueue('message_revoked', {
        messageId: 'c1',
        from: user('alice'),
        chatType: 'GROUP',
        toId: 'lobby',
      }),
    ],
  };
  for (const named of [{ message: told }, { message: 'c1', author: 'alice' }]) {
    await gateway.api.publish({ type: 'message_revoked', ...named });
    expect(await heardBy(audience)).toEqual(heard);
  }
  const history = (await gateway.api.main('GET', '/groups/lobby/messages')) as { messages: { id: string }[] };
  expect(history.messages.map(({ id }) => id)).not.toContain(told);
});

test.each([
  ['carol', onChannel('message_read', { reader: person('alice') }, 'user:carol')],
  ['erin', onQueue('message_read', { reader: user('alice'), chatType: 'SINGLE', toId: 'erin' })],
])('message_read reaches %s, with whom the conversation is', async (id, heard) => {
  await gateway.api.publish({ type: 'message_read', reader: 'alice', target: { type: 'user', id } });
  expect(await heardBy(audience)).toEqual({ [id]: [heard] });
});

test('presence_changed reaches those who are named', async () => {
  await gateway.api.publish({ type: 'presence_changed', user: 'frank', online: true, to: ['dave', 'carol'] });
  expect(await heardBy(audience)).toEqual({
    carol: [onChannel('presence_changed', { user: person('frank'), online: true }, 'user:carol')],
    dave: [
      { type: 'SYSTEM', userId: 6, nickname: 'Frank', action: 'ONLINE', createTime: expect.any(String) },
    ],
  });
});

test("presence_changed reaches whoever hears of the user's own coming and going", async () => {
  await gateway.api.publish({ type: 'presence_changed', user: 'alice', online: false });
  expect(await heardBy(audience)).toEqual({
    carol: [onChannel('presence_changed', { user: person('alice'), online: false }, 'user:carol')],
    dave: [
      { type: 'SYSTEM', userId: 1, nickname: 'Alice', action: 'OFFLINE', createTime: expect.any(String) },
    ],
    erin: [onQueue('presence_changed', { user: user('alice'), online: false })],
  });
  await gateway.api.publish({ type: 'presence_changed', user: 'frank', online: false });
  expect(await heardBy(audience)).toEqual({});
});

test('relayed brings an event of its own to a group, and to a user', async () => {
  const price = { type: 'relayed', name: 'price', body: '{"p":1}' };
  await gateway.api.publish({ ...price, target: { type: 'group', id: 'lobby' } });
  const relayed = { type: 'relayed', id: expect.any(String), name: 'price', headers: [], body: '{"p":1}' };
  expect(await heardBy(audience)).toEqual({
    carol: [{ event: 'price', channel: 'group:lobby', data: { p: 1 } }],
    erin: [{ destination: '/user/queue/events', ...relayed, chatType: 'GROUP', toId: 'lobby' }],
  });
  await gateway.api.publish({ ...price, target: { type: 'user', id: 'carol' } });
  expect(await heardBy(audience)).toEqual({
    carol: [{ event: 'price', channel: 'user:carol', data: { p: 1 } }],
  });
});

test('member_removed (kicked) tells the victim in other words than the group', async () => {
  await gateway.api.publish({ type: 'member_removed', group: 'lobby', user: 'alice', reason: 'kicked' });
  const { alice, bob, carol, erin, ...others } = await heardBy(audience);
  expect(others).toEqual({});
  expect(alice).toEqual([{ type: 'group_member_kick', data: { groupId: 'lobby', targetUserId: 'alice' } }]);
  expect(bob?.[0]).toEqual(roomLeave('alice'));
  expect(carol?.[0]).toEqual(
    onChannel('member_removed', { group: lobby, user: person('alice'), reason: 'kicked' }),
  );
  expect(erin?.[0]).toEqual(
    onQueue('member_removed', { group: lobby, user: user('alice'), reason: 'kicked' }),
  );
});

test('a new member is seen to come', async () => {
  await gateway.api.main('PUT', '/groups/lobby/members/alice');
  const joined = { group: lobby, user: person('alice') };
  expect(await heardBy(audience)).toEqual({
    bob: [expect.objectContaining({ status: 1, msg: 'Join successfully' })],
    carol: [onChannel('member_joined', joined)],
    erin: [onQueue('member_joined', { group: lobby, user: user('alice') })],
  });
});

test('member_removed (quit) tells the group who went', async () => {
  await gateway.api.publish({ type: 'member_removed', group: 'lobby', user: 'erin', reason: 'quit' });
  expect(await heardBy(audience)).toEqual({
    alice: [{ type: 'group_member_quit', data: { groupId: 'lobby', userId: 'erin' } }],
    bob: [roomLeave('erin')],
    carol: [onChannel('member_removed', { group: lobby, user: person('erin'), reason: 'quit' })],
    erin: [onQueue('member_removed', { group: lobby, user: user('erin'), reason: 'quit' })],
  });
});

test('group_dissolved is the end of a group for everybody in it', async () => {
  await gateway.api.publish({ type: 'group_dissolved', group: 'lobby' });
  const { alice, bob, carol, erin, ...others } = await heardBy(audience);
  expect(others).toEqual({});
  expect(alice).toEqual([{ type: 'group_dissolved', data: { groupId: 'lobby' } }]);
  expect(bob).toContainEqual(roomLeave('bob'));
  expect(carol?.[0]).toEqual(onChannel('group_dissolved', { group: lobby }));
  expect(erin?.[0]).toEqual(onQueue('group_dissolved', { group: lobby }));
  const { status } = await gateway.api.call('GET', '/api/v1/namespaces/main/groups/lobby');
  expect(status).toBe(404);
});

test('going_away ends every connection of one user, in its own words', async () => {
  const { frank, ...rest } = audience;
  await gateway.api.publish({ type: 'going_away', user: 'frank' });
  expect(await frank?.client.nextJson(({ type }) => type === 'kick')).toBeDefined();
  expect(await frank?.client.closed).toMatchObject({ code: 1000 });
  expect(await heardBy(rest)).toEqual({});
});
