/** What is counted of an endpoint's upstream. Plain numbers; `/metrics` reads them. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Breaker } from '../circuit-breaker.ts';
import { Tally } from '../metrics.ts';

export type UpstreamFailure =
  | 'connect_timeout'
  | 'connect_failed'
  | 'login_timeout'
  | 'login_refused'
  | 'exchange_failed'
  | 'breaker_open'
  | 'no_pong'
  | 'no_answer'
  | 'closed'
  | 'protocol_error';

export class UpstreamMetrics {
  /** Connections to the server that let a client in. */
  opened = 0;
  /** Of those, how many replaced one that was lost. */
  reconnected = 0;
  /** Open now. */
  connected = 0;
  framesOut = 0;
  framesIn = 0;
  bytesOut = 0;
  bytesIn = 0;
  /** Commands that waited for the server, and what became of those that can wait no more. */
  spooled = 0;
  spoolRefused = 0;
  spoolExpired = 0;
  spoolAbandoned = 0;
  /** Waiting now. */
  spoolCommands = 0;
  spoolBytes = 0;
  /** Commands whose answer was lost with a connection, or never came. */
  unanswered = 0;
  resent = 0;
  /** Messages that came a second time, and copies of a client's own; neither is shown again. */
  duplicates = 0;
  echoes = 0;
  /** Wire messages handed on as they are, because the codec knows no such frame. */
  passed = 0;
  /** Frames that carried members which the gateway would not have said. */
  carried = 0;
  /** Texts that made room for newer ones. */
  textsForgotten = 0;
  /** Times that one side was not read because the other did not keep up. */
  serverPauses = 0;
  clientPauses = 0;
  readonly failures = new Map<UpstreamFailure, number>();
  readonly commands = new Map<string, number>();
  readonly events = new Tally();
}

/** One endpoint's, as `/metrics` shows it. */
export interface MeteredUpstream {
  readonly path: string;
  readonly upstream: {
    readonly dialect: { readonly id: string };
    readonly metrics: UpstreamMetrics;
    readonly breaker: Breaker;
  };
}

const LABELS = ['endpoint', 'upstream'] as const;

type NumberName = {
  [Key in keyof UpstreamMetrics]: UpstreamMetrics[Key] extends number ? Key : never;
}[keyof UpstreamMetrics];

const COUNTERS: readonly (readonly [name: string, key: NumberName, help: string])[] = [
  ['connections_opened_total', 'opened', 'Connections on which the server has let a client in.'],
  ['reconnections_total', 'reconnected', 'Of those, how many took the place of one that was lost.'],
  ['frames_sent_total', 'framesOut', 'Frames sent to the server.'],
  ['frames_received_total', 'framesIn', 'Frames received from it.'],
  ['sent_bytes_total', 'bytesOut', 'Bytes of frames sent to it.'],
  ['received_bytes_total', 'bytesIn', 'Bytes of wire messages received from it.'],
  ['spooled_total', 'spooled', 'Commands that waited for it (upstream.spool).'],
  ['spool_refusals_total', 'spoolRefused', 'Commands refused because the spool was full.'],
  ['spool_expirations_total', 'spoolExpired', 'Commands refused because they had waited too long.'],
  ['spool_abandoned_total', 'spoolAbandoned', 'Waiting commands whose client went away.'],
  [
    'unanswered_total',
    'unanswered',
    'Commands whose answer was lost or never came (upstream.answerTimeout).',
  ],
  ['resent_total', 'resent', 'Commands said again on a new connection.'],
  ['duplicates_total', 'duplicates', 'Messages that came a second time and were not shown again.'],
  ['echoes_total', 'echoes', "Copies of a client's own messages that were not shown a second time."],
  ['passed_total', 'passed', 'Wire messages handed on as they are, same dialect on both sides.'],
  ['carried_total', 'carried', 'Frames with members that the gateway itself would not have said, handed on.'],
  [
    'texts_forgotten_total',
    'textsForgotten',
    'Texts of the server that made room for newer ones (upstream.limits.texts).',
  ],
  [
    'server_pauses_total',
    'serverPauses',
    'Times that the server was not read because the client did not keep up.',
  ],
  [
    'client_pauses_total',
    'clientPauses',
    'Times that the client was not read because the server did not keep up.',
  ],
];

const GAUGES: readonly (readonly [name: string, key: NumberName, help: string])[] = [
  ['connections', 'connected', 'Connections to the server that are logged in.'],
  ['spool_commands', 'spoolCommands', 'Commands that wait for the server now.'],
  ['spool_bytes', 'spoolBytes', 'Their size, about.'],
];

/** Adds the metrics of all endpoints with a server behind. They read the plain counters when they are collected. */
export function registerUpstreamMetrics(
  registry: Registry,
  upstreams: () => Iterable<MeteredUpstream>,
): void {
  const registers = [registry];
  const labelsOf = ({ path, upstream }: MeteredUpstream) => ({
    endpoint: path,
    upstream: upstream.dialect.id,
  });
  for (const [name, key, help] of COUNTERS) {
    new Counter({
      name: `dragoman_upstream_${name}`,
      help,
      labelNames: LABELS,
      registers,
      collect() {
        this.reset();
        for (const one of upstreams()) this.inc(labelsOf(one), one.upstream.metrics[key]);
      },
    });
  }
  for (const [name, key, help] of GAUGES) {
    new Gauge({
      name: `dragoman_upstream_${name}`,
      help,
      labelNames: LABELS,
      registers,
      collect() {
        this.reset();
        for (const one of upstreams()) this.set(labelsOf(one), one.upstream.metrics[key]);
      },
    });
  }
  new Gauge({
    name: 'dragoman_upstream_breaker_open',
    help: '1 while no connection to the server is tried (upstream.breaker).',
    labelNames: LABELS,
    registers,
    collect() {
      this.reset();
      for (const one of upstreams()) {
        this.set(labelsOf(one), one.upstream.breaker.state === 'open' ? 1 : 0);
      }
    },
  });
  const byKey = (
    name: string,
    label: string,
    help: string,
    read: (metrics: UpstreamMetrics) => Iterable<readonly [string, number]>,
  ) =>
    new Counter({
      name: `dragoman_upstream_${name}`,
      help,
      labelNames: [...LABELS, label],
      registers,
      collect() {
        this.reset();
        for (const one of upstreams()) {
          for (const [key, amount] of read(one.upstream.metrics)) {
            this.inc({ ...labelsOf(one), [label]: key }, amount);
          }
        }
      },
    });
  byKey('failures_total', 'reason', 'Connections to the server that failed or were lost.', (m) => m.failures);
  byKey('commands_total', 'command', 'Commands for the server by type.', (m) => m.commands);
  byKey('events_total', 'event', 'Events from the server by type.', (m) => m.events);
}
