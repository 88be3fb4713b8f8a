/** What is measured: who is connected, how the load comes, which peers take part. */
import type { Load } from './generator/job.ts';
import type { PeerId } from './peers.ts';
import type { Topology } from './population.ts';
import type { WireId } from './wires.ts';

export interface Workload {
  readonly id: string;
  readonly title: string;
  /** What the main figure is. */
  readonly measure: 'deliveries' | 'latency' | 'idle';
  readonly peers: readonly PeerId[];
  readonly topology: Topology;
  readonly load: Load;
  /** Wire formats in place of the peer's own, for Dragoman. */
  readonly dialects?: readonly WireId[];
  /** The peers that `--quick` takes; false: it leaves the workload out. */
  readonly quick: readonly PeerId[] | false;
  /** Rounds at most: one point of a curve needs fewer. */
  readonly rounds?: number;
  /** Measured for so many times as long as others. */
  readonly lengthened?: number;
  /** Workloads of one name run side by side, because their figures are compared. */
  readonly besides?: string;
}

/** Deliveries under way at saturation, whatever the shape: a bound on bytes, as networks have it. */
const UNDER_WAY = 32_000;
/** Messages of one sender under way at most: gateways bound that. */
const MAX_WINDOW = 250;
/** In private messages. */
const PRIVATE_WINDOW = 8;

const closed = (window: number): Load => ({ kind: 'closed', window });
const saturating = ({ groups, members }: Topology): Load =>
  closed(Math.min(MAX_WINDOW, Math.ceil(UNDER_WAY / (groups * members))));

/** One sender in each group; the wire is the peer's. */
const fanOut = (groups: number, members: number, rest: Partial<Topology> = {}): Topology => ({
  kind: 'groups',
  groups,
  members,
  wires: ['json'],
  idle: 0,
  stuck: 0,
  ...rest,
});

const EVERYBODY: readonly PeerId[] = [
  'joined',
  'hand-written',
  'dragoman',
  'dragoman-memory',
  'ws',
  'socket-io',
  'rabbitmq',
];
/** Those of the targets. */
const COMPARED: readonly PeerId[] = ['joined', 'hand-written', 'dragoman', 'dragoman-memory'];
const CURVE: readonly PeerId[] = ['joined', 'dragoman'];

const calibration = (members: number, quick: Workload['quick']): Workload => ({
  id: `calibration-${members}`,
  title: `calibration: the generator alone, ${members} connections`,
  measure: 'deliveries',
  peers: ['firehose'],
  topology: fanOut(1, members),
  load: { kind: 'poured' },
  quick,
});

const saturation = (groups: number, members: number, quick: Workload['quick']): Workload => ({
  id: `fan-out-${groups}x${members}`,
  title: groups === 1 ? `fan-out 1 to ${members}` : `fan-out in ${groups} groups of ${members}`,
  measure: 'deliveries',
  peers: EVERYBODY,
  topology: fanOut(groups, members),
  load: saturating(fanOut(groups, members)),
  ...(members === 1000 && { besides: 'a thousand' }),
  quick,
});

const openLoop = (thousands: number, quick: Workload['quick']): Workload => ({
  id: `open-${thousands}k`,
  title: `${thousands},000 deliveries a second on a schedule, 10 groups of 100`,
  measure: 'latency',
  // RabbitMQ is far beyond its limit from 100,000 on: what piles up would take minutes to come.
  peers: thousands < 100 ? EVERYBODY : EVERYBODY.filter((id) => id !== 'rabbitmq'),
  topology: fanOut(10, 100),
  load: { kind: 'open', rate: thousands * 1000 },
  quick,
});

const BRIDGED: readonly PeerId[] = ['dragoman', 'dragoman-bridge'];
/** Thousands of deliveries a second at which a bridge is held against the hub. */
const BRIDGE_SCHEDULES = [20, 50, 200] as const;
export const BRIDGE_OPEN = BRIDGE_SCHEDULES.map((thousands) => `bridge-open-${thousands}k`);

const bridgeOpen = (thousands: number): Workload => ({
  id: `bridge-open-${thousands}k`,
  title: `fan-out 1 to 100 on a schedule, ${thousands},000 deliveries a second, each client bridged to another gateway`,
  measure: 'latency',
  peers: BRIDGED,
  topology: fanOut(1, 100),
  load: { kind: 'open', rate: thousands * 1000 },
  quick: thousands === 50 && BRIDGED,
});

const ALL_DIALECTS: readonly WireId[] = ['json', 'room', 'socket', 'ourchat', 'stomp'];

/** Of the cost as something grows by 10 and by 100. */
const point = (id: string, title: string, topology: Topology): Workload => ({
  id: `curve-${id}`,
  title: `curve, ${title}`,
  measure: 'deliveries',
  peers: CURVE,
  topology,
  load: saturating(topology),
  quick: false,
  rounds: 1,
});

/** Of coming: all log in at once to one group, whose members are told of each other. */
const arrivals = (members: number): Workload => ({
  id: `curve-arrivals-${members}`,
  title: `curve, ${members} members of all five dialects come at once`,
  measure: 'idle',
  peers: CURVE,
  topology: fanOut(1, members),
  load: { kind: 'idle' },
  dialects: ALL_DIALECTS,
  quick: false,
  rounds: 1,
});

const curves: readonly Workload[] = [
  ...[30, 300, 3000].map(arrivals),
  ...[100, 1000, 10_000].map((idle) =>
    point(`connections-${idle}`, `1 to 100 beside ${idle} idle connections`, fanOut(1, 100, { idle })),
  ),
  ...[1, 10, 100].map((groups) => point(`groups-${groups}`, `${groups} groups of 50`, fanOut(groups, 50))),
  ...[10, 100, 1000].map((members) => point(`members-${members}`, `1 to ${members}`, fanOut(1, members))),
];

export const workloads: readonly Workload[] = [
  calibration(100, false),
  calibration(1000, ['firehose']),
  saturation(1, 100, false),
  saturation(10, 100, false),
  saturation(1, 1000, EVERYBODY),
  {
    id: 'mixed-dialects',
    title: 'fan-out 1 to 1000, members and senders of all five dialects',
    measure: 'deliveries',
    peers: ['joined', 'dragoman', 'dragoman-memory'],
    topology: fanOut(1, 1000),
    // Five senders share the window of one.
    load: saturating(fanOut(1, 1000)),
    dialects: ALL_DIALECTS,
    besides: 'a thousand',
    quick: ['joined', 'dragoman'],
  },
  {
    id: 'stuck-readers',
    title: 'fan-out 1 to 1000, ten of them never read',
    measure: 'deliveries',
    peers: COMPARED,
    topology: fanOut(1, 1000, { stuck: 10 }),
    besides: 'a thousand',
    // Until the buffers of the kernel are full and the limits of the gateway are reached.
    lengthened: 2,
    load: saturating(fanOut(1, 1000)),
    quick: false,
  },
  openLoop(20, false),
  openLoop(50, false),
  openLoop(100, false),
  openLoop(200, COMPARED),
  {
    id: 'private',
    title: 'private messages, 100 pairs, 8 in flight each',
    measure: 'deliveries',
    peers: EVERYBODY,
    topology: { kind: 'pairs', groups: 100, members: 1, wires: ['json'], idle: 0, stuck: 0 },
    load: closed(PRIVATE_WINDOW),
    quick: COMPARED,
  },
  {
    id: 'idle',
    title: '10,000 idle connections',
    measure: 'idle',
    peers: ['ws', 'dragoman', 'dragoman-memory', 'hand-written', 'socket-io', 'rabbitmq'],
    topology: fanOut(0, 0, { idle: 10_000 }),
    load: { kind: 'idle' },
    quick: ['ws', 'dragoman'],
  },
  {
    id: 'bridge',
    title: 'fan-out 1 to 100, each client bridged to another gateway, at saturation',
    measure: 'deliveries',
    peers: BRIDGED,
    topology: fanOut(1, 100),
    load: saturating(fanOut(1, 100)),
    quick: false,
  },
  ...BRIDGE_SCHEDULES.map(bridgeOpen),
  ...curves,
];
