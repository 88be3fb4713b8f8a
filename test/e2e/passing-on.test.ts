/** What goes with messages: revocations, reading, and signals that nobody keeps. */
import { describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectSocket, hears, isStored, messagesHeard, speakers } from '../support/speakers.ts';
import { chat, connectStomp, nextCommand, nextStomp, type StompWire } from '../support/stomp-wire.ts';
import { between, storedContents } from '../support/store-view.ts';

const EVENTS = '/user/queue/events';
const ERRORS = '/user/queue/errors';
const isOn =
  (destination: string) =>
  ({ headers }: StompWire): boolean =>
    headers.destination === destination;

/** Alice, by stomp, with a message in the lobby or to bob. */
async function alicesMessage(gateway: TestGateway, target: object) {
  const alice = await connectStomp(gateway, 'alice', [ERRORS]);
  alice.send(chat('send', { messageId: 'm-1', ...target, content: 'oops' }, { receipt: 'sent' }));
  await nextCommand(alice, 'RECEIPT', 'sent');
  return alice;
}
const LOBBY = { toId: 'lobby', chatType: 'GROUP' };
const BOB = { toId: 'bob', chatType: 'SINGLE' };

describe('revoking a message', () => {
  it('in a group is told to its members in their own words, and to no dialect without any', async () => {
    await using gateway = await startGateway();
    const bob = await speakers.json.enter(gateway, 'bob');
    const carol = await connectSocket(gateway, 'carol', ['group:lobby']);
    const dave = await connectStomp(gateway, 'dave', ['/topic/group/lobby', EVENTS]);
    const erin = await speakers.ourchat.enter(gateway, 'erin');
    const frank = await speakers.room.enter(gateway, 'frank');
    const alice = await alicesMessage(gateway, LOBBY);
    alice.send(chat('revoke', { messageId: 'm-1' }, { receipt: 'revoked' }));
    await nextCommand(alice, 'RECEIPT', 'revoked');
    expect(await bob.nextJson(({ type }) => type === 'message_revoked')).toEqual({
      type: 'message_revoked',
      data: { messageId: 'm-1', fromId: 'alice', toId: 'lobby', chatType: 'group' },
    });
    expect(await carol.nextJson(({ event }) => event === 'message_revoked')).toMatchObject({
      channel: 'group:lobby',
      data: { id: 'm-1', from: { id: 'alice' } },
    });
    const { body } = await nextStomp(dave, (frame) => isOn(EVENTS)(frame) && frame.body.includes('revoked'));
    expect(JSON.parse(body)).toMatchObject({ messageId: 'm-1', from: { id: 'alice' }, ...LOBBY });
    speakers.json.say(bob, { user: 'bob', id: 'b-1', content: 'what was it?' });
    await hears(speakers.ourchat, erin, 'what was it?');
    await hears(speakers.room, frank, 'what was it?');
    expect([...erin.received, ...frank.received].filter((wire) => wire.includes('m-1'))).toHaveLength(1);
    expect(await storedContents(gateway)).toEqual(['what was it?']);
  });

  it('in private is told to the recipient and to nobody else', async () => {
    await using gateway = await startGateway();
    const bob = await speakers.json.enter(gateway, 'bob');
    const carol = await speakers.json.enter(gateway, 'carol');
    const alice = await alicesMessage(gateway, BOB);
    alice.send(chat('revoke', { messageId: 'm-1' }, { receipt: 'revoked' }));
    expect(await bob.nextJson(({ type }) => type === 'message_revoked')).toEqual({
      type: 'message_revoked',
      data: { messageId: 'm-1', fromId: 'alice', toId: 'bob', chatType: 'single' },
    });
    speakers.json.say(bob, { user: 'bob', id: 'b-1', content: 'goodbye' });
    await hears(speakers.json, carol, 'goodbye');
    expect(carol.received.filter((wire) => wire.includes('revoked'))).toEqual([]);
  });

  it('keeps it from those who were away', async () => {
    await using gateway = await startGateway();
    const alice = await alicesMessage(gateway, BOB);
    alice.send(chat('revoke', { messageId: 'm-1' }, { receipt: 'revoked' }));
    await nextCommand(alice, 'RECEIPT', 'revoked');
    speakers.stomp.tell?.(alice, 'bob', { user: 'alice', id: 'm-2', content: 'this stands' });
    await nextCommand(alice, 'RECEIPT', 'r-m-2');
    const bob = await speakers.json.enter(gateway, 'bob');
    await hears(speakers.json, bob, 'this stands');
    expect(messagesHeard(speakers.json, bob).map(({ content }) => content)).toEqual(['this stands']);
  });

  it('is for its author only', async () => {
    await using gateway = await startGateway();
    const json = await speakers.json.enter(gateway, 'bob');
    await alicesMessage(gateway, BOB);
    const bob = await connectStomp(gateway, 'bob', [ERRORS, '/user/queue/messages']);
    await hears(speakers.json, json, 'oops');
    bob.send(chat('revoke', { messageId: 'm-1' }));
    const { body } = await nextStomp(bob, isOn(ERRORS));
    expect(JSON.parse(body)).toMatchObject({ messageId: 'm-1', code: 'message_unknown' });
    expect(await storedContents(gateway, between('alice', 'bob'))).toEqual(['oops']);
  });
});

describe('reading a conversation', () => {
  it('is told to the author, where the dialect can say it', async () => {
    await using gateway = await startGateway();
    const json = await speakers.json.enter(gateway, 'alice');
    const socket = await connectSocket(gateway, 'alice', ['user:alice']);
    const stomp = await connectStomp(gateway, 'alice', ['/user/queue/messages', EVENTS]);
    const bob = await speakers.json.enter(gateway, 'bob');
    bob.send({ type: 'read', data: { chatId: 'alice' } });
    expect(await socket.nextJson(({ event }) => event === 'message_read')).toMatchObject({
      channel: 'user:alice',
      data: { reader: { id: 'bob' } },
    });
    const { body } = await nextStomp(stomp, (frame) => frame.body.includes('message_read'));
    expect(JSON.parse(body)).toMatchObject({ reader: { id: 'bob' }, chatType: 'SINGLE', toId: 'alice' });
    json.send('ping');
    await json.next((wire) => wire === 'pong');
    expect(json.received.filter((wire) => wire.includes('read'))).toEqual([]);
  });

  it('of somebody who does not exist is refused', async () => {
    await using gateway = await startGateway();
    const bob = await speakers.json.enter(gateway, 'bob');
    bob.send({ type: 'read', data: { chatId: 'nobody' } });
    expect(await bob.nextJson()).toMatchObject({ type: 'error' });
  });
});

describe('a passing signal', () => {
  const typing = { event: 'typing', channel: 'group:lobby', data: { on: true } };

  it('goes to the others on the channel, once, and is kept for nobody', async () => {
    await using gateway = await startGateway();
    const alice = await connectSocket(gateway, 'alice', ['group:lobby']);
    const bob = await connectSocket(gateway, 'bob', ['group:lobby']);
    const carol = await connectStomp(gateway, 'carol', ['/topic/group/lobby', EVENTS]);
    alice.send(typing);
    expect(await bob.nextJson(({ event }) => event === 'typing')).toEqual(typing);
    const { body } = await nextStomp(carol, (frame) => frame.body.includes('typing'));
    expect(JSON.parse(body)).toMatchObject({
      type: 'relayed',
      name: 'typing',
      from: { id: 'alice' },
      chatType: 'GROUP',
      toId: 'lobby',
    });
    const dave = await connectSocket(gateway, 'dave', ['group:lobby']);
    const words = { user: 'alice', id: 'm-1', content: 'now' };
    speakers.socket.say(alice, words);
    await isStored(speakers.socket, alice, words);
    await hears(speakers.socket, dave, 'now');
    await hears(speakers.socket, bob, 'now');
    const typed = (received: readonly string[]) => received.filter((wire) => wire.includes('typing')).length;
    expect([alice, bob, dave].map(({ received }) => typed(received))).toEqual([0, 1, 0]);
    expect(await storedContents(gateway)).toEqual(['now']);
  });

  it('is refused where the endpoint does not allow it, and on a channel that is not subscribed', async () => {
    await using gateway = await startGateway({
      edit: (yaml) =>
        yaml.replace('dialect: socket\n', 'dialect: socket\n    options: { clientEvents: false }\n'),
    });
    const alice = await connectSocket(gateway, 'alice', ['group:lobby']);
    alice.send(typing);
    expect(await alice.nextJson()).toMatchObject({ event: 'error', data: { code: 'forbidden' } });
    await using open = await startGateway();
    const bob = await connectSocket(open, 'bob', []);
    bob.send(typing);
    expect(await bob.nextJson(({ event }) => event === 'error')).toMatchObject({
      data: { code: 'not_subscribed' },
    });
  });
});
