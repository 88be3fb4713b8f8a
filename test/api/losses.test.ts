/** `/api/v1/losses`: what dialects could not say, without anything that anybody wrote. */
import { expect, it } from 'vitest';
import { API_SECRET, type ApiGateway, apiYaml, startApiGateway } from '../support/api.ts';
import { scrape, sumOf } from '../support/metric-catalogue.ts';
import { speakers } from '../support/speakers.ts';

interface Loss {
  readonly endpoint: string;
  readonly dialect: string;
  readonly event: string;
  readonly field: string;
  readonly count: number;
  readonly examples: readonly unknown[];
}

interface Losses {
  readonly items: readonly Loss[];
  readonly next?: string;
}

const SECRET_TEXT = 'nobody else may read this';
const OTHER = `other-${API_SECRET}`;

async function losses(gateway: ApiGateway, query = '', key: string | null = API_SECRET): Promise<Losses> {
  const { status, body, text } = await gateway.api.call('GET', `/api/v1/losses${query}`, { key });
  expect(status, text).toBe(200);
  return body as Losses;
}

/** Events that the room dialect has no words for, and one whose avatar it leaves out. */
async function lose(gateway: ApiGateway): Promise<void> {
  const bob = await speakers.room.enter(gateway, 'bob');
  for (let count = 0; count < 5; count++)
    await gateway.api.publish({ type: 'contact_requested', request: SECRET_TEXT, from: 'alice', to: 'bob' });
  await gateway.api.publish({ type: 'group_announcement', group: 'lobby', text: SECRET_TEXT });
  await bob.close();
}

it('lists them by endpoint, event and field, as /metrics counts them, with examples of their shape alone', async () => {
  await using gateway = await startApiGateway();
  await lose(gateway);
  const { items, next } = await losses(gateway, '?endpoint=/ws/room');
  expect(next).toBeUndefined();
  const lost = items.find(({ event }) => event === 'contact_requested');
  expect(lost).toMatchObject({ endpoint: '/ws/room', dialect: 'room', field: '*', count: 5 });
  expect(lost?.examples).toHaveLength(3);
  expect(lost?.examples[0]).toMatchObject({
    type: 'contact_requested',
    request: `‹${SECRET_TEXT.length} characters›`,
  });
  expect(JSON.stringify(items)).not.toMatch(/nobody else|alice|bob/);
  const samples = await scrape(gateway.http);
  for (const { endpoint, dialect, event, field, count } of (await losses(gateway)).items)
    expect(sumOf(samples, 'dragoman_losses_total', { endpoint, dialect, event, field })).toBe(count);
});

it('is read page by page, each loss once', async () => {
  await using gateway = await startApiGateway();
  await lose(gateway);
  const { items: all } = await losses(gateway);
  expect(all.length).toBeGreaterThan(1);
  const read: Loss[] = [];
  let query = '?limit=1';
  for (;;) {
    const { items, next } = await losses(gateway, query);
    expect(items.length).toBeLessThanOrEqual(1);
    read.push(...items);
    if (next === undefined) break;
    query = `?limit=1&after=${encodeURIComponent(next)}`;
  }
  expect(read).toEqual(all);
});

it('needs the scope, and shows a key only the endpoints of its namespaces', async () => {
  const key = `    - { name: other, secret: ${OTHER}, scopes: [losses:read], namespaces: [elsewhere] }\n`;
  const narrow = `    - { name: narrow, secret: narrow-${API_SECRET}, scopes: [users:read] }\n`;
  await using gateway = await startApiGateway({ api: apiYaml(key + narrow) });
  await lose(gateway);
  expect((await losses(gateway)).items).not.toEqual([]);
  expect(await losses(gateway, '', OTHER)).toEqual({ items: [] });
  const refused = await gateway.api.call('GET', '/api/v1/losses', { key: `narrow-${API_SECRET}` });
  expect(refused).toMatchObject({ status: 403, body: { type: '/api/docs#problem-scope_missing' } });
  expect((await gateway.api.call('GET', '/api/v1/losses?limit=0')).status).toBe(400);
  expect((await gateway.api.call('GET', '/api/v1/losses?nonsense=1')).status).toBe(400);
});
