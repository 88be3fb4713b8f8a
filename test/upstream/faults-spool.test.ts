/** What waits while the server is gone is bounded in every way, and each bound refuses in the client's own words. */
import { describe, expect, it } from 'vitest';
import type { Voice } from '../durability/voices.ts';
import { json } from '../durability/voices.ts';
import type { TestGateway } from '../support/gateway.ts';
import type { RawClient } from '../support/raw-client.ts';
import { storedContents } from '../support/store-view.ts';
import {
  CLIENTS,
  doorTo,
  hasEnded,
  startFaultyBridge,
  startHub,
  toldOf,
  until,
  upstreamMetrics,
} from './faults-kit.ts';
import { type FaultyNetwork, faultyNetworkTo } from './faulty-network.ts';

interface Outage {
  readonly hub: TestGateway;
  readonly network: FaultyNetwork;
  readonly bridge: TestGateway;
  readonly alice: RawClient;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A client that was let in, and whose server is gone. */
async function outage(voice: Voice, upstream: readonly string[]): Promise<Outage> {
  const hub = await startHub();
  const network = await faultyNetworkTo(hub);
  const bridge = await startFaultyBridge({
    to: network.ws,
    upstream: ['breaker: { failures: 100000 }', ...upstream],
    servers: ['json'],
    clients: [voice.dialect],
  });
  const alice = await voice.enter(doorTo(bridge, 'json'), 'alice');
  network.refuse();
  network.cut();
  await until(() => upstreamMetrics(bridge, 'json', voice.dialect).connected === 0);
  const stop = async (): Promise<void> => {
    await bridge.stop();
    await hub.stop();
  };
  return { hub, network, bridge, alice, [Symbol.asyncDispose]: stop };
}

/** Of the server’s 101, as it has always been: status, three headers, an empty line. */
const HANDSHAKE_BYTES = 129;

const RECONNECT = 'reconnect: { min: 1ms, max: 5ms }';
const say = (voice: Voice, client: RawClient, contents: readonly string[]): void => {
  for (const content of contents) voice.say(client, { user: 'alice', content });
};

/** The text of an upstream that can't be reached, in the dialect's language. */
const TEXT = /后端服务暂不可用，请重试|the server behind this gateway cannot be reached; try again/;
const isStomp = ({ dialect }: Voice): boolean => dialect === 'stomp';

describe.each(CLIENTS.map((voice) => ({ voice, client: voice.dialect })))(
  'a $client client',
  ({ voice, client }) => {
    const contents = ['m0', 'm1', 'm2', 'm3', 'm4'];
    const metricsOf = (bridge: TestGateway) => upstreamMetrics(bridge, 'json', client);

    it('has so many commands kept; the next is refused, and those kept arrive in order', async () => {
      await using scene = await outage(voice, [RECONNECT, 'spool: { commands: 3 }']);
      const { alice, network, bridge, hub } = scene;
      say(voice, alice, contents);
      const refusals = isStomp(voice) ? 1 : 2;
      await until(() => toldOf(voice, alice, 'alice').refused.length === refusals);
      const { refused } = toldOf(voice, alice, 'alice');
      expect(refused.every(({ text }) => TEXT.test(text))).toBe(true);
      if (voice.hasIds && voice.dialect !== 'room') {
        expect(refused.map(({ content }) => content)).toEqual(contents.slice(3, 3 + refusals));
      }
      if (isStomp(voice)) {
        // The refusal has ended the connection, and with it everything that waited.
        await alice.closed;
        await until(() => metricsOf(bridge).spoolCommands === 0);
        expect(metricsOf(bridge)).toMatchObject({ spoolRefused: 1, spoolAbandoned: 3, spoolBytes: 0 });
        return;
      }
      expect(metricsOf(bridge)).toMatchObject({ spooled: 3, spoolRefused: 2, spoolCommands: 3 });
      network.allow();
      await until(() => toldOf(voice, alice, 'alice').acknowledged.length === 3);
      expect(await storedContents(hub)).toEqual(['m0', 'm1', 'm2']);
      expect(metricsOf(bridge)).toMatchObject({ spoolCommands: 0, spoolBytes: 0 });
    });

    it('has so many bytes kept', async () => {
      // About 360 bytes each, as the spool counts them, and with json on both sides the frame: two have room.
      const most = voice.dialect === 'json' ? 1400 : 800;
      await using scene = await outage(voice, [RECONNECT, `spool: { bytes: ${most}B }`]);
      const { alice, network, bridge, hub } = scene;
      const long = (name: string): string => `${name} ${'x'.repeat(100)}`;
      say(voice, alice, [long('a'), long('b'), long('c')]);
      await until(() => toldOf(voice, alice, 'alice').refused.length === 1);
      expect(metricsOf(bridge).spoolBytes).toBeLessThanOrEqual(most);
      if (isStomp(voice)) return;
      expect(metricsOf(bridge)).toMatchObject({ spoolCommands: 2, spoolRefused: 1 });
      network.allow();
      await until(() => toldOf(voice, alice, 'alice').acknowledged.length === 2);
      expect(await storedContents(hub)).toEqual([long('a'), long('b')]);
    });

    it('has them kept for so long', async () => {
      await using scene = await outage(voice, [RECONNECT, 'spool: { age: 100ms }']);
      const { alice, network, bridge, hub } = scene;
      say(voice, alice, ['m0', 'm1']);
      await until(() => toldOf(voice, alice, 'alice').refused.length === (isStomp(voice) ? 1 : 2));
      expect(toldOf(voice, alice, 'alice').refused.every(({ text }) => TEXT.test(text))).toBe(true);
      if (isStomp(voice)) return;
      expect(metricsOf(bridge)).toMatchObject({ spoolExpired: 2, spoolCommands: 0, spoolBytes: 0 });
      network.allow();
      await until(() => metricsOf(bridge).connected === 1);
      say(voice, alice, ['m2']);
      await until(() => toldOf(voice, alice, 'alice').acknowledged.length === 1);
      // What was refused does not arrive after all.
      expect(await storedContents(hub)).toEqual(['m2']);
    });

    it('is kept for so long without its server, then told and ended', async () => {
      await using scene = await outage(voice, ['reconnect: { min: 1ms, max: 5ms, giveUpAfter: 300ms }']);
      const { alice, bridge } = scene;
      say(voice, alice, ['m0', 'm1']);
      const { code } = await alice.closed;
      expect(code).toBe(isStomp(voice) ? 1002 : 1014);
      const { refused, acknowledged } = toldOf(voice, alice, 'alice');
      expect(acknowledged).toEqual([]);
      expect(refused.length).toBeGreaterThanOrEqual(isStomp(voice) ? 1 : 2);
      expect(refused.every(({ text }) => TEXT.test(text))).toBe(true);
      const { hub } = bridge.gateway;
      await until(() => hub.connections.size === 0);
      await until(() => hub.wheel.size === 0);
      expect(metricsOf(bridge)).toMatchObject({ spoolCommands: 0, spoolBytes: 0, connected: 0 });
    });

    it('that leaves meanwhile leaves nothing behind, and what it said is not sent', async () => {
      await using scene = await outage(voice, [RECONNECT]);
      const { alice, bridge, network, hub } = scene;
      say(voice, alice, contents);
      await until(() => metricsOf(bridge).spoolCommands === contents.length);
      await alice.close();
      await until(() => bridge.gateway.hub.connections.size === 0);
      await until(() => bridge.gateway.hub.wheel.size === 0);
      expect(metricsOf(bridge)).toMatchObject({
        spoolCommands: 0,
        spoolBytes: 0,
        spoolAbandoned: contents.length,
      });
      network.allow();
      const other = await voice.enter(doorTo(bridge, 'json'), 'alice');
      say(voice, other, ['later']);
      await until(() => toldOf(voice, other, 'alice').acknowledged.includes('later'));
      expect(await storedContents(hub)).toEqual(['later']);
    });

    it('is not kept at all with `giveUpAfter: 0`', async () => {
      await using hub = await startHub();
      const network = await faultyNetworkTo(hub);
      await using bridge = await startFaultyBridge({
        to: network.ws,
        upstream: ['reconnect: { giveUpAfter: 0ms }'],
        servers: ['json'],
        clients: [client],
      });
      const alice = await voice.enter(doorTo(bridge, 'json'), 'alice');
      network.cut();
      expect((await alice.closed).code).toBe(1014);
    });
  },
);

it('one client’s full spool leaves another client’s alone', async () => {
  await using scene = await outage(json, [RECONNECT, 'spool: { commands: 2 }']);
  const { alice, bridge, network } = scene;
  network.allow();
  const bob = await json.enter(doorTo(bridge, 'json'), 'bob');
  await until(() => upstreamMetrics(bridge, 'json', 'json').connected === 2);
  network.refuse();
  network.cut();
  await until(() => upstreamMetrics(bridge, 'json', 'json').connected === 0);
  say(json, alice, ['a0', 'a1', 'a2']);
  await until(() => toldOf(json, alice, 'alice').refused.length === 1);
  json.say(bob, { user: 'bob', content: 'b0' });
  network.allow();
  await until(() => toldOf(json, bob, 'bob').acknowledged.includes('b0'));
  expect(toldOf(json, bob, 'bob').refused).toEqual([]);
  expect(hasEnded(alice)).toBe(false);
});

it('what is attended is asked for on each connection anew, and takes no room from the client', async () => {
  await using hub = await startHub();
  const network = await faultyNetworkTo(hub);
  await using bridge = await startFaultyBridge({
    to: network.ws,
    upstream: [RECONNECT, 'breaker: { failures: 100000 }', 'spool: { commands: 5 }'],
    servers: ['room'],
    clients: ['json'],
  });
  const alice = await json.enter(doorTo(bridge, 'room'), 'alice');
  // Each of them opens; then the answer to the join is cut off.
  network.plan(Array.from({ length: 8 }, () => ({ direction: 'down', bytes: HANDSHAKE_BYTES + 6 })));
  network.cut();
  await network.whenAccepted(4);
  const contents = ['m0', 'm1', 'm2', 'm3', 'm4'];
  say(json, alice, contents);
  await until(() => toldOf(json, alice, 'alice').acknowledged.length === contents.length);
  expect(toldOf(json, alice, 'alice').refused).toEqual([]);
  expect(await storedContents(hub)).toEqual(contents);
  const { reconnected, spooled } = upstreamMetrics(bridge, 'room', 'json');
  expect(reconnected).toBe(9);
  expect(spooled).toBeLessThanOrEqual(contents.length);
});
