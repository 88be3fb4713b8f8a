/** Runs workloads in interleaved rounds: one run of each peer, then the next round. */
import type { Job, Load } from './generator/job.ts';
import { runJob } from './generator/run-job.ts';
import { type Peer, type PeerId, peerOf } from './peers.ts';
import type { Topology } from './population.ts';
import type { Sample } from './summary.ts';
import type { Workload } from './workloads.ts';

export interface Pace {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly threads: number;
  readonly contentBytes: number;
  /** How long nothing may come at the end of a run before what is missing counts as lost. */
  readonly patienceMs: number;
  readonly profile?: string;
}

export interface RoundOptions {
  readonly pace: Pace;
  /** The peers that take part, of those that the workload names. */
  readonly peers: readonly PeerId[];
  readonly progress: (line: string) => void;
}

export interface Outcome {
  readonly samples: readonly Sample[];
  /** Peers that did not run, with the reason. */
  readonly skipped: ReadonlyMap<PeerId, string>;
}

/** Logins under way at a time, in each thread of the generator. */
const CONNECTING = 32;

const isDragoman = ({ id }: Peer): boolean => id.startsWith('dragoman');

/** The workload's people as they talk to this peer. */
export function topologyFor(workload: Workload, peer: Peer): Topology {
  const { dialects, topology } = workload;
  return { ...topology, wires: dialects !== undefined && isDragoman(peer) ? dialects : [peer.wire] };
}

/** All senders of a group share the window that one of them would have. */
function loadFor({ load }: Workload, { wires }: Topology): Load {
  return load.kind === 'closed' ? { ...load, window: Math.ceil(load.window / wires.length) } : load;
}

/** Only Node collects when it is told to. */
function memoryFor({ measure }: Workload, { id }: Peer): Job['memory'] {
  if (measure !== 'idle') return 'unmeasured';
  return id === 'rabbitmq' ? 'as it is' : 'collected';
}

/** One run: starts the server, drives it, ends it. Rejects if either does not run to the end. */
export async function runOnce(workload: Workload, peer: Peer, pace: Pace): Promise<Sample['result']> {
  const topology = topologyFor(workload, peer);
  const memory = memoryFor(workload, peer);
  const { profile, rounds: _, ...rest } = pace;
  const server = await peer.start({
    topology,
    collects: memory === 'collected',
    ...(profile !== undefined && { profile }),
  });
  try {
    const { port, pids, metricsUrl } = server;
    const load = loadFor(workload, topology);
    const job: Job = {
      ...rest,
      port,
      pids,
      topology,
      load,
      memory,
      connecting: CONNECTING,
      ...(metricsUrl !== undefined && { metricsUrl }),
    };
    return await runJob(load.kind === 'idle' ? { ...job, warmUpMs: 0, measureMs: 100 } : job);
  } finally {
    await server.stop();
  }
}

function describe({ deliveries, seconds, connections, connectSeconds, faults }: Sample['result']): string {
  const rate =
    deliveries > 0
      ? `${Math.round(deliveries / seconds)} deliveries/s`
      : `${Math.round(connections / connectSeconds)} connects/s`;
  return faults.length === 0 ? rate : `${rate}, FAULTS: ${faults.join('; ')}`;
}

/** Whether it has all its rounds after this one. */
const hasRound = ({ rounds }: Workload, round: number): boolean => round < (rounds ?? round + 1);

/** Workloads whose figures are compared run side by side: of a round, all of one peer, then all of the next. */
export async function runTogether(
  workloads: readonly Workload[],
  options: RoundOptions,
): Promise<ReadonlyMap<Workload, Outcome>> {
  const { pace, progress } = options;
  const outcomes = new Map(workloads.map((workload) => [workload, emptyOutcome(workload, options)]));
  const ids = new Set(workloads.flatMap(({ peers }) => peers));
  const taking = options.peers.filter((id) => ids.has(id)).map(peerOf);
  for (let round = 0; round < pace.rounds; round++) {
    for (const peer of taking) {
      for (const [workload, { samples, skipped }] of outcomes) {
        if (!hasRound(workload, round) || !workload.peers.includes(peer.id) || skipped.has(peer.id)) continue;
        const name = `${workload.id}  round ${round + 1}  ${peer.id}`;
        const begun = performance.now();
        try {
          const sample = await sampleOf(workload, peer, { pace, round });
          samples.push(sample);
          const took = ((performance.now() - begun) / 1000).toFixed(1);
          progress(`${name}: ${describe(sample.result)} (took ${took} s)`);
        } catch (error) {
          const reason = `failed: ${error instanceof Error ? error.message : String(error)}`;
          skipped.set(peer.id, reason);
          progress(`${name}: ${reason}`);
        }
      }
    }
  }
  return outcomes;
}

/** Without a run yet: only who can't take part. */
function emptyOutcome({ id, peers }: Workload, options: RoundOptions) {
  const skipped = new Map<PeerId, string>();
  for (const peer of peers.filter((known) => options.peers.includes(known)).map(peerOf)) {
    const reason = peer.missing?.();
    if (reason === undefined) continue;
    skipped.set(peer.id, reason);
    options.progress(`${id}  ${peer.id}: ${reason}`);
  }
  return { samples: [] as Sample[], skipped };
}

async function sampleOf(
  workload: Workload,
  peer: Peer,
  { pace, round }: { readonly pace: Pace; readonly round: number },
): Promise<Sample> {
  const { id, load, lengthened = 1 } = workload;
  const result = await runOnce(workload, peer, { ...pace, measureMs: pace.measureMs * lengthened });
  const offered = load.kind === 'open' ? { offered: load.rate } : {};
  return { workload: id, peer: peer.id, round, topology: topologyFor(workload, peer), ...offered, result };
}
