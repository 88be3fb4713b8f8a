/** Integers of guests: lent while they are here and a while longer, never written down, and what they said is still told. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { administer } from '../../core/admin.ts';
import { storeLimits } from '../../core/cli/store.ts';
import { openSqliteStore } from '../../core/store/sqlite.ts';
import { AdminCommand } from '../../schemas/admin-command.ts';
import { startGateway, type TestGateway, testConfig } from '../support/gateway.ts';
import { metricsOf } from '../support/metrics.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';

/** Guests come in by either; Carol is known there, with a number. */
const OPEN = `
  - { path: /open/json, dialect: json, auth: none, namespace: open }
  - { path: /open/ourchat, dialect: ourchat, auth: none, namespace: open }
`;
const yaml =
  (limits: string) =>
  (text: string): string =>
    text
      .replace('\nusers:\n', '\nusers:\n  - { id: carol, namespace: open, integer: 30 }\n')
      .replace(
        '\nendpoints:\n',
        `\n  - { id: lobby, namespace: open, open: true, members: [carol] }\n\nendpoints:${OPEN}`,
      )
      .concat(`\nlimits: { ${limits} }\n`);

/** A life of the gateway on the directory. Gives the integers that are written down at its end. */
async function life(
  directory: string,
  work: (gateway: TestGateway) => Promise<void>,
  limits = 'guests: 10',
): Promise<readonly (number | undefined)[]> {
  const store = await openSqliteStore({ directory, limits: storeLimits(testConfig()) });
  const gateway = await startGateway({ store, edit: yaml(limits) });
  try {
    await work(gateway);
    return ['mallory', '4711', 'carol'].map((id) => store.identities.integerOf('open', id));
  } finally {
    await gateway.stop();
    await store.close();
  }
}

function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'dragoman-guests-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function json(gateway: TestGateway, user: string): Promise<RawClient> {
  const client = await connectRaw(`${gateway.ws}/open/json?token=${user}`);
  await client.nextJson(({ type }) => type === 'auth_success');
  return client;
}

async function say(client: RawClient, to: object, content: string): Promise<void> {
  client.send({ type: 'message', data: { id: content, fromId: 'mallory', content, ...to } });
  await client.nextJson(({ type, data }) => type === 'ack' && (data as { id?: string }).id === content);
}

/** Says something in the lobby under a number, which is the login, and hears it. */
async function ourchat(gateway: TestGateway, fromUserId: number, content: string): Promise<RawClient> {
  const client = await connectRaw(`${gateway.ws}/open/ourchat`);
  client.send({ type: 'CHAT', fromUserId, messageType: 'GROUP', content });
  await heard(client, content);
  return client;
}

const heard = async (client: RawClient, content: string): Promise<number> =>
  Number((await client.nextJson((frame) => frame.content === content)).fromUserId);

const toLobby = { chatType: 'group', toId: 'lobby' };
const toCarol = { chatType: 'single', toId: 'carol' };

test('a guest is shown by an integer that is not written down, the same after coming back', async () => {
  const directory = freshDirectory();
  const written = await life(directory, async (gateway) => {
    const carol = await ourchat(gateway, 30, 'here I am');
    const guest = await ourchat(gateway, 4711, 'a number of my own');
    expect(await heard(carol, 'a number of my own')).toBe(4711);
    const mallory = await json(gateway, 'mallory');
    await say(mallory, toLobby, 'first');
    const shown = await heard(carol, 'first');
    expect(shown).toBeGreaterThanOrEqual(1_000_000_000);
    // Who is named by it can be answered.
    carol.send({
      type: 'CHAT',
      fromUserId: 30,
      toUserId: shown,
      messageType: 'PRIVATE',
      content: 'hello you',
    });
    await mallory.nextJson(({ data }) => (data as { content?: string }).content === 'hello you');
    await mallory.close();
    await gateway.gateway.hub.until(() => gateway.gateway.hub.connections.size === 2);
    expect((await metricsOf(gateway)).value('dragoman_guest_integers')).toBe(2);
    const again = await json(gateway, 'mallory');
    await say(again, toLobby, 'second');
    expect(await heard(carol, 'second')).toBe(shown);
    await guest.close();
  });
  expect(written).toEqual([undefined, undefined, 30]);
});

test('what a guest has said is told after the integer has gone, and after a restart', async () => {
  const directory = freshDirectory();
  await life(directory, async (gateway) => {
    const mallory = await json(gateway, 'mallory');
    await say(mallory, toCarol, 'for later');
  });
  const written = await life(
    directory,
    async (gateway) => {
      const carol = await connectRaw(`${gateway.ws}/open/ourchat`);
      carol.send({ type: 'CHAT', fromUserId: 30, messageType: 'GROUP', content: 'back again' });
      expect(await heard(carol, 'for later')).toBeGreaterThanOrEqual(1_000_000_000);
      const { value } = await metricsOf(gateway);
      expect(value('dragoman_losses_total', { endpoint: '/open/ourchat', event: 'message' }) ?? 0).toBe(0);
    },
    'guestIntegers: { keep: 1s, entries: 1 }',
  );
  expect(written).toEqual([undefined, undefined, 30]);
});

test('a guest of whom the backend makes a user keeps the integer, for good', async () => {
  const directory = freshDirectory();
  let shown = 0;
  const written = await life(directory, async (gateway) => {
    const carol = await ourchat(gateway, 30, 'here I am');
    const mallory = await json(gateway, 'mallory');
    await say(mallory, toLobby, 'first');
    shown = await heard(carol, 'first');
    const user = { id: 'mallory', name: 'Mallory' };
    await administer(gateway.gateway.hub, AdminCommand.parse({ type: 'put_user', namespace: 'open', user }));
    await say(mallory, toLobby, 'second');
    expect(await heard(carol, 'second')).toBe(shown);
  });
  expect(written).toEqual([shown, undefined, 30]);
});
