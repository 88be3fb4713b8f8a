/** The configuration of the gateway for a workload: as an operator would write it, with the rates opened. */
import { groupName, type Participant, type Topology } from './population.ts';
import { SECRET } from './token.ts';

export interface ConfigChoice {
  readonly store: 'embedded' | 'memory';
  readonly data: string;
  /** The port of the gateway behind `/ws/bridged`. */
  readonly upstreamPort?: number;
}

/** How many connections a workload may have, and how much one may send: out of the way. */
const PLENTY = 1_000_000;

function directory(topology: Topology, people: readonly Participant[]): object {
  const groups = topology.kind === 'pairs' ? 0 : topology.groups;
  const hasNumbers = topology.wires.includes('ourchat');
  const members = Map.groupBy(people, ({ group }) => group);
  return {
    // Whoever is a member has to be listed.
    users: people
      .filter(({ group }) => group >= 0)
      .map(({ user, index }) => ({ id: user, ...(hasNumbers && { integer: index + 1 }) })),
    groups: Array.from({ length: groups }, (_, group) => ({
      id: groupName(group),
      open: true,
      members: (members.get(group) ?? []).map(({ user }) => user),
    })),
  };
}

/** JSON, which is YAML too. */
export function dragomanConfig(
  topology: Topology,
  people: readonly Participant[],
  { store, data, upstreamPort }: ConfigChoice,
): string {
  const endpoint = (dialect: string, rest: object = {}): object => ({
    path: `/ws/${dialect}`,
    dialect,
    auth: 'bench',
    ...rest,
  });
  const upstream = {
    dialect: 'json',
    url: `ws://127.0.0.1:${upstreamPort}/ws/json`,
    auth: 'pass',
  };
  const config = {
    listen: { host: '127.0.0.1', port: 0 },
    data,
    store,
    log: { level: 'warn' },
    authenticators: { bench: { type: 'jwt', secret: SECRET } },
    ...directory(topology, people),
    limits: {
      rate: { perSecond: PLENTY, burst: PLENTY },
      connections: PLENTY,
      admission: {
        connectionsPerAddress: PLENTY,
        commandsPerUser: { perSecond: PLENTY, burst: PLENTY },
      },
    },
    endpoints: [
      endpoint('json'),
      endpoint('room'),
      endpoint('socket'),
      ...(topology.wires.includes('ourchat')
        ? [endpoint('ourchat', { options: { lobby: groupName(0) } })]
        : []),
      endpoint('stomp'),
      ...(upstreamPort === undefined ? [] : [{ ...endpoint('json'), path: '/ws/bridged', upstream }]),
    ],
  };
  return JSON.stringify(config, undefined, 1);
}
