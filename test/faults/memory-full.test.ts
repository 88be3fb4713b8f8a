/** `store: memory` at its limit (limits.memory): what waits to be delivered is neither dropped nor does it end the process. */
import { expect, it } from 'vitest';
import { openStore } from '../../core/cli/store.ts';
import { DEFAULT_YAML, startGateway, testConfig } from '../support/gateway.ts';
import { samplesIn } from '../support/metric-catalogue.ts';
import { hears, isStored, speakers } from '../support/speakers.ts';

const CONTENT = 9000;

async function start() {
  const yaml = `${DEFAULT_YAML}limits:
  memory: 4MiB
  rate: { perSecond: 100000, burst: 100000 }
  admission: { commandsPerUser: { perSecond: 100000, burst: 100000 } }
`;
  const store = await openStore(testConfig({ yaml }));
  const gateway = await startGateway({ yaml, store });
  const sample = async (name: string): Promise<number> => {
    const text = await (await fetch(`${gateway.http}/metrics`)).text();
    return samplesIn(text).find((found) => found.name === name)?.value ?? Number.NaN;
  };
  return { gateway, sample, [Symbol.asyncDispose]: () => gateway.stop() };
}

it('senders are told, all that was acknowledged arrives, and it goes on by itself', async () => {
  await using started = await start();
  const { gateway, sample } = started;
  const alice = await speakers.json.enter(gateway, 'alice');
  // Someone whom the gateway knows, and who is away.
  await (await speakers.json.enter(gateway, 'bob')).close();
  const said = (index: number) => ({
    user: 'alice',
    id: `m${index}`,
    content: `${index} ${'x'.repeat(CONTENT)}`,
  });
  let index = 0;
  for (; ; index += 1) {
    speakers.json.tell?.(alice, 'bob', said(index));
    const answer = (await alice.nextJson()) as { readonly type: string; readonly data: object };
    if (answer.type === 'ack') continue;
    expect(answer).toEqual({
      type: 'error',
      data: { message: '消息保存失败，请重试', messageId: `m${index}` },
    });
    break;
  }
  expect(index).toBeGreaterThan(200);
  const ready = await fetch(`${gateway.http}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('limits.memory')]);
  expect(await sample('dragoman_store_memory_bytes')).toBeLessThan(4.2 * 1024 * 1024);
  expect(await sample('dragoman_store_memory_limit_bytes')).toBe(4 * 1024 * 1024);
  expect(await sample('dragoman_store_memory_forgotten_total')).toBe(0);

  const bob = await speakers.json.enter(gateway, 'bob');
  for (let expected = 0; expected < index; expected += 1)
    await hears(speakers.json, bob, said(expected).content);
  // Bob's pong confirms them; then there is room again.
  const status = async (): Promise<number> => (await fetch(`${gateway.http}/readyz`)).status;
  await expect.poll(status, { timeout: 15_000 }).toBe(200);
  for (let again = index; again < index + 100; again += 1) {
    speakers.json.tell?.(alice, 'bob', said(again));
    await isStored(speakers.json, alice, said(again));
    await hears(speakers.json, bob, said(again).content);
  }
});
