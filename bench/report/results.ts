/** What a run leaves behind: one JSON file, from which the tables can be made again. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PeerId } from '../peers.ts';
import type { Pace } from '../runner.ts';
import type { Row, Sample } from '../summary.ts';
import type { Verdict } from '../targets.ts';
import type { Machine } from './machine.ts';

export interface WorkloadResult {
  readonly id: string;
  readonly title: string;
  readonly measure: 'deliveries' | 'latency' | 'idle';
  readonly rows: readonly Row[];
  readonly skipped: Readonly<Partial<Record<PeerId, string>>>;
}

export interface Results {
  /** ISO 8601. */
  readonly date: string;
  readonly machine: Machine;
  readonly pace: Pace;
  readonly workloads: readonly WorkloadResult[];
  readonly targets: readonly Verdict[];
  readonly samples: readonly Sample[];
}

const FOLDER = join(import.meta.dirname, '../results');

/** `kind` keeps a quick or partial run from taking the place of a whole one. Gives the file's path. */
export function writeResults(results: Results, kind: '' | '-quick' | '-partial'): string {
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${results.date.slice(0, 10)}${kind}.json`);
  writeFileSync(file, `${JSON.stringify(results, undefined, 1)}\n`);
  return file;
}

export const readResults = (file: string): Results => JSON.parse(readFileSync(file, 'utf8')) as Results;
