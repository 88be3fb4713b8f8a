/** What was promised, and what was measured in the same run. */
import type { PeerId } from './peers.ts';
import { median } from './statistics.ts';
import { FIGURES, type Figure, medianRatio, type Sample } from './summary.ts';
import { BRIDGE_OPEN } from './workloads.ts';

export interface Verdict {
  readonly target: string;
  readonly wanted: string;
  /** Undefined: not measured in this run. */
  readonly measured?: number;
  readonly passed?: boolean;
}

interface Target {
  readonly target: string;
  /** The least, or the most, that it may be. */
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly measure: (samples: readonly Sample[]) => number | undefined;
}

const of = (samples: readonly Sample[], workload: string, peer: PeerId): readonly Sample[] =>
  samples.filter((sample) => sample.workload === workload && sample.peer === peer);

const SATURATED = 'fan-out-1x1000';
const OPEN = 'open-200k';

/** A figure of Dragoman's in units of another peer's. */
const against =
  (workload: string, base: PeerId, figure: Figure = 'deliveriesPerSecond', peer: PeerId = 'dragoman') =>
  (samples: readonly Sample[]) =>
    medianRatio(figure, of(samples, workload, peer), of(samples, workload, base));

function achievedShare(samples: readonly Sample[]): number | undefined {
  const shares = of(samples, OPEN, 'dragoman').map((sample) => FIGURES.achieved(sample) ?? 0);
  return shares.length === 0 ? undefined : median(shares);
}

/** The worst of the schedules: at saturation the two would not have the same messages to deliver. */
const bridgeAgainstHub =
  (figure: Figure) =>
  (samples: readonly Sample[]): number | undefined => {
    const ratios = BRIDGE_OPEN.map((id) =>
      medianRatio(figure, of(samples, id, 'dragoman-bridge'), of(samples, id, 'dragoman')),
    ).filter((ratio) => ratio !== undefined);
    return ratios.length === 0 ? undefined : Math.max(...ratios);
  };

const targets: readonly Target[] = [
  {
    target: 'fan-out 1 to 1000 at saturation, times the hand-written gateway',
    atLeast: 10,
    measure: against(SATURATED, 'hand-written'),
  },
  {
    target: 'fan-out 1 to 1000 at saturation, times RabbitMQ web-stomp',
    atLeast: 10,
    measure: against(SATURATED, 'rabbitmq'),
  },
  {
    target: 'fan-out 1 to 1000 at saturation, times the joined-write ws server',
    atLeast: 0.8,
    measure: against(SATURATED, 'joined'),
  },
  {
    target: 'the same with all five dialects mixed, times the joined-write ws server',
    atLeast: 0.6,
    measure: against('mixed-dialects', 'joined'),
  },
  {
    target: '200,000 deliveries a second on a schedule: share delivered in time',
    atLeast: 0.98,
    measure: achievedShare,
  },
  {
    target: 'CPU per delivery there, times the joined-write ws server',
    atMost: 1.3,
    measure: against(OPEN, 'joined', 'cpuPerMillion'),
  },
  {
    target: 'private messages with durable acks, times the hand-written gateway without storage',
    atLeast: 1,
    measure: against('private', 'hand-written'),
  },
  {
    target: 'private messages with the in-memory store, times the hand-written gateway',
    atLeast: 2,
    measure: against('private', 'hand-written', 'deliveriesPerSecond', 'dragoman-memory'),
  },
  {
    target: 'memory of an idle connection, times plain ws',
    atMost: 1.3,
    measure: against('idle', 'ws', 'memoryPerConnection'),
  },
  {
    target: 'connects (with login) a second, times plain ws',
    atLeast: 0.5,
    measure: against('idle', 'ws', 'connectsPerSecond'),
  },
  {
    target: 'messages a second to the others while 1 % never read, times without those',
    atLeast: 0.9,
    measure: (samples) =>
      medianRatio(
        'messagesPerSecond',
        of(samples, 'stuck-readers', 'dragoman'),
        of(samples, SATURATED, 'dragoman'),
      ),
  },
  {
    target: 'CPU of a bridge per delivery, times the hub for the same deliveries at the same times',
    atMost: 2.2,
    measure: bridgeAgainstHub('cpuPerMillion'),
  },
  {
    // Shown, not wanted: the server behind a bridge is somebody else's, and costs what it costs.
    target: 'the same, the server behind the bridge counted in',
    measure: bridgeAgainstHub('cpuPerMillionOfAll'),
  },
];

export function verdicts(samples: readonly Sample[]): readonly Verdict[] {
  return targets.map(({ target, atLeast, atMost, measure }) => {
    const wanted =
      atLeast !== undefined
        ? `at least ${atLeast}`
        : atMost !== undefined
          ? `at most ${atMost}`
          : 'for information';
    const measured = measure(samples);
    if (measured === undefined) return { target, wanted };
    if (atLeast === undefined && atMost === undefined) return { target, wanted, measured };
    const passed =
      measured >= (atLeast ?? Number.NEGATIVE_INFINITY) && measured <= (atMost ?? Number.POSITIVE_INFINITY);
    return { target, wanted, measured, passed };
  });
}
