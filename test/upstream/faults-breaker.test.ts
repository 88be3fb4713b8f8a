/** The circuit breaker over real sockets: a server that is down is left alone, then tried by one, then by all. */
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import type { TestGateway } from '../support/gateway.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startBareServer } from './false-server.ts';
import { endpointOf, startFaultyBridge, startHub, until, upstreamMetrics } from './faults-kit.ts';
import { faultyNetworkTo } from './faulty-network.ts';

let users = 0;

/** A client of a user of its own. */
const knock = async (bridge: TestGateway): Promise<RawClient> =>
  connectRaw(`${bridge.ws}/to/json/ws/json?token=${await bridge.token(`user-${++users}`)}`);

const breakerOf = (bridge: TestGateway) => {
  const upstream = endpointOf(bridge, 'json', 'json').bridge?.upstream;
  if (upstream === undefined) throw new Error('not a bridge');
  return upstream.breaker;
};

it('after so many failures nobody connects, and each client is told at once', async () => {
  const server = await startBareServer((socket) => socket.resetAndDestroy());
  await using bridge = await startFaultyBridge({
    to: server.ws,
    upstream: ['breaker: { failures: 3, openFor: 1h }'],
    servers: ['json'],
    clients: ['json'],
  });
  for (let client = 0; client < 10; client++) {
    const raw = await knock(bridge);
    expect((await raw.closed).code).toBe(1014);
  }
  expect(server.accepted).toBe(3);
  expect(breakerOf(bridge).state).toBe('open');
  expect([...upstreamMetrics(bridge, 'json', 'json').failures]).toEqual([
    ['connect_failed', 3],
    ['breaker_open', 7],
  ]);
  expect(await bridge.gateway.metrics.metrics()).toContain(
    'dragoman_upstream_breaker_open{endpoint="/to/json/ws/json",upstream="json"} 1',
  );
});

it('half-open lets exactly one through; its success lets all through', async () => {
  await using hub = await startHub();
  const network = await faultyNetworkTo(hub);
  network.refuse();
  await using bridge = await startFaultyBridge({
    to: network.ws,
    upstream: ['breaker: { failures: 2, openFor: 50ms }'],
    servers: ['json'],
    clients: ['json'],
  });
  for (let client = 0; client < 2; client++) await (await knock(bridge)).closed;
  expect(network.accepted).toBe(2);
  await until(() => breakerOf(bridge).state === 'half_open');
  network.allow();
  // Whoever tries is not answered before the others have tried.
  network.holdNext();
  const probe = await knock(bridge);
  await network.whenAccepted(3);
  for (let client = 0; client < 5; client++) expect((await (await knock(bridge)).closed).code).toBe(1014);
  expect(network.accepted).toBe(3);
  network.release();
  await probe.nextJson(({ type }) => type === 'auth_success');
  expect(breakerOf(bridge).state).toBe('closed');
  for (let client = 0; client < 3; client++) {
    await (await knock(bridge)).nextJson(({ type }) => type === 'auth_success');
  }
  expect(network.accepted).toBe(6);
});

it('a probe whose client leaves gives its turn to the next', async () => {
  const sockets: Socket[] = [];
  const server = await startBareServer((socket) => {
    // The first fails; the others are never answered.
    if (sockets.push(socket) === 1) socket.resetAndDestroy();
  });
  await using bridge = await startFaultyBridge({
    to: server.ws,
    upstream: ['breaker: { failures: 1, openFor: 10ms }'],
    servers: ['json'],
    clients: ['json'],
  });
  await (await knock(bridge)).closed;
  for (let turn = 2; turn < 5; turn++) {
    await until(() => breakerOf(bridge).state === 'half_open');
    const probe = await knock(bridge);
    await server.whenAccepted(turn);
    expect((await (await knock(bridge)).closed).code).toBe(1014);
    expect(server.accepted).toBe(turn);
    await probe.close();
    await until(() => server.open === 0);
  }
});

it('clients that stay through the outage come back without a storm', async () => {
  await using hub = await startHub();
  const network = await faultyNetworkTo(hub);
  await using bridge = await startFaultyBridge({
    to: network.ws,
    upstream: ['breaker: { failures: 4, openFor: 200ms }', 'reconnect: { min: 1ms, max: 20ms }'],
    servers: ['json'],
    clients: ['json'],
  });
  const clients: RawClient[] = [];
  for (let client = 0; client < 20; client++) clients.push(await knock(bridge));
  const metrics = upstreamMetrics(bridge, 'json', 'json');
  await until(() => metrics.connected === 20);
  network.refuse();
  network.cut();
  await until(() => breakerOf(bridge).state === 'open');
  // Each asks many times meanwhile; those who had begun before it opened have failed too.
  await until(() => (metrics.failures.get('breaker_open') ?? 0) > 100);
  expect(network.accepted - 20).toBeLessThanOrEqual(4 + 20);
  network.allow();
  await until(() => metrics.connected === 20);
  expect(metrics.reconnected).toBe(20);
  expect(breakerOf(bridge).state).toBe('closed');
  expect(clients.every(({ socket }) => socket.readyState === 1)).toBe(true);
});
