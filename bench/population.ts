/** Who takes part in a workload. Computed alike by whoever starts a server and by each thread of the generator. */
import type { WireId } from './wires.ts';

export interface Topology {
  /** `groups`: each sender reaches its whole group. `pairs`: each sender writes to one user. */
  readonly kind: 'groups' | 'pairs';
  /** Groups, or pairs. */
  readonly groups: number;
  /** Connections that receive, in each group. */
  readonly members: number;
  /** Wire formats of the members, in turn. Each format has a sender in each group, in the order given. */
  readonly wires: readonly WireId[];
  /** Connections that belong to nothing. */
  readonly idle: number;
  /** Members of each group that read nothing from the start. */
  readonly stuck: number;
}

export interface Participant {
  readonly index: number;
  readonly user: string;
  readonly wire: WireId;
  /** Number of the group or pair; -1: of none. */
  readonly group: number;
  /** Its number as a sender; -1: it only receives. */
  readonly sender: number;
  readonly stuck: boolean;
  /** Where it writes to: a group, or the other one of its pair. */
  readonly target: string;
  readonly kind: Topology['kind'];
}

export const groupName = (group: number): string => `g${String(group).padStart(4, '0')}`;
const userName = (index: number): string => `u${String(index).padStart(5, '0')}`;

/** Senders of one group: numbers `group * sendersPerGroup` and on. */
export const sendersPerGroup = ({ wires }: Topology): number => wires.length;
export const senderCount = (topology: Topology): number => topology.groups * sendersPerGroup(topology);

/** Deliveries that one message makes: to everybody in the group who reads, without its sender. */
export const receiversPerMessage = (topology: Topology): number =>
  topology.members - topology.stuck + sendersPerGroup(topology) - 1;

export function population(topology: Topology): readonly Participant[] {
  const { kind, groups, members, wires, idle, stuck } = topology;
  const all: Participant[] = [];
  const add = (rest: Omit<Participant, 'index' | 'user' | 'kind' | 'target'>): void => {
    const index = all.length;
    // The one member of a pair comes next after its sender.
    const target = kind === 'pairs' ? userName(index + 1) : groupName(Math.max(0, rest.group));
    all.push({ index, user: userName(index), kind, target, ...rest });
  };
  const wireAt = (index: number): WireId => wires[index % wires.length] as WireId;
  for (let group = 0; group < groups; group++) {
    for (const [index, wire] of wires.entries()) {
      add({ wire, group, sender: group * wires.length + index, stuck: false });
    }
    for (let member = 0; member < members; member++) {
      add({ wire: wireAt(member), group, sender: -1, stuck: member < stuck });
    }
  }
  for (let index = 0; index < idle; index++)
    add({ wire: wireAt(index), group: -1, sender: -1, stuck: false });
  return all;
}

/** The generator's thread that holds this connection. */
export function threadOf({ kind, group, sender, index }: Participant, threads: number): number {
  return kind === 'pairs' && group >= 0 ? group % threads : sender >= 0 ? sender % threads : index % threads;
}
