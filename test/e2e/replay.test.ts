/** What was missed comes later: when, in which order, and not again once its arrival is confirmed. */
import { describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';
import { hears, isStored, messagesHeard, type Speaker, speakers } from '../support/speakers.ts';
import { chat, connectStomp, framesOf, nextCommand, nextStomp, stomp } from '../support/stomp-wire.ts';
import { hasConfirmedAll, missedBy } from '../support/store-view.ts';

/** Each delivery is followed by a ping at once, whose pong confirms it. */
const start = (): Promise<TestGateway> =>
  startGateway({
    edit: (yaml) => yaml.replaceAll('    auth: demo', '    auth: demo\n    heartbeat: { confirm: 0ms }'),
  });

const texts = (speaker: Speaker, client: Parameters<typeof messagesHeard>[1]) =>
  messagesHeard(speaker, client).map(({ content }) => content);

/** Alice, by json, writes to the lobby and, where the name begins with `private`, to bob. */
async function writes(gateway: TestGateway, contents: readonly string[]): Promise<void> {
  const alice = await speakers.json.enter(gateway, 'alice');
  for (const content of contents) {
    const words = { user: 'alice', id: content, content };
    if (content.startsWith('private')) speakers.json.tell?.(alice, 'bob', words);
    else speakers.json.say(alice, words);
    await isStored(speakers.json, alice, words);
  }
  await alice.close();
}

const MISSED = ['one', 'private two', 'three', 'four', 'private five'];
const IN_LOBBY = MISSED.filter((content) => !content.startsWith('private'));

describe.each([
  { speaker: speakers.json, expected: MISSED, after: 'auth_success' },
  { speaker: speakers.ourchat, expected: MISSED, after: 'USER_LIST' },
  { speaker: speakers.room, expected: IN_LOBBY, after: 'Join successfully' },
  { speaker: speakers.socket, expected: [...IN_LOBBY, 'private two', 'private five'], after: 'subscribed' },
])('$speaker.dialect', ({ speaker, expected, after }) => {
  it('brings what was missed in order, after the answer to login or attendance', async () => {
    await using gateway = await start();
    await writes(gateway, MISSED);
    const bob = await speaker.enter(gateway, 'bob');
    const last = expected.at(-1) ?? '';
    // What came before the client was told that it is in has been taken by `enter`.
    if (!texts(speaker, bob).includes(last)) await hears(speaker, bob, last);
    expect(texts(speaker, bob)).toEqual(expected);
    const firstMessage = bob.received.findIndex((wire) => speaker.read(wire) !== undefined);
    const answer = bob.received.findIndex((wire) => wire.includes(after));
    expect(answer).toBeLessThan(firstMessage);
    expect(answer).toBeGreaterThanOrEqual(0);
  });

  it('does not bring again what was confirmed', async () => {
    await using gateway = await start();
    await writes(gateway, IN_LOBBY);
    const bob = await speaker.enter(gateway, 'bob');
    await hasConfirmedAll(gateway, 'bob');
    await bob.close();
    await writes(gateway, ['new']);
    const again = await speaker.enter(gateway, 'bob');
    if (!texts(speaker, again).includes('new')) await hears(speaker, again, 'new');
    expect(texts(speaker, again)).toEqual(['new']);
  });

  it('does not bring old group messages to a stranger', async () => {
    await using gateway = await start();
    await writes(gateway, IN_LOBBY);
    const frank = await speaker.enter(gateway, 'frank');
    speaker.say(frank, { user: 'frank', id: 'f', content: 'hello' });
    await isStored(speaker, frank, { user: 'frank', id: 'f', content: 'hello' });
    expect(texts(speaker, frank)).toEqual(speaker.copy ? ['hello'] : []);
  });
});

describe('confirmation', () => {
  it('does not come from a client that never answers a ping: the same comes again', async () => {
    await using gateway = await start();
    await writes(gateway, MISSED);
    for (let login = 0; login < 2; login++) {
      const url = await gateway.url('/ws/json', 'bob');
      const bob = await connectRaw(url, [], { autoPong: false });
      const pinged = new Promise((resolve) => bob.socket.once('ping', resolve));
      await hears(speakers.json, bob, 'private five');
      await pinged;
      expect(texts(speakers.json, bob)).toEqual(MISSED);
      await bob.close();
    }
    expect(await missedBy(gateway, 'bob')).toEqual(MISSED);
  });

  it('by one dialect holds for all others', async () => {
    await using gateway = await start();
    await writes(gateway, MISSED);
    const bob = await speakers.ourchat.enter(gateway, 'bob');
    await hasConfirmedAll(gateway, 'bob');
    await bob.close();
    await writes(gateway, ['new']);
    const again = await speakers.json.enter(gateway, 'bob');
    await hears(speakers.json, again, 'new');
    expect(texts(speakers.json, again)).toEqual(['new']);
  });

  it('of a room leaves what a room cannot say to be told elsewhere', async () => {
    await using gateway = await start();
    await writes(gateway, ['private one', 'two']);
    const bob = await speakers.room.enter(gateway, 'bob');
    await hears(speakers.room, bob, 'two');
    await bob.close();
    const again = await speakers.json.enter(gateway, 'bob');
    await hears(speakers.json, again, 'private one');
  });
});

describe('stomp', () => {
  const INBOX = '/user/queue/messages';

  it('brings what was missed on chat.sync only, in order, on the own queue', async () => {
    await using gateway = await start();
    await writes(gateway, MISSED);
    const bob = await connectStomp(gateway, 'bob', ['/topic/group/lobby', INBOX]);
    expect(framesOf(bob, 'MESSAGE')).toEqual([]);
    bob.send(chat('sync', {}, { receipt: 'synced' }));
    await nextCommand(bob, 'RECEIPT', 'synced');
    expect(texts(speakers.stomp, bob)).toEqual(MISSED);
    const destinations = new Set(framesOf(bob, 'MESSAGE').map(({ headers }) => headers.destination));
    expect([...destinations]).toEqual([INBOX]);
  });

  it('does not bring again what was confirmed', async () => {
    await using gateway = await start();
    await writes(gateway, MISSED);
    const bob = await speakers.stomp.enter(gateway, 'bob');
    bob.send(chat('sync', {}, { receipt: 'synced' }));
    await nextCommand(bob, 'RECEIPT', 'synced');
    await hasConfirmedAll(gateway, 'bob');
    await bob.close();
    const again = await speakers.stomp.enter(gateway, 'bob');
    again.send(chat('sync', {}, { receipt: 'synced' }));
    await nextCommand(again, 'RECEIPT', 'synced');
    expect(texts(speakers.stomp, again)).toEqual([]);
  });

  it('confirms by ACK alone where the subscription is client-individual', async () => {
    await using gateway = await start();
    await writes(gateway, MISSED);
    const bob = await connectStomp(gateway, 'bob');
    bob.send(stomp('SUBSCRIBE', { id: 'in', destination: INBOX, ack: 'client-individual' }));
    bob.send(chat('sync', {}, { receipt: 'synced' }));
    for (const content of MISSED) {
      const { headers } = await nextStomp(
        bob,
        ({ command, body }) => command === 'MESSAGE' && body.includes(content),
      );
      if (content === 'three') continue;
      bob.send(stomp('ACK', { id: headers.ack ?? '', receipt: content }));
    }
    await nextCommand(bob, 'RECEIPT', 'private five');
    expect(await missedBy(gateway, 'bob')).toEqual(['three']);
  });
});
