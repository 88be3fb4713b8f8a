/** `bin/dragoman.mjs` finds a Node that can run the program and then is not noticed any more. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';

/** Makes a Node believe that it is an old one. */
const OLD_NODE = [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.0.0'}})`,
];

/** Warns as experimental features do, waits for a signal if told to, and says once it is ready for one. */
const PROGRAM = `
process.emitWarning('new and shiny', 'ExperimentalWarning');
const [order]: (string | undefined)[] = process.argv.slice(2);
if (order === 'wait') {
  const timer = setInterval(() => {}, 1000);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      process.stdout.write(signal + '\\n');
      process.exitCode = 5;
      clearInterval(timer);
    });
  }
} else process.exitCode = 3;
process.stdout.write('up ' + JSON.stringify(process.argv.slice(2)) + '\\n');
export {};
`;

const root = mkdtempSync(join(tmpdir(), 'dragoman-bin-'));
afterAll(() => rmSync(root, { recursive: true }));

interface Home {
  readonly node: boolean;
  readonly program: boolean;
}

function home(name: string, { node, program }: Home): string {
  const folder = join(root, name);
  mkdirSync(join(folder, 'bin'), { recursive: true });
  mkdirSync(join(folder, 'node_modules'));
  cpSync('bin/dragoman.mjs', join(folder, 'bin', 'dragoman.mjs'));
  if (program) writeFileSync(join(folder, 'main.ts'), PROGRAM);
  if (node) symlinkSync(resolve('node_modules/node'), join(folder, 'node_modules', 'node'));
  return join(folder, 'bin', 'dragoman.mjs');
}

const whole = home('whole', { node: true, program: true });
const unbuilt = home('unbuilt', { node: true, program: false });
const alone = home('alone', { node: false, program: true });

function launch(flags: readonly string[], file: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...flags, file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function outcome(child: ChildProcess) {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('both are pipes');
  const [out, err, [code, signal]] = await Promise.all([text(stdout), text(stderr), once(child, 'exit')]);
  return { out, err, code, signal };
}

const RUNTIMES = [
  ['a Node that is new enough', []],
  ['an old Node', OLD_NODE],
] as const;

describe.each(RUNTIMES)('under %s the launcher', (_name, flags) => {
  it('runs the program with its arguments and gives its exit code, and prints nothing itself', async () => {
    expect(await outcome(launch(flags, whole, 'a b', '--c'))).toEqual({
      out: 'up ["a b","--c"]\n',
      err: '',
      code: 3,
      signal: null,
    });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('passes %s on, once', async (signal) => {
    const child = launch(flags, whole, 'wait');
    const end = outcome(child);
    child.stdout?.once('data', () => child.kill(signal));
    expect(await end).toEqual({ out: `up ["wait"]\n${signal}\n`, err: '', code: 5, signal: null });
  });

  it('says what to do without a build', async () => {
    const { out, err, code } = await outcome(launch(flags, unbuilt));
    expect({ out, code }).toEqual({ out: '', code: 1 });
    expect(err).toContain('Run: npm run build');
  });
});

describe('under an old Node the launcher', () => {
  it('says what it needs where no other Node is to be had', async () => {
    const { out, err, code } = await outcome(launch(OLD_NODE, alone));
    expect({ out, code }).toEqual({ out: '', code: 1 });
    expect(err).toMatch(/^Dragoman needs Node 24 or newer; this is v\S+ Install it, or run "npm ci"/);
  });

  it('takes the program with it when it is killed', async () => {
    const child = launch(OLD_NODE, whole, 'wait');
    const end = outcome(child);
    child.stdout?.once('data', () => child.kill('SIGKILL'));
    // Standard output closes once the program, which inherited it, is gone too.
    expect(await end).toEqual({ out: 'up ["wait"]\nSIGTERM\n', err: '', code: null, signal: 'SIGKILL' });
  });
});
