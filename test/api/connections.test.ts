/** Connections and tokens over HTTP: who is here, and ending that for good. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { storeLimits } from '../../core/cli/store.ts';
import { BASE } from '../../core/server/api/routes.ts';
import { openSqliteStore } from '../../core/store/sqlite.ts';
import { type ApiGateway, apiYaml, everyPage, type Page, startApiGateway } from '../support/api.ts';
import { testConfig } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';
import { everySpeaker, speakers } from '../support/speakers.ts';

describe('connections', () => {
  it('are listed by user and by endpoint, page by page', async () => {
    await using gateway = await startApiGateway();
    for (const speaker of everySpeaker) await speaker.enter(gateway, 'alice');
    await speakers.json.enter(gateway, 'bob');
    expect(await everyPage(gateway, '/connections', 2)).toHaveLength(6);
    const list = async (query: string) =>
      ((await gateway.api.main('GET', `/connections?${query}`)) as Page).items as readonly object[];
    expect(await list('user=alice')).toHaveLength(5);
    expect(await list('endpoint=/ws/json')).toHaveLength(2);
    expect(await list('user=nobody')).toEqual([]);
    expect(await list('user=bob&endpoint=/ws/json')).toEqual([
      expect.objectContaining({
        endpoint: '/ws/json',
        dialect: 'json',
        user: 'bob',
        address: '127.0.0.1',
        ready: true,
      }),
    ]);
  });

  it('are ended one at a time, or all of a user, in their own words', async () => {
    await using gateway = await startApiGateway();
    const clients = await Promise.all(everySpeaker.map((speaker) => speaker.enter(gateway, 'alice')));
    const { items } = (await gateway.api.main('GET', '/connections?user=alice&endpoint=/ws/json')) as Page;
    expect(await gateway.api.main('DELETE', `/connections/${items[0]?.id}`)).toEqual({ ended: 1 });
    expect(await clients[0]?.closed).toMatchObject({ code: 1000 });
    expect(clients[0]?.received.at(-1)).toContain('"kick"');
    expect(await gateway.api.main('DELETE', '/users/alice/connections')).toEqual({ ended: 4 });
    for (const client of clients) expect(await client.closed).toMatchObject({ code: 1000 });
    const gone = await gateway.api.call('DELETE', `${BASE}/namespaces/main/connections/${items[0]?.id}`);
    expect(gone.body).toMatchObject({ status: 404, code: 'recipient_unknown' });
  });

  it('of another namespace are neither seen nor ended', async () => {
    await using gateway = await startApiGateway({
      api: apiYaml().replace('{ name: backend', '{ name: backend, namespaces: "*"'),
    });
    await speakers.json.enter(gateway, 'alice');
    const [connection] = gateway.gateway.hub.connections;
    const other = `${BASE}/namespaces/other/connections`;
    expect((await gateway.api.call('GET', other)).body).toEqual({ items: [] });
    expect((await gateway.api.call('DELETE', `${other}/${connection?.id}`)).status).toBe(404);
    expect(gateway.gateway.hub.connections.size).toBe(1);
  });
});

describe('revoked tokens', () => {
  it('end the connections that rest on them, and stay revoked after a restart', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'dragoman-api-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const life = async (work: (gateway: ApiGateway) => Promise<void>): Promise<void> => {
      const store = await openSqliteStore({ directory, limits: storeLimits(testConfig()) });
      const gateway = await startApiGateway({ store });
      try {
        await work(gateway);
      } finally {
        await gateway.stop();
        await store.close();
      }
    };
    const hour = 3_600_000;
    const login = async (gateway: ApiGateway, user: string) => {
      const client = await connectRaw(await gateway.url('/ws/json', user));
      return { client, first: (await client.nextJson()).type };
    };
    const revoke = (gateway: ApiGateway, user: string, body?: object) =>
      gateway.api.main('POST', `/users/${user}/revoke-tokens`, body);
    await life(async (gateway) => {
      expect(await revoke(gateway, 'stranger')).toEqual({ ended: 0 });
      const { client } = await login(gateway, 'alice');
      const before = Date.now() + hour;
      expect(await revoke(gateway, 'alice', { before: 1 })).toEqual({ ended: 0 });
      expect(await revoke(gateway, 'alice', { before })).toEqual({ ended: 1 });
      expect(await client.closed).toMatchObject({ code: 4003 });
      // An earlier time takes nothing back.
      await revoke(gateway, 'alice', { before: 1 });
      await revoke(gateway, 'bob', { before: Date.now() - hour });
    });
    await life(async (gateway) => {
      expect((await login(gateway, 'alice')).first).toBe('auth_error');
      expect((await login(gateway, 'bob')).first).toBe('auth_success');
    });
  });
});
