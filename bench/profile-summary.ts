/** `node bench/profile-summary.ts <folder>`: where the time of the CPU profiles in a folder went, by function. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownTable } from './report/table.ts';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const SHOWN = 15;
const WAITING = new Set(['(idle)', '(program)', '(root)']);

function nameOf({ callFrame: { functionName, url, lineNumber } }: Profile['nodes'][number]): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const path = url.startsWith('file:') ? relative('.', fileURLToPath(url)) : url;
  return `${name} ${path}:${lineNumber + 1}`;
}

/** Own microseconds by function. */
function selfTimes({ nodes, samples, timeDeltas }: Profile): Map<string, number> {
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '?';
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  return times;
}

const folder = process.argv[2] ?? '.';
for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
  const times = selfTimes(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile);
  const busy = [...times].filter(([name]) => name !== '(idle)').reduce((sum, [, micros]) => sum + micros, 0);
  const top = [...times].filter(([name]) => !WAITING.has(name)).sort((a, b) => b[1] - a[1]);
  const program = times.get('(program)') ?? 0;
  console.log(
    `\n${file}: ${(busy / 1e6).toFixed(1)} s not idle, ${Math.round((program / busy) * 100)} % of it outside of JavaScript\n`,
  );
  const rows = top
    .slice(0, SHOWN)
    .map(([name, micros]) => [`${((micros / busy) * 100).toFixed(1)} %`, `\`${name}\``]);
  console.log(markdownTable(['self', 'function'], rows));
}
