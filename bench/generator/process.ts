/** The generator's process: gives the threads their orders, reads clocks and counters, answers with a JobResult. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { receiversPerMessage, senderCount } from '../population.ts';
import { cpuSeconds, residentBytes } from '../process-usage.ts';
import { Histogram } from '../statistics.ts';
import { growth, readCounters } from './counters.ts';
import type { Answer, Job, JobResult, Latency, Order } from './job.ts';
import {
  allAcknowledged,
  allDelivered,
  allSent,
  FROM,
  nowMicros,
  START,
  type Tally,
  tallyOf,
  UNTIL,
} from './tally.ts';

const POLL_MS = 20;
/** After garbage was collected: memory goes back to the system a little later. */
const SETTLING_MS = 500;

type AnswerOf<Kind extends Answer['kind']> = Extract<Answer, { readonly kind: Kind }>;

interface Thread {
  tell(kind: Order['kind']): void;
  hear<Kind extends Answer['kind']>(kind: Kind): Promise<AnswerOf<Kind>>;
}

function startThread(job: Job, thread: number, buffer: SharedArrayBuffer): Thread {
  const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: { job, thread, buffer } });
  return {
    tell: (kind) => worker.postMessage({ kind } satisfies Order),
    hear: (kind) =>
      new Promise((resolve, reject) => {
        const hear = (answer: Answer): void => {
          if (answer.kind === 'failed') reject(new Error(answer.message));
          if (answer.kind !== kind) return;
          worker.off('message', hear);
          resolve(answer as AnswerOf<typeof kind>);
        };
        worker.on('message', hear);
        worker.once('error', reject);
      }),
  };
}

interface Mark {
  readonly at: number;
  readonly delivered: number;
  readonly acknowledged: number;
  readonly cpu: readonly number[];
  readonly threads: readonly number[];
}

async function mark(job: Job, tally: Tally, threads: readonly Thread[]): Promise<Mark> {
  const reading = Promise.all(
    threads.map(async (thread) => {
      const usage = thread.hear('usage');
      thread.tell('usage');
      return (await usage).cpu;
    }),
  );
  const taken = {
    at: nowMicros(),
    delivered: allDelivered(tally),
    acknowledged: allAcknowledged(tally),
    cpu: job.pids.map(cpuSeconds),
  };
  return { ...taken, threads: await reading };
}

async function memoryOf(job: Job): Promise<number | undefined> {
  const [pid] = job.pids;
  if (job.memory === 'unmeasured' || pid === undefined) return undefined;
  if (job.memory === 'collected') process.kill(pid, 'SIGUSR2');
  await sleep(SETTLING_MS);
  return residentBytes(pid);
}

/** Until all has come, or nothing more does. */
async function drain(tally: Tally, expected: () => number, patienceMs: number): Promise<void> {
  let last = -1;
  let quietMs = 0;
  while (allDelivered(tally) < expected() && quietMs < patienceMs) {
    const delivered = allDelivered(tally);
    quietMs = delivered === last ? quietMs + POLL_MS : 0;
    last = delivered;
    await sleep(POLL_MS);
  }
  // A copy too many would come late.
  await sleep(POLL_MS * 2);
}

function latencyOf(parts: readonly Uint32Array[]): Latency | undefined {
  const all = new Histogram();
  for (const part of parts) all.merge(part);
  if (all.total === 0) return undefined;
  return {
    p50: all.percentile(0.5),
    p90: all.percentile(0.9),
    p99: all.percentile(0.99),
    p999: all.percentile(0.999),
  };
}

function setTimes(tally: Tally, job: Job): void {
  const start = nowMicros() + 20_000;
  tally.times[START] = start;
  tally.times[FROM] = start + job.warmUpMs * 1000;
  tally.times[UNTIL] = start + (job.warmUpMs + job.measureMs) * 1000;
}

const untilTime = (micros: number): Promise<void> =>
  sleep(Math.max(0, (micros - nowMicros()) / 1000)) as Promise<void>;

async function run(job: Job): Promise<JobResult> {
  const senders = senderCount(job.topology);
  const tally = tallyOf(senders, job.threads);
  const memoryBefore = await memoryOf(job);
  const cpuBefore = job.pids.map(cpuSeconds);
  const threads = Array.from({ length: job.threads }, (_, index) => startThread(job, index, tally.buffer));
  const connected = await Promise.all(threads.map((thread) => thread.hear('connected')));
  const connectCpu = job.pids.map((pid, index) => cpuSeconds(pid) - (cpuBefore[index] ?? 0));
  const memoryAfter = await memoryOf(job);

  setTimes(tally, job);
  if (job.load.kind !== 'idle') for (const thread of threads) thread.tell('go');
  await untilTime(tally.times[FROM] as number);
  const countersBefore = await readCounters(job.metricsUrl);
  const before = await mark(job, tally, threads);
  await untilTime(tally.times[UNTIL] as number);
  const after = await mark(job, tally, threads);
  const countersAfter = await readCounters(job.metricsUrl);

  const stopped = threads.map((thread) => thread.hear('stopped'));
  for (const thread of threads) thread.tell('stop');
  await Promise.all(stopped);
  const expected = (): number => allSent(tally) * receiversPerMessage(job.topology);
  if (job.load.kind === 'closed' || job.load.kind === 'open') await drain(tally, expected, job.patienceMs);
  const finishing = Promise.all(threads.map((thread) => thread.hear('finished')));
  for (const thread of threads) thread.tell('finish');
  const finished = await finishing;

  const seconds = (after.at - before.at) / 1e6;
  const latency = latencyOf(finished.map((part) => part.latency));
  const lateness = latencyOf(finished.map((part) => part.lateness));
  const faults = finished.flatMap((part) => part.faults);
  const hidden = finished.reduce((sum, part) => sum + part.faultCount, 0) - faults.length;
  if (hidden > 0) faults.push(`and ${hidden} more`);
  return {
    connections: connected.reduce((sum, part) => sum + part.connections, 0),
    connectSeconds: Math.max(...connected.map((part) => part.seconds)),
    connectCpu,
    seconds,
    deliveries: after.delivered - before.delivered,
    sent: allSent(tally),
    expected: expected(),
    received: allDelivered(tally),
    acknowledged: after.acknowledged - before.acknowledged,
    bytesPerDelivery: finished.reduce((sum, part) => sum + part.bytes, 0) / Math.max(1, allDelivered(tally)),
    serverCpu: after.cpu.map((value, index) => value - (before.cpu[index] ?? 0)),
    generatorBusy: Math.max(
      ...after.threads.map((value, index) => (value - (before.threads[index] ?? 0)) / 1e6 / seconds),
    ),
    ...(latency !== undefined && { latency }),
    ...(lateness !== undefined && { lateness }),
    ...(memoryBefore !== undefined &&
      memoryAfter !== undefined && { memory: { before: memoryBefore, after: memoryAfter } }),
    counters: growth(countersBefore, countersAfter),
    faults,
  };
}

process.once('disconnect', () => process.exit(1));
process.once('message', (job: Job) => {
  run(job).then(
    (result) => process.send?.({ result }, () => process.exit(0)),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? error.message : String(error) }, () =>
        process.exit(1),
      ),
  );
});
