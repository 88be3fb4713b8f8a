/** Users whom nobody vouches for: another namespace neither sees nor hears them, in any dialect. */
import { describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import {
  everySpeaker,
  hears,
  isStored,
  messagesHeard,
  roomFrame,
  type Speaker,
  speakers,
} from '../support/speakers.ts';
import { nextCommand, stomp } from '../support/stomp-wire.ts';
import { between, storedContents } from '../support/store-view.ts';

const OPEN = ['json', 'room', 'socket', 'ourchat', 'stomp'].map(
  (dialect) => `  - { path: /open/${dialect}, dialect: ${dialect}, auth: none, namespace: open }\n`,
);
const withStrangers = (): Promise<TestGateway> =>
  startGateway({
    edit: (yaml) =>
      yaml.replace(
        '\nendpoints:\n',
        `\n  - { id: lobby, namespace: open, open: true }\n\nendpoints:\n${OPEN.join('')}\n`,
      ),
  });

const WORDS = { user: 'mallory', id: 'm-1', content: 'from outside' };
/** Where ids are numbers, the one that Mallory takes. */
const MALLORY = 4711;

/** Says something in the lobby of the open namespace. */
function say(speaker: Speaker, client: RawClient): void {
  if (speaker.dialect !== 'ourchat') speaker.say(client, WORDS);
  else client.send({ type: 'CHAT', fromUserId: MALLORY, messageType: 'GROUP', content: WORDS.content });
}

/** Mallory, in the lobby of the open namespace by the endpoint of a dialect. */
async function pretender(gateway: TestGateway, { dialect }: Speaker): Promise<RawClient> {
  const url = `${gateway.ws}/open/${dialect}`;
  switch (dialect) {
    case 'json': {
      const client = await connectRaw(`${url}?token=mallory`);
      await client.nextJson(({ type }) => type === 'auth_success');
      return client;
    }
    case 'room': {
      const client = await connectRaw(url);
      client.send(roomFrame(2, 1, { from: { id: 'mallory' }, roomNumber: 'lobby' }));
      await client.nextJson(({ msg }) => msg === 'Join successfully');
      return client;
    }
    case 'socket': {
      const client = await connectRaw(`${url}?token=mallory`);
      client.send({ event: 'socket:subscribe', data: { channel: 'group:lobby' } });
      await client.nextJson(({ event }) => event === 'socket:subscribed');
      return client;
    }
    case 'ourchat': {
      // The first message is the login.
      const client = await connectRaw(url);
      client.send({ type: 'CHAT', fromUserId: MALLORY, messageType: 'GROUP', content: 'hello' });
      await client.nextJson(({ content }) => content === 'hello');
      return client;
    }
    default: {
      const client = await connectRaw(url);
      client.send(stomp('CONNECT', { 'accept-version': '1.2', host: 'x', login: 'mallory', passcode: '' }));
      await nextCommand(client, 'CONNECTED');
      client.send(stomp('SUBSCRIBE', { id: 's', destination: '/topic/group/lobby', receipt: 'r' }));
      await nextCommand(client, 'RECEIPT', 'r');
      return client;
    }
  }
}

describe.each(everySpeaker)('a stranger of $dialect', (speaker) => {
  it('is not seen to come and go, and is not heard', async () => {
    await using gateway = await withStrangers();
    const listeners = await Promise.all(
      everySpeaker.map(async (listener) => ({ listener, client: await listener.enter(gateway, 'bob') })),
    );
    const before = listeners.map(({ client }) => client.received.length);
    const stranger = await pretender(gateway, speaker);
    say(speaker, stranger);
    await isStored(speaker, stranger, WORDS);
    await stranger.close();
    const carol = await connectRaw(await gateway.url('/ws/json', 'carol'));
    await carol.nextJson();
    speakers.json.say(carol, { user: 'carol', id: 'm-2', content: 'from inside' });
    for (const [index, { listener, client }] of listeners.entries()) {
      await hears(listener, client, 'from inside');
      expect(messagesHeard(listener, client)).toEqual([{ from: 'carol', content: 'from inside' }]);
      expect(client.received.slice(before[index]).join('\n')).not.toMatch(/mallory|4711|outside/i);
    }
    expect(await storedContents(gateway)).toEqual(['from inside']);
  });

  it('hears nothing of the other namespace', async () => {
    await using gateway = await withStrangers();
    const stranger = await pretender(gateway, speaker);
    const bob = await speakers.json.enter(gateway, 'bob');
    speakers.json.say(bob, { user: 'bob', id: 'm-1', content: 'to the lobby' });
    await bob.nextJson(({ type }) => type === 'ack');
    for (const id of ['mallory', String(MALLORY)]) {
      speakers.json.tell?.(bob, id, { user: 'bob', id: `to ${id}`, content: 'in private' });
      expect(await bob.nextJson()).toMatchObject({ type: 'error', data: { messageId: `to ${id}` } });
    }
    say(speaker, stranger);
    await isStored(speaker, stranger, WORDS);
    expect(stranger.received.join('\n')).not.toMatch(/to the lobby|in private|bob/i);
  });

  const { tell } = speaker;
  it.skipIf(tell === undefined)('cannot write to anybody of the other namespace', async () => {
    await using gateway = await withStrangers();
    const bob = await speakers.json.enter(gateway, 'bob');
    const stranger = await pretender(gateway, speaker);
    const already = stranger.received.length;
    // Bob is number 2 in his own namespace only.
    if (speaker.dialect !== 'ourchat') tell?.(stranger, 'bob', { ...WORDS, content: 'psst' });
    else
      stranger.send({
        type: 'CHAT',
        fromUserId: MALLORY,
        toUserId: 2,
        messageType: 'PRIVATE',
        content: 'psst',
      });
    await stranger.next((wire) => /不存在|recipient_unknown|does not exist/.test(wire));
    expect(stranger.received.length).toBeGreaterThan(already);
    expect(messagesHeard(speakers.json, bob)).toEqual([]);
    expect(await storedContents(gateway, between('mallory', 'bob'))).toEqual([]);
  });
});
