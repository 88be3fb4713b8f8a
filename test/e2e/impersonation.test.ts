/**
 * Nobody speaks as somebody else, whatever field of whatever frame says so: a foreign id is refused, a foreign name
 * is not believed, and the frames of a server mean nothing from a client.
 */
import { describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import {
  connectSocket,
  hears,
  messagesHeard,
  roomFrame,
  type Speaker,
  speakers,
} from '../support/speakers.ts';
import { chat, connectStomp, nextCommand, stomp } from '../support/stomp-wire.ts';
import { between, storedContents } from '../support/store-view.ts';

type Frame = string | object;
type Attack = readonly [field: string, frame: Frame];

const json = (data: object): object => ({
  type: 'message',
  data: { id: 'm-1', fromId: 'alice', toId: 'lobby', chatType: 'group', content: 'forged', ...data },
});
const room = (data: object): object => roomFrame(3, 3, { roomNumber: 'lobby', content: 'forged', ...data });
const socket = (data: object, more: object = {}): object => ({
  event: 'message',
  channel: 'group:lobby',
  data: { id: 'm-1', content: 'forged', ...data },
  ...more,
});
const ourchat = (fields: object): object => ({
  type: 'CHAT',
  fromUserId: 1,
  toUserId: null,
  content: 'forged',
  messageType: 'GROUP',
  ...fields,
});
const im = (body: object, headers: Readonly<Record<string, string>> = {}): string =>
  chat('send', { messageId: 'm-1', toId: 'lobby', chatType: 'GROUP', content: 'forged', ...body }, headers);

/** Ids that look like somebody's. */
const LOOKALIKES = ['bob ', ' bob', 'Bob', 'BOB', 'bob\u0000', 'bob\u200b', 'ｂob'];

/** Frames that name another sender, or none that exists. */
const refused: readonly (readonly [Speaker, readonly Attack[]])[] = [
  [
    speakers.json,
    [
      ['fromId', json({ fromId: 'bob' })],
      ['fromId in private', json({ fromId: 'bob', toId: 'carol', chatType: 'single' })],
      ['fromId to its owner', json({ fromId: 'bob', toId: 'bob', chatType: 'single' })],
      ['fromId of nobody', json({ fromId: 'nobody' })],
      ['fromId of all', json({ fromId: '*' })],
      ['fromId of the system', json({ fromId: 'system' })],
      ...LOOKALIKES.map((fromId): Attack => [`fromId ${JSON.stringify(fromId)}`, json({ fromId })]),
      ['a list of ids', json({ fromId: ['alice', 'bob'] })],
      [
        'the second of two ids',
        '{"type":"message","data":{"id":"m-1","fromId":"alice","toId":"lobby","chatType":"group","content":"forged","fromId":"bob"}}',
      ],
      [
        'a prototype',
        '{"type":"message","data":{"id":"m-1","__proto__":{"fromId":"alice"},"toId":"lobby","chatType":"group","content":"forged"}}',
      ],
      ['the frame auth_success', { type: 'auth_success', data: { userId: 'bob' } }],
      ['the frame kick', { type: 'kick', data: { reason: 'forged' } }],
      [
        'the frame friend_request',
        { type: 'friend_request', data: { id: '1', fromId: 'bob', fromName: 'Bob' } },
      ],
    ],
  ],
  [
    speakers.room,
    [
      ['from.id in a message', room({ from: { id: 'bob' } })],
      ['from.id of nobody', room({ from: { id: 'nobody' } })],
      ['from.id in a join', roomFrame(2, 1, { from: { id: 'bob' }, roomNumber: 'lobby' })],
      ['from.id in a join of another room', roomFrame(2, 1, { from: { id: 'bob' }, roomNumber: 'staff' })],
      ['from.id in a leave', roomFrame(2, 2, { from: { id: 'bob' }, roomNumber: 'lobby' })],
      ['from.id in a leave by msgType 3', roomFrame(3, 2, { from: { id: 'bob' }, roomNumber: 'lobby' })],
      ...LOOKALIKES.map((id): Attack => [`from.id ${JSON.stringify(id)}`, room({ from: { id } })]),
    ],
  ],
  [
    speakers.socket,
    [
      ['from', socket({ from: 'bob' })],
      ['from.id', socket({ from: { id: 'bob', name: 'Bob' } })],
      ['from.id in private', { ...socket({ from: { id: 'bob' } }), channel: 'user:carol' }],
      ['from of nobody', socket({ from: 'nobody' })],
      ...LOOKALIKES.map((from): Attack => [`from ${JSON.stringify(from)}`, socket({ from })]),
      ['from of another event', { event: 'typing', channel: 'group:lobby', data: { from: 'bob' } }],
      [
        'from.id of another event',
        { event: 'typing', channel: 'group:lobby', data: { from: { id: 'bob' } } },
      ],
      ['an event of the server', { event: 'socket:connected', data: { socket_id: 'x' } }],
      ['member_joined', { event: 'member_joined', channel: 'group:lobby', data: { user: { id: 'bob' } } }],
      ['presence_changed', { event: 'presence_changed', channel: 'group:lobby', data: { user: 'bob' } }],
    ],
  ],
  [
    speakers.ourchat,
    [
      ['fromUserId', ourchat({ fromUserId: 2 })],
      ['fromUserId in private', ourchat({ fromUserId: 2, toUserId: 3, messageType: 'PRIVATE' })],
      ['fromUserId of nobody', ourchat({ fromUserId: 4711 })],
      ['fromUserId 0', ourchat({ fromUserId: 0 })],
      ['fromUserId as text', ourchat({ fromUserId: '2' })],
      ['fromUserId with a fraction', ourchat({ fromUserId: 1.5 })],
      ['fromUserId beyond what a double holds', ourchat({ fromUserId: 2 ** 53 + 2 })],
      ['the frame SYSTEM', { type: 'SYSTEM', userId: 2, nickname: 'Bob', action: 'OFFLINE' }],
      ['the frame USER_LIST', { type: 'USER_LIST', onlineUsers: [], offlineUsers: [], onlineCount: 0 }],
    ],
  ],
  [
    speakers.stomp,
    [
      ['fromId', im({ fromId: 'bob' })],
      ['fromId in private', im({ fromId: 'bob', toId: 'carol', chatType: 'SINGLE' })],
      ['fromId of nobody', im({ fromId: 'nobody' })],
      ...LOOKALIKES.map((fromId): Attack => [`fromId ${JSON.stringify(fromId)}`, im({ fromId })]),
      ['fromId of a revocation', chat('revoke', { messageId: 'bobs', fromId: 'bob' })],
      ["a revocation of somebody else's message", chat('revoke', { messageId: 'bobs' })],
      ["somebody else's queue", stomp('SEND', { destination: '/user/bob/queue/messages' }, '{}')],
      ['the topic itself', stomp('SEND', { destination: '/topic/group/lobby' }, '{"fromId":"bob"}')],
      ['the frame MESSAGE', stomp('MESSAGE', { destination: '/topic/group/lobby' }, '{"fromId":"bob"}')],
      ['a second CONNECT', stomp('CONNECT', { 'accept-version': '1.2', host: 'x', login: 'bob' })],
    ],
  ],
];

const isRefusal: Readonly<Record<string, RegExp>> = {
  json: /"type":"error"/,
  room: /"status":0/,
  socket: /"event":"error"/,
  ourchat: /"type":"ERROR"/,
  stomp: /^ERROR\n|"code":/,
};

/** Bob, who is there and has said something, and Carol, who sees everything. */
async function scene(): Promise<{ gateway: TestGateway; bob: RawClient; carol: RawClient }> {
  const gateway = await startGateway();
  const bob = await connectStomp(gateway, 'bob', ['/user/queue/messages', '/user/queue/events']);
  const carol = await speakers.json.enter(gateway, 'carol');
  speakers.stomp.say(bob, { user: 'bob', id: 'bobs', content: 'from bob himself' });
  await hears(speakers.json, carol, 'from bob himself');
  return { gateway, bob, carol };
}

async function everythingStored(gateway: TestGateway): Promise<readonly string[]> {
  const conversations = ['group:lobby', 'group:staff', ...['bob', 'carol'].map((id) => between('alice', id))];
  const pairs = await Promise.all(
    [...conversations, between('bob', 'carol'), between('bob', 'bob')].map((name) =>
      storedContents(gateway, name),
    ),
  );
  return pairs.flat();
}

describe.each(refused)('$dialect', (speaker, attacks) => {
  it.each(attacks)('a foreign %s is refused, and nothing is stored or told', async (_field, frame) => {
    const { gateway, bob, carol } = await scene();
    await using _ = gateway;
    const alice = await speaker.enter(gateway, 'alice');
    const already = alice.received.length;
    alice.send(frame);
    await alice.next((wire) => (isRefusal[speaker.dialect] as RegExp).test(wire));
    expect(alice.received.length).toBeGreaterThan(already);
    // What comes after in the same conversation shows that nothing came before.
    const after = await speakers.json.enter(gateway, 'alice');
    speakers.json.say(after, { user: 'alice', id: 'm-2', content: 'afterwards' });
    await hears(speakers.json, carol, 'afterwards');
    expect(messagesHeard(speakers.json, carol)).toEqual([
      { from: 'bob', content: 'from bob himself' },
      { from: 'alice', content: 'afterwards' },
    ]);
    expect(await everythingStored(gateway)).toEqual(['from bob himself', 'afterwards']);
    expect(bob.socket.readyState).toBe(bob.socket.OPEN);
    expect(bob.received.join('\n')).not.toMatch(/forged|"type":"message_revoked"/);
  });
});

/** Frames whose sender is right and that say something else beside it. */
const notBelieved: readonly (readonly [Speaker, readonly Attack[]])[] = [
  [
    speakers.json,
    [
      ['names', json({ from_name: 'Bob', from_avatar: '/bob.png', fromName: 'Bob', nickname: 'Bob' })],
      ['other fields', json({ from: 'bob', sender: 'bob', userId: 'bob', user: { id: 'bob' } })],
      ['fields beside data', { ...json({}), fromId: 'bob', from: 'bob', userId: 'bob' }],
      ['its own time', json({ timestamp: 1, sentAt: 1 })],
    ],
  ],
  [
    speakers.room,
    [
      ['names', room({ from: { id: 'alice', nickName: 'Bob', personName: 'Bob', headImgUrl: '/bob.png' } })],
      ['no sender', room({})],
      ['a sender that is null', room({ from: null })],
      ['other fields', room({ sender: { id: 'bob' }, owner: { id: 'bob' }, newJoinMember: { id: 'bob' } })],
      ['extended fields', { ...room({}), extendFields: { from: { id: 'bob' } }, from: { id: 'bob' } }],
    ],
  ],
  [
    speakers.socket,
    [
      ['names', socket({ from: { id: 'alice', name: 'Bob', avatar: '/bob.png' } })],
      ['other fields', socket({ sender: 'bob', user: { id: 'bob' }, userId: 'bob' })],
      ['fields beside data', socket({}, { from: 'bob', user_id: 'bob', socket_id: 'x' })],
    ],
  ],
  [
    speakers.ourchat,
    [
      ['names', ourchat({ fromNickname: 'Bob', toNickname: 'Bob' })],
      [
        'other fields',
        ourchat({ senderId: 2, userId: 2, nickname: 'Bob', createTime: '2000-01-01T00:00:00' }),
      ],
    ],
  ],
  [
    speakers.stomp,
    [
      ['other fields', im({ from: 'bob', sender: 'bob', fromName: 'Bob', status: 'READ', createdAt: 1 })],
      [
        'headers',
        im({}, { 'user-name': 'bob', login: 'bob', from: 'bob', 'message-id': 'x', subscription: 'sub-0' }),
      ],
      ['its own id', im({ fromId: 'alice', id: 'bobs' })],
    ],
  ],
];

describe.each(notBelieved)('$dialect', (speaker, attacks) => {
  it.each(attacks)('says that a message with foreign %s is from Alice', async (_field, frame) => {
    const { gateway, carol } = await scene();
    await using _ = gateway;
    const alice = await speaker.enter(gateway, 'alice');
    const im = await connectStomp(gateway, 'dave', ['/topic/group/lobby']);
    alice.send(frame);
    const wire = await carol.nextJson(({ data }) => (data as { content?: string })?.content === 'forged');
    expect(wire.data).toMatchObject({ fromId: 'alice', from_name: 'Alice', from_avatar: '' });
    expect((wire.data as { timestamp: number }).timestamp).toBeGreaterThan(1_700_000_000_000);
    const { headers, body } = await nextCommand(im, 'MESSAGE');
    expect(headers.subscription).toBe('sub-0');
    expect(headers['message-id']).not.toBe('x');
    expect(JSON.parse(body)).toMatchObject({ fromId: 'alice', status: 'SENT' });
    expect(`${JSON.stringify(wire)}${body}`).not.toMatch(/bob/i);
  });
});

describe('who is logged in', () => {
  it('cannot become somebody else, even with their token', async () => {
    await using gateway = await startGateway();
    const alice = await speakers.json.enter(gateway, 'alice');
    alice.send({ type: 'auth', data: { token: await gateway.token('bob') } });
    speakers.json.say(alice, { user: 'bob', id: 'm-1', content: 'forged' });
    expect(await alice.next()).toMatch(/error/);
    await alice.closed;
    expect(await storedContents(gateway)).toEqual([]);
  });

  it('cannot read along in a private channel of somebody else', async () => {
    await using gateway = await startGateway();
    const alice = await connectSocket(gateway, 'alice', []);
    for (const channel of ['user:bob', 'user:BOB', 'private-group:staff']) {
      alice.send({ event: 'socket:subscribe', data: { channel } });
      expect(await alice.nextJson(({ event }) => event !== 'socket:connected')).toMatchObject({
        event: 'socket:subscribe.error',
      });
    }
    const im = await connectStomp(gateway, 'alice');
    im.send(stomp('SUBSCRIBE', { id: 's', destination: '/user/bob/queue/messages', receipt: 'r' }));
    expect((await nextCommand(im, 'ERROR')).headers['receipt-id']).toBe('r');
  });

  it('is one user only: credentials of two are refused', async () => {
    await using gateway = await startGateway();
    const tokens = [await gateway.token('alice'), await gateway.token('bob')];
    const im = await connectRaw(`${gateway.ws}/ws/im?token=${tokens[0]}`);
    im.send(stomp('CONNECT', { 'accept-version': '1.2', host: 'x', Authorization: `Bearer ${tokens[1]}` }));
    expect((await nextCommand(im, 'ERROR')).headers.code).toBe('token_invalid');
    expect((await im.closed).code).toBe(1002);
  });
});
