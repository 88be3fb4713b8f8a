/** What is refused, in each dialect's own words, and leaves no trace [DIALECTS, For all of them]. */
import { describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import type { RawClient } from '../support/raw-client.ts';
import { isStored, roomFrame, type Speaker, speakers } from '../support/speakers.ts';
import { chat, connectStomp, nextCommand, nextStomp, stomp } from '../support/stomp-wire.ts';
import { between, storedContents } from '../support/store-view.ts';

const isRefusal = ({ status }: Record<string, unknown>): boolean => status === 0;
const isError = ({ type, event }: Record<string, unknown>): boolean =>
  type === 'error' || type === 'ERROR' || event === 'error';

/** The connection is open and is heard: its next message in the lobby is stored. */
async function stillWorks(gateway: TestGateway, speaker: Speaker, client: RawClient, user: string) {
  const words = { user, id: 'afterwards', content: 'still here' };
  speaker.say(client, words);
  await isStored(speaker, client, words);
  expect(await storedContents(gateway)).toEqual(['still here']);
}

describe('a closed group, to somebody who is no member', () => {
  const data = { id: 'm-1', fromId: 'frank', toId: 'staff', chatType: 'group', content: 'let me in' };

  it('is refused by json with an error that names the message', async () => {
    await using gateway = await startGateway();
    const frank = await speakers.json.enter(gateway, 'frank');
    frank.send({ type: 'message', data });
    expect(await frank.nextJson()).toEqual({
      type: 'error',
      data: { message: '没有权限', messageId: 'm-1' },
    });
    expect(await storedContents(gateway, 'group:staff')).toEqual([]);
    await stillWorks(gateway, speakers.json, frank, 'frank');
  });

  it('is refused by room at the join and, not being joined, at a message', async () => {
    await using gateway = await startGateway();
    const frank = await speakers.room.enter(gateway, 'frank');
    frank.send(roomFrame(2, 1, { roomNumber: 'staff' }));
    expect(await frank.nextJson()).toEqual({ status: 0, msg: '没有权限', resultBody: '' });
    frank.send(roomFrame(3, 3, { roomNumber: 'staff', content: 'let me in' }));
    expect(await frank.nextJson()).toEqual({ status: 0, msg: '请先加入该房间', resultBody: '' });
    expect(await storedContents(gateway, 'group:staff')).toEqual([]);
    await stillWorks(gateway, speakers.room, frank, 'frank');
  });

  it('is refused by socket at the subscription and, not being subscribed, at a message', async () => {
    await using gateway = await startGateway();
    const frank = await speakers.socket.enter(gateway, 'frank');
    frank.send({ event: 'socket:subscribe', data: { channel: 'group:staff' } });
    expect(await frank.nextJson()).toEqual({
      event: 'socket:subscribe.error',
      data: { error: 'not allowed: this group is for its members' },
    });
    frank.send({ event: 'message', channel: 'group:staff', data: { id: 'm-1', content: 'let me in' } });
    expect(await frank.nextJson()).toMatchObject({
      event: 'error',
      data: { code: 'not_subscribed', messageId: 'm-1' },
    });
    expect(await storedContents(gateway, 'group:staff')).toEqual([]);
    await stillWorks(gateway, speakers.socket, frank, 'frank');
  });

  it('is refused by ourchat with ERROR 1012 where it is the lobby', async () => {
    await using gateway = await startGateway({
      edit: (yaml) => yaml.replace('lobby: lobby', 'lobby: staff'),
    });
    const frank = await speakers.ourchat.enter(gateway, 'frank');
    speakers.ourchat.say(frank, { user: 'frank', id: '', content: 'let me in' });
    expect(await frank.nextJson(isError)).toEqual({ type: 'ERROR', code: 1012, message: '没有权限' });
    expect(await storedContents(gateway, 'group:staff')).toEqual([]);
  });

  it('is refused by stomp on the errors queue, the connection open', async () => {
    await using gateway = await startGateway();
    const frank = await connectStomp(gateway, 'frank', ['/user/queue/errors', '/topic/group/lobby']);
    frank.send(chat('send', { messageId: 'm-1', toId: 'staff', chatType: 'GROUP', content: 'let me in' }));
    const { headers, body } = await nextCommand(frank, 'MESSAGE');
    expect(headers).toMatchObject({ destination: '/user/queue/errors', subscription: 'sub-0' });
    expect(JSON.parse(body)).toMatchObject({ code: 'forbidden', messageId: 'm-1' });
    expect(await storedContents(gateway, 'group:staff')).toEqual([]);
    await stillWorks(gateway, speakers.stomp, frank, 'frank');
  });

  it('is refused by stomp with ERROR and the receipt id where a receipt was asked for', async () => {
    await using gateway = await startGateway();
    const frank = await connectStomp(gateway, 'frank', ['/user/queue/errors']);
    frank.send(stomp('SUBSCRIBE', { id: 's', destination: '/topic/group/staff', receipt: 'r-1' }));
    expect((await nextCommand(frank, 'ERROR')).headers).toMatchObject({
      'receipt-id': 'r-1',
      code: 'forbidden',
    });
    expect(await frank.closed).toMatchObject({ code: 1002 });
  });
});

describe('a message that names somebody else as its sender', () => {
  const private_ = between('alice', 'carol');

  it('is refused by json and stored nowhere', async () => {
    await using gateway = await startGateway();
    const alice = await speakers.json.enter(gateway, 'alice');
    const bob = { id: 'm-1', fromId: 'bob', content: 'forged' };
    for (const target of [
      { toId: 'lobby', chatType: 'group' },
      { toId: 'carol', chatType: 'single' },
    ]) {
      alice.send({ type: 'message', data: { ...bob, ...target } });
      expect(await alice.nextJson()).toEqual({
        type: 'error',
        data: { message: '发送者与当前登录用户不一致', messageId: 'm-1' },
      });
    }
    expect(await storedContents(gateway, private_)).toEqual([]);
    await stillWorks(gateway, speakers.json, alice, 'alice');
  });

  it('is refused by room, like a join or a leave under another name', async () => {
    await using gateway = await startGateway();
    const alice = await speakers.room.enter(gateway, 'alice');
    const from = { id: 'bob', nickName: 'Bob' };
    for (const frame of [
      roomFrame(3, 3, { from, roomNumber: 'lobby', content: 'forged' }),
      roomFrame(2, 1, { from, roomNumber: 'staff' }),
      roomFrame(2, 2, { from, roomNumber: 'lobby' }),
    ]) {
      alice.send(frame);
      expect(await alice.nextJson(isRefusal)).toEqual({
        status: 0,
        msg: '发送者与当前登录用户不一致',
        resultBody: '',
      });
    }
    await stillWorks(gateway, speakers.room, alice, 'alice');
  });

  it('is refused by socket, as an id and as an object', async () => {
    await using gateway = await startGateway();
    const alice = await speakers.socket.enter(gateway, 'alice');
    for (const from of ['bob', { id: 'bob', name: 'Bob' }]) {
      for (const channel of ['group:lobby', 'user:carol']) {
        alice.send({ event: 'message', channel, data: { id: 'm-1', from, content: 'forged' } });
        expect(await alice.nextJson()).toMatchObject({
          event: 'error',
          data: { code: 'sender_mismatch', messageId: 'm-1' },
        });
      }
    }
    expect(await storedContents(gateway, private_)).toEqual([]);
    await stillWorks(gateway, speakers.socket, alice, 'alice');
  });

  it('is refused by ourchat with ERROR 1011, also under an integer that nobody has', async () => {
    await using gateway = await startGateway();
    const alice = await speakers.ourchat.enter(gateway, 'alice');
    for (const fromUserId of [2, 4711]) {
      for (const to of [
        { toUserId: null, messageType: 'GROUP' },
        { toUserId: 3, messageType: 'PRIVATE' },
      ]) {
        alice.send({ type: 'CHAT', fromUserId, ...to, content: 'forged' });
        expect(await alice.nextJson(isError)).toEqual({
          type: 'ERROR',
          code: 1011,
          message: '发送者与当前登录用户不一致',
        });
      }
    }
    expect(await storedContents(gateway, private_)).toEqual([]);
    await stillWorks(gateway, speakers.ourchat, alice, 'alice');
  });

  it('is refused by stomp, as is a revocation', async () => {
    await using gateway = await startGateway();
    const alice = await connectStomp(gateway, 'alice', ['/user/queue/errors', '/topic/group/lobby']);
    const forged = { messageId: 'm-1', fromId: 'bob', toId: 'lobby', chatType: 'GROUP', content: 'forged' };
    for (const frame of [
      chat('send', forged),
      chat('send', { ...forged, toId: 'carol', chatType: 'SINGLE' }),
      chat('revoke', { messageId: 'm-1', fromId: 'bob' }),
    ]) {
      alice.send(frame);
      const { body } = await nextStomp(alice, ({ headers }) => headers.destination === '/user/queue/errors');
      expect(JSON.parse(body)).toMatchObject({ code: 'sender_mismatch', messageId: 'm-1' });
    }
    expect(await storedContents(gateway, private_)).toEqual([]);
    await stillWorks(gateway, speakers.stomp, alice, 'alice');
  });
});
