/** What `/metrics` says of a gateway that has been used in every way, and what it never says. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore, storeLimits } from '../../core/cli/store.ts';
import { openSqliteStore, type SqliteStore } from '../../core/store/sqlite.ts';
import { API_SCOPES } from '../../schemas/config/api.ts';
import { API_SECRET, type ApiGateway, apiYaml, startApiGateway } from '../support/api.ts';
import { startGateway, type TestGateway, testConfig } from '../support/gateway.ts';
import { type HookServer, hookServer, withHook } from '../support/hook-server.ts';
import { valuesOfLabels } from '../support/label-values.ts';
import {
  everyMetric,
  kindsIn,
  type MetricKind,
  type Sample,
  scrape,
  sumOf,
} from '../support/metric-catalogue.ts';
import { connectRaw } from '../support/raw-client.ts';
import { everySpeaker, hears, isStored, speakers } from '../support/speakers.ts';

const folder = mkdtempSync(join(tmpdir(), 'dragoman-metrics-'));
/** Part of every name that clients and the backend make up here. */
const MARK = 'zzmark';
const OF_MEMORY = 'dragoman_store_memory_';
const kinds = everyMetric().filter(({ name }) => !name.startsWith(OF_MEMORY));

let backend: HookServer;
let server: TestGateway;
let gateway: ApiGateway;
let store: SqliteStore;

/** The default endpoints, one with the server of the tests behind it, a hook, an API and the durable store. */
const withBridge = (yaml: string): string =>
  yaml.replace(
    '\nendpoints:\n',
    `\nendpoints:\n  - { path: /bridge, dialect: json, auth: demo, upstream: { url: "${server.ws}/ws/json", dialect: json } }\n`,
  );

beforeAll(async () => {
  backend = await hookServer(({ body }) =>
    body.type === 'before_message' ? { body: { action: 'allow' } } : { status: 204 },
  );
  server = await startGateway();
  const hook = withHook(
    backend.url,
    'events: [before_message, after_message, presence], onFailure: closed, endpoints: [/ws/socket]',
  );
  const limits = storeLimits(testConfig());
  store = await openSqliteStore({ directory: folder, limits });
  gateway = await startApiGateway({
    edit: (yaml) => hook(withBridge(yaml)),
    api: apiYaml(
      `    - { name: other, secret: ${MARK}-${API_SECRET}, scopes: [${API_SCOPES.join(', ')}], namespaces: [other] }\n`,
    ),
    store: { ...store, health: () => store.health() },
  });
  await converse();
});

afterAll(async () => {
  await gateway.stop();
  await store.close();
  await server.stop();
  await backend[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Somebody on every endpoint writes; what one dialect has no words for is lost. */
async function converse(): Promise<void> {
  for (const speaker of everySpeaker) {
    const [alice, bob] = [await speaker.enter(gateway, 'alice'), await speaker.enter(gateway, 'bob')];
    const words = { user: 'alice', id: crypto.randomUUID(), content: `hello ${speaker.dialect}` };
    speaker.say(alice, words);
    await isStored(speaker, alice, words);
    await hears(speaker, bob, words.content);
    alice.send('garbage');
    await Promise.all([alice.close(), bob.close()]);
  }
  const carol = await speakers.json.enter(gateway, 'carol', '/bridge');
  const words = { user: 'carol', id: crypto.randomUUID(), content: 'across' };
  speakers.json.say(carol, words);
  await isStored(speakers.json, carol, words);
  await carol.close();
  const dave = await speakers.room.enter(gateway, 'dave');
  await gateway.api.publish({ type: 'contact_requested', request: 'r', from: 'alice', to: 'dave' });
  await dave.close();
  await gateway.api.call('GET', '/api/v1/namespaces/nowhere/users');
  await backend.request(({ body }) => body.type === 'after_message');
}

describe('/metrics', () => {
  it('has every metric of the document, and no other', () => {
    expect(kindsIn(gateway.gateway.metrics)).toEqual(kinds);
  });

  it('has those of the store in memory with that store, in place of those of the other', async () => {
    const config = testConfig();
    const inMemory = await openStore(config);
    await using plain = await startGateway({ store: inMemory });
    const ofStores = (all: readonly MetricKind[]) =>
      all.filter(({ name }) => name.startsWith('dragoman_store_'));
    expect(ofStores(kindsIn(plain.gateway.metrics))).toEqual(
      ofStores(everyMetric()).filter(
        ({ name }) => name.startsWith(OF_MEMORY) || name === 'dragoman_store_healthy',
      ),
    );
  });

  it('says what each is, and tells each by its name and its labels', async () => {
    const text = await (await fetch(`${gateway.http}/metrics`)).text();
    for (const { name, type, help } of kinds) {
      expect(text).toContain(`# HELP ${name} ${help}\n`);
      expect(text).toContain(`# TYPE ${name} ${type}\n`);
    }
    const byName = new Map(kinds.map((kind) => [kind.name, kind]));
    for (const { name, labels } of await scrape(gateway.http)) {
      const kind = byName.get(name) ?? byName.get(name.replace(/_(bucket|sum|count)$/, ''));
      if (kind === undefined) throw new Error(`${name} is in no document`);
      if (kind.name.startsWith('dragoman_'))
        expect([...kind.labels, 'le']).toEqual(expect.arrayContaining(Object.keys(labels)));
    }
  });

  it('names them as Prometheus wants it: base units, _total for what only grows', () => {
    const own = kinds.filter(({ name }) => name.startsWith('dragoman_'));
    for (const { name, type, help } of own) {
      expect(name).toMatch(/^dragoman_[a-z]+(_[a-z]+)*$/);
      expect(name).not.toMatch(/_(ms|millis|milliseconds|minutes|kb|kib|mb|percent)(_|$)/);
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect(help).toMatch(/^[A-Z0-9].*\.$/);
    }
    expect(own.length).toBeGreaterThan(80);
  });

  it.each<readonly [string, Readonly<Record<string, string>>]>([
    ['dragoman_connections_opened_total', { endpoint: '/ws/json', dialect: 'json' }],
    ['dragoman_frames_received_total', { endpoint: '/ws/im' }],
    ['dragoman_frames_sent_total', { endpoint: '/ws/im' }],
    ['dragoman_commands_total', { command: 'send_message', endpoint: '/ws/room' }],
    ['dragoman_events_delivered_total', { event: 'message', endpoint: '/ws/socket' }],
    ['dragoman_errors_total', { code: 'frame_malformed', endpoint: '/ws/json' }],
    ['dragoman_losses_total', { endpoint: '/ws/room', dialect: 'room', event: 'contact_requested' }],
    ['dragoman_upstream_connections_opened_total', { endpoint: '/bridge', upstream: 'json' }],
    ['dragoman_upstream_frames_sent_total', { endpoint: '/bridge' }],
    ['dragoman_hook_outcomes_total', { hook: 'it', event: 'before_message', outcome: 'allowed' }],
    ['dragoman_hook_outcomes_total', { hook: 'it', event: 'after_message', outcome: 'told' }],
    ['dragoman_hook_attempt_seconds_count', { hook: 'it' }],
    ['dragoman_api_requests_total', { method: 'POST', status: '2xx' }],
    ['dragoman_api_problems_total', { problem: 'namespace_closed' }],
    ['dragoman_store_commits_total', {}],
    ['dragoman_store_rows_total', {}],
    ['dragoman_store_commit_seconds_sum', {}],
    ['dragoman_store_commit_rows_sum', {}],
    ['dragoman_store_answer_seconds_count', {}],
    ['dragoman_store_healthy', {}],
    ['dragoman_ready', {}],
  ])('has counted %s %o', async (name, labels) => {
    expect(sumOf(await scrape(gateway.http), name, labels)).toBeGreaterThan(0);
  });

  it.each([
    'dragoman_inbox_messages',
    'dragoman_inbox_bytes',
    'dragoman_commands_in_flight',
    'dragoman_held_values',
    'dragoman_outbox_bytes',
    'dragoman_outbox_largest_bytes',
    'dragoman_queue_ready_entries',
    'dragoman_queue_unacknowledged_entries',
    'dragoman_hook_queue_length',
    'dragoman_upstream_spool_commands',
    'dragoman_store_waiting_requests',
    'dragoman_store_failures_total',
    'dragoman_slow_consumers_total',
  ])('tells that nothing waits: %s', async (name) => {
    expect(sumOf(await scrape(gateway.http), name)).toBe(0);
  });

  it('tells how late the event loop is', async () => {
    const samples = await scrape(gateway.http);
    const lag = (quantile: string) => sumOf(samples, 'dragoman_event_loop_lag_seconds', { quantile }) ?? -1;
    expect(lag('0.5')).toBeGreaterThanOrEqual(0);
    expect(lag('0.99')).toBeGreaterThanOrEqual(lag('0.5'));
    expect(lag('1')).toBeGreaterThanOrEqual(lag('0.99'));
  });
});

describe('what waits', () => {
  it('is counted by endpoint while it waits', async () => {
    const anna = await connectRaw(`${gateway.ws}/ws/json`);
    const [connection] = gateway.gateway.hub.connections;
    for (let count = 0; count < 3; count++)
      connection?.deliveries.offer({
        type: 'going_away',
        namespace: 'main',
        reason: 'shutting_down',
        afterMs: 0,
      });
    const samples = await scrape(gateway.http);
    expect(sumOf(samples, 'dragoman_connections', { endpoint: '/ws/json' })).toBe(1);
    expect(sumOf(samples, 'dragoman_held_values', { endpoint: '/ws/json' })).toBe(3);
    await anna.close();
  });
});

describe('series', () => {
  it('grow with neither users nor groups nor what anybody sends: every label has its list of values', async () => {
    const before = countByName(await scrape(gateway.http));
    for (let index = 0; index < 2000; index++)
      gateway.gateway.hub.directory.meet('main', { id: `${MARK}-${index}`, name: MARK }, true);
    for (let index = 0; index < 50; index++) {
      await gateway.api.main('PUT', `/groups/${MARK}-${index}`, {
        name: MARK,
        open: true,
        members: ['alice'],
      });
      await gateway.api.call('GET', `/api/v1/${MARK}/${index}`);
      await gateway.api.call('GET', `/api/v1/namespaces/${MARK}-${index}/users/${MARK}`);
    }
    for (const { path } of gateway.config.endpoints) await pester(path);
    const samples = await scrape(gateway.http);
    const allowed = valuesOfLabels(gateway);
    for (const { name, labels } of samples.filter(({ name }) => name.startsWith('dragoman_'))) {
      for (const [label, value] of Object.entries(labels)) {
        if (label === 'le' || label === 'hash') continue;
        const values = allowed[`${name.replace(/_(bucket|sum|count)$/, '')} ${label}`] ?? allowed[label];
        expect([name, label, value, values?.has(value)]).toEqual([name, label, value, true]);
      }
    }
    expect(JSON.stringify(samples)).not.toContain(MARK);
    for (const [name, count] of countByName(samples)) {
      // Node's own series of a kind of collection begin with the first one of that kind.
      if (!name.startsWith('dragoman_')) continue;
      const labels = kinds.find((kind) => kind.name === name)?.labels ?? [];
      if (labels.every((label) => label === 'endpoint' || label === 'dialect'))
        expect([name, count]).toEqual([name, before.get(name)]);
    }
  });
});

/** Garbage of many kinds, by somebody who is logged in, in names that are never the same. */
async function pester(path: string): Promise<void> {
  for (let index = 0; index < 20; index++) {
    const client = await connectRaw(await gateway.url(path, `${MARK}-${index}`));
    const name = `${MARK}-${index}`;
    client.send(name);
    client.send({ type: name, event: name, msgType: index, data: { [name]: name } });
    client.send({
      type: 'message',
      data: { id: name, fromId: name, toId: name, chatType: 'single', content: name, [name]: name },
    });
    client.send({ event: 'socket:subscribe', data: { channel: name, [name]: name } });
    client.send({ event: name, channel: name, data: name });
    client.send({ type: 'CHAT', fromUserId: index, toUserId: null, content: name, messageType: name });
    client.send(`SEND\ndestination:/topic/${name}\n${name}:${name}\n\n${name}\0`);
    client.send(`CONNECT\naccept-version:1.2\nhost:${name}\n${name}:1\n\n\0SEND\ndestination:${name}\n\n\0`);
    client.socket.ping();
    await Promise.race([client.closed, new Promise((resolve) => client.socket.once('pong', resolve))]);
    client.terminate();
  }
}

const countByName = (samples: readonly Sample[]): ReadonlyMap<string, number> =>
  new Map([...Map.groupBy(samples, ({ name }) => name)].map(([name, group]) => [name, group.length]));
