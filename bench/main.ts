/** `npm run bench`: starts every peer, drives all with the same load, prints and writes what came of it. */
import { relative } from 'node:path';
import { type Options, readOptions, USAGE, UsageError } from './options.ts';
import { thisMachine } from './report/machine.ts';
import { publish } from './report/publish.ts';
import { type Results, readResults, type WorkloadResult, writeResults } from './report/results.ts';
import { resultsMarkdown } from './report/table.ts';
import { runTogether } from './runner.ts';
import { type Sample, summarize } from './summary.ts';
import { verdicts } from './targets.ts';

async function measure({ workloads, peers, pace }: Options): Promise<Results> {
  const samples: Sample[] = [];
  const done: WorkloadResult[] = [];
  for (const together of Map.groupBy(workloads, ({ id, besides = id }) => besides).values()) {
    const outcomes = await runTogether(together, { pace, peers, progress: console.error });
    for (const [{ id, title, measure: what }, outcome] of outcomes) {
      samples.push(...outcome.samples);
      const skipped = Object.fromEntries(outcome.skipped);
      done.push({ id, title, measure: what, rows: summarize(outcome.samples), skipped });
    }
  }
  return {
    date: new Date().toISOString(),
    machine: thisMachine(),
    pace,
    workloads: done,
    targets: verdicts(samples),
    samples,
  };
}

/** Something was lost, doubled or reordered, or a peer that is here did not run to the end. */
function isFaulty({ workloads }: Results): boolean {
  return workloads.some(
    ({ rows, skipped }) =>
      rows.some(({ faults }) => faults.length > 0) ||
      Object.values(skipped).some((reason) => reason.startsWith('failed')),
  );
}

async function main(options: Options): Promise<void> {
  const results = options.from === undefined ? await measure(options) : readResults(options.from);
  console.log(`\n${resultsMarkdown(results)}\n`);
  if (options.from === undefined)
    console.error(`written: ${relative('.', writeResults(results, options.kind))}`);
  if (options.publish) publish(results);
  if (isFaulty(results)) process.exitCode = 1;
}

// A signal must not leave servers behind: they are ended at the exit.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  const isUsage =
    error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  console.error(isUsage ? `${(error as Error).message}\n\n${USAGE}` : error);
  process.exitCode = 1;
}
