/** The backend that gives credentials for a server behind is asked as hooks are: guarded, signed, repeated, or not at all. */
import pino from 'pino';
import { expect, test } from 'vitest';
import { addressGuard } from '../../core/outbound/addresses.ts';
import { signer } from '../../core/outbound/signature.ts';
import { startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts';
import { HOOK_SECRET, type HookReply, type HookServer, hookServer } from '../support/hook-server.ts';
import { metricsOf } from '../support/metrics.ts';
import { connectRaw } from '../support/raw-client.ts';

const GIVEN: HookReply = { body: { token: 'exchanged' } };
const QUICK = 'allowPrivate: true, backoff: { first: 1ms, most: 2ms }';
const series = { hook: '/ws', event: 'exchange' };

const yaml = (auth: string, endpoint: string): string => `
listen: { host: 127.0.0.1, port: 0 }
store: memory
log: { level: silent }
authenticators: { all: { type: static, tokens: ${auth} } }
users: [{ id: alice }]
groups: [{ id: lobby }]
endpoints: [{ path: /ws, dialect: json, auth: all${endpoint} }]
`;

/** A gateway with an exchange, in front of another one that takes what the exchange gives. */
async function bridgeWith(
  backend: Pick<HookServer, 'url'>,
  keys: string,
  options: Omit<TestGatewayOptions, 'yaml'> = {},
) {
  const server = await startGateway({ yaml: yaml('{ exchanged: alice }', '') });
  const exchange = `{ url: "${backend.url}", ${keys} }`;
  const upstream = `{ url: "${server.ws}/ws", dialect: json, reconnect: { giveUpAfter: 0ms }, auth: { exchange: ${exchange} } }`;
  const front = await startGateway({ ...options, yaml: yaml('{ shown: alice }', `, upstream: ${upstream}`) });
  return {
    front,
    async [Symbol.asyncDispose]() {
      await front.stop();
      await server.stop();
    },
  };
}

/** The first word that a client hears which logs in. */
async function firstWord({ ws }: TestGateway): Promise<unknown> {
  const client = await connectRaw(`${ws}/ws?token=shown`);
  const { type } = await client.nextJson();
  await client.close();
  return type;
}

const outcome = async (front: TestGateway, name: string): Promise<number | undefined> =>
  (await metricsOf(front)).value('dragoman_hook_outcomes_total', { ...series, outcome: name });

test('no private address is asked unless allowPrivate says so', async () => {
  await using backend = await hookServer(() => GIVEN);
  await using bridge = await bridgeWith(backend, '');
  expect(await firstWord(bridge.front)).not.toBe('auth_success');
  expect(backend.requests).toEqual([]);
  expect(await outcome(bridge.front, 'address_refused')).toBe(1);
});

test('a name is checked by the address that is connected to', async () => {
  await using backend = await hookServer(() => GIVEN);
  const url = backend.url.replace('127.0.0.1', 'login.example.com');
  await using bridge = await bridgeWith({ url }, '', {
    addressGuard: (allowed) =>
      addressGuard(allowed, (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }])),
  });
  expect(await firstWord(bridge.front)).not.toBe('auth_success');
  expect(backend.requests).toEqual([]);
  expect(await outcome(bridge.front, 'address_refused')).toBe(1);
});

test('requests are signed as those of hooks are', async () => {
  await using backend = await hookServer(() => GIVEN);
  await using bridge = await bridgeWith(backend, `${QUICK}, secret: "${HOOK_SECRET}", bearer: gateway`);
  expect(await firstWord(bridge.front)).toBe('auth_success');
  const [request] = backend.requests;
  const { 'webhook-id': id, 'webhook-timestamp': seconds, authorization } = request?.headers ?? {};
  expect(authorization).toBe('Bearer gateway');
  expect(request?.headers).toMatchObject(
    signer([HOOK_SECRET])(String(id), request?.text ?? '', Number(seconds) * 1000),
  );
});

test('a question that got no usable answer is asked again, under the same id', async () => {
  await using backend = await hookServer(() => (backend.requests.length === 1 ? { status: 503 } : GIVEN));
  await using bridge = await bridgeWith(backend, `${QUICK}, retries: 1`);
  expect(await firstWord(bridge.front)).toBe('auth_success');
  const asked = backend.requests.map(({ text }) => JSON.parse(text) as { readonly attempt?: number });
  expect(asked.map(({ attempt }) => attempt)).toEqual([undefined, 2]);
  expect(await outcome(bridge.front, 'allowed')).toBe(1);
});

test('a refusal is an answer: it is not asked again', async () => {
  await using backend = await hookServer(() => ({ status: 403 }));
  await using bridge = await bridgeWith(backend, `${QUICK}, retries: 3, breaker: { failures: 1 }`);
  expect(await firstWord(bridge.front)).toBe('auth_error');
  expect(await firstWord(bridge.front)).toBe('auth_error');
  expect(backend.requests).toHaveLength(2);
  expect(await outcome(bridge.front, 'refused')).toBe(2);
});

test('after so many failures nobody is asked for a while', async () => {
  await using backend = await hookServer(() => ({ status: 500 }));
  const keys = `${QUICK}, retries: 0, breaker: { failures: 2, openFor: 1h }`;
  await using bridge = await bridgeWith(backend, keys);
  for (let login = 0; login < 4; login++) expect(await firstWord(bridge.front)).not.toBe('auth_success');
  expect(backend.requests).toHaveLength(2);
  expect(await outcome(bridge.front, 'status')).toBe(2);
  expect(await outcome(bridge.front, 'breaker_open')).toBe(2);
  const metrics = await metricsOf(bridge.front);
  expect(metrics.value('dragoman_hook_breaker_state', { hook: '/ws', state: 'open' })).toBe(1);
});

test('what comes back in place of a credential is not logged', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
  await using backend = await hookServer(() => ({ body: { token: { hidden: 'hidden-secret' } } }));
  await using bridge = await bridgeWith(backend, `${QUICK}, retries: 0, bearer: gateway-secret`, { log });
  expect(await firstWord(bridge.front)).not.toBe('auth_success');
  const all = lines.join('\n');
  expect(all).toContain('a hook gave no usable answer');
  expect(all).not.toContain('hidden-secret');
  expect(all).not.toContain('gateway-secret');
});
