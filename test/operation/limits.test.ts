/** A limit that is hit is counted under its name. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { metricsOf } from '../support/metrics.ts';
import { connectRaw } from '../support/raw-client.ts';
import { connectSocket, speakers } from '../support/speakers.ts';

const REFUSALS = 'dragoman_limit_refusals_total';
const limited = (limits: string) => (yaml: string) => `${yaml}\nlimits: { ${limits} }\n`;

it('limits.frame: of a wire message, with a login and before', async () => {
  await using gateway = await startGateway({ edit: limited('frame: 1KiB') });
  const alice = await speakers.json.enter(gateway, 'alice');
  alice.send('x'.repeat(2000));
  expect((await alice.closed).code).toBe(1009);
  expect((await metricsOf(gateway)).value(REFUSALS, { limit: 'frame', endpoint: '/ws/json' })).toBe(1);
});

it('limits.beforeLogin: bytes, frames and the deadline', async () => {
  await using gateway = await startGateway({
    edit: limited('beforeLogin: { bytes: 1KiB, frames: 2, deadline: 300ms }'),
  });
  const wordy = await connectRaw(`${gateway.ws}/ws/json`);
  wordy.send(JSON.stringify({ type: 'auth', data: { token: 'x'.repeat(2000) } }));
  await wordy.closed;
  const eager = await connectRaw(`${gateway.ws}/ws/json`);
  for (let count = 0; count < 3; count++) eager.send({ type: 'ping', data: {} });
  await eager.closed;
  const silent = await connectRaw(`${gateway.ws}/ws/json`);
  await silent.closed;
  const { value } = await metricsOf(gateway);
  expect(value(REFUSALS, { limit: 'bytes_before_login' })).toBe(1);
  expect(value(REFUSALS, { limit: 'frames_before_login' })).toBe(1);
  expect(value(REFUSALS, { limit: 'login_deadline' })).toBe(1);
});

it('limits.subscriptions: the second one where one may be', async () => {
  await using gateway = await startGateway({ edit: limited('subscriptions: 1') });
  const alice = await connectSocket(gateway, 'alice', ['group:lobby']);
  alice.send({ event: 'socket:subscribe', data: { channel: 'elsewhere' } });
  expect(await alice.nextJson(({ event }) => event !== 'presence')).not.toMatchObject({
    event: 'socket:subscribed',
  });
  const { value } = await metricsOf(gateway);
  expect(value(REFUSALS, { limit: 'subscriptions', endpoint: '/ws/socket' })).toBe(1);
});

it('limits.guests: the second stranger where one may be', async () => {
  const open = '  - { path: /open, dialect: json, auth: none, namespace: open }\n';
  await using gateway = await startGateway({
    edit: (yaml) => limited('guests: 1')(yaml).replace('\nendpoints:\n', `\nendpoints:\n${open}`),
  });
  const first = await connectRaw(`${gateway.ws}/open?token=mallory`);
  await first.nextJson(({ type }) => type === 'auth_success');
  const second = await connectRaw(`${gateway.ws}/open?token=trudy`);
  await second.nextJson(({ type }) => type !== 'auth_success');
  const { value } = await metricsOf(gateway);
  expect(value('dragoman_guests_refused_total')).toBe(1);
  expect(value('dragoman_guests')).toBe(1);
});

it('limits.inFlight: while the store does not answer', async () => {
  await using gateway = await startGateway({ edit: limited('inFlight: 2') });
  const { store } = gateway.gateway.hub;
  const alice = await speakers.json.enter(gateway, 'alice');
  const commit = store.commit.bind(store);
  const waiting: (() => void)[] = [];
  const both = Promise.withResolvers<void>();
  store.commit = (...args) => {
    waiting.push(() => commit(...args));
    if (waiting.length === 2) both.resolve();
  };
  for (const id of ['1', '2', '3']) speakers.json.say(alice, { user: 'alice', id, content: `message ${id}` });
  await both.promise;
  const { value } = await metricsOf(gateway);
  expect(value('dragoman_commands_in_flight', { endpoint: '/ws/json' })).toBe(2);
  expect(value('dragoman_commands_stalled_total', { endpoint: '/ws/json' })).toBe(1);
  store.commit = commit;
  for (const go of waiting) go();
  for (const id of ['1', '2', '3']) await alice.next((wire) => speakers.json.isAck(wire, id));
});

it('limits.closeTimeout: a client that never ends its half', async () => {
  await using gateway = await startGateway({ edit: limited('closeTimeout: 50ms') });
  const alice = await speakers.json.enter(gateway, 'alice');
  const [connection] = gateway.gateway.hub.connections;
  // The client reads nothing any more, the gateway's close frame neither.
  alice.socket.pause();
  connection?.end('policy', '');
  await gateway.gateway.hub.until(() => gateway.gateway.hub.connections.size === 0);
  const { value } = await metricsOf(gateway);
  expect(value('dragoman_unclean_closes_total', { endpoint: '/ws/json' })).toBe(1);
  expect(value('dragoman_closes_total', { endpoint: '/ws/json', reason: 'policy' })).toBe(1);
  alice.terminate();
  await Promise.race([once(alice.socket, 'close'), alice.closed]);
});

/** A socket that sends just this; resolves with what it was answered once it is ended. */
async function answerTo(http: string, text: string): Promise<string> {
  const { hostname, port } = new URL(http);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += String(chunk);
  });
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

it('limits.admission.request: a body that does not come', async () => {
  await using gateway = await startGateway({
    edit: limited('admission: { handshake: 100ms, request: 200ms }'),
  });
  const head = 'POST /healthz HTTP/1.1\r\nHost: gateway\r\nContent-Length: 10\r\n\r\n';
  expect(await answerTo(gateway.http, `${head}12345`)).toContain('HTTP/1.1 408 ');
  const { value } = await metricsOf(gateway);
  expect(value('dragoman_handshake_timeouts_total')).toBe(1);
});

it('limits.admission.keepAlive: a socket that asks nothing more', async () => {
  await using gateway = await startGateway({ edit: limited('admission: { keepAlive: 100ms }') });
  const answer = await answerTo(gateway.http, 'GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});

it('limits.admission.told: nobody is opened only to be told that there are too many', async () => {
  await using gateway = await startGateway({ edit: limited('connections: 1, admission: { told: 0 }') });
  const alice = await speakers.json.enter(gateway, 'alice');
  await expect(connectRaw(await gateway.url('/ws/json', 'bob'))).rejects.toThrow('503');
  const { value } = await metricsOf(gateway);
  expect(value(REFUSALS, { limit: 'connections', endpoint: '/ws/json' })).toBe(1);
  await alice.close();
});

it('limits.admission.failedLogins.addresses: the newest address only', async () => {
  await using gateway = await startGateway({
    edit: (yaml) =>
      limited('admission: { failedLogins: { attempts: 1, ban: 1h, addresses: 1 } }')(yaml).replace(
        'port: 0',
        'port: 0\n  trustProxy: [127.0.0.1]',
      ),
  });
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    const headers = { 'x-forwarded-for': address };
    const client = await connectRaw(`${gateway.ws}/ws/json?token=bad`, [], { headers });
    await client.closed;
  }
  const { value } = await metricsOf(gateway);
  expect(value('dragoman_failing_addresses')).toBe(1);
  expect(value('dragoman_failing_addresses_forgotten_total')).toBe(1);
  const back = await connectRaw(await gateway.url('/ws/json', 'alice'), [], {
    headers: { 'x-forwarded-for': '192.0.2.1' },
  });
  await back.nextJson(({ type }) => type === 'auth_success');
  await back.close();
});
