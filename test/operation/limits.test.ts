/** A limit that is hit is counted under its name. */
import { once } from 'node:events';
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
