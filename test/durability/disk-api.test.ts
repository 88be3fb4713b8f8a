/** A full database behind the HTTP API: what is not stored is refused with a problem, and a repetition is good later. */
import { expect, it, onTestFinished } from 'vitest';
import { storeLimits } from '../../core/cli/store.ts';
import { BASE } from '../../core/server/api/routes.ts';
import { openSqliteStore, type SqliteStore } from '../../core/store/sqlite.ts';
import { type ApiAnswer, type ApiGateway, startApiGateway } from '../support/api.ts';
import { testConfig } from '../support/gateway.ts';
import { freshDirectory } from './gateway-process.ts';

const MAIN = `${BASE}/namespaces/main`;
const NOT_STORED = {
  type: '/api/docs#problem-store_unavailable',
  status: 503,
  code: 'store_unavailable',
  detail: expect.stringContaining('could not be stored; try again'),
};

async function start(): Promise<{ readonly gateway: ApiGateway; readonly store: SqliteStore }> {
  const limits = storeLimits(testConfig());
  const store = await openSqliteStore({ directory: freshDirectory(), limits, maxPages: 150 });
  const gateway = await startApiGateway({ store });
  onTestFinished(async () => {
    await gateway.stop();
    await store.close();
  });
  return { gateway, store };
}

/** Takes all the room that there is; gives what makes room again. */
async function fill({ messages }: SqliteStore): Promise<() => Promise<void>> {
  const take = (id: string, size: number) =>
    new Promise<boolean>((resolve) => {
      const from = undefined;
      const entry = {
        id,
        namespace: 'x',
        queue: 'x',
        name: 'x',
        headers: [],
        body: 'x'.repeat(size),
        from,
        at: 0,
      };
      messages.commit([{ kind: 'enqueue', entry }], ({ ok }) => resolve(ok));
    });
  let count = 0;
  for (const size of [50_000, 5000, 500, 50]) while (await take(`${count}`, size)) count++;
  return async () => {
    for (let id = 0; id < count; id++)
      await new Promise<void>((resolve) => messages.dequeue('x', 'x', `${id}`, () => resolve()));
  };
}

const readiness = async ({ http }: ApiGateway): Promise<number> => (await fetch(`${http}/readyz`)).status;

it('refuses messages, users and groups, reads on, and carries out the repetition once there is room', async () => {
  const { gateway, store } = await start();
  const { api } = gateway;
  const send = (content: string) =>
    api.call('POST', `${MAIN}/messages`, {
      body: { from: 'alice', to: { type: 'group', id: 'lobby' }, content, clientId: content.slice(0, 6) },
      headers: { 'idempotency-key': content.slice(0, 6) },
    });
  const said = async (): Promise<readonly string[]> => {
    const { messages } = (await api.main('GET', '/groups/lobby/messages')) as {
      readonly messages: readonly { readonly content: string }[];
    };
    return messages.map(({ content }) => content);
  };
  expect((await send('before')).status).toBe(200);
  const makeRoom = await fill(store);

  // There may be room for some in pages that are begun.
  const stored = ['before'];
  let long = '';
  let refused: ApiAnswer;
  for (;;) {
    long = `m-${100 + stored.length}-`.padEnd(1000, '-');
    refused = await send(long);
    if (refused.status !== 200) break;
    stored.push(long);
  }
  expect(refused.status).toBe(503);
  expect(refused.body).toMatchObject(NOT_STORED);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await readiness(gateway)).toBe(503);
  const avatar = `/${'a'.repeat(4000)}`;
  const profile = { name: 'Grace', avatar };
  const refusedUser = await api.call('PUT', `${MAIN}/users/grace`, { body: profile });
  expect(refusedUser.body).toMatchObject(NOT_STORED);
  const group = { name: 'Reading', description: 'd'.repeat(4000), open: true };
  const refusedGroup = await api.call('PUT', `${MAIN}/groups/reading`, { body: group });
  expect(refusedGroup.body).toMatchObject(NOT_STORED);

  // Nothing of it is there, and what was stored before can still be read.
  expect(await said()).toEqual(stored);
  expect((await api.call('GET', `${MAIN}/users/grace`)).status).toBe(404);
  expect((await api.call('GET', `${MAIN}/groups/reading`)).status).toBe(404);

  await makeRoom();
  const again = await send(long);
  expect(again.status).toBe(200);
  expect(again.body).toMatchObject({ duplicate: false });
  expect(again.headers.get('idempotency-replayed')).toBeNull();
  expect((await send(long)).headers.get('idempotency-replayed')).toBe('true');
  expect(await said()).toEqual([...stored, long]);
  expect(await readiness(gateway)).toBe(200);
  await api.main('PUT', '/users/grace', profile);
  await api.main('PUT', '/groups/reading', group);
  expect(await api.main('GET', '/users/grace')).toMatchObject(profile);
});
