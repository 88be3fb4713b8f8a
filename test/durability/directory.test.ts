/** What the backend changes, and who has logged in, is still so after a restart with the same data directory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { administer } from '../../core/admin.ts';
import { storeLimits } from '../../core/cli/store.ts';
import { GatewayError } from '../../core/errors.ts';
import { userKey } from '../../core/groups.ts';
import type { Hub } from '../../core/hub.ts';
import { MemoryDirectoryStore } from '../../core/store/directory.ts';
import { MemoryMessageStore } from '../../core/store/memory.ts';
import { MemoryIdentityMap } from '../../core/store/memory-identity.ts';
import { openSqliteStore } from '../../core/store/sqlite.ts';
import { AdminCommand } from '../../schemas/admin-command.ts';
import { startGateway, type TestGateway, testConfig } from '../support/gateway.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';

const act = (hub: Hub, command: object): Promise<void> =>
  administer(hub, AdminCommand.parse({ namespace: 'main', ...command }));

/** Runs a gateway on the directory, does the work, and stops it in good order. */
async function life(directory: string, work: (gateway: TestGateway) => Promise<void>): Promise<void> {
  const store = await openSqliteStore({ directory, limits: storeLimits(testConfig()) });
  const gateway = await startGateway({ store });
  try {
    await work(gateway);
  } finally {
    await gateway.stop();
    await store.close();
  }
}

function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'dragoman-directory-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const json = async (gateway: TestGateway, user: string): Promise<RawClient> => {
  const client = await connectRaw(await gateway.url('/ws/json', user));
  await client.nextJson(({ type }) => type === 'auth_success');
  return client;
};

let ids = 0;
/** Sends and gives the answer: `ack`, or the text of the error. */
async function say(client: RawClient, fromId: string, toId: string, chatType = 'single'): Promise<unknown> {
  const id = `m-${++ids}`;
  client.send({ type: 'message', data: { id, fromId, toId, chatType, content: id } });
  const answer = await client.nextJson(({ type }) => type === 'ack' || type === 'error');
  return answer.type === 'ack' ? 'ack' : (answer.data as { message: string }).message;
}

const membersOf = (hub: Hub, group: string): readonly string[] | undefined => {
  const record = hub.groups.find('main', group);
  return record === undefined ? undefined : [...record.members.values()].map(({ id }) => id);
};

test('users, groups, members, mutes, blocks and contacts outlast a restart, on top of the configuration', async () => {
  const directory = freshDirectory();
  await life(directory, async ({ gateway: { hub } }) => {
    await act(hub, { type: 'put_user', user: { id: 'zoe', name: 'Zoë', avatar: '/z.png' } });
    await act(hub, { type: 'put_user', user: { id: 'alice', name: 'Alice II' } });
    const made = { group: 'new', name: 'New', description: 'fresh', open: false };
    await act(hub, { type: 'put_group', ...made, owner: 'zoe', members: ['zoe', 'bob'] });
    await act(hub, { type: 'add_member', group: 'staff', user: 'frank' });
    await act(hub, { type: 'remove_member', group: 'lobby', user: 'carol', reason: 'kicked' });
    await act(hub, { type: 'mute_member', group: 'lobby', user: 'bob', muted: true });
    await act(hub, { type: 'mute_member', group: 'lobby', user: 'dave', muted: true });
    await act(hub, { type: 'mute_member', group: 'lobby', user: 'dave', muted: false });
    await act(hub, { type: 'transfer_group', group: 'lobby', newOwner: 'bob' });
    await act(hub, { type: 'block_user', user: 'alice', blocked: 'bob', active: true });
    await act(hub, { type: 'block_user', user: 'bob', blocked: 'alice', active: true });
    await act(hub, { type: 'block_user', user: 'bob', blocked: 'alice', active: false });
    await act(hub, { type: 'accept_contact', contact: 'carol', to: 'dave' });
  });
  await life(directory, async (gateway) => {
    const { hub } = gateway.gateway;
    const find = (id: string) => hub.directory.find('main', id);
    expect(find('zoe')?.user).toEqual({ namespace: 'main', id: 'zoe', name: 'Zoë', avatar: '/z.png' });
    expect(hub.identities.integerOf('main', 'zoe')).toBe(7);
    expect(find('alice')?.user.name).toBe('Alice II');
    expect(find('bob')?.user.name).toBe('Bob');
    expect(hub.groups.find('main', 'new')?.group).toMatchObject({
      name: 'New',
      description: 'fresh',
      open: false,
      owner: { id: 'zoe', name: 'Zoë' },
    });
    expect(membersOf(hub, 'new')).toEqual(['zoe', 'bob']);
    expect(membersOf(hub, 'staff')).toEqual(['alice', 'bob', 'frank']);
    expect(membersOf(hub, 'lobby')).toEqual(['alice', 'bob', 'dave', 'erin']);
    const lobby = hub.groups.find('main', 'lobby');
    expect([...(lobby?.muted ?? [])]).toEqual([userKey({ namespace: 'main', id: 'bob' })]);
    expect(lobby?.group).toMatchObject({ name: 'Lobby', owner: { id: 'bob' } });
    expect([...(find('carol')?.contacts ?? [])]).toEqual(['dave']);
    expect([...(find('dave')?.contacts ?? [])]).toEqual(['carol']);

    const bob = await json(gateway, 'bob');
    expect(await say(bob, 'bob', 'lobby', 'group')).toBe('你已被禁言');
    expect(await say(bob, 'bob', 'new', 'group')).toBe('ack');
    expect(await say(bob, 'bob', 'alice')).toBe('对方已将你屏蔽');
    const alice = await json(gateway, 'alice');
    expect(await say(alice, 'alice', 'bob')).toBe('ack');
  });
});

test('a dissolved group stays dissolved, and one made anew has none of its members', async () => {
  const directory = freshDirectory();
  await life(directory, async ({ gateway: { hub } }) => {
    await act(hub, { type: 'mute_member', group: 'staff', user: 'bob', muted: true });
    await act(hub, { type: 'dissolve_group', group: 'staff' });
    await act(hub, { type: 'dissolve_group', group: 'lobby' });
  });
  await life(directory, async ({ gateway: { hub } }) => {
    expect(hub.groups.find('main', 'staff')).toBeUndefined();
    expect(hub.groups.find('main', 'lobby')).toBeUndefined();
    const made = { group: 'staff', name: 'Staff', description: '', open: true };
    await act(hub, { type: 'put_group', ...made, members: ['carol'] });
  });
  await life(directory, async ({ gateway: { hub } }) => {
    expect(hub.groups.find('main', 'lobby')).toBeUndefined();
    expect(membersOf(hub, 'staff')).toEqual(['carol']);
    expect(hub.groups.find('main', 'staff')?.muted.size).toBe(0);
  });
});

test('somebody who was removed and comes back after a restart missed nothing of the time between', async () => {
  const directory = freshDirectory();
  await life(directory, async ({ gateway: { hub } }) => {
    await act(hub, { type: 'remove_member', group: 'staff', user: 'bob', reason: 'kicked' });
  });
  await life(directory, async (gateway) => {
    expect(await say(await json(gateway, 'alice'), 'alice', 'staff', 'group')).toBe('ack');
    await act(gateway.gateway.hub, { type: 'add_member', group: 'staff', user: 'bob' });
    const bob = await json(gateway, 'bob');
    expect(await say(bob, 'bob', 'staff', 'group')).toBe('ack');
    expect(bob.received.filter((text) => text.includes('"type":"message"'))).toEqual([]);
  });
});

test('a user who has logged in once gets messages after a restart', async () => {
  const directory = freshDirectory();
  await life(directory, async (gateway) => {
    await (await json(gateway, 'stranger')).close();
  });
  await life(directory, async (gateway) => {
    const alice = await json(gateway, 'alice');
    expect(await say(alice, 'alice', 'nobody')).not.toBe('ack');
    expect(await say(alice, 'alice', 'stranger')).toBe('ack');
    const stranger = await connectRaw(await gateway.url('/ws/json', 'stranger'));
    expect(await stranger.nextJson(({ type }) => type === 'message')).toMatchObject({
      data: { fromId: 'alice' },
    });
  });
});

describe('a directory that cannot be saved', () => {
  class FailingDirectory extends MemoryDirectoryStore {
    isFailing = false;
    override save(...[entries, done]: Parameters<MemoryDirectoryStore['save']>): void {
      if (!this.isFailing) super.save(entries, done);
      else queueMicrotask(() => done({ ok: false, error: new GatewayError('store_unavailable') }));
    }
  }
  const failing = async (): Promise<{ gateway: TestGateway; directory: FailingDirectory }> => {
    const directory = new FailingDirectory();
    const messages = new MemoryMessageStore({ limits: storeLimits(testConfig()) });
    const gateway = await startGateway({
      store: { messages, identities: new MemoryIdentityMap(), directory },
    });
    onTestFinished(() => gateway.stop());
    return { gateway, directory };
  };

  test.each([
    { type: 'put_user', user: { id: 'alice', name: 'Changed' } },
    { type: 'put_user', user: { id: 'zoe', name: 'Zoe' } },
    { type: 'put_group', group: 'lobby', name: 'x', description: 'x', open: false, members: ['frank'] },
    { type: 'put_group', group: 'new', name: 'x', description: 'x', open: true, members: ['frank'] },
    { type: 'add_member', group: 'lobby', user: 'frank' },
    { type: 'remove_member', group: 'lobby', user: 'alice', reason: 'quit' },
    { type: 'mute_member', group: 'lobby', user: 'alice', muted: true },
    { type: 'block_user', user: 'alice', blocked: 'bob', active: true },
    { type: 'dissolve_group', group: 'lobby' },
    { type: 'transfer_group', group: 'lobby', newOwner: 'bob' },
    { type: 'accept_contact', contact: 'alice', to: 'bob' },
  ])('refuses $type, changes nothing and tells nobody', async (command) => {
    const { gateway, directory } = await failing();
    const { hub } = gateway.gateway;
    const alice = await json(gateway, 'alice');
    const state = (): unknown =>
      ['alice', 'bob', 'frank', 'zoe'].map((id) => {
        const record = hub.directory.find('main', id);
        return [
          record?.user,
          [...(record?.memberships ?? [])].map(({ group }) => group.id),
          record?.blocked,
          record?.contacts,
        ];
      });
    const groups = (): unknown =>
      ['lobby', 'new'].map((id) => {
        const record = hub.groups.find('main', id);
        return [record?.group, [...(record?.members.keys() ?? [])], [...(record?.muted ?? [])]];
      });
    const before = structuredClone([state(), groups()]);
    directory.isFailing = true;
    await expect(act(hub, command)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect([state(), groups()]).toEqual(before);
    alice.send({ type: 'ping' });
    expect(await alice.nextJson()).toEqual({ type: 'pong' });
    directory.isFailing = false;
    await act(hub, command);
    expect([state(), groups()]).not.toEqual(before);
  });

  test('admits nobody new, and whoever is known all the same', async () => {
    const { gateway, directory } = await failing();
    directory.isFailing = true;
    const stranger = await connectRaw(await gateway.url('/ws/json', 'stranger'));
    expect((await stranger.nextJson()).type).toBe('error');
    expect(gateway.gateway.hub.directory.find('main', 'stranger')).toBeUndefined();
    await json(gateway, 'alice');
    directory.isFailing = false;
    await json(gateway, 'stranger');
  });
});

test('changes of one group that come at once end in memory as they end on disk', async () => {
  const directory = freshDirectory();
  const changes = (hub: Hub): Promise<unknown> =>
    Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => [
        act(hub, { type: 'add_member', group: 'lobby', user: 'frank' }),
        act(hub, { type: 'put_user', user: { id: 'frank', name: `Frank ${index}` } }),
        act(hub, { type: 'mute_member', group: 'lobby', user: 'frank', muted: index % 2 === 0 }),
        act(hub, { type: 'remove_member', group: 'lobby', user: 'frank', reason: 'quit' }),
        index % 10 === 9 ? act(hub, { type: 'dissolve_group', group: 'lobby' }) : undefined,
        act(hub, {
          type: 'put_group',
          group: 'lobby',
          name: `${index}`,
          description: '',
          open: true,
          members: ['frank'],
        }),
      ]).flat(),
    );
  const view = (hub: Hub): unknown => [
    hub.groups.find('main', 'lobby')?.group.name,
    membersOf(hub, 'lobby'),
    [...(hub.groups.find('main', 'lobby')?.muted ?? [])],
    hub.directory.find('main', 'frank')?.user,
  ];
  let left: unknown;
  await life(directory, async ({ gateway: { hub } }) => {
    await changes(hub);
    left = view(hub);
    expect(hub.turns.size).toBe(0);
  });
  await life(directory, async ({ gateway: { hub } }) => {
    expect(view(hub)).toEqual(left);
  });
});
