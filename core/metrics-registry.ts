/** The metrics of the gateway and its endpoints, as `/metrics` shows them. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { BrokerCounts } from './destinations.ts';
import { registerEventLoopLag } from './event-loop-lag.ts';
import type { EndpointMetrics } from './metrics.ts';

/** What the gateway as a whole can tell at any time. */
export interface GatewayGauges {
  readonly users: number;
  readonly guests: number;
  readonly groups: number;
  readonly timers: number;
  readonly addresses: number;
  readonly bannedAddresses: number;
  /** With failed logins that are remembered, and forgotten before their time. */
  readonly failingAddresses: number;
  readonly failuresForgotten: number;
  readonly handshakeTimeouts: number;
  readonly guestsRefused: number;
  /** Integers of guests, those who have gone included, and how many were forgotten before their time. */
  readonly guestIntegers: number;
  readonly guestIntegersForgotten: number;
  readonly storeHealthy: boolean;
  /** As `/readyz` says it. */
  readonly ready: boolean;
  /** Topics and queues. */
  readonly broker: BrokerCounts;
}

export interface MeteredEndpoint {
  readonly path: string;
  readonly dialect: { readonly id: string };
  readonly metrics: EndpointMetrics;
  readonly connectionCount: number;
}

/** A registry whose metrics read the endpoints' plain counters when they are collected. */
export function metricsRegistry(
  endpoints: () => Iterable<MeteredEndpoint>,
  gauges: () => GatewayGauges,
): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerEventLoopLag(registry);
  const registers = [registry];

  const total = (name: string, help: string, read: (metrics: EndpointMetrics) => number) =>
    new Counter({
      name: `dragoman_${name}`,
      help,
      labelNames: ['endpoint', 'dialect'],
      registers,
      collect() {
        this.reset();
        for (const { path, dialect, metrics } of endpoints()) {
          this.inc({ endpoint: path, dialect: dialect.id }, read(metrics));
        }
      },
    });
  const byKey = (
    name: string,
    help: string,
    labels: readonly string[],
    read: (metrics: EndpointMetrics) => Iterable<readonly [string, number]>,
  ) =>
    new Counter({
      name: `dragoman_${name}`,
      help,
      labelNames: ['endpoint', 'dialect', ...labels],
      registers,
      collect() {
        this.reset();
        for (const { path, dialect, metrics } of endpoints()) {
          for (const [key, amount] of read(metrics)) {
            const values = labels.length === 1 ? [key] : key.split(' ');
            const own = Object.fromEntries(labels.map((label, index) => [label, values[index] ?? '']));
            this.inc({ endpoint: path, dialect: dialect.id, ...own }, amount);
          }
        }
      },
    });
  // Several metrics ask at once, and what is to be told has to be counted.
  let looked: GatewayGauges | undefined;
  const look = (): GatewayGauges => {
    if (looked === undefined) queueMicrotask(() => (looked = undefined));
    looked ??= gauges();
    return looked;
  };
  const gauge = (name: string, help: string, read: (gauges: GatewayGauges) => number) =>
    new Gauge({
      name: `dragoman_${name}`,
      help,
      registers,
      collect() {
        this.set(read(look()));
      },
    });

  new Gauge({
    name: 'dragoman_connections',
    help: 'Open connections.',
    labelNames: ['endpoint', 'dialect'],
    registers,
    collect() {
      this.reset();
      for (const { path, dialect, connectionCount } of endpoints()) {
        this.set({ endpoint: path, dialect: dialect.id }, connectionCount);
      }
    },
  });
  total('connections_opened_total', 'Connections accepted.', (metrics) => metrics.connectionsOpened);
  total(
    'connections_refused_total',
    'Connections refused: origin, limit or shutdown.',
    (m) => m.connectionsRefused,
  );
  total('wire_messages_received_total', 'WebSocket messages received.', (metrics) => metrics.wireMessagesIn);
  total('received_bytes_total', 'Bytes of those messages.', (metrics) => metrics.bytesIn);
  total('frames_received_total', 'Frames decoded.', (metrics) => metrics.framesIn);
  total('frames_sent_total', 'Frames queued for clients.', (metrics) => metrics.framesOut);
  total(
    'frames_encoded_total',
    'Frames encoded; fewer than sent where fan-out shares bytes.',
    (m) => m.encodes,
  );
  total('socket_writes_total', 'Writes to sockets.', (metrics) => metrics.writes);
  total('sent_bytes_total', 'Framed bytes queued for clients.', (metrics) => metrics.bytesOut);
  total(
    'slow_consumers_total',
    'Connections closed because they read too slowly (limits.sendBuffer, limits.held).',
    (m) => m.slowConsumers,
  );
  total(
    'values_held_total',
    'Values held back before login or during a replay (limits.held).',
    (m) => m.held,
  );
  total(
    'reads_paused_total',
    'Times that a connection was not read on because too much waited to be handled (limits.inbox).',
    (m) => m.pauses,
  );
  total(
    'commands_stalled_total',
    'Times that a connection had to wait for outcomes before its next command (limits.inFlight).',
    (m) => m.stalls,
  );
  total(
    'unclean_closes_total',
    'Connections ended by the gateway that were gone or did not complete the closing handshake (limits.closeTimeout).',
    (m) => m.uncleanCloses,
  );
  total('messages_replayed_total', 'Missed messages delivered.', (metrics) => metrics.replayed);
  total('failed_logins_total', 'Logins with a bad credential.', (metrics) => metrics.failedLogins);
  byKey('limit_refusals_total', 'What was refused, by limit.', ['limit'], (metrics) => metrics.refusals);
  byKey('commands_total', 'Commands by type.', ['command'], (metrics) => metrics.commands);
  byKey('events_delivered_total', 'Events offered to connections, by type.', ['event'], (m) => m.events);
  byKey('errors_total', 'Errors by code.', ['code'], (metrics) => metrics.errors);
  byKey('closes_total', 'Connections ended by the gateway, by reason.', ['reason'], (m) => m.closes);
  new Counter({
    name: 'dragoman_losses_total',
    help: 'What a dialect could not say, by event and field.',
    labelNames: ['endpoint', 'dialect', 'event', 'field'],
    registers,
    collect() {
      this.reset();
      for (const { path, dialect, metrics } of endpoints()) {
        for (const { type, field, count } of metrics.losses.all()) {
          this.inc({ endpoint: path, dialect: dialect.id, event: type, field }, count);
        }
      }
    },
  });
  gauge('users', 'Users known.', (now) => now.users);
  gauge('guests', 'Users known by their connection only (limits.guests).', (now) => now.guests);
  gauge(
    'guest_integers',
    'Integers of guests, of those who have gone too (limits.guestIntegers).',
    (now) => now.guestIntegers,
  );
  gauge('groups', 'Groups known.', (now) => now.groups);
  gauge('timers', 'Timers on the wheel.', (now) => now.timers);
  gauge('addresses', 'Addresses with open connections.', (now) => now.addresses);
  gauge('banned_addresses', 'Addresses that may not log in (failedLogins).', (now) => now.bannedAddresses);
  gauge(
    'failing_addresses',
    'Addresses whose bad credentials are remembered (failedLogins.addresses).',
    (now) => now.failingAddresses,
  );
  gauge('topics', 'Topics with subscribers.', ({ broker }) => broker.topics);
  gauge('queues', 'Queues with consumers.', ({ broker }) => broker.queues);
  gauge(
    'queue_ready_entries',
    'Entries in memory that no consumer has room for (limits.queue.ready for each queue).',
    ({ broker }) => broker.ready,
  );
  gauge(
    'queue_unacknowledged_entries',
    'Entries that consumers hold unacknowledged (limits.queue.prefetch for each consumer).',
    ({ broker }) => broker.unacknowledged,
  );
  gauge(
    'queue_returned_entries',
    'Entries known to have been delivered before, of queues without a consumer (limits.queue.returned).',
    ({ broker }) => broker.returned,
  );
  const count = (name: string, help: string, read: (gauges: GatewayGauges) => number) =>
    new Counter({
      name: `dragoman_${name}`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read(look()));
      },
    });
  count(
    'handshake_timeouts_total',
    'Sockets ended because no request came in time (limits.admission.handshake, limits.admission.request).',
    (now) => now.handshakeTimeouts,
  );
  count('guests_refused_total', 'Logins refused because of limits.guests.', (now) => now.guestsRefused);
  count(
    'failing_addresses_forgotten_total',
    'Addresses with bad credentials, banned ones too, forgotten to remember newer ones (failedLogins.addresses).',
    (now) => now.failuresForgotten,
  );
  count(
    'queue_returned_forgotten_total',
    'Entries that come again without the mark that they were delivered before (limits.queue.returned).',
    ({ broker }) => broker.forgotten,
  );
  count(
    'guest_integers_forgotten_total',
    'Integers of guests who have gone, forgotten to remember newer ones (limits.guestIntegers.entries).',
    (now) => now.guestIntegersForgotten,
  );
  gauge('store_healthy', '1 while the store takes writes.', (now) => (now.storeHealthy ? 1 : 0));
  gauge('ready', '1 while `/readyz` says that clients may come.', (now) => (now.ready ? 1 : 0));
  return registry;
}
