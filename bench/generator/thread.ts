/** One thread of the generator: its share of the connections, their messages, their checks. */
import { parentPort, workerData } from 'node:worker_threads';
import {
  type Participant,
  population,
  receiversPerMessage,
  senderCount,
  sendersPerGroup,
  threadOf,
} from '../population.ts';
import { Histogram } from '../statistics.ts';
import { wires } from '../wires.ts';
import { Client, type Surroundings } from './client.ts';
import type { Answer, Job, Order } from './job.ts';
import { closedSender, dueAt, openSender, pouringSender, type Schedule, type Sender } from './sender.ts';
import { FROM, nowMicros, START, tallyOf, UNTIL } from './tally.ts';

const { job, thread, buffer } = workerData as {
  readonly job: Job;
  readonly thread: number;
  readonly buffer: SharedArrayBuffer;
};
const port = parentPort as NonNullable<typeof parentPort>;
const answer = (message: Answer): void => port.postMessage(message);

const READ_BUFFER_BYTES = 262_144;
/** Faults described one by one; the rest are only counted. */
const DESCRIBED = 20;

const { topology, load } = job;
const senders = senderCount(topology);
const receivers = receiversPerMessage(topology);
const tally = tallyOf(senders, job.threads, buffer);
const ownPart = thread * senders;
const latency = new Histogram();
const lateness = new Histogram();
const faults: string[] = [];
let faultCount = 0;
let received = 0;
let now = 0;
const local = new Map<number, Sender>();
const dirty = new Set<Sender>();

/** In an open loop: senders are evenly spread over the interval that each of them has. */
const interval = load.kind === 'open' ? (senders * receivers * 1e6) / load.rate : 0;
const scheduleOf = (sender: number): Schedule => ({ offset: (sender * interval) / senders, interval });

function pumpSoon(sender: number): void {
  const own = local.get(sender);
  if (own === undefined || load.kind !== 'closed') return;
  if (dirty.size === 0) setImmediate(pumpDirty);
  dirty.add(own);
}

function pumpDirty(): void {
  const due = [...dirty];
  dirty.clear();
  if (!isStopped) for (const sender of due) sender.pump();
}

const around: Surroundings = {
  port: job.port,
  buffer: Buffer.allocUnsafe(READ_BUFFER_BYTES),
  sendersPerGroup: sendersPerGroup(topology),
  reading(bytes) {
    received += bytes;
    if (load.kind === 'open') now = nowMicros();
  },
  delivered(sender, sequence) {
    const slot = ownPart + sender;
    tally.delivered[slot] = (tally.delivered[slot] as number) + 1;
    if (load.kind === 'open') countLatency(sender, sequence);
    else pumpSoon(sender);
  },
  acknowledged(sender) {
    tally.acknowledged[sender] = (tally.acknowledged[sender] as number) + 1;
    pumpSoon(sender);
  },
  fault(text) {
    faultCount++;
    if (faults.length < DESCRIBED) faults.push(text);
  },
};

/** From the time at which the message was due, not from when it was sent. */
function countLatency(sender: number, sequence: number): void {
  const { times } = tally;
  const due = (times[START] as number) + dueAt(scheduleOf(sender), sequence);
  if (due >= (times[FROM] as number) && due < (times[UNTIL] as number)) latency.add(now - due);
}

function senderFor(client: Client): Sender {
  const sending = { client, tally, contentBytes: job.contentBytes };
  if (load.kind === 'open') return openSender(sending, scheduleOf(client.who.sender), lateness);
  if (load.kind === 'closed') return closedSender(sending, load.window, receivers);
  return pouringSender(sending);
}

const own: readonly Participant[] = population(topology).filter(
  (who) => threadOf(who, job.threads) === thread,
);
const clients: Client[] = [];

/** Opens them in order, some at a time. */
async function connectAll(): Promise<number> {
  const begun = nowMicros();
  const queue = own.values();
  const lane = async (): Promise<void> => {
    for (const who of queue) {
      const client = new Client(who, wires[who.wire], around);
      clients.push(client);
      await client.ready;
    }
  };
  await Promise.all(Array.from({ length: job.connecting }, lane));
  for (const client of clients) if (client.who.sender >= 0) local.set(client.who.sender, senderFor(client));
  return (nowMicros() - begun) / 1e6;
}

let isStopped = false;
let ticking: NodeJS.Timeout | undefined;

function go(): void {
  const tick = (): void => {
    for (const sender of local.values()) sender.pump();
  };
  // In a closed loop too: what has come to other threads makes room as well.
  ticking = setInterval(tick, 1);
  if (load.kind === 'closed') tick();
}

function stop(): void {
  clearInterval(ticking);
  // What was due and not yet sent at the end of the schedule.
  if (load.kind === 'open') for (const sender of local.values()) sender.pump();
  isStopped = true;
}

function finish(): void {
  for (const { checker, who } of clients) {
    if (load.kind !== 'poured' && who.group >= 0 && !who.stuck && hears(who))
      checker.finish((sender) => tally.sent[sender] as number, who.sender);
    faultCount += checker.faultCount;
    for (const fault of checker.faults)
      if (faults.length < DESCRIBED) faults.push(`${who.user} (${who.wire}): ${fault}`);
  }
  for (const client of clients) client.close();
  const { counts } = latency;
  answer({
    kind: 'finished',
    bytes: received,
    latency: counts,
    lateness: lateness.counts,
    faults,
    faultCount,
  });
}

/** A sender of a pair, or alone in its group, hears nobody. */
const hears = (who: Participant): boolean => who.sender < 0 || sendersPerGroup(topology) > 1;

const orders: Readonly<Record<Order['kind'], () => void>> = {
  go,
  stop() {
    stop();
    answer({ kind: 'stopped' });
  },
  usage() {
    const { user, system } = process.threadCpuUsage();
    answer({ kind: 'usage', cpu: user + system });
  },
  finish,
};
port.on('message', ({ kind }: Order) => {
  orders[kind]();
  if (kind === 'finish') port.close();
});

connectAll().then(
  (seconds) => answer({ kind: 'connected', seconds, connections: clients.length }),
  (error: unknown) => answer({ kind: 'failed', message: String(error) }),
);
