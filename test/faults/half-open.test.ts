/** No dialect may be left with a half-open socket [ARCHITECTURE, 3]. */
import { describe, expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';
import { clientFrame, shakeHands, TEXT } from '../support/raw-tcp.ts';
import { everySpeaker, isStored, speakers } from '../support/speakers.ts';
import { missedBy } from '../support/store-view.ts';

const PATHS: Readonly<Record<string, string>> = {
  json: '/ws/json',
  room: '/ws/room',
  socket: '/ws/socket',
  ourchat: '/ws/ourchat',
  stomp: '/ws/im',
};
const withPings = (times: string) => (yaml: string) =>
  yaml.replaceAll('auth: demo\n', `auth: demo\n    heartbeat: { ${times} }\n`);
const edit = withPings('ping: 100ms, pongTimeout: 100ms');

describe.each(everySpeaker)('a $dialect client', ({ dialect }) => {
  const path = PATHS[dialect] as string;

  it('that answers no ping is ended, and its user is offline', async () => {
    await using gateway = await startGateway({ edit });
    const { hub } = gateway.gateway;
    const client = await shakeHands(await gateway.url(path, 'alice'));
    await client.next(({ opcode }) => opcode === 9);
    await client.closed;
    await hub.empty();
    expect(client.frames.some(({ opcode }) => opcode === 8)).toBe(false);
    expect(hub.directory.find('main', 'alice')?.connections.size).toBe(0);
    const endpoint = hub.endpoints.find((known) => known.path === path);
    expect([...(endpoint?.metrics.closes ?? [])]).toEqual([['silence', 1]]);
  });

  it('that answers pings stays, however little it says', async () => {
    await using gateway = await startGateway({ edit });
    const client = await connectRaw(await gateway.url(path, 'alice'));
    for (let pings = 0; pings < 4; pings++)
      await new Promise((resolve) => client.socket.once('ping', resolve));
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });
});

it('a client that sends pongs of its own making is alive, but confirms nothing that it was sent', async () => {
  await using gateway = await startGateway({ edit: withPings('ping: 100ms, pongTimeout: 1s') });
  const alice = await speakers.json.enter(gateway, 'alice');
  const bob = await shakeHands(await gateway.url('/ws/json', 'bob'));
  await bob.next(({ payload }) => payload.includes('auth_success'));
  const words = { user: 'alice', id: 'm1', content: 'hello' };
  speakers.json.tell?.(alice, 'bob', words);
  await isStored(speakers.json, alice, words);
  const ping = await bob.next(({ opcode }) => opcode === 9);
  // Still there long after the pong was due.
  for (let pongs = 0; pongs < 14; pongs++) {
    bob.socket.write(clientFrame(0x8a, Buffer.from('nothing that was asked')));
    await new Promise((resolve) => alice.socket.once('ping', resolve));
  }
  expect(await missedBy(gateway, 'bob')).toEqual(['hello']);
  bob.socket.write(clientFrame(0x8a, ping.payload));
  bob.socket.write(clientFrame(TEXT, Buffer.from('ping')));
  await bob.next(({ payload }) => payload.toString() === 'pong');
  // The first ping came before or after the message; the next one in any case after it.
  while ((await missedBy(gateway, 'bob')).length > 0) {
    const newest = bob.frames.filter(({ opcode }) => opcode === 9).at(-1);
    if (newest !== undefined) bob.socket.write(clientFrame(0x8a, newest.payload));
    await new Promise((resolve) => alice.socket.once('ping', resolve));
  }
  bob.socket.destroy();
});
