/**
 * What is counted. Hot paths add to plain numbers; prom-client reads them when `/metrics` is asked for.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { ErrorCode } from './errors.ts';

/** Most (event, field) pairs counted apart per endpoint; the rest are counted as `other`. */
const MAX_LOSS_KEYS = 500;

/** Limits on who comes in and how often, as `/metrics` names them. */
export type LimitName =
  | 'connections'
  | 'connections_per_address'
  | 'connections_per_user'
  | 'attendance_per_connection'
  | 'commands_per_connection'
  | 'commands_per_user'
  | 'failed_logins'
  | 'login_deadline';

/** Counters of one endpoint. Plain numbers, so that adding to them costs nothing. */
export class EndpointMetrics {
  connectionsOpened = 0;
  connectionsRefused = 0;
  failedLogins = 0;
  wireMessagesIn = 0;
  bytesIn = 0;
  framesIn = 0;
  framesOut = 0;
  /** Frames made by an encoder; `framesOut` above it shows what the fan-out shares. */
  encodes = 0;
  writes = 0;
  bytesOut = 0;
  slowConsumers = 0;
  held = 0;
  pauses = 0;
  replayed = 0;
  readonly commands = new Map<string, number>();
  readonly events = new Map<string, number>();
  readonly errors = new Map<ErrorCode, number>();
  readonly closes = new Map<string, number>();
  /** By the limit that something was refused for. */
  readonly refusals = new Map<LimitName, number>();
  /** By `type` and then field, as the dialect's `lost` effects say. */
  readonly losses = new Map<string, number>();

  countRefusal(limit: LimitName): void {
    add(this.refusals, limit);
  }

  countLoss(type: string, fields: readonly string[]): void {
    for (const field of fields) {
      const key = `${type} ${field}`;
      const known = this.losses.has(key) || this.losses.size < MAX_LOSS_KEYS;
      add(this.losses, known ? key : 'other other', 1);
    }
  }
}

export function add<Key>(counts: Map<Key, number>, key: Key, amount = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + amount);
}

/** What the gateway as a whole can tell at any time. */
export interface GatewayGauges {
  readonly users: number;
  readonly guests: number;
  readonly groups: number;
  readonly timers: number;
  readonly addresses: number;
  readonly bannedAddresses: number;
  readonly handshakeTimeouts: number;
  readonly storeHealthy: boolean;
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
    read: (metrics: EndpointMetrics) => ReadonlyMap<string, number>,
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
  const gauge = (name: string, help: string, read: (gauges: GatewayGauges) => number) =>
    new Gauge({
      name: `dragoman_${name}`,
      help,
      registers,
      collect() {
        this.set(read(gauges()));
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
    'Connections closed because they read too slowly (limits.sendBuffer).',
    (m) => m.slowConsumers,
  );
  total(
    'values_held_total',
    'Values held back before login or during a replay (limits.held).',
    (m) => m.held,
  );
  total(
    'reads_paused_total',
    'Times that reading was paused (limits.inbox, limits.inFlight).',
    (m) => m.pauses,
  );
  total('messages_replayed_total', 'Missed messages delivered.', (metrics) => metrics.replayed);
  total('failed_logins_total', 'Logins with a bad credential.', (metrics) => metrics.failedLogins);
  byKey('limit_refusals_total', 'What was refused, by limit.', ['limit'], (metrics) => metrics.refusals);
  byKey('commands_total', 'Commands by type.', ['command'], (metrics) => metrics.commands);
  byKey('events_delivered_total', 'Events offered to connections, by type.', ['event'], (m) => m.events);
  byKey('errors_total', 'Errors by code.', ['code'], (metrics) => metrics.errors);
  byKey('closes_total', 'Connections ended by the gateway, by reason.', ['reason'], (m) => m.closes);
  byKey(
    'losses_total',
    'What a dialect could not say, by event and field.',
    ['event', 'field'],
    (m) => m.losses,
  );
  gauge('users', 'Users known.', (now) => now.users);
  gauge('guests', 'Users known by their connection only (limits.guests).', (now) => now.guests);
  gauge('groups', 'Groups known.', (now) => now.groups);
  gauge('timers', 'Timers on the wheel.', (now) => now.timers);
  gauge('addresses', 'Addresses with open connections.', (now) => now.addresses);
  gauge('banned_addresses', 'Addresses that may not log in (failedLogins).', (now) => now.bannedAddresses);
  new Counter({
    name: 'dragoman_handshake_timeouts_total',
    help: 'Sockets ended because no request came in time (limits.admission.handshake).',
    registers,
    collect() {
      this.reset();
      this.inc(gauges().handshakeTimeouts);
    },
  });
  gauge('store_healthy', '1 while the store takes writes.', (now) => (now.storeHealthy ? 1 : 0));
  return registry;
}
