/** One user twice: who has to go, and in which words. */
import { describe, expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';
import { hears, roomFrame, speakers } from '../support/speakers.ts';

const join = (roomNumber: string): object => roomFrame(2, 1, { roomNumber });
const TAKEN = {
  status: 0,
  msg: '连接被拒,您已在其他页面或客户端加入该房间,请先将其退出!',
  resultBody: '',
};

describe('a second login', () => {
  it('of json gets the older connection a kick, then close 4000', async () => {
    await using gateway = await startGateway();
    const older = await speakers.json.enter(gateway, 'alice');
    const newer = await speakers.json.enter(gateway, 'alice');
    expect(await older.nextJson()).toEqual({ type: 'kick', data: { reason: '您的账号在其他设备登录' } });
    expect(await older.closed).toEqual({ code: 4000, text: '您的账号在其他设备登录' });
    newer.send('ping');
    expect(await newer.next()).toBe('pong');
  });

  it('of json by an auth frame does the same', async () => {
    await using gateway = await startGateway();
    const older = await speakers.json.enter(gateway, 'alice');
    const newer = await connectRaw(`${gateway.ws}/ws/json`);
    newer.send({ type: 'auth', data: { token: await gateway.token('alice') } });
    expect(await newer.nextJson()).toEqual({ type: 'auth_success', data: { userId: 'alice' } });
    expect(await older.nextJson()).toMatchObject({ type: 'kick' });
    expect(await older.closed).toMatchObject({ code: 4000 });
  });

  it('of json leaves nothing to the older connection: what it still says is not heard', async () => {
    await using gateway = await startGateway();
    const bob = await speakers.ourchat.enter(gateway, 'bob');
    const older = await speakers.json.enter(gateway, 'alice');
    const newer = await speakers.json.enter(gateway, 'alice');
    await older.nextJson(({ type }) => type === 'kick');
    speakers.json.say(older, { user: 'alice', id: 'm-1', content: 'too late' });
    await older.closed;
    speakers.json.say(newer, { user: 'alice', id: 'm-2', content: 'in time' });
    await hears(speakers.ourchat, bob, 'in time');
    expect(bob.received.filter((wire) => wire.includes('too late'))).toEqual([]);
    expect(older.received.filter((wire) => wire.includes('in time'))).toEqual([]);
  });

  it('of ourchat closes the older connection with 1000 and a reason, by a whole closing handshake', async () => {
    await using gateway = await startGateway({
      edit: (yaml) => `${yaml}\nlimits: { closeTimeout: 10min }\n`,
    });
    const older = await speakers.ourchat.enter(gateway, 'alice');
    const newer = await speakers.ourchat.enter(gateway, 'alice');
    expect(await older.closed).toEqual({ code: 1000, text: '您的账号在其他设备登录' });
    speakers.ourchat.say(newer, { user: 'alice', id: '', content: 'still here' });
    await hears(speakers.ourchat, newer, 'still here');
  });

  it('does not take the user offline for the others', async () => {
    await using gateway = await startGateway();
    const bob = await speakers.ourchat.enter(gateway, 'bob');
    const older = await speakers.json.enter(gateway, 'alice');
    await bob.nextJson(({ type, action }) => type === 'SYSTEM' && action === 'ONLINE');
    await speakers.json.enter(gateway, 'alice');
    await older.closed;
    const carol = await speakers.json.enter(gateway, 'carol');
    speakers.json.say(carol, { user: 'carol', id: 'm-1', content: 'hello' });
    await hears(speakers.ourchat, bob, 'hello');
    expect(bob.received.filter((wire) => wire.includes('OFFLINE'))).toEqual([]);
  });

  it('through another dialect disturbs nobody', async () => {
    await using gateway = await startGateway();
    const json = await speakers.json.enter(gateway, 'alice');
    const ourchat = await speakers.ourchat.enter(gateway, 'alice');
    speakers.json.say(json, { user: 'alice', id: 'm-1', content: 'to myself' });
    await hears(speakers.ourchat, ourchat, 'to myself');
  });

  it.each([speakers.room, speakers.socket, speakers.stomp])(
    'of $dialect leaves both connections open by default',
    async (speaker) => {
      await using gateway = await startGateway();
      const first = await speaker.enter(gateway, 'alice');
      const url = await gateway.url(`/ws/${speaker.dialect === 'stomp' ? 'im' : speaker.dialect}`, 'alice');
      const second =
        speaker === speakers.room ? await connectRaw(url) : await speaker.enter(gateway, 'alice');
      speaker.say(first, { user: 'alice', id: 'm-1', content: 'one of two' });
      if (speaker !== speakers.room) await hears(speaker, second, 'one of two');
      expect(second.socket.readyState).toBe(second.socket.OPEN);
    },
  );
});

describe('a second join of a room', () => {
  it('by another connection is refused in the words of the source; both stay open', async () => {
    await using gateway = await startGateway();
    const first = await speakers.room.enter(gateway, 'alice');
    const second = await connectRaw(await gateway.url('/ws/room', 'alice'));
    second.send(join('lobby'));
    expect(await second.nextJson()).toEqual(TAKEN);
    second.send(join('staff'));
    expect(await second.nextJson()).toMatchObject({ status: 1, msg: 'Join successfully' });
    speakers.room.say(first, { user: 'alice', id: 'm-1', content: 'I was first' });
    await hears(speakers.room, first, 'I was first');
  });

  it('by the same connection is refused, and it stays in the room', async () => {
    await using gateway = await startGateway();
    const alice = await speakers.room.enter(gateway, 'alice');
    alice.send(join('lobby'));
    expect(await alice.nextJson()).toEqual(TAKEN);
    speakers.room.say(alice, { user: 'alice', id: 'm-1', content: 'still in' });
    await hears(speakers.room, alice, 'still in');
  });

  it('succeeds once the first has left, and when the user is there through other dialects only', async () => {
    await using gateway = await startGateway();
    await speakers.json.enter(gateway, 'alice');
    await speakers.stomp.enter(gateway, 'alice');
    const first = await speakers.room.enter(gateway, 'alice');
    first.send(roomFrame(3, 2, { roomNumber: 'lobby' }));
    expect(await first.nextJson()).toMatchObject({ msg: 'Leave successfully' });
    await speakers.room.enter(gateway, 'alice');
  });

  it('succeeds once the connection of the first is closed', async () => {
    await using gateway = await startGateway();
    const first = await speakers.room.enter(gateway, 'alice');
    first.terminate();
    await speakers.room.enter(gateway, 'alice');
  });

  const quickProbe = (yaml: string): string =>
    yaml.replace('dialect: room\n', 'dialect: room\n    heartbeat: { probe: 200ms }\n');

  it('succeeds for one of two at once, when the first answers no ping', async () => {
    await using gateway = await startGateway({ edit: quickProbe });
    const dead = await speakers.room.enter(gateway, 'alice');
    dead.socket.pause();
    const rivals = await Promise.all(
      ['one', 'two'].map(async () => connectRaw(await gateway.url('/ws/room', 'alice'))),
    );
    for (const rival of rivals) rival.send(join('lobby'));
    const answers = await Promise.all(
      rivals.map((rival) => rival.nextJson(({ status }) => status !== undefined)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([0, 1]);
    expect(answers.find(({ status }) => status === 0)).toEqual(TAKEN);
  });

  it('succeeds when the first answers no ping in time, whose connection is then ended', async () => {
    await using gateway = await startGateway({ edit: quickProbe });
    const dead = await speakers.room.enter(gateway, 'alice');
    dead.socket.pause();
    const second = await speakers.room.enter(gateway, 'alice');
    dead.socket.resume();
    expect(await dead.closed).toMatchObject({ code: 1006 });
    speakers.room.say(second, { user: 'alice', id: 'm-1', content: 'mine now' });
    await hears(speakers.room, second, 'mine now');
  });
});
