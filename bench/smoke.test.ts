/** The whole bench in small: real servers, the real generator in its own process, every message checked. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { contentOf, MARKER_LENGTH } from './marker.ts';
import { readOptions } from './options.ts';
import type { Peer, PeerId } from './peers.ts';
import { receiversPerMessage, type Topology } from './population.ts';
import { between } from './report/publish.ts';
import { markdownTable, workloadTable } from './report/table.ts';
import { type Pace, runOnce, runTogether } from './runner.ts';
import { medianRatio, type Sample, summarize } from './summary.ts';
import type { Workload } from './workloads.ts';

const PACE: Pace = { rounds: 1, warmUpMs: 20, measureMs: 50, threads: 2, contentBytes: 60, patienceMs: 5000 };

function tiny(topology: Partial<Topology>, rest: Partial<Workload> = {}): Workload {
  return {
    id: 'tiny',
    title: 'tiny',
    measure: 'deliveries',
    peers: ['dragoman', 'joined', 'hand-written', 'ws', 'socket-io'],
    topology: { kind: 'groups', groups: 1, members: 4, wires: ['json'], idle: 1, stuck: 0, ...topology },
    load: { kind: 'closed', window: 4 },
    quick: false,
    ...rest,
  };
}

async function samplesOf(workload: Workload): Promise<readonly Sample[]> {
  const options = { pace: PACE, peers: workload.peers, progress: () => {} };
  const [{ samples, skipped } = raise('no outcome')] = (await runTogether([workload], options)).values();
  expect(Object.fromEntries(skipped)).toEqual({});
  expect(samples.map(({ peer }) => peer)).toEqual(workload.peers);
  return samples;
}

function raise(text: string): never {
  throw new Error(text);
}

/** How fast it went is not asked here, nor whether it went at all within so short a time. */
function expectWhole({ peer, result, topology }: Sample): void {
  const { sent, expected, received, faults } = result;
  expect(faults, peer).toEqual([]);
  expect(sent, peer).toBeGreaterThan(0);
  expect(expected, peer).toBe(sent * receiversPerMessage(topology));
  expect(received, peer).toBe(expected);
}

test('a group hears all of its sender, from each peer', { timeout: 120_000 }, async () => {
  const samples = await samplesOf(tiny({ groups: 2 }));
  for (const sample of samples) expectWhole(sample);
  const [dragoman] = samples;
  expect(dragoman?.result.counters.dragoman_frames_sent_total).not.toBe(0);
});

test('pairs hear each other, with acknowledgements where there are some', { timeout: 120_000 }, async () => {
  const peers: readonly PeerId[] = ['dragoman-memory', 'hand-written'];
  for (const sample of await samplesOf(tiny({ kind: 'pairs', groups: 3, members: 1 }, { peers }))) {
    expectWhole(sample);
  }
});

test('members and senders of all dialects hear each other, and one may read nothing', {
  timeout: 120_000,
}, async () => {
  const workload = tiny(
    { members: 10, stuck: 1, idle: 0 },
    { peers: ['dragoman'], dialects: ['json', 'room', 'socket', 'ourchat', 'stomp'] },
  );
  for (const sample of await samplesOf(workload)) expectWhole(sample);
});

test('a schedule sends what was due and counts latencies from then', { timeout: 120_000 }, async () => {
  const load = { kind: 'open', rate: 4000 } as const;
  for (const sample of await samplesOf(tiny({}, { peers: ['joined'], load }))) {
    expectWhole(sample);
    // 70 ms of 1,000 messages a second.
    expect(sample.result.sent).toBe(70);
    expect(sample.result.latency?.p50).toBeGreaterThan(0);
  }
});

/** A server in this process that does something to the tenth message. */
function faultyPeer(relay: (message: Buffer, send: (message: Buffer) => void) => void): Peer {
  return {
    id: 'ws',
    title: 'faulty',
    wire: 'ready-made',
    async start() {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
      server.on('connection', (socket) => {
        socket.on('message', (message: Buffer) =>
          relay(message, (relayed) => {
            for (const client of server.clients)
              if (client !== socket) client.send(relayed, { binary: false });
          }),
        );
      });
      await once(server, 'listening');
      const stop = async (): Promise<void> => {
        for (const client of server.clients) client.terminate();
        server.close();
      };
      return { port: (server.address() as AddressInfo).port, pids: [process.pid], stop };
    },
  };
}

const TENTH = contentOf(0, MARKER_LENGTH, 9);
const ELEVENTH = contentOf(0, MARKER_LENGTH, 10);

test.each([
  ['lost', (message: Buffer, send: (message: Buffer) => void) => message.includes(TENTH) || send(message)],
  [
    'doubled',
    (message: Buffer, send: (message: Buffer) => void) => {
      send(message);
      if (message.includes(TENTH)) send(message);
    },
  ],
  ['reordered', swapTenth()],
])('a server by which a message is %s is found out', { timeout: 60_000 }, async (fault, relay) => {
  const load = { kind: 'open', rate: 4000 } as const;
  const pace = { ...PACE, patienceMs: 200 };
  const { faults } = await runOnce(tiny({ idle: 0 }, { load }), faultyPeer(relay), pace);
  expect(faults).toHaveLength(4);
  for (const text of faults) expect(text).toContain(fault);
});

function swapTenth() {
  let kept: Buffer | undefined;
  return (message: Buffer, send: (message: Buffer) => void): void => {
    if (message.includes(TENTH)) kept = message;
    else send(message);
    if (message.includes(ELEVENTH) && kept !== undefined) send(kept);
  };
}

const sample = (peer: PeerId, round: number, deliveries: number): Sample => ({
  workload: 'tiny',
  peer,
  round,
  topology: tiny({}).topology,
  result: {
    connections: 5,
    connectSeconds: 1,
    connectCpu: [0],
    seconds: 2,
    deliveries,
    sent: deliveries,
    expected: deliveries,
    received: deliveries,
    acknowledged: 0,
    bytesPerDelivery: 100,
    serverCpu: [1],
    generatorBusy: 0.5,
    counters: {},
    faults: [],
  },
});

test('ratios are taken within a round, then their median', () => {
  const own = [100, 900, 200].map((deliveries, round) => sample('ws', round, deliveries));
  const base = [100, 300, 400].map((deliveries, round) => sample('joined', round, deliveries));
  expect(medianRatio('deliveriesPerSecond', own, base)).toBe(1);
  const [row] = summarize([...own, ...base]);
  expect(row).toMatchObject({ peer: 'ws', rounds: 3, figures: { deliveriesPerSecond: 100 } });
  expect(row?.toYardstick.deliveriesPerSecond).toBe(1);
  expect(row?.toHandWritten).toEqual({});
});

test('a table leaves out columns without a value and names who did not take part', () => {
  const rows = summarize([sample('ws', 0, 2_000_000)]);
  const table = workloadTable({
    id: 'x',
    title: 'x',
    measure: 'deliveries',
    rows,
    skipped: { rabbitmq: 'not here' },
  });
  expect(table).toContain('| ws, send per client | 1.00 M |');
  expect(table).not.toContain('acks/s');
  expect(table).toContain('RabbitMQ web-stomp: not here');
  expect(markdownTable(['a'], [['1']])).toBe('| a |\n| --- |\n| 1 |');
});

test('figures go between the markers of the page and nowhere else', () => {
  const page = 'before\n<!-- measured: npm run bench -- --publish -->\nold\n<!-- end -->\nafter\n';
  const next = between(page, 'new');
  expect(next).toBe('before\n<!-- measured: npm run bench -- --publish -->\n\nnew\n\n<!-- end -->\nafter\n');
  expect(between(next, 'new')).toBe(next);
  expect(() => between('nothing', 'new')).toThrow(RangeError);
});

test('a workload is chosen by its name or by the beginning of several', () => {
  const chosen = (args: readonly string[]) => readOptions(args).workloads.map(({ id }) => id);
  expect(chosen(['--only', 'fan-out-1x100'])).toEqual(['fan-out-1x100']);
  expect(chosen(['--only', 'open,private'])).toEqual([
    'open-20k',
    'open-50k',
    'open-100k',
    'open-200k',
    'private',
  ]);
  expect(() => chosen(['--only', 'nothing'])).toThrow('no workload is called nothing');
  expect(() => readOptions(['--peers', 'nobody'])).toThrow('no peer is called nobody');
  expect(readOptions(['--quick', '--only', 'idle']).kind).toBe('-partial');
});
