/** Bounds of a connection, and what happens at each [DIALECTS, For all of them]. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';
import { clientFrame, closeCodeOf, shakeHands, TEXT } from '../support/raw-tcp.ts';
import { everySpeaker, isStored, type Speaker, speakers } from '../support/speakers.ts';

const PATHS: Readonly<Record<string, string>> = {
  json: '/ws/json',
  room: '/ws/room',
  socket: '/ws/socket',
  ourchat: '/ws/ourchat',
  stomp: '/ws/im',
};
const pathOf = ({ dialect }: Speaker): string => PATHS[dialect] as string;
const limits =
  (text: string) =>
  (yaml: string): string =>
    `${yaml}\nlimits: { ${text} }\n`;

/** A frame that each dialect reads, or at least refuses without ending the connection. */
const HARMLESS: Readonly<Record<string, string>> = {
  json: '{"type":"ping"}',
  room: '{"msgType":1}',
  socket: '{"event":"socket:ping","data":{"id":1}}',
  ourchat: '{"type":"CHAT"}',
  stomp: '\n',
};

describe.each(everySpeaker)('a $dialect client', (speaker) => {
  it('that sends a frame over the limit is closed with 1009, and others are served', async () => {
    await using gateway = await startGateway();
    const alice = await speaker.enter(gateway, 'alice');
    const bob = await speaker.enter(gateway, 'bob');
    alice.send('x'.repeat(262_145));
    expect((await alice.closed).code).toBe(1009);
    const words = { user: 'bob', id: 'm', content: 'still here' };
    speaker.say(bob, words);
    await isStored(speaker, bob, words);
  });

  it('that announces a huge frame is closed with 1009 before it has sent it', async () => {
    await using gateway = await startGateway();
    const client = await shakeHands(await gateway.url(pathOf(speaker), 'alice'));
    const head = Buffer.from([0x81, 0xff, 0, 0, 0, 0x10, 0, 0, 0, 0, 1, 2, 3, 4]);
    client.socket.write(head);
    expect(closeCodeOf(await client.next(({ opcode }) => opcode === 8))).toBe(1009);
    client.socket.destroy();
  });

  it('without a token has 8 KiB, or is closed at once', async () => {
    await using gateway = await startGateway();
    const client = await connectRaw(`${gateway.ws}${pathOf(speaker)}`);
    client.send(' '.repeat(8193));
    expect((await client.closed).code).toBe(speaker.dialect === 'ourchat' ? 4001 : 1009);
  });

  it('that sends text that is not UTF-8 is closed with 1007', async () => {
    await using gateway = await startGateway();
    const client = await shakeHands(await gateway.url(pathOf(speaker), 'alice'));
    client.socket.write(clientFrame(TEXT, Buffer.from([0x7b, 0xff, 0xfe, 0x7d])));
    expect(closeCodeOf(await client.next(({ opcode }) => opcode === 8))).toBe(1007);
    client.socket.destroy();
  });

  it('over the number of connections is told so and closed with 1008, and let in when one has left', async () => {
    await using gateway = await startGateway({ edit: limits('connections: 1') });
    const { hub } = gateway.gateway;
    const alice = await speaker.enter(gateway, 'alice');
    const refused = await connectRaw(await gateway.url(pathOf(speaker), 'bob'));
    expect(await refused.closed).toMatchObject({ code: 1008 });
    await alice.close();
    await hub.empty();
    await (await speaker.enter(gateway, 'bob')).close();
  });
});

describe.each(everySpeaker.filter(({ dialect }) => dialect !== 'stomp'))(
  'a binary message to a $dialect endpoint',
  (speaker) => {
    it('is refused with 1003', async () => {
      await using gateway = await startGateway();
      const alice = await speaker.enter(gateway, 'alice');
      alice.send(Buffer.from(HARMLESS[speaker.dialect] as string));
      expect((await alice.closed).code).toBe(1003);
    });
  },
);

describe('a client that has not logged in', () => {
  it('has 8 frames, and is told and closed at the ninth', async () => {
    await using gateway = await startGateway();
    const client = await connectRaw(`${gateway.ws}/ws/json`);
    for (let count = 0; count < 8; count++) client.send(HARMLESS.json as string);
    for (let count = 0; count < 8; count++) await client.next();
    client.send(HARMLESS.json as string);
    expect(await client.next()).toContain('未认证');
    expect((await client.closed).code).toBe(4001);
  });

  it('has 8 KiB, over all its frames', async () => {
    await using gateway = await startGateway();
    const client = await connectRaw(`${gateway.ws}/ws/json`);
    const ping = '{"type":"ping"}'.padEnd(2048);
    for (let count = 0; count < 4; count++) client.send(ping);
    for (let count = 0; count < 4; count++) await client.next();
    client.send(' ');
    expect(await client.next()).toContain('消息帧过大');
    expect((await client.closed).code).toBe(1009);
  });

  it.each([
    ['json', /"type":"auth_error"/, 4001],
    ['stomp', /^ERROR\n/, 1002],
  ])('has until the deadline: %s tells it so and closes it', async (dialect, words, code) => {
    await using gateway = await startGateway({ edit: limits('beforeLogin: { deadline: 100ms }') });
    const client = await connectRaw(`${gateway.ws}${PATHS[dialect]}`);
    expect((await client.closed).code).toBe(code);
    expect(client.received.at(-1)).toMatch(words);
  });

  it('is let in if it logs in before the deadline, which then does nothing more', async () => {
    await using gateway = await startGateway({ edit: limits('beforeLogin: { deadline: 500ms }') });
    const alice = await speakers.json.enter(gateway, 'alice');
    const late = await connectRaw(`${gateway.ws}/ws/json`);
    await late.closed;
    // Later than alice's own deadline would have been.
    const words = { user: 'alice', id: 'm', content: 'still here' };
    speakers.json.say(alice, words);
    await isStored(speakers.json, alice, words);
  });
});

it('a peer that does not speak WebSocket is closed with 1002, and its socket ended in time', async () => {
  await using gateway = await startGateway({ edit: limits('closeTimeout: 50ms') });
  const { hub } = gateway.gateway;
  const client = await shakeHands(await gateway.url('/ws/json', 'alice'));
  const timers = hub.wheel.size;
  client.socket.write(Buffer.from([0x81, 0x01, 0x61]));
  expect(closeCodeOf(await client.next(({ opcode }) => opcode === 8))).toBe(1002);
  await once(client.socket, 'close');
  await hub.empty();
  expect(hub.wheel.size).toBeLessThan(timers);
});
