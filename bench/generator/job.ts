/** What the generator is told, and what it answers. Plain data: both cross process borders. */
import type { Topology } from '../population.ts';

export type Load =
  /** Each sender keeps at most `window` of its messages on their way to the slowest. */
  | { readonly kind: 'closed'; readonly window: number }
  /** Messages on a schedule, whatever has come: deliveries a second in all. */
  | { readonly kind: 'open'; readonly rate: number }
  /** One frame starts a server that then writes by itself. */
  | { readonly kind: 'poured' }
  /** Nothing is sent: connections are opened and counted. */
  | { readonly kind: 'idle' };

export interface Job {
  readonly port: number;
  readonly topology: Topology;
  readonly load: Load;
  readonly contentBytes: number;
  readonly threads: number;
  /** Logins under way at a time, in each thread. */
  readonly connecting: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** How long nothing may come at the end before what is missing counts as lost. */
  readonly patienceMs: number;
  /** The server's processes, the one that counts first. */
  readonly pids: readonly number[];
  /** Memory of the first process: after it was told by SIGUSR2 to collect garbage, as it is, or not measured. */
  readonly memory: 'collected' | 'as it is' | 'unmeasured';
  /** Where counters are read before and after. */
  readonly metricsUrl?: string;
}

/** Percentiles in microseconds. */
export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
}

export interface JobResult {
  readonly connections: number;
  readonly connectSeconds: number;
  /** CPU seconds of the server's processes until all were connected and logged in; older results lack it. */
  readonly connectCpu?: readonly number[];
  /** Length of the measured part. */
  readonly seconds: number;
  readonly deliveries: number;
  /** From beginning to end: messages sent, and deliveries that should come and that came. */
  readonly sent: number;
  readonly expected: number;
  readonly received: number;
  /** Messages whose acknowledgement came within it; 0 where the peer has none. */
  readonly acknowledged: number;
  readonly bytesPerDelivery: number;
  /** CPU seconds of the server's processes within it. */
  readonly serverCpu: readonly number[];
  /** Share of a core that the busiest thread of the generator used. */
  readonly generatorBusy: number;
  readonly latency?: Latency;
  /** How late the generator itself was with its sends. */
  readonly lateness?: Latency;
  /** Memory of the first process before and after the connections, bytes. */
  readonly memory?: { readonly before: number; readonly after: number };
  /** Growth of the server's own counters within it, summed over their labels. */
  readonly counters: Readonly<Record<string, number>>;
  /** Anything lost, doubled, reordered or refused. */
  readonly faults: readonly string[];
}

/** What goes from the process to its threads. */
export type Order = { readonly kind: 'go' | 'stop' | 'usage' | 'finish' };

/** What comes back, one for each order and one when all connections are up. */
export type Answer =
  | { readonly kind: 'connected'; readonly seconds: number; readonly connections: number }
  | { readonly kind: 'stopped' }
  /** Microseconds of this thread so far. */
  | { readonly kind: 'usage'; readonly cpu: number }
  | {
      readonly kind: 'finished';
      readonly bytes: number;
      readonly latency: Uint32Array;
      readonly lateness: Uint32Array;
      readonly faults: readonly string[];
      readonly faultCount: number;
    }
  | { readonly kind: 'failed'; readonly message: string };
