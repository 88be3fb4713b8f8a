/** The real gateway in a process of its own, as an operator starts it: it can be traced, starved and killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { DEFAULT_YAML, testToken } from '../support/gateway.ts';

/** Whether the long form of the tests was asked for: `npm run test:full`. */
export const isFull = process.env.DRAGOMAN_FULL === '1';

const home = join(import.meta.dirname, '../..');
/** What an operator runs. */
export const PRODUCT: readonly string[] = [process.execPath, join(home, 'bin/dragoman.mjs'), 'start'];
/** The same gateway with a store that syncs nothing. */
export const UNSYNCED: readonly string[] = [
  process.execPath,
  '--no-warnings',
  join(import.meta.dirname, 'start-unsynced.ts'),
];

/** A directory that goes with the test. */
export function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'dragoman-durability-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The shipped configuration on a free port, kept in `data`, without rates in the way of a load. */
export function durableYaml(data: string, edit: (yaml: string) => string = (yaml) => yaml): string {
  return edit(
    DEFAULT_YAML.replace(/^data: .*$/m, `data: ${JSON.stringify(data)}`)
      .replace('\nstore: memory\n', '\nstore: embedded\n')
      .concat(
        'limits:\n',
        '  rate: { perSecond: 1000000, burst: 1000000 }\n',
        '  admission: { commandsPerUser: { perSecond: 1000000, burst: 1000000 } }\n',
        'drain: { window: 0ms }\n',
      ),
  );
}

/** Where clients connect. */
export interface Door {
  /** `ws://127.0.0.1:<port>` */
  readonly ws: string;
  token(user: string): Promise<string>;
}

export interface GatewayProcess extends Door {
  readonly http: string;
  /** The gateway itself, whatever runs around it. */
  readonly pid: number;
  /** Ends it at once and resolves when it is gone. */
  kill(): Promise<void>;
  /** As a supervisor does; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Resolves with the exit code once it has ended. */
  readonly exited: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
  /** Its configuration. */
  readonly file: string;
}

export interface ProcessOptions {
  readonly data: string;
  /** What is started; the configuration file is added. */
  readonly program?: readonly string[];
  /** What is started around it, such as a tracer. */
  readonly around?: readonly string[];
  readonly edit?: (yaml: string) => string;
}

/** The process ended instead of listening. */
export class StartFailure extends Error {
  readonly exitCode: number | null;
  constructor(exitCode: number | null, output: string) {
    super(output);
    this.exitCode = exitCode;
  }
}

/** Resolves once it listens. Rejects with a StartFailure if it ends before. */
export async function startProcess(options: ProcessOptions): Promise<GatewayProcess> {
  const { data, program = PRODUCT, around = [], edit } = options;
  const file = join(freshDirectory(), 'gateway.yaml');
  writeFileSync(file, durableYaml(data, edit));
  const [command, ...args] = [...around, ...program, file];
  const child = spawn(command as string, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: home });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let pid = child.pid as number;
  const end = (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) signalTo(pid, signal);
    return exited;
  };
  onTestFinished(async () => void (await end('SIGKILL')));
  const http = await address(child, exited);
  // What is around it becomes the gateway (exec) or is its parent.
  pid = childOf(pid) ?? pid;
  return {
    http,
    ws: http.replace(/^http/, 'ws'),
    pid,
    token: testToken,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    exited,
    signal: (name) => signalTo(pid, name),
    file,
  };
}

function childOf(pid: number): number | undefined {
  const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return first === undefined || first === '' ? undefined : Number(first);
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The address that it says it listens on. */
async function address(child: ChildProcess, exited: Promise<number | null>): Promise<string> {
  let output = '';
  const listening = Promise.withResolvers<string>();
  const hear = (chunk: Buffer): void => {
    output += chunk.toString();
    const found = /listens on (http:\/\/[^ ]+) /.exec(output);
    if (found?.[1] !== undefined) listening.resolve(found[1]);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  void exited.then((code) => listening.reject(new StartFailure(code, output)));
  return listening.promise;
}
