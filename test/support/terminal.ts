/** A terminal as the reader of a guide has it: a command that goes on, what it prints, what is typed, Ctrl-C. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

export interface Shell {
  /** Shell text that goes before each command. */
  readonly preamble: string;
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** How long a terminal may take to print what is expected, or to end, ms. */
const PATIENCE_MS = 15_000;

/** In a process group of its own, as a terminal has it: a signal reaches all of a pipeline. */
function start(command: string, { preamble, cwd, environment }: Shell): ChildProcessWithoutNullStreams {
  return spawn('bash', ['-c', `${preamble}\n${command}`], {
    cwd,
    env: environment,
    detached: true,
    stdio: 'pipe',
  });
}

function signal({ pid }: ChildProcessWithoutNullStreams, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Runs a command again and again until it prints these lines; what it has printed then. */
export async function runUntil(command: string, shell: Shell, expected: readonly string[]): Promise<string> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const text = await runToEnd(command, shell);
    if (fits(text.split('\n'), expected)) return text;
    if (performance.now() > deadline) throw new Error(`it prints only\n${text}`);
  }
}

/** Runs a command to its end; what it prints on both outputs. */
export async function runToEnd(command: string, shell: Shell): Promise<string> {
  const child = start(command, shell);
  child.stdin.end();
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  const timer = setTimeout(() => signal(child, 'SIGKILL'), PATIENCE_MS);
  await once(child, 'close');
  clearTimeout(timer);
  return text;
}

/** Whether a line is as expected; `…` stands for anything. */
export function lineFits(line: string, expected: string): boolean {
  const [first = '', ...others] = expected.split('…');
  const last = others.pop();
  if (last === undefined) return line === expected;
  if (!line.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = line.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return line.length - last.length >= at && line.endsWith(last);
}

/** How many lines, from the first, have all the expected ones in order, with others between; undefined if they don't. */
function lengthOf(lines: readonly string[], expected: readonly string[]): number | undefined {
  let next = 0;
  for (const [index, line] of lines.entries()) {
    if (lineFits(line, expected[next] ?? '')) next++;
    if (next === expected.length) return index + 1;
  }
  return undefined;
}

export const fits = (lines: readonly string[], expected: readonly string[]): boolean =>
  lengthOf(lines, expected) !== undefined;

/** Groups that still run: none outlives the tests, however those end. */
const running = new Set<ChildProcessWithoutNullStreams>();
process.on('exit', () => {
  for (const child of running) signal(child, 'SIGKILL');
});

export class Terminal {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];
  readonly #changes = new EventEmitter();
  readonly #ended: Promise<unknown>;
  #seen = 0;
  #isOver = false;

  /** `before`: the terminal in which something else has run until now; that has to be over. */
  static open(command: string, shell: Shell, before?: Terminal): Terminal {
    if (before !== undefined && !before.#isOver) throw new Error('something runs in this terminal');
    return new Terminal(start(command, shell));
  }

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    running.add(child);
    this.#ended = once(child, 'close').then(() => {
      running.delete(child);
      this.#isOver = true;
      this.#changes.emit('change');
    });
    child.stdin.on('error', () => {});
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        this.#lines.push(line);
        this.#changes.emit('change');
      });
    }
  }

  /** All that it has printed. */
  get screen(): string {
    return this.#lines.join('\n');
  }

  type(text: string): void {
    this.#child.stdin.write(`${text}\n`);
  }

  /** Waits until it has printed these lines since the last time; gives those that came besides. */
  async prints(expected: readonly string[]): Promise<readonly string[]> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const fresh = this.#lines.slice(this.#seen);
      const length = lengthOf(fresh, expected);
      if (length !== undefined) {
        this.#seen += length;
        return fresh.slice(0, length);
      }
      const wanted = `it does not print\n${expected.join('\n')}\nbut\n${fresh.join('\n')}`;
      if (this.#isOver) throw new Error(wanted);
      await once(this.#changes, 'change', { signal: deadline }).catch((cause: unknown) => {
        throw new Error(wanted, { cause });
      });
    }
  }

  /** Ctrl-C, and waits for the end. */
  async interrupt(): Promise<void> {
    signal(this.#child, 'SIGINT');
    let isStuck = false;
    const timer = setTimeout(() => {
      isStuck = true;
      signal(this.#child, 'SIGKILL');
    }, PATIENCE_MS);
    await this.#ended;
    clearTimeout(timer);
    if (isStuck) throw new Error('it does not end');
  }

  async kill(): Promise<void> {
    if (this.#isOver) return;
    signal(this.#child, 'SIGKILL');
    await this.#ended;
  }
}

/** Below those that the system gives to outgoing connections, so that nobody takes them between two servers. */
const LOWEST_PORT = 12_000;
const PORTS = 16_000;

/** Ports that nobody listens on, for servers that come and go on the same one. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = LOWEST_PORT + Math.floor(Math.random() * PORTS);
    const probe = createServer();
    const isFree = await new Promise<boolean>((done) => {
      probe.once('error', () => done(false)).listen(port, '127.0.0.1', () => done(true));
    });
    if (!isFree) continue;
    await new Promise((closed) => probe.close(closed));
    found.add(port);
  }
  return [...found];
}
