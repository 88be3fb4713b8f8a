/** Server processes: started by what a user would type, ended with the run. */
import { type ChildProcess, spawn } from 'node:child_process';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;
/** Of what a server said, shown when it fails. */
const SHOWN_CHARACTERS = 2000;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ServerProcess {
  readonly pid: number;
  /** What the pattern caught in its output. */
  readonly said: string;
  stop(): Promise<void>;
}

/** Resolves when the output matches `ready`, whose first group is given back. */
export async function startServer(args: readonly string[], ready: RegExp): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void ended.then(() => running.delete(child));
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let output = '';
  const hear = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-SHOWN_CHARACTERS);
    const caught = ready.exec(output)?.[1];
    if (caught !== undefined) resolve(caught);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  child.once('error', reject);
  void ended.then(() => reject(new Error(`${args.join(' ')} ended:\n${output}`)));
  const limit = setTimeout(
    () => reject(new Error(`${args.join(' ')} did not start:\n${output}`)),
    START_LIMIT_MS,
  );
  try {
    const said = await promise;
    return { pid: child.pid as number, said, stop: () => stop(child, ended) };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(limit);
  }
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(limit);
}
