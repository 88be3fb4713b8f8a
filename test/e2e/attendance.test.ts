/** Who is there: attendance is counted by user over all dialects, presence over all connections. */
import { describe, expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { connectSocket, hears, roomFrame, speakers } from '../support/speakers.ts';
import { connectStomp, nextCommand, nextStomp, stomp } from '../support/stomp-wire.ts';

interface RoomData {
  readonly number: string;
  readonly members?: readonly { readonly id: string }[];
  readonly newJoinMember?: { readonly id: string };
  readonly newLeaveMember?: { readonly id: string };
}

/** The next reply with this `msg`, as its room. */
async function room(client: RawClient, msg: string): Promise<RoomData> {
  const reply = (await client.nextJson((frame) => frame.msg === msg)) as {
    readonly resultBody: { readonly textData: { readonly data: RoomData } };
  };
  return reply.resultBody.textData.data;
}

const JOINED = 'Join successfully';
const LEFT = 'Leave successfully';
const join = roomFrame(2, 1, { roomNumber: 'lobby' });
const leave = roomFrame(2, 2, { roomNumber: 'lobby' });

describe('the members of a room', () => {
  it('are the users attending through any dialect, each once, the joiner included', async () => {
    await using gateway = await startGateway();
    await speakers.json.enter(gateway, 'bob');
    await speakers.ourchat.enter(gateway, 'bob');
    await speakers.ourchat.enter(gateway, 'carol');
    await speakers.socket.enter(gateway, 'dave');
    await speakers.stomp.enter(gateway, 'frank');
    // Connected, but not subscribed.
    await connectStomp(gateway, 'erin');
    const alice = await connectRaw(await gateway.url('/ws/room', 'alice'));
    alice.send(join);
    const { members, newJoinMember, number } = await room(alice, JOINED);
    expect(members?.map(({ id }) => id).sort()).toEqual(['alice', 'bob', 'carol', 'dave', 'frank']);
    expect({ number, joiner: newJoinMember?.id }).toEqual({ number: 'lobby', joiner: 'alice' });
  });

  it('hear of a join without the list, of a leave without the list, and the leaver hears the same', async () => {
    await using gateway = await startGateway();
    const bob = await speakers.room.enter(gateway, 'bob');
    const alice = await speakers.room.enter(gateway, 'alice');
    const joined = await room(bob, JOINED);
    expect(joined).toMatchObject({ newJoinMember: { id: 'alice', nickName: 'Alice' } });
    expect(joined).not.toHaveProperty('members');
    alice.send(leave);
    const left = await room(alice, LEFT);
    expect(left).toMatchObject({ newLeaveMember: { id: 'alice' } });
    expect(left).not.toHaveProperty('members');
    expect(await room(bob, LEFT)).toEqual(left);
  });

  it.each([speakers.json, speakers.ourchat, speakers.socket, speakers.stomp])(
    'hear of a user who comes and goes through $dialect',
    async (speaker) => {
      await using gateway = await startGateway();
      const bob = await speakers.room.enter(gateway, 'bob');
      const alice = await speaker.enter(gateway, 'alice');
      expect(await room(bob, JOINED)).toMatchObject({ newJoinMember: { id: 'alice' } });
      alice.terminate();
      expect(await room(bob, LEFT)).toMatchObject({ newLeaveMember: { id: 'alice' } });
    },
  );

  it("hear of a user once: at the first connection's coming and the last one's going", async () => {
    await using gateway = await startGateway();
    const bob = await speakers.room.enter(gateway, 'bob');
    const connections = [
      await speakers.json.enter(gateway, 'alice'),
      await speakers.socket.enter(gateway, 'alice'),
      await speakers.stomp.enter(gateway, 'alice'),
      await speakers.room.enter(gateway, 'alice'),
    ];
    for (const connection of connections) await connection.close();
    expect(await room(bob, JOINED)).toMatchObject({ newJoinMember: { id: 'alice' } });
    expect(await room(bob, LEFT)).toMatchObject({ newLeaveMember: { id: 'alice' } });
    await speakers.json.enter(gateway, 'carol');
    expect(await room(bob, JOINED)).toMatchObject({ newJoinMember: { id: 'carol' } });
    const arrivals = bob.received.filter(
      (wire) => wire.includes('"newJoinMember":{') && wire.includes(JOINED),
    );
    // Bob's own, alice's, carol's.
    expect(arrivals).toHaveLength(3);
    expect(bob.received.filter((wire) => wire.includes(LEFT))).toHaveLength(1);
  });
});

describe('coming and going', () => {
  it('is told to channels and to the events queue', async () => {
    await using gateway = await startGateway();
    const bob = await connectSocket(gateway, 'bob', ['group:lobby']);
    const carol = await connectStomp(gateway, 'carol', ['/topic/group/lobby', '/user/queue/events']);
    const alice = await speakers.room.enter(gateway, 'alice');
    const aboutAlice = (data: unknown): boolean => (data as { user?: { id?: string } }).user?.id === 'alice';
    for (const type of ['member_joined', 'member_left']) {
      expect(await bob.nextJson(({ event, data }) => event === type && aboutAlice(data))).toMatchObject({
        channel: 'group:lobby',
        data: { user: { id: 'alice', name: 'Alice' } },
      });
      const { headers, body } = await nextStomp(
        carol,
        (frame) => frame.body.includes(`"${type}"`) && aboutAlice(JSON.parse(frame.body)),
      );
      expect(headers.destination).toBe('/user/queue/events');
      expect(JSON.parse(body)).toMatchObject({ type, group: { id: 'lobby' } });
      if (type === 'member_joined') alice.send(leave);
    }
  });

  it('follows subscriptions: unsubscribing is leaving', async () => {
    await using gateway = await startGateway();
    const bob = await speakers.room.enter(gateway, 'bob');
    const alice = await connectSocket(gateway, 'alice', ['group:lobby']);
    expect(await room(bob, JOINED)).toMatchObject({ newJoinMember: { id: 'alice' } });
    alice.send({ event: 'socket:unsubscribe', data: { channel: 'group:lobby' } });
    expect(await room(bob, LEFT)).toMatchObject({ newLeaveMember: { id: 'alice' } });
    const carol = await connectStomp(gateway, 'carol', ['/topic/group/lobby']);
    expect(await room(bob, JOINED)).toMatchObject({ newJoinMember: { id: 'carol' } });
    carol.send(stomp('UNSUBSCRIBE', { id: 'sub-0', receipt: 'gone' }));
    await nextCommand(carol, 'RECEIPT', 'gone');
    expect(await room(bob, LEFT)).toMatchObject({ newLeaveMember: { id: 'carol' } });
  });
});

describe('the user list of ourchat', () => {
  interface UserList {
    readonly onlineUsers: readonly { readonly userId: number; readonly nickname: string }[];
    readonly offlineUsers: readonly { readonly userId: number }[];
    readonly onlineCount: number;
  }
  const ids = (users: readonly { readonly userId: number }[]) => users.map(({ userId }) => userId).sort();
  const nextList = async (client: RawClient, count: number): Promise<UserList> =>
    (await client.nextJson(
      ({ type, onlineCount }) => type === 'USER_LIST' && onlineCount === count,
    )) as unknown as UserList;

  it("names the lobby's members, online through any endpoint or offline, the receiver included", async () => {
    await using gateway = await startGateway();
    await speakers.json.enter(gateway, 'bob');
    await connectStomp(gateway, 'carol');
    // No member of the lobby.
    await speakers.room.enter(gateway, 'frank');
    const alice = await connectRaw(await gateway.url('/ws/ourchat', 'alice'));
    const list = await nextList(alice, 3);
    expect(ids(list.onlineUsers)).toEqual([1, 2, 3]);
    expect(ids(list.offlineUsers)).toEqual([4, 5]);
    expect(list.onlineUsers).toContainEqual({ userId: 1, nickname: 'Alice' });
  });

  it('is gathered: many changes at once give one list, and SYSTEM frames for each', async () => {
    await using gateway = await startGateway();
    const alice = await speakers.ourchat.enter(gateway, 'alice');
    const since = performance.now();
    const others = ['bob', 'carol', 'dave', 'erin'];
    await Promise.all(others.map((user) => speakers.json.enter(gateway, user)));
    await nextList(alice, 5);
    const frames = alice.received.map(
      (wire) => JSON.parse(wire) as { type: string; userId?: number; action?: string },
    );
    // One at login, one at once, then at most one per 500 ms.
    const most = 2 + Math.floor((performance.now() - since) / 500);
    expect(frames.filter(({ type }) => type === 'USER_LIST').length).toBeLessThanOrEqual(most);
    const systems = frames.filter(({ type }) => type === 'SYSTEM');
    expect(systems.map(({ userId }) => userId).sort()).toEqual([2, 3, 4, 5]);
    expect(new Set(systems.map(({ action }) => action))).toEqual(new Set(['ONLINE']));
  });

  it('is not sent again when it is equal, and SYSTEM is never sent to its own subject', async () => {
    await using gateway = await startGateway();
    const alice = await speakers.ourchat.enter(gateway, 'alice');
    const elsewhere = await speakers.json.enter(gateway, 'alice');
    await elsewhere.close();
    const bob = await speakers.ourchat.enter(gateway, 'bob');
    await nextList(alice, 2);
    speakers.ourchat.say(bob, { user: 'bob', id: '', content: 'hello' });
    await hears(speakers.ourchat, alice, 'hello');
    expect(alice.received.filter((wire) => wire.includes('USER_LIST'))).toHaveLength(2);
    expect(alice.received.filter((wire) => wire.includes('"SYSTEM"') && wire.includes('"userId":1'))).toEqual(
      [],
    );
  });
});
