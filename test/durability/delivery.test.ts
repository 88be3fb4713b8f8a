/** Stored means delivered: through a cut network, and to a recipient that crashes before it confirms. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { storeLimits } from '../../core/cli/store.ts';
import { openSqliteStore } from '../../core/store/sqlite.ts';
import { DEFAULT_YAML, startGateway, type TestGateway, testConfig } from '../support/gateway.ts';
import type { RawClient } from '../support/raw-client.ts';
import { freshDirectory } from './gateway-process.ts';
import { networkTo } from './proxy.ts';
import { json, READERS, type Voice, voices, withReaders } from './voices.ts';

const READER = READERS[0];

/** Dead connections are found in a fraction of a second, and a delivery is confirmed at once. */
const quick = (yaml: string): string =>
  withReaders(yaml).replace(
    /^( {4}dialect: \w+)$/gm,
    '$1\n    heartbeat: { ping: 200ms, pongTimeout: 200ms, confirm: 20ms }',
  );
/** Nothing is confirmed unless the test wants it: the first ping comes late. */
const patient = (yaml: string): string =>
  withReaders(yaml).replace(/^( {4}dialect: \w+)$/gm, '$1\n    heartbeat: { confirm: 1min }');

async function gatewayOf(edit: (yaml: string) => string): Promise<TestGateway> {
  const store = await openSqliteStore({
    directory: freshDirectory(),
    limits: storeLimits(testConfig({ yaml: DEFAULT_YAML })),
  });
  const gateway = await startGateway({ store, edit });
  onTestFinished(async () => {
    await gateway.stop();
    await store.close();
  });
  return gateway;
}

const contentsOf = (voice: Voice, client: RawClient): readonly string[] =>
  client.received.flatMap((wire) => voice.heard(wire)?.content ?? []);
const hears = (voice: Voice, client: RawClient, content: string): Promise<string> =>
  client.next((wire) => voice.heard(wire)?.content === content);

/** Writes to the lobby and, where the reader's dialect has it, to the reader. Resolves when all is stored. */
async function write(alice: RawClient, voice: Voice, contents: readonly string[]): Promise<void> {
  for (const [index, content] of contents.entries()) {
    const to = voice.isPrivate && index % 2 === 1 ? { to: READER } : {};
    json.say(alice, { user: 'alice', content, ...to });
  }
  const left = new Set(contents);
  while (left.size > 0) left.delete(json.acknowledged(await alice.next(), 'alice') ?? '');
}

const named = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`);

describe.each(voices)('a $dialect client', (voice) => {
  it.each([
    ['at once', false],
    ['after the gateway has found it gone', true],
  ])('whose network is cut while messages flow misses nothing when it is back %s', async (_when, isFound) => {
    const gateway = await gatewayOf(quick);
    const network = await networkTo(gateway);
    const alice = await json.enter(gateway, 'alice');
    const before = await voice.enter(network, READER);
    const [first, second, third] = [named('before', 20), named('during', 20), named('after', 20)];
    await write(alice, voice, first);
    await hears(voice, before, 'before-9');
    network.cut();
    await write(alice, voice, second);
    const { directory } = gateway.gateway.hub;
    const isGone = (): boolean => directory.find('main', READER)?.connections.size === 0;
    if (isFound) await vi.waitUntil(isGone, { timeout: 15_000, interval: 5 });
    const after = await voice.enter(gateway, READER);
    await write(alice, voice, third);
    for (const content of third.slice(-2)) {
      if (!contentsOf(voice, after).includes(content)) await hears(voice, after, content);
    }
    const heard = new Set([...contentsOf(voice, before), ...contentsOf(voice, after)]);
    expect([...first, ...second, ...third].filter((content) => !heard.has(content))).toEqual([]);
    const again = contentsOf(voice, after);
    expect(again).toHaveLength(new Set(again).size);
    // It was cut indeed.
    expect(contentsOf(voice, before).filter((content) => content.startsWith('during'))).toEqual([]);
  });

  it('that crashes between receiving and confirming gets the same messages again under the same ids', async () => {
    const gateway = await gatewayOf(patient);
    const alice = await json.enter(gateway, 'alice');
    const crashing = await voice.enter(gateway, READER, { autoPong: false });
    const contents = named('message', 6);
    await write(alice, voice, contents);
    const all = (client: RawClient): readonly unknown[] =>
      client.received.flatMap((wire) => voice.heard(wire) ?? []);
    while (all(crashing).length < contents.length) await crashing.next();
    const first = all(crashing);
    crashing.terminate();
    const back = await voice.enter(gateway, READER, { autoPong: false });
    while (all(back).length < contents.length) await back.next();
    expect(sorted(all(back))).toEqual(sorted(first));
    back.terminate();
    // And again, for as long as it does not confirm.
    const third = await voice.enter(gateway, READER);
    while (all(third).length < contents.length) await third.next();
    expect(sorted(all(third))).toEqual(sorted(first));
  });
});

const sorted = (values: readonly unknown[]): readonly string[] =>
  values.map((value) => JSON.stringify(value)).toSorted();
