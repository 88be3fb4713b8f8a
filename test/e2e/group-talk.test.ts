/** Who gets a message, and how its sender learns that it is stored [DIALECTS, For all of them]. */
import { describe, expect, it } from 'vitest';
import { escapedJson } from '../support/contents.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import type { RawClient } from '../support/raw-client.ts';
import { everySpeaker, hears, isStored, messagesHeard, type Speaker, speakers } from '../support/speakers.ts';
import { stomp } from '../support/stomp-wire.ts';

interface Listener {
  readonly speaker: Speaker;
  readonly client: RawClient;
}

/** Another user in each dialect; the last one belongs to nothing and is let into an open group all the same. */
const OTHERS = ['bob', 'carol', 'dave', 'erin', 'frank'];

const enterAll = (gateway: TestGateway, user: (index: number) => string): Promise<Listener[]> =>
  Promise.all(
    everySpeaker.map(async (speaker, index) => ({
      speaker,
      client: await speaker.enter(gateway, user(index)),
    })),
  );

const count = ({ speaker, client }: Listener, content: string): number =>
  messagesHeard(speaker, client).filter((heard) => heard.content === content).length;

describe.each(everySpeaker)('a group message of a $dialect client', (speaker) => {
  const first = { user: 'alice', id: 'm-1', content: 'first' };
  const last = { user: 'alice', id: 'm-2', content: 'last' };

  it('reaches a client of each dialect once, from its author', async () => {
    await using gateway = await startGateway();
    const listeners = await enterAll(gateway, (index) => OTHERS[index] ?? '');
    const alice = await speaker.enter(gateway, 'alice');
    speaker.say(alice, first);
    speaker.say(alice, last);
    for (const listener of listeners) {
      // Messages come in order: with the last one, all copies of the first have come.
      await hears(listener.speaker, listener.client, 'last');
      const heard = messagesHeard(listener.speaker, listener.client);
      expect([listener.speaker.dialect, heard]).toEqual([
        listener.speaker.dialect,
        [
          { from: 'alice', content: 'first' },
          { from: 'alice', content: 'last' },
        ],
      ]);
    }
  });

  it(`is ${speaker.acknowledges ? 'acknowledged' : 'not acknowledged'} and ${speaker.copy ? 'echoed' : 'not echoed'} to the sending connection`, async () => {
    await using gateway = await startGateway();
    const alice = await speaker.enter(gateway, 'alice');
    for (const words of [first, last]) {
      speaker.say(alice, words);
      await isStored(speaker, alice, words);
    }
    const acks = alice.received.filter((wire) => speaker.isAck(wire, first.id)).length;
    expect({ acks, copies: count({ speaker, client: alice }, 'first') }).toEqual({
      acks: speaker.acknowledges ? 1 : 0,
      copies: speaker.copy ? 1 : 0,
    });
  });

  it("is copied to the sender's other connections, whatever they speak", async () => {
    await using gateway = await startGateway();
    const connections = await enterAll(gateway, () => 'alice');
    const sending = connections.find((listener) => listener.speaker === speaker) as Listener;
    speaker.say(sending.client, first);
    speaker.say(sending.client, last);
    for (const listener of connections) {
      if (listener === sending) continue;
      await hears(listener.speaker, listener.client, 'last');
      expect([listener.speaker.dialect, count(listener, 'first')]).toEqual([listener.speaker.dialect, 1]);
    }
  });

  it('may come from a stranger where the group is open', async () => {
    await using gateway = await startGateway();
    const listeners = await enterAll(
      gateway,
      (index) => ['bob', 'carol', 'dave', 'erin', 'alice'][index] ?? '',
    );
    const frank = await speaker.enter(gateway, 'frank');
    const words = { user: 'frank', id: 'f-1', content: 'may I?' };
    speaker.say(frank, words);
    await isStored(speaker, frank, words);
    for (const listener of listeners) {
      expect(await hears(listener.speaker, listener.client, 'may I?')).toEqual({
        from: 'frank',
        content: 'may I?',
      });
    }
  });
});

it('a stomp body that spells 10,000 emoji as JSON escapes arrives as emoji', async () => {
  await using gateway = await startGateway();
  const bob = await speakers.json.enter(gateway, 'bob');
  const alice = await speakers.stomp.enter(gateway, 'alice');
  const content = '\u{1f600}'.repeat(10_000);
  const body = escapedJson(JSON.stringify({ toId: 'bob', chatType: 'SINGLE', content }));
  expect(body).toContain('\\ud83d\\ude00');
  alice.send(stomp('SEND', { destination: '/app/chat.send' }, body));
  expect(await hears(speakers.json, bob, content)).toEqual({ from: 'alice', content });
});

const tellers = everySpeaker.filter(({ tell }) => tell !== undefined);

describe.each(tellers)('a private message of a $dialect client', (speaker) => {
  it("reaches all connections of both that can say it, and nobody else's", async () => {
    await using gateway = await startGateway();
    const bobs = await enterAll(gateway, () => 'bob');
    const alices = await enterAll(gateway, () => 'alice');
    const carol = await speaker.enter(gateway, 'carol');
    const sending = alices.find((listener) => listener.speaker === speaker) as Listener;
    speaker.tell?.(sending.client, 'bob', { user: 'alice', id: 'p-1', content: 'between us' });
    const able = [...bobs, ...alices].filter((listener) => listener.speaker.tell !== undefined);
    for (const listener of able) {
      if (listener !== sending) await hears(listener.speaker, listener.client, 'between us');
    }
    const fence = { user: 'alice', id: 'p-2', content: 'for everybody' };
    speaker.say(sending.client, fence);
    await hears(speaker, carol, 'for everybody');
    expect(count({ speaker, client: carol }, 'between us')).toBe(0);
    for (const listener of [...bobs, ...alices]) {
      if (listener === sending) continue;
      await hears(listener.speaker, listener.client, 'for everybody');
      const expected = listener.speaker.tell === undefined ? 0 : 1;
      expect([listener.speaker.dialect, count(listener, 'between us')]).toEqual([
        listener.speaker.dialect,
        expected,
      ]);
    }
  });
});
