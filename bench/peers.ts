/** The servers that are measured, each started for one run and ended with it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dragomanConfig } from './dragoman-config.ts';
import { population, type Topology } from './population.ts';
import { rabbitmqPeer } from './rabbitmq-peer.ts';
import { startServer } from './server-process.ts';
import type { WireId } from './wires.ts';

export interface RunningPeer {
  readonly port: number;
  /** The process that the connections reach first, then those behind it. */
  readonly pids: readonly number[];
  readonly metricsUrl?: string;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly topology: Topology;
  /** Collects garbage on SIGUSR2. */
  readonly collects: boolean;
  /** A directory for a CPU profile of the gateway. */
  readonly profile?: string;
}

export interface Peer {
  readonly id: PeerId;
  readonly title: string;
  readonly wire: WireId;
  /** Why it can't run here. */
  missing?(): string | undefined;
  start(options: StartOptions): Promise<RunningPeer>;
}

export type PeerId =
  | 'dragoman'
  | 'dragoman-memory'
  | 'dragoman-bridge'
  | 'ws'
  | 'joined'
  | 'hand-written'
  | 'socket-io'
  | 'rabbitmq'
  | 'firehose';

const MAIN = join(import.meta.dirname, '../main.ts');
const GC = pathToFileURL(join(import.meta.dirname, 'servers/gc-on-signal.ts')).href;

const flagsFor = ({ collects, profile }: StartOptions): readonly string[] => [
  ...(collects ? ['--expose-gc', '--import', GC] : []),
  ...(profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile]),
];

async function startDragoman(
  options: StartOptions,
  choice: { readonly store: 'embedded' | 'memory'; readonly upstreamPort?: number },
): Promise<RunningPeer> {
  const data = mkdtempSync(join(tmpdir(), 'dragoman-bench-'));
  const file = join(data, 'bench.yaml');
  const { topology } = options;
  writeFileSync(file, dragomanConfig(topology, population(topology), { ...choice, data }));
  const args = [...flagsFor(options), '--disable-warning=ExperimentalWarning', MAIN, 'start', file];
  const clean = (): void => {
    process.off('exit', clean);
    rmSync(data, { recursive: true, force: true });
  };
  process.once('exit', clean);
  try {
    const server = await startServer(args, /listens on http:\/\/127\.0\.0\.1:(\d+) /);
    const stop = async (): Promise<void> => {
      await server.stop();
      clean();
    };
    const port = Number(server.said);
    return { port, pids: [server.pid], metricsUrl: `http://127.0.0.1:${port}/metrics`, stop };
  } catch (error) {
    clean();
    throw error;
  }
}

/** A gateway before a gateway: every client has a connection of its own to the second one. */
async function startBridge(options: StartOptions): Promise<RunningPeer> {
  const { profile: _, ...plain } = options;
  const hub = await startDragoman(plain, { store: 'embedded' });
  try {
    const bridge = await startDragoman(options, { store: 'memory', upstreamPort: hub.port });
    const stop = async (): Promise<void> => {
      await bridge.stop();
      await hub.stop();
    };
    return { ...bridge, pids: [...bridge.pids, ...hub.pids], stop };
  } catch (error) {
    await hub.stop();
    throw error;
  }
}

async function startOwn(name: string, options: StartOptions): Promise<RunningPeer> {
  const file = join(import.meta.dirname, 'servers', `${name}.ts`);
  const server = await startServer([...flagsFor(options), file], /"port":(\d+)/);
  return { port: Number(server.said), pids: [server.pid], stop: server.stop };
}

const ownServer = (
  id: PeerId,
  title: string,
  rest: { readonly wire: WireId; readonly file: string },
): Peer => ({
  id,
  title,
  wire: rest.wire,
  start: (options) => startOwn(rest.file, options),
});

export const peers: readonly Peer[] = [
  {
    id: 'dragoman',
    title: 'Dragoman',
    wire: 'json',
    start: (options) => startDragoman(options, { store: 'embedded' }),
  },
  {
    id: 'dragoman-memory',
    title: 'Dragoman, store: memory',
    wire: 'json',
    start: (options) => startDragoman(options, { store: 'memory' }),
  },
  {
    id: 'dragoman-bridge',
    title: 'Dragoman before Dragoman',
    wire: 'json-bridged',
    start: startBridge,
  },
  ownServer('joined', 'ws, framed once, joined writes', { wire: 'ready-made', file: 'joined' }),
  ownServer('ws', 'ws, send per client', { wire: 'ready-made', file: 'plain' }),
  ownServer('hand-written', 'hand-written gateway', { wire: 'hand-written', file: 'hand-written' }),
  ownServer('socket-io', 'Socket.IO', { wire: 'socket-io', file: 'socket-io' }),
  rabbitmqPeer,
  ownServer('firehose', 'firehose (calibration)', { wire: 'ready-made', file: 'firehose' }),
];

export function peerOf(id: PeerId): Peer {
  const peer = peers.find((known) => known.id === id);
  if (peer === undefined) throw new Error(`no peer ${id}`);
  return peer;
}
