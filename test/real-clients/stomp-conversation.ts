/** What every STOMP library says and hears over every transport: one suite for all of them. */
import { expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import type { StompPeer } from './stomp-client.ts';

/** Logs in as a user, in whatever way. */
export type Dial = (gateway: TestGateway, user: string) => Promise<StompPeer>;

let count = 0;
export const single = (toId: string, content: string): Record<string, unknown> => ({
  appId: 'app',
  messageId: `m${++count}`,
  toId,
  chatType: 'SINGLE',
  msgType: 'TEXT',
  content,
});
export const group = (toId: string, content: string): Record<string, unknown> => ({
  ...single(toId, content),
  chatType: 'GROUP',
});

const CONTENTS = [
  'plain',
  ' white space ',
  '你好 😀 שלום',
  'lines\r\nand \\ "quotes" : colons',
  'NUL \0 inside',
  '__proto__',
];

/** Declares the tests; wrap them in a `describe` that names the library and the transport. */
export function itHoldsTheConversation(dial: Dial): void {
  it('is welcomed with a version, a session, its user and heart-beats', async () => {
    await using gateway = await startGateway();
    const alice = await dial(gateway, 'alice');
    expect(alice.connected).toMatchObject({ 'user-name': 'alice', 'heart-beat': expect.any(String) });
    expect(['1.1', '1.2']).toContain(alice.connected.version);
    expect(alice.connected.session).not.toBe('');
  });

  it('hears its own group messages and those of others', async () => {
    await using gateway = await startGateway();
    const [alice, bob] = await Promise.all([dial(gateway, 'alice'), dial(gateway, 'bob')]);
    const atAlice = await alice.subscribe('/topic/group/lobby');
    const atBob = await bob.subscribe('/topic/group/lobby');
    const said = group('lobby', 'hello, all');
    await alice.send('/app/chat.send', said);
    for (const mailbox of [atAlice, atBob]) {
      const delivery = await mailbox.received.next();
      expect(delivery.headers).toMatchObject({
        subscription: mailbox.id,
        destination: '/topic/group/lobby',
        'content-type': expect.stringContaining('application/json'),
        'content-length': String(Buffer.byteLength(delivery.body)),
      });
      expect(delivery.json()).toEqual({
        id: said.messageId,
        fromId: 'alice',
        toId: 'lobby',
        chatType: 'GROUP',
        msgType: 'TEXT',
        content: 'hello, all',
        status: 'SENT',
        createdAt: expect.any(Number),
      });
    }
  });

  it('hears private messages, whatever is in them', async () => {
    await using gateway = await startGateway();
    const [alice, bob] = await Promise.all([dial(gateway, 'alice'), dial(gateway, 'bob')]);
    const inbox = await bob.subscribe('/user/queue/messages');
    for (const content of CONTENTS) {
      const said = single('bob', content);
      await alice.send('/app/chat.send', said);
      const delivery = await inbox.received.next();
      expect(delivery.headers.destination).toBe('/user/queue/messages');
      expect(delivery.json()).toMatchObject({
        id: said.messageId,
        fromId: 'alice',
        toId: 'bob',
        chatType: 'SINGLE',
        content,
      });
    }
  });

  it('hears nothing more of what it has unsubscribed from', async () => {
    await using gateway = await startGateway();
    const [alice, bob] = await Promise.all([dial(gateway, 'alice'), dial(gateway, 'bob')]);
    const inbox = await alice.subscribe('/user/queue/messages');
    const lobby = await alice.subscribe('/topic/group/lobby');
    await bob.send('/app/chat.send', group('lobby', 'before'));
    await lobby.received.next();
    lobby.unsubscribe();
    // Its receipt comes after the UNSUBSCRIBE has taken effect: one order for all frames.
    await alice.send('/app/chat.send', single('carol', 'by the way'));
    await bob.send('/app/chat.send', group('lobby', 'after'));
    await bob.send('/app/chat.send', single('alice', 'and now?'));
    expect((await inbox.received.next()).json()).toMatchObject({ content: 'and now?' });
    expect(lobby.received.all).toHaveLength(1);
    expect(alice.received.all.filter((message) => String(message).includes('"after"'))).toEqual([]);
  });

  it('gets what it missed on chat.sync, in order', async () => {
    await using gateway = await startGateway();
    const alice = await dial(gateway, 'alice');
    for (const content of ['one', 'two', 'three']) {
      await alice.send('/app/chat.send', single('bob', content));
    }
    const bob = await dial(gateway, 'bob');
    const inbox = await bob.subscribe('/user/queue/messages');
    await bob.send('/app/chat.sync', { appId: 'app' });
    await inbox.received.count(3);
    expect(inbox.received.all.map((delivery) => delivery.json().content)).toEqual(['one', 'two', 'three']);
  });

  it('reads refusals on /user/queue/errors and stays', async () => {
    await using gateway = await startGateway();
    const carol = await dial(gateway, 'carol');
    const refusals = await carol.subscribe('/user/queue/errors');
    const said = group('staff', 'let me in');
    carol.post('/app/chat.send', said);
    expect((await refusals.received.next()).json()).toEqual({
      code: 'forbidden',
      message: expect.stringContaining('not allowed'),
      messageId: said.messageId,
    });
    await carol.send('/app/chat.send', single('alice', 'still here'));
    expect(carol.errors.all).toEqual([]);
  });

  it('gets ERROR with the receipt of a refused frame, then close 1002', async () => {
    await using gateway = await startGateway();
    const carol = await dial(gateway, 'carol');
    await expect(carol.send('/app/chat.send', group('staff', 'let me in'))).rejects.toThrow('not allowed');
    expect(carol.errors.all[0]?.headers).toMatchObject({
      'receipt-id': 'receipt-1',
      message: 'forbidden',
      code: 'forbidden',
    });
    expect((await carol.ended).code).toBe(1002);
  });

  it('disconnects', async () => {
    // stompjs 2.3.3 does not wait until its DISCONNECT is through: over HTTP the session may have to time out.
    const edit = (yaml: string): string => yaml.replace('sockjs: true', 'sockjs: { disconnectDelay: 1s }');
    await using gateway = await startGateway({ edit });
    const alice = await dial(gateway, 'alice');
    await alice.disconnect();
    expect(alice.errors.all).toEqual([]);
    await gateway.gateway.hub.empty();
    expect(gateway.gateway.hub.connections.size).toBe(0);
  });

  it('hears 1012 when the gateway shuts down', async () => {
    await using gateway = await startGateway();
    const alice = await dial(gateway, 'alice');
    await gateway.stop();
    expect((await alice.ended).code).toBe(1012);
  });
}
