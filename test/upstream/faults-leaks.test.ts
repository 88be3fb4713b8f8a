/** Bridged clients come and go, and so do their connections to the server, and leave nothing behind. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { clientFrame, type ServerFrame, shakeHands, TEXT } from '../support/raw-tcp.ts';
import { startFaultyBridge, startHub, until } from './faults-kit.ts';
import { faultyNetworkTo } from './faulty-network.ts';

const BATCHES = 30;
const BATCH = 40;
/** Were each connection leaked, on the bridge alone, it would be many times this. */
const GROWTH_BYTES = 8 * 1024 * 1024;
const SERVERS = ['json', 'room', 'stomp', 'socket'];

it('1,200 bridged connections, cut at will, leave no timer, no socket, no memory', {
  timeout: 120_000,
}, async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  await using hub = await startHub((yaml) =>
    yaml.replaceAll('auth: demo\n', 'auth: demo\n    singleSession: false\n'),
  );
  const network = await faultyNetworkTo(hub);
  await using bridge = await startFaultyBridge({
    to: network.ws,
    upstream: ['reconnect: { min: 1ms, max: 20ms }', 'breaker: { failures: 1000000 }'],
    endpoint: ['singleSession: false'],
    clients: ['json'],
  });
  const tokens: string[] = [];
  for (let user = 0; user < 20; user++) tokens.push(await bridge.token(`user-${user}`));

  /** Comes, says something, perhaps while its server is gone, and leaves in one of three ways. */
  const visit = async (number: number): Promise<void> => {
    const server = SERVERS[number % SERVERS.length];
    const client = await shakeHands(`${bridge.ws}/to/${server}/ws/json?token=${tokens[number % 20]}`);
    // Its server may be cut off before it has let it in.
    const isOver = ({ opcode }: ServerFrame): boolean => opcode === 8;
    const first = await client.next((frame) => isOver(frame) || frame.payload.includes('auth_success'));
    if (!isOver(first)) {
      const data = {
        id: `m${number}`,
        fromId: `user-${number % 20}`,
        toId: 'lobby',
        chatType: 'group',
        content: 'hi',
      };
      if (number % 10 === 0) network.cut();
      client.socket.write(clientFrame(TEXT, Buffer.from(JSON.stringify({ type: 'message', data }))));
      client.socket.write(clientFrame(TEXT, Buffer.from('ping')));
      await client.next((frame) => isOver(frame) || frame.payload.toString() === 'pong');
    }
    if (number % 3 === 0) client.socket.write(clientFrame(0x88, Buffer.from([0x03, 0xe8])));
    else if (number % 3 === 1) client.socket.end();
    else client.socket.resetAndDestroy();
    await client.closed;
  };

  const { hub: core } = bridge.gateway;
  const handles = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  const before = handles();
  let heapBefore = 0;
  for (let batch = 0; batch < BATCHES; batch++) {
    await Promise.all(Array.from({ length: BATCH }, (_, index) => visit(batch * BATCH + index)));
    await until(() => core.connections.size === 0);
    await until(() => hub.gateway.hub.connections.size === 0 && network.open === 0);
    expect(core.wheel.size).toBe(0);
    if (batch !== 4) continue;
    collectGarbage();
    heapBefore = process.memoryUsage().heapUsed;
  }
  for (const { bridge: found, path } of core.endpoints) {
    const { metrics } = found?.upstream ?? {};
    expect(metrics, path).toMatchObject({ connected: 0, spoolCommands: 0, spoolBytes: 0 });
    expect(metrics?.opened, path).toBeGreaterThan(0);
    for (const token of tokens.keys()) expect(found?.connectionsOf('main', `user-${token}`)).toEqual([]);
  }
  await until(() => handles() <= before);
  collectGarbage();
  expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(GROWTH_BYTES);
});
