/** The figures as Markdown. */
import { type PeerId, peerOf } from '../peers.ts';
import type { Figure, Figures, Row } from '../summary.ts';
import type { Verdict } from '../targets.ts';
import type { Results, WorkloadResult } from './results.ts';

interface Column {
  readonly title: string;
  readonly cell: (row: Row) => string;
}

const NOTHING = '';

function significant(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  if (size >= 10_000) return `${Math.round(value / 1000)} k`;
  if (size >= 1000) return `${(value / 1000).toFixed(1)} k`;
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

const figure = (title: string, name: Figure, write: (value: number) => string = significant): Column => ({
  title,
  cell: ({ figures }) => written(figures, name, write),
});

function written(figures: Figures, name: Figure, write: (value: number) => string): string {
  const value = figures[name];
  return value === undefined ? NOTHING : write(value);
}

const times = (title: string, kind: 'toYardstick' | 'toHandWritten', name: Figure): Column => ({
  title,
  cell: (row) => written(row[kind], name, (value) => `${value.toFixed(2)} x`),
});

const percent = (value: number): string => `${Math.round(value * 100)} %`;
const milliseconds = (micros: number): string => `${(micros / 1000).toFixed(micros < 10_000 ? 2 : 1)} ms`;
const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

const PEER: Column = { title: 'server', cell: ({ peer }) => peerOf(peer).title };
const GENERATOR = figure('generator busy', 'generatorBusy', percent);

/** Only where there are any. */
const WITH_OTHERS: Column = {
  title: 'with servers behind',
  cell: ({ figures }) =>
    figures.cpuPerMillionOfAll === figures.cpuPerMillion
      ? NOTHING
      : written(figures, 'cpuPerMillionOfAll', significant),
};

const COLUMNS: Readonly<Record<WorkloadResult['measure'], readonly Column[]>> = {
  deliveries: [
    PEER,
    figure('deliveries/s', 'deliveriesPerSecond'),
    times('to yardstick', 'toYardstick', 'deliveriesPerSecond'),
    times('to hand-written', 'toHandWritten', 'deliveriesPerSecond'),
    figure('CPU s per million', 'cpuPerMillion'),
    WITH_OTHERS,
    figure('acks/s', 'acknowledgedPerSecond'),
    figure('rows stored/s', 'rowsPerSecond'),
    figure('rows per commit', 'rowsPerCommit'),
    figure('ended as slow', 'endedAsSlow', String),
    figure('bytes each', 'bytesPerDelivery'),
    figure('encodes per message', 'encodesPerMessage'),
    figure('writes per message', 'writesPerMessage'),
    figure('frames per write', 'framesPerWrite'),
    GENERATOR,
  ],
  latency: [
    PEER,
    figure('of schedule', 'achieved', percent),
    figure('p50', 'p50', milliseconds),
    figure('p90', 'p90', milliseconds),
    figure('p99', 'p99', milliseconds),
    figure('p99.9', 'p999', milliseconds),
    figure('CPU s per million', 'cpuPerMillion'),
    times('CPU to yardstick', 'toYardstick', 'cpuPerMillion'),
    WITH_OTHERS,
    figure('frames per write', 'framesPerWrite'),
    figure('generator late, p99', 'latenessP99', milliseconds),
    GENERATOR,
  ],
  idle: [
    PEER,
    figure('memory each', 'memoryPerConnection', kilobytes),
    figure('connects/s', 'connectsPerSecond'),
    figure('CPU for each', 'cpuPerConnect', milliseconds),
  ],
};

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

export function markdownTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Columns that no row fills are left out. */
export function workloadTable({ measure, rows, skipped }: WorkloadResult): string {
  const columns = COLUMNS[measure].filter(({ cell }) => rows.some((row) => cell(row) !== NOTHING));
  const table = markdownTable(
    columns.map(({ title }) => title),
    rows.map((row) => columns.map(({ cell }) => cell(row))),
  );
  const notes = Object.entries(skipped).map(
    ([peer, reason]) => `- ${peerOf(peer as PeerId).title}: ${reason}`,
  );
  const faults = rows.flatMap(({ peer, faults: all }) =>
    all.map((fault) => `- **fault**, ${peerOf(peer).title}: ${fault}`),
  );
  const below = [...notes, ...faults];
  return below.length === 0 ? table : `${table}\n\n${below.join('\n')}`;
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  const mark = ({ measured, passed }: Verdict): string => {
    if (measured === undefined) return 'not measured';
    return passed === undefined ? NOTHING : passed ? 'pass' : '**fail**';
  };
  return markdownTable(
    ['target', 'wanted', 'measured', ''],
    verdicts.map((verdict) => [
      verdict.target,
      verdict.wanted,
      verdict.measured === undefined ? NOTHING : verdict.measured.toFixed(2),
      mark(verdict),
    ]),
  );
}

/** All of a run, headings from the third level on. */
export function resultsMarkdown({ date, machine, pace, workloads, targets }: Results): string {
  const { cpu, cores, memoryGiB, system, node } = machine;
  return [
    `Taken on ${date.slice(0, 10)} on ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}. ${pace.rounds} ${
      pace.rounds === 1 ? 'round' : 'rounds'
    } of ${pace.measureMs / 1000} s after ${pace.warmUpMs / 1000} s of warm-up; contents of ${pace.contentBytes} bytes.`,
    ...generatorLines(workloads),
    '### Targets',
    verdictTable(targets),
    ...workloads
      .filter(({ rows, skipped }) => rows.length > 0 || Object.keys(skipped).length > 0)
      .flatMap((workload) => [`### ${capital(workload.title)}`, workloadTable(workload)]),
  ].join('\n\n');
}

/** Whether a figure may be the generator's own. */
function generatorLines(workloads: readonly WorkloadResult[]): readonly string[] {
  const saturated = workloads.filter(({ measure }) => measure === 'deliveries').flatMap(({ rows }) => rows);
  const most = (rows: readonly Row[], name: Figure): number =>
    Math.max(...rows.map(({ figures }) => figures[name] ?? 0));
  const isCalibration = ({ peer }: Row): boolean => peer === 'firehose';
  const measured = saturated.filter((row) => !isCalibration(row));
  const calibrations = saturated.filter(isCalibration);
  if (measured.length === 0 || calibrations.length === 0) return [];
  const [able, fastest] = [calibrations, measured].map((rows) => most(rows, 'deliveriesPerSecond'));
  return [
    `The generator takes ${significant(able ?? 0)} deliveries/s from a server that costs next to nothing. The fastest server below reached ${significant(
      fastest ?? 0,
    )}, and the busier thread of the generator was busy for ${percent(most(measured, 'generatorBusy'))} of a core at most.`,
  ];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
