/** The connection to the server is cut while clients send: nothing acknowledged is lost, nothing comes twice. */
import { describe, expect, it } from 'vitest';
import { json, type Voice } from '../durability/voices.ts';
import type { RawClient } from '../support/raw-client.ts';
import { storedContents } from '../support/store-view.ts';
import {
  answered,
  doorTo,
  hasEnded,
  inOrder,
  PAIRS,
  shownTo,
  startFaultyBridge,
  startHub,
  toldOf,
  until,
  upstreamMetrics,
} from './faults-kit.ts';
import { type FaultyNetwork, faultyNetworkTo } from './faulty-network.ts';

const QUICK = [
  'reconnect: { min: 1ms, max: 10ms }',
  'breaker: { failures: 1000 }',
  'spool: { commands: 1000 }',
];
const MESSAGES = 30;
const CUTS = [7, 15, 16, 24];

/** Says them all; at some, once something has gone on its way, everything is cut. */
async function sayThroughCuts(
  voice: Voice,
  client: RawClient,
  { contents, network }: { readonly contents: readonly string[]; readonly network: FaultyNetwork },
): Promise<void> {
  for (const [index, content] of contents.entries()) {
    const passed = network.passed.up;
    voice.say(client, { user: 'alice', content });
    if (!CUTS.includes(index)) continue;
    await until(() => network.passed.up > passed || hasEnded(client));
    network.cut();
  }
}

/** Where a frame that asked for a receipt is refused. */
const endsOnRefusal = ({ dialect }: Voice): boolean => dialect === 'stomp';

describe.each(PAIRS)('a $client client in front of a $server server', ({ voice, client, server }) => {
  it('stays, and with `resend` nothing is refused, lost, doubled or out of order', async () => {
    await using hub = await startHub();
    const network = await faultyNetworkTo(hub);
    await using bridge = await startFaultyBridge({
      to: network.ws,
      upstream: [...QUICK, 'resend: true'],
      servers: [server],
      clients: [client],
    });
    const bob = await json.enter(hub, 'bob');
    const alice = await voice.enter(doorTo(bridge, server), 'alice');
    const carol = await voice.enter(doorTo(bridge, server), 'carol');
    const contents = Array.from({ length: MESSAGES }, (_, index) => `m${index}`);
    await sayThroughCuts(voice, alice, { contents, network });
    await answered(voice, alice, { user: 'alice', count: MESSAGES });
    const told = toldOf(voice, alice, 'alice');
    expect(told.refused).toEqual([]);
    expect(told.acknowledged).toEqual(contents);
    expect(await storedContents(hub)).toEqual(contents);
    await until(() => shownTo(json, bob).length >= MESSAGES);
    expect(shownTo(json, bob)).toEqual(contents);
    await until(() => shownTo(voice, carol).length >= MESSAGES);
    expect(shownTo(voice, carol)).toEqual(contents);
    const own = shownTo(voice, alice);
    expect(own).toEqual(own.length === 0 ? [] : contents);
    expect(upstreamMetrics(bridge, server, client).reconnected).toBeGreaterThan(0);
    expect(upstreamMetrics(bridge, server, client).spoolCommands).toBe(0);
  });

  it('is told honestly of each message whose answer was lost, where nothing may be sent again', async () => {
    await using hub = await startHub();
    const network = await faultyNetworkTo(hub);
    await using bridge = await startFaultyBridge({
      to: network.ws,
      upstream: QUICK,
      servers: [server],
      clients: [client],
    });
    const alice = await voice.enter(doorTo(bridge, server), 'alice');
    const contents = Array.from({ length: MESSAGES }, (_, index) => `m${index}`);
    await sayThroughCuts(voice, alice, { contents, network });
    await answered(voice, alice, { user: 'alice', count: MESSAGES });
    const { acknowledged, refused } = toldOf(voice, alice, 'alice');
    // Nothing is both.
    for (const { content } of refused) if (content !== '') expect(acknowledged).not.toContain(content);
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
    const own = shownTo(voice, alice);
    expect(new Set(own).size).toBe(own.length);
    let speaker = alice;
    if (endsOnRefusal(voice)) {
      // STOMP 1.2, ERROR: the connection ends with it. What came after it is known not to be acknowledged.
      expect((await alice.closed).code).toBe(1002);
      expect(refused).toHaveLength(1);
      speaker = await voice.enter(doorTo(bridge, server), 'alice');
    }
    expect(hasEnded(speaker)).toBe(false);
    // What comes later gets through.
    voice.say(speaker, { user: 'alice', content: 'later' });
    await until(() => toldOf(voice, speaker, 'alice').acknowledged.includes('later'));
    const stored = await storedContents(hub);
    expect(inOrder(stored, [...contents, 'later'])).toBe(true);
    for (const content of acknowledged) expect(stored).toContain(content);
    expect(stored.at(-1)).toBe('later');
  });
});
