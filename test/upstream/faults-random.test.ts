/** Connections that are cut anywhere, in the middle of a frame perhaps, one after the other. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Voice } from '../durability/voices.ts';
import type { RawClient } from '../support/raw-client.ts';
import { storedContents } from '../support/store-view.ts';
import {
  answered,
  CLIENTS,
  doorTo,
  SERVERS,
  shownTo,
  startFaultyBridge,
  startHub,
  toldOf,
  until,
  upstreamMetrics,
} from './faults-kit.ts';
import { type CutPoint, faultyNetworkTo } from './faulty-network.ts';

const RUNS = 6;
const MESSAGES = 12;

const point: fc.Arbitrary<CutPoint> = fc.record({
  direction: fc.constantFrom('up', 'down'),
  // From the first byte of the handshake to some messages after the login.
  bytes: fc.integer({ min: 1, max: 4000 }),
});

describe.each(SERVERS)('in front of a %s server that knows a message again', (server) => {
  it('wherever connections are cut, everything is stored once, acknowledged once and shown once', {
    timeout: 60_000,
  }, async () => {
    await using hub = await startHub();
    const network = await faultyNetworkTo(hub);
    await using bridge = await startFaultyBridge({
      to: network.ws,
      upstream: ['reconnect: { min: 1ms, max: 5ms }', 'breaker: { failures: 1000 }', 'resend: true'],
      servers: [server],
    });
    const clients: { readonly voice: Voice; readonly user: string; readonly client: RawClient }[] = [];
    for (const [index, voice] of CLIENTS.entries()) {
      const user = ['alice', 'bob', 'carol', 'dave'][index] ?? '';
      clients.push({ voice, user, client: await voice.enter(doorTo(bridge, server), user) });
    }
    let run = 0;
    const said: string[] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(point, { minLength: 1, maxLength: 8 }), async (points) => {
        run++;
        network.plan(points);
        // They come back through the connections of the plan.
        network.cut();
        for (let message = 0; message < MESSAGES; message++) {
          for (const { voice, user, client } of clients) {
            const content = `${user}-${run}-${message}`;
            said.push(content);
            voice.say(client, { user, content });
          }
        }
        for (const { voice, user, client } of clients) {
          await answered(voice, client, { user, count: run * MESSAGES });
          const { acknowledged, refused } = toldOf(voice, client, user);
          expect(refused).toEqual([]);
          expect(acknowledged).toEqual(said.filter((content) => content.startsWith(user)));
        }
        const stored = await storedContents(hub);
        expect([...stored].sort()).toEqual([...said].sort());
        for (const { voice, user, client } of clients) {
          const others = said.filter((content) => !content.startsWith(user));
          const shown = (): readonly string[] =>
            shownTo(voice, client).filter((content) => !content.startsWith(user));
          await until(() => shown().length >= others.length);
          expect([...shown()].sort()).toEqual([...others].sort());
          // Of each sender, in the order of sending.
          for (const other of clients) {
            const from = (content: string): boolean => content.startsWith(`${other.user}-`);
            if (other.user !== user) expect(shown().filter(from)).toEqual(others.filter(from));
          }
        }
      }),
      { numRuns: RUNS, seed: 4, endOnFailure: true },
    );
    const { reconnected } = upstreamMetrics(bridge, server, 'json');
    expect(reconnected).toBeGreaterThanOrEqual(RUNS);
  });
});
