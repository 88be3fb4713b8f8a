/** Who is asked to go at a stop and at a reload: real clients see it as they should, bridged connections too. */
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { chromiumIsHere, chromiumIsRequired, launchChromium, openSite } from '../real-clients/browser.ts';
import { socketsOf } from '../real-clients/page-socket.ts';
import { modernStomp, oldStomp, type StompSocket } from '../real-clients/stomp-client.ts';
import { startGateway } from '../support/gateway.ts';
import { type ReloadableGateway, startReloadable } from '../support/reload.ts';
import { speakers } from '../support/speakers.ts';
import { bridgePath, startBridge } from '../upstream/bridge-kit.ts';

const { json } = speakers;

describe.each([
  ['@stomp/stompjs 7', modernStomp],
  ['stompjs 2.3.3', oldStomp],
] as const)('%s', (_name, dial) => {
  const enter = async (gateway: ReloadableGateway) => {
    const url = await gateway.url('/ws/im', 'alice');
    return dial(() => new WebSocket(url, ['v12.stomp', 'v11.stomp']) as unknown as StompSocket);
  };

  it('sees 1012 and no ERROR when a reload replaces its endpoint, and comes back', async () => {
    await using gateway = await startReloadable();
    const alice = await enter(gateway);
    await gateway.take((text) => text.replace('dialect: stomp\n', 'dialect: stomp\n    locale: zh-CN\n'));
    expect((await alice.ended).code).toBe(1012);
    expect(alice.errors.all).toEqual([]);
    await enter(gateway);
  });

  it('notices nothing of a reload that is not about its endpoint', async () => {
    await using gateway = await startReloadable();
    const alice = await enter(gateway);
    await gateway.take((text) => text.replace('dialect: room\n', 'dialect: room\n    locale: en\n'));
    const lobby = await alice.subscribe('/topic/group/lobby');
    lobby.unsubscribe();
    await alice.disconnect();
  });
});

describe.skipIf(!chromiumIsHere && !chromiumIsRequired)("Chromium's WebSocket", () => {
  it('sees a clean close with 1012 when a reload removes its endpoint', async () => {
    await using gateway = await startReloadable();
    await using site = await openSite(gateway.http);
    const browser = await launchChromium();
    await using _closed = { [Symbol.asyncDispose]: () => browser.close() };
    const page = await browser.newPage();
    await page.goto(`${site.origin}/page`);
    const open = await socketsOf(page);
    const leaving = await open(`${site.ws}/ws/json?token=${await gateway.token('alice')}`);
    const staying = await open(`${site.ws}/ws/socket?token=${await gateway.token('bob')}`);
    await leaving.json(({ type }) => type === 'auth_success');
    await staying.json(({ event }) => event === 'socket:connected');
    await gateway.take((text) => text.replace(/ {2}- path: \/ws\/json\n[\s\S]*?\n\n/, ''));
    expect(await leaving.closed).toMatchObject({ code: 1012, wasClean: true });
    await staying.send({ event: 'socket:ping', data: { id: 7 } });
    await staying.json(({ event }) => event === 'socket:pong');
  });
});

it('connections through to another server are asked to go like all others', async () => {
  await using hub = await startGateway();
  const bridge = await startBridge({ server: hub.ws, pairs: [['json', 'stomp']] });
  const path = bridgePath('json', 'stomp');
  const alice = await json.enter(bridge, 'alice', path);
  await bridge.gateway.close({ window: 50 });
  expect((await alice.closed).code).toBe(1012);
  await hub.gateway.hub.empty();
});

it('within the window everybody goes, and the gateway has ended once the last one has', async () => {
  await using gateway = await startGateway();
  const users = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'];
  const clients = await Promise.all(users.map((user) => json.enter(gateway, user)));
  await gateway.gateway.close({ window: 300 });
  const codes = await Promise.all(clients.map(async ({ closed }) => (await closed).code));
  expect(codes).toEqual(users.map(() => 1012));
  expect([gateway.gateway.hub.connections.size, gateway.gateway.hub.wheel.size]).toEqual([0, 0]);
});
