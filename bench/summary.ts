/** From the samples of all rounds to the figures that are shown: medians, and medians of ratios within a round. */
import type { JobResult } from './generator/job.ts';
import type { PeerId } from './peers.ts';
import { receiversPerMessage, type Topology } from './population.ts';
import { median, ratio } from './statistics.ts';

/** What all others are measured by. */
export const YARDSTICK: PeerId = 'joined';
export const HAND_WRITTEN: PeerId = 'hand-written';

export interface Sample {
  readonly workload: string;
  readonly peer: PeerId;
  readonly round: number;
  readonly topology: Topology;
  /** Deliveries a second that the schedule wants; undefined in a closed loop. */
  readonly offered?: number;
  readonly result: JobResult;
}

/** One number for each sample; undefined where it has no meaning. */
export const FIGURES = {
  deliveriesPerSecond: ({ result }) =>
    result.deliveries === 0 ? undefined : result.deliveries / result.seconds,
  /** Messages that reached everybody who reads. */
  messagesPerSecond: ({ result, topology }) =>
    result.deliveries === 0 ? undefined : result.deliveries / receiversPerMessage(topology) / result.seconds,
  /** Of the process that the connections reach. */
  cpuPerMillion: ({ result }) => perMillion(result.serverCpu[0], result),
  /** Of it and those behind it. */
  cpuPerMillionOfAll: ({ result }) =>
    perMillion(
      result.serverCpu.reduce((sum, seconds) => sum + seconds, 0),
      result,
    ),
  /** Share of what the schedule wanted. */
  achieved: ({ result, offered }) =>
    offered === undefined ? undefined : result.deliveries / result.seconds / offered,
  p50: ({ result }) => result.latency?.p50,
  p90: ({ result }) => result.latency?.p90,
  p99: ({ result }) => result.latency?.p99,
  p999: ({ result }) => result.latency?.p999,
  latenessP99: ({ result }) => result.lateness?.p99,
  connectsPerSecond: ({ result }) => result.connections / result.connectSeconds,
  /** Microseconds of the process that the connections reach. */
  cpuPerConnect: ({ result: { connectCpu, connections } }) =>
    connectCpu?.[0] === undefined ? undefined : (connectCpu[0] * 1e6) / connections,
  memoryPerConnection: ({ result: { memory, connections } }) =>
    memory === undefined ? undefined : (memory.after - memory.before) / connections,
  acknowledgedPerSecond: ({ result }) =>
    result.acknowledged === 0 ? undefined : result.acknowledged / result.seconds,
  bytesPerDelivery: ({ result }) => (result.deliveries === 0 ? undefined : result.bytesPerDelivery),
  generatorBusy: ({ result }) => result.generatorBusy,
  /** What the store wrote, and how much of it with one sync, where the gateway counts it. */
  rowsPerSecond: ({ result: { counters, seconds } }) => ratio(counters.dragoman_store_rows_total, seconds),
  rowsPerCommit: ({ result: { counters } }) =>
    ratio(counters.dragoman_store_rows_total, counters.dragoman_store_commits_total),
  /** Connections that were ended because they did not read. */
  endedAsSlow: ({ result }) => result.counters.dragoman_slow_consumers_total,
  encodesPerMessage: ({ result }) => perMessage(result, 'dragoman_frames_encoded_total'),
  writesPerMessage: ({ result }) => perMessage(result, 'dragoman_socket_writes_total'),
  framesPerWrite: ({ result: { counters } }) =>
    ratio(counters.dragoman_frames_sent_total, counters.dragoman_socket_writes_total),
} as const satisfies Record<string, (sample: Sample) => number | undefined>;

export type Figure = keyof typeof FIGURES;

function perMillion(seconds: number | undefined, { deliveries }: JobResult): number | undefined {
  return ratio(seconds, deliveries / 1e6);
}

function perMessage({ counters }: JobResult, name: string): number | undefined {
  return ratio(counters[name], counters['dragoman_commands_total:send_message']);
}

export type Figures = Readonly<Partial<Record<Figure, number>>>;

export interface Row {
  readonly peer: PeerId;
  readonly rounds: number;
  readonly figures: Figures;
  readonly toYardstick: Figures;
  readonly toHandWritten: Figures;
  readonly faults: readonly string[];
}

const names = Object.keys(FIGURES) as Figure[];

function each(of: (figure: Figure) => number | undefined): Figures {
  const known = names
    .map((name) => [name, of(name)] as const)
    .filter((entry) => entry[1] !== undefined && !Number.isNaN(entry[1]));
  return Object.fromEntries(known);
}

const defined = (values: readonly (number | undefined)[]): readonly number[] =>
  values.filter((value) => value !== undefined);

/** Median over rounds of a figure of `samples` in units of the same round's of `base`. */
export function medianRatio(
  figure: Figure,
  samples: readonly Sample[],
  base: readonly Sample[],
): number | undefined {
  const ratios = samples.map((sample) => {
    const other = base.find(({ round }) => round === sample.round);
    return other && ratio(FIGURES[figure](sample), FIGURES[figure](other));
  });
  const known = defined(ratios);
  return known.length === 0 ? undefined : median(known);
}

/** The rows of one workload, in the order in which the peers were first seen. */
export function summarize(samples: readonly Sample[]): readonly Row[] {
  const byPeer = Map.groupBy(samples, ({ peer }) => peer);
  return [...byPeer].map(([peer, own]) => ({
    peer,
    rounds: own.length,
    figures: each((figure) => median(defined(own.map((sample) => FIGURES[figure](sample))))),
    toYardstick: each((figure) => medianRatio(figure, own, byPeer.get(YARDSTICK) ?? [])),
    toHandWritten: each((figure) => medianRatio(figure, own, byPeer.get(HAND_WRITTEN) ?? [])),
    faults: own.flatMap(({ result }) => result.faults),
  }));
}
