/** Endpoints without authentication, each in a namespace of its own, and groups that join two of them. */
import { describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { hears, messagesHeard, roomFrame, speakers } from '../support/speakers.ts';
import { chat, connectStomp, nextCommand, stomp } from '../support/stomp-wire.ts';
import { storedContents } from '../support/store-view.ts';

const VISITORS = `
  - { path: /visit/json, dialect: json, auth: none, namespace: visitors }
  - { path: /visit/room, dialect: room, auth: none, namespace: visitors }
  - { path: /visit/ourchat, dialect: ourchat, auth: none, namespace: visitors }
  - { path: /visit/im, dialect: stomp, auth: none, namespace: visitors }
`;
const LOBBY = `
  - { id: lobby, namespace: visitors, open: true }
`;
const BRIDGE = `
bridgeGroups:
  - { from: { namespace: main, group: lobby }, to: { namespace: visitors, group: lobby } }
`;

const withVisitors = (extra = ''): Promise<TestGateway> =>
  startGateway({
    edit: (yaml) => yaml.replace('\nendpoints:\n', `${LOBBY}\nendpoints:${VISITORS}`).concat(extra),
  });

/** A visitor who calls itself this, in the room `lobby`. */
async function visitor(gateway: TestGateway, id: string): Promise<RawClient> {
  const client = await connectRaw(`${gateway.ws}/visit/room`);
  client.send(roomFrame(2, 1, { from: { id, nickName: id.toUpperCase() }, roomNumber: 'lobby' }));
  await client.nextJson(({ msg }) => msg === 'Join successfully');
  return client;
}

describe('an endpoint without authentication', () => {
  it('believes who a client says it is, in the form of each dialect', async () => {
    await using gateway = await withVisitors();
    const alice = await visitor(gateway, 'alice');
    const json = await connectRaw(`${gateway.ws}/visit/json`);
    json.send({ type: 'auth', data: { token: 'zoe' } });
    expect(await json.nextJson()).toEqual({ type: 'auth_success', data: { userId: 'zoe' } });
    speakers.json.say(json, { user: 'zoe', id: 'm-1', content: 'by json' });
    expect(await hears(speakers.room, alice, 'by json')).toMatchObject({ from: 'zoe' });

    const ourchat = await connectRaw(`${gateway.ws}/visit/ourchat`);
    ourchat.send({
      type: 'CHAT',
      fromUserId: 4711,
      fromNickname: 'Olaf',
      content: 'by ourchat',
      messageType: 'GROUP',
    });
    expect(await hears(speakers.room, alice, 'by ourchat')).toMatchObject({ from: '4711' });

    const im = await connectRaw(`${gateway.ws}/visit/im`);
    im.send(stomp('CONNECT', { 'accept-version': '1.2', host: 'x', login: 'sam', passcode: '' }));
    expect((await nextCommand(im, 'CONNECTED')).headers['user-name']).toBe('sam');
    im.send(chat('send', { messageId: 's', toId: 'lobby', chatType: 'GROUP', content: 'by stomp' }));
    expect(await hears(speakers.room, alice, 'by stomp')).toMatchObject({ from: 'sam' });
  });

  it("is out of sight and hearing of the others' namespace, whatever name one takes", async () => {
    await using gateway = await withVisitors();
    const real = await speakers.json.enter(gateway, 'alice');
    const bob = await speakers.room.enter(gateway, 'bob');
    const impostor = await visitor(gateway, 'alice');
    speakers.room.say(impostor, { user: 'alice', id: 'm-1', content: 'I am alice' });
    await hears(speakers.room, impostor, 'I am alice');
    speakers.json.say(real, { user: 'alice', id: 'm-2', content: 'no, I am' });
    await hears(speakers.room, bob, 'no, I am');
    expect(messagesHeard(speakers.room, bob)).toEqual([{ from: 'alice', content: 'no, I am' }]);
    expect(messagesHeard(speakers.room, impostor)).toEqual([{ from: 'alice', content: 'I am alice' }]);
    expect(await storedContents(gateway)).toEqual(['no, I am']);
  });

  it('reaches nobody of another namespace in private', async () => {
    await using gateway = await withVisitors();
    await speakers.json.enter(gateway, 'bob');
    const zoe = await connectRaw(`${gateway.ws}/visit/json?token=zoe`);
    await zoe.nextJson(({ type }) => type === 'auth_success');
    speakers.json.tell?.(zoe, 'bob', { user: 'zoe', id: 'm-1', content: 'psst' });
    expect(await zoe.nextJson()).toEqual({
      type: 'error',
      data: { message: '用户不存在或已离线', messageId: 'm-1' },
    });
  });

  it('holds a client to the name that it has taken', async () => {
    await using gateway = await withVisitors();
    const zoe = await visitor(gateway, 'zoe');
    speakers.room.say(zoe, { user: 'yan', id: 'm-1', content: 'forged' });
    expect(await zoe.nextJson()).toMatchObject({ status: 0, msg: '发送者与当前登录用户不一致' });
    zoe.send(roomFrame(2, 1, { from: { id: 'yan' }, roomNumber: 'other' }));
    expect(await zoe.nextJson()).toMatchObject({ status: 0, msg: '发送者与当前登录用户不一致' });
  });

  it('must have a namespace of its own', async () => {
    const shared = startGateway({ edit: (yaml) => yaml.replace('auth: demo', 'auth: none') });
    await expect(shared).rejects.toThrow(/auth: none|namespace/);
  });
});

describe('a bridged group', () => {
  it('shows people of the other side as guests, in both directions', async () => {
    await using gateway = await withVisitors(BRIDGE);
    const bob = await speakers.json.enter(gateway, 'bob');
    const erin = await speakers.ourchat.enter(gateway, 'erin');
    const zoe = await visitor(gateway, 'zoe');
    speakers.room.say(zoe, { user: 'zoe', id: 'm-1', content: 'hello inside' });
    expect(await hears(speakers.json, bob, 'hello inside')).toMatchObject({ from: 'guest:zoe' });
    expect(await hears(speakers.room, zoe, 'hello inside')).toMatchObject({ from: 'zoe' });
    speakers.json.say(bob, { user: 'bob', id: 'm-2', content: 'hello outside' });
    expect(await hears(speakers.room, zoe, 'hello outside')).toMatchObject({ from: 'guest:bob' });
    expect(await hears(speakers.ourchat, erin, 'hello outside')).toMatchObject({ from: 'bob' });
  });

  it('tells a visitor who takes the name of a member from the member', async () => {
    await using gateway = await withVisitors(BRIDGE);
    const bob = await speakers.room.enter(gateway, 'bob');
    const impostor = await visitor(gateway, 'alice');
    speakers.room.say(impostor, { user: 'alice', id: 'm-1', content: 'it is me' });
    expect(await hears(speakers.room, bob, 'it is me')).toMatchObject({ from: 'guest:alice' });
  });

  it('has one list of members for both sides, guests under their names there', async () => {
    await using gateway = await withVisitors(BRIDGE);
    const bob = await speakers.room.enter(gateway, 'bob');
    const zoe = await connectRaw(`${gateway.ws}/visit/room`);
    zoe.send(roomFrame(2, 1, { from: { id: 'zoe' }, roomNumber: 'lobby' }));
    const reply = JSON.stringify(await zoe.nextJson());
    expect(reply).toContain('"id":"guest:bob"');
    expect(reply).toContain('"id":"zoe"');
    expect(await bob.nextJson()).toMatchObject({
      resultBody: { textData: { data: { newJoinMember: { id: 'guest:zoe' } } } },
    });
  });

  it('keeps what members missed, whichever side it came from', async () => {
    await using gateway = await withVisitors(BRIDGE);
    const zoe = await visitor(gateway, 'zoe');
    speakers.room.say(zoe, { user: 'zoe', id: 'm-1', content: 'anybody?' });
    await hears(speakers.room, zoe, 'anybody?');
    const bob = await speakers.json.enter(gateway, 'bob');
    expect(await hears(speakers.json, bob, 'anybody?')).toMatchObject({ from: 'guest:zoe' });
    const carol = await connectStomp(gateway, 'carol', ['/user/queue/messages']);
    carol.send(chat('sync', {}));
    expect(await hears(speakers.stomp, carol, 'anybody?')).toMatchObject({ from: 'guest:zoe' });
  });

  it('keeps a door of its own on each side, whichever of the two is home', async () => {
    const yaml = `
bridgeGroups:
  - { from: { namespace: visitors, group: lobby }, to: { namespace: main, group: staff } }
`;
    await using gateway = await withVisitors(yaml);
    const alice = await speakers.json.enter(gateway, 'alice');
    const frank = await speakers.json.enter(gateway, 'frank');
    const zoe = await visitor(gateway, 'zoe');
    speakers.room.say(zoe, { user: 'zoe', id: 'm-1', content: 'is anybody there?' });
    expect(await hears(speakers.json, alice, 'is anybody there?')).toMatchObject({ from: 'guest:zoe' });
    const toStaff = (fromId: string, id: string, content: string) => ({
      type: 'message',
      data: { id, fromId, toId: 'staff', chatType: 'group', content },
    });
    frank.send(toStaff('frank', 'm-2', 'let me in'));
    expect(await frank.nextJson(({ type }) => type === 'error')).toMatchObject({
      data: { messageId: 'm-2' },
    });
    alice.send(toStaff('alice', 'm-3', 'yes'));
    expect(await hears(speakers.room, zoe, 'yes')).toMatchObject({ from: 'guest:alice' });
  });

  it('cannot be entered under the name that somebody of the other side is shown by', async () => {
    await using gateway = await withVisitors(BRIDGE);
    await speakers.room.enter(gateway, 'bob');
    const client = await connectRaw(`${gateway.ws}/visit/room`);
    client.send(roomFrame(2, 1, { from: { id: 'guest:bob' }, roomNumber: 'lobby' }));
    expect(await client.nextJson()).toEqual({ status: 0, msg: '没有权限', resultBody: '' });
    const json = await connectRaw(`${gateway.ws}/visit/json?token=guest:bob`);
    expect(await json.nextJson()).toMatchObject({ type: 'auth_error' });
    const insider = await connectRaw(await gateway.url('/ws/json', 'guest:zoe'));
    expect(await insider.nextJson()).toMatchObject({ type: 'auth_error' });
  });
});
