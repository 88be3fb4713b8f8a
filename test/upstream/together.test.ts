/** Many clients of many dialects through many servers, in one group. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Message } from '../../schemas/model.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import {
  connectSocket,
  everySpeaker,
  hears,
  isStored,
  messagesHeard,
  roomFrame,
  type Speaker,
  speakers,
} from '../support/speakers.ts';
import { storedContents } from '../support/store-view.ts';
import { bridgePath, startBridge } from './bridge-kit.ts';

const speakerOf = (dialect: string): Speaker =>
  everySpeaker.find((each) => each.dialect === dialect) as Speaker;
const DIALECTS = everySpeaker.map(({ dialect }) => dialect);

let hub: TestGateway;
let bridge: TestGateway;

beforeEach(async () => {
  hub = await startGateway();
  bridge = await startBridge({ server: hub.ws });
});
afterEach(async () => {
  await bridge.stop();
  await hub.stop();
});

test('five clients through five servers hear all that was said, once, in one order', async () => {
  const seats = [
    ['alice', 'json', 'stomp'],
    ['bob', 'room', 'socket'],
    ['carol', 'ourchat', 'json'],
    ['dave', 'socket', 'room'],
    ['erin', 'stomp', 'ourchat'],
  ] as const;
  const clients = await Promise.all(
    seats.map(async ([user, from, to]) => {
      const speaker = speakerOf(from);
      return { user, speaker, client: await speaker.enter(bridge, user, bridgePath(from, to)) };
    }),
  );
  const rounds = [0, 1, 2, 3];
  await Promise.all(
    clients.map(async ({ user, speaker, client }) => {
      for (const round of rounds) {
        const words = { user, id: `${user}-${round}`, content: `${user} says ${round}` };
        speaker.say(client, words);
        await isStored(speaker, client, words);
      }
    }),
  );
  const stored = await storedContents(hub);
  expect(stored).toHaveLength(clients.length * rounds.length);
  for (const { user, speaker, client } of clients) {
    const others = stored.filter((content) => speaker.copy || !content.startsWith(user));
    await vi.waitUntil(() => messagesHeard(speaker, client).length >= others.length);
    expect(messagesHeard(speaker, client)).toEqual(
      others.map((content) => ({ from: content.split(' ')[0], content })),
    );
  }
});

describe('an ourchat client hears who is there', () => {
  const names = (list: Record<string, unknown>, key: string): readonly unknown[] =>
    (list[key] as { userId: unknown }[]).map(({ userId }) => userId).sort();

  test.each(DIALECTS)('from a %s server', async (to) => {
    const alice = await connectRaw(await bridge.url(bridgePath('ourchat', to), 'alice'));
    const first = await alice.nextJson(({ type }) => type === 'USER_LIST');
    expect(names(first, 'onlineUsers')).toContain(1);
    // A json server tells nobody who comes and goes.
    if (to === 'json') return;
    const carol = await connectSocket(hub, 'carol', ['group:lobby']);
    await alice.nextJson((frame) => frame.type === 'USER_LIST' && names(frame, 'onlineUsers').includes(3));
    await carol.close();
    const last = await alice.nextJson(
      (frame) => frame.type === 'USER_LIST' && !names(frame, 'onlineUsers').includes(3),
    );
    expect(names(last, 'onlineUsers')).toEqual([1]);
    expect(names(last, 'offlineUsers')).toEqual(to === 'ourchat' ? [2, 3, 4, 5] : []);
  });
});

describe('a room client in front of', () => {
  const join = async (path: string, user: string): Promise<[RawClient, Record<string, unknown>]> => {
    const client = await connectRaw(await bridge.url(path, user));
    client.send(roomFrame(2, 1, { roomNumber: 'lobby' }));
    return [client, await client.nextJson(({ msg }) => msg === 'Join successfully')];
  };
  interface Room {
    readonly members?: readonly { readonly id: string }[];
    readonly newJoinMember?: { readonly id: string };
    readonly newLeaveMember?: { readonly id: string };
  }
  const roomOf = (frame: Record<string, unknown>): Room =>
    (frame.resultBody as { textData: { data: Room } }).textData.data;

  test('a room server is told who is there, who comes and who goes', async () => {
    const bob = await connectSocket(hub, 'bob', ['group:lobby']);
    const [alice, joined] = await join(bridgePath('room', 'room'), 'alice');
    expect(
      roomOf(joined)
        .members?.map(({ id }) => id)
        .sort(),
    ).toEqual(['alice', 'bob']);
    expect(roomOf(joined).newJoinMember?.id).toBe('alice');
    const carol = await connectSocket(hub, 'carol', ['group:lobby']);
    const came = await alice.nextJson(({ msg }) => msg === 'Join successfully');
    expect(roomOf(came)).toMatchObject({ newJoinMember: { id: 'carol' } });
    await carol.close();
    const gone = await alice.nextJson(({ msg }) => msg === 'Leave successfully');
    expect(roomOf(gone)).toMatchObject({ newLeaveMember: { id: 'carol' } });
    await bob.close();
  });

  test('a server that does not say who is there is told of itself only', async () => {
    const bob = await connectSocket(hub, 'bob', ['group:lobby']);
    const [alice, joined] = await join(bridgePath('room', 'socket'), 'alice');
    expect(roomOf(joined).members?.map(({ id }) => id)).toEqual(['alice']);
    // Leaving is leaving there, too.
    alice.send(roomFrame(2, 2, { roomNumber: 'lobby' }));
    const left = await bob.nextJson(({ event }) => event === 'member_left');
    expect(left).toMatchObject({ data: { user: { id: 'alice' } } });
  });

  test('a server whose client has not joined shows it nothing of the group', async () => {
    const alice = await connectRaw(await bridge.url(bridgePath('room', 'json'), 'alice'));
    const bob = await speakers.json.enter(hub, 'bob');
    speakers.json.say(bob, { user: 'bob', id: 'b-1', content: 'before' });
    await bob.nextJson(({ type }) => type === 'ack');
    alice.send(roomFrame(2, 1, { roomNumber: 'lobby' }));
    await alice.nextJson(({ msg }) => msg === 'Join successfully');
    speakers.json.say(bob, { user: 'bob', id: 'b-2', content: 'after' });
    await hears(speakers.room, alice, 'after');
    expect(messagesHeard(speakers.room, alice).map(({ content }) => content)).toEqual(['after']);
  });
});

describe('ids', () => {
  test.each(DIALECTS.flatMap((from) => DIALECTS.map((to) => [from, to] as const)))(
    "a message of a %s client keeps its sender's id through a %s server where both have one",
    async (from, to) => {
      const speaker = speakerOf(from);
      const alice = await speaker.enter(bridge, 'alice', bridgePath(from, to));
      const words = { user: 'alice', id: 'an-id-of-its-own', content: 'with an id' };
      speaker.say(alice, words);
      await isStored(speaker, alice, words);
      const [stored] = await new Promise<readonly Message[]>((resolve, reject) => {
        hub.gateway.hub.store.history(
          { namespace: 'main', conversation: 'group:lobby', limit: 1 },
          (outcome) => (outcome.ok ? resolve(outcome.value) : reject(outcome.error)),
        );
      });
      const hasIds = from !== 'ourchat' && to !== 'ourchat';
      if (hasIds) expect(stored?.clientId).toBe('an-id-of-its-own');
      else expect(stored?.clientId).not.toBe('an-id-of-its-own');
    },
  );

  test('people whom the map does not know get their numbers in the order in which they are heard', async () => {
    const carol = await connectRaw(await bridge.url(bridgePath('ourchat', 'stomp'), 'carol'));
    await carol.nextJson(({ type }) => type === 'USER_LIST');
    const strangers = ['zoe', 'yves', 'xenia'];
    for (const user of strangers) {
      const client = await connectSocket(hub, user, ['group:lobby']);
      for (const round of [1, 2]) {
        client.send({
          event: 'message',
          channel: 'group:lobby',
          data: { id: `${user}-${round}`, content: user },
        });
      }
      await client.nextJson(
        ({ event, data }) => event === 'ack' && (data as { id: string }).id === `${user}-2`,
      );
    }
    const chats: (readonly [unknown, unknown])[] = [];
    while (chats.length < 6) {
      const { fromUserId, content } = await carol.nextJson(({ type }) => type === 'CHAT');
      chats.push([fromUserId, content]);
    }
    // One to six are the configured users'.
    expect(chats).toEqual(
      strangers.flatMap((user, index) => [
        [7 + index, user],
        [7 + index, user],
      ]),
    );
    carol.send({ type: 'CHAT', fromUserId: 3, toUserId: 8, content: 'psst', messageType: 'PRIVATE' });
    const stored = vi.waitUntil(
      async () => (await storedContents(hub, 'direct:["carol","yves"]')).includes('psst'),
      { timeout: 5000 },
    );
    await stored;
  });

  test('a number of a server that nobody has here is a name that can be answered', async () => {
    const bob = await speakers.ourchat.enter(hub, 'bob');
    const { identities } = hub.gateway.hub;
    await new Promise((done) => identities.assign('main', [{ id: 'stranger', integer: 77 }], done));
    const alice = await speakers.json.enter(bridge, 'alice', bridgePath('json', 'ourchat'));
    speakers.json.tell?.(alice, '77', { user: 'alice', id: 'm-1', content: 'to a number' });
    const frame = await alice.nextJson(({ type }) => type === 'ack' || type === 'error');
    // The hub knows nobody of that number as a user; what matters is that it is the one to say so.
    expect(frame).toMatchObject({ data: { messageId: 'm-1' } });
    await bob.close();
  });
});
