/** The bench's command line. */
import { parseArgs } from 'node:util';
import { type PeerId, peers } from './peers.ts';
import type { Pace } from './runner.ts';
import { type Workload, workloads } from './workloads.ts';

export interface Options {
  readonly workloads: readonly Workload[];
  readonly peers: readonly PeerId[];
  readonly pace: Pace;
  readonly kind: '' | '-quick' | '-partial';
  readonly publish: boolean;
  /** Results to publish in place of a run. */
  readonly from?: string;
}

export class UsageError extends Error {}

export const USAGE = `npm run bench -- [options]

  --quick              one short round of the main workloads, under two minutes
  --only <ids>         these workloads; a name may be the beginning of several
  --peers <ids>        these peers
  --rounds <n>         rounds (3)
  --seconds <n>        measured part of a run (4)
  --window <n>         messages of a sender under way in closed loops, in place of the workload's
  --bytes <n>          length of a content (200)
  --profile <folder>   writes a CPU profile of each run of Dragoman
  --publish            writes the figures into docs/performance.md
  --from <file>        with --publish: from a file of results, without a run

workloads: ${workloads.map(({ id }) => id).join(' ')}
peers:     ${peers.map(({ id }) => id).join(' ')}
`;

const FULL = { rounds: 3, seconds: 4, warmUpMs: 2000 };
const QUICK = { rounds: 1, seconds: 1, warmUpMs: 2000 };
const QUICK_IDLE = 4000;
const THREADS = 2;
const PATIENCE_MS = 5000;

const list = (text: string | undefined): readonly string[] | undefined =>
  text?.split(',').filter((item) => item !== '');

function positive(text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!(value > 0)) throw new UsageError(`expected a number above 0, not ${text}`);
  return value;
}

function chosenPeers(names: readonly string[] | undefined): readonly PeerId[] {
  const all = peers.map(({ id }) => id);
  for (const name of names ?? []) {
    if (!all.some((id) => id === name)) throw new UsageError(`no peer is called ${name}`);
  }
  return names === undefined ? all : all.filter((id) => names.includes(id));
}

/** A whole name means only itself. */
const matching =
  (id: string) =>
  (name: string): boolean =>
    id === name || (id.startsWith(name) && !workloads.some((other) => other.id === name));

function chosenWorkloads(names: readonly string[] | undefined, isQuick: boolean): readonly Workload[] {
  const named = names === undefined ? workloads : workloads.filter(({ id }) => names.some(matching(id)));
  const missing = names?.find((name) => !workloads.some(({ id }) => matching(id)(name)));
  if (missing !== undefined) throw new UsageError(`no workload is called ${missing}`);
  return isQuick ? named.filter(({ quick }) => quick !== false || names !== undefined).map(shortened) : named;
}

function shortened(workload: Workload): Workload {
  const { topology, quick, peers: all } = workload;
  const idle = Math.min(topology.idle, QUICK_IDLE);
  return { ...workload, topology: { ...topology, idle }, peers: quick === false ? all : quick };
}

/** Closed loops with another window than their own. */
const windowed = (text: string | undefined) => (workload: Workload) => {
  const { load } = workload;
  if (text === undefined || load.kind !== 'closed') return workload;
  return { ...workload, load: { ...load, window: positive(text, load.window) } };
};

export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      peers: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      window: { type: 'string' },
      bytes: { type: 'string' },
      profile: { type: 'string' },
      publish: { type: 'boolean', default: false },
      from: { type: 'string' },
    },
  });
  const { quick, only, profile, publish, from } = values;
  const base = quick ? QUICK : FULL;
  const isPartial = [only, values.peers, values.window, values.bytes].some((value) => value !== undefined);
  return {
    workloads: chosenWorkloads(list(only), quick).map(windowed(values.window)),
    peers: chosenPeers(list(values.peers)),
    pace: {
      rounds: positive(values.rounds, base.rounds),
      warmUpMs: base.warmUpMs,
      measureMs: positive(values.seconds, base.seconds) * 1000,
      threads: THREADS,
      patienceMs: PATIENCE_MS,
      contentBytes: positive(values.bytes, 200),
      ...(profile !== undefined && { profile }),
    },
    kind: isPartial ? '-partial' : quick ? '-quick' : '',
    publish,
    ...(from !== undefined && { from }),
  };
}
