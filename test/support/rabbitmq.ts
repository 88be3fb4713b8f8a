/**
 * RabbitMQ with STOMP over WebSocket, for one test file: a node of its own on loopback, with its own directory, cookie
 * and Erlang port mapper. Nothing of it is shared with a broker that the machine may run.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';

const LIBRARY = '/usr/lib/rabbitmq/lib';
/** The broker's installation, or undefined. */
const home = process.env.RABBITMQ_HOME ?? installed();
export const rabbitmqIsHere =
  home !== undefined && existsSync(join(home, 'plugins')) && isOnPath('erl') && isOnPath('epmd');
/** Where nobody would read that tests were skipped, a missing broker is an error. */
export const rabbitmqIsRequired = process.env.CI === 'true';
export const WITHOUT_RABBITMQ = `skipped: no RabbitMQ in ${LIBRARY}; run test/services/install-rabbitmq.sh or set RABBITMQ_HOME`;

function installed(): string | undefined {
  if (!existsSync(LIBRARY)) return undefined;
  const version = readdirSync(LIBRARY).find((name) => name.startsWith('rabbitmq_server-'));
  return version === undefined ? undefined : join(LIBRARY, version);
}

function isOnPath(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export interface RabbitUser {
  readonly name: string;
  readonly password: string;
  /** Regular expressions of the queues and exchanges that it may declare, write to and read; default: all. */
  readonly configure?: string;
  readonly write?: string;
  readonly read?: string;
}

export interface RabbitOptions {
  /** By default one, `gateway` with the password `a password`, who may do everything. */
  readonly users?: readonly RabbitUser[];
  /** By default little: one scheduler, 256 MB. */
  readonly resources?: RabbitResources;
}

export interface RabbitResources {
  readonly schedulers: number;
  /** From where on publishers wait, as RabbitMQ writes sizes. */
  readonly memory: string;
}

const LITTLE: RabbitResources = { schedulers: 1, memory: '256MB' };

export interface Rabbit extends AsyncDisposable {
  /** Where web-stomp listens: `ws://127.0.0.1:<port>/ws`. The same after a restart. */
  readonly url: string;
  /** The first of the users. */
  readonly user: string;
  readonly password: string;
  /** Starts the node again after `stop` or `kill`, with what it had on disk. Resolves when it takes connections. */
  start(): Promise<void>;
  /** Shuts the node down in order. */
  stop(): Promise<void>;
  /** Ends the node at once, as a power cut does. */
  kill(): Promise<void>;
  /** The node stands still: its sockets stay open and nothing answers. */
  pause(): void;
  resume(): void;
}

/** Outside of the range from which the system takes ports for outgoing connections: nobody gets it meanwhile. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const probe = createServer();
    const isFree = await new Promise<boolean>((known) => {
      probe.once('error', () => known(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => known(true)));
    });
    if (isFree) return port;
  }
}

/** As RabbitMQ keeps passwords: four bytes of salt, then SHA-256 of salt and password. */
function hashed(password: string): string {
  const salt = randomBytes(4);
  const hash = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, hash]).toString('base64');
}

function definitions(users: readonly RabbitUser[]): string {
  return JSON.stringify({
    vhosts: [{ name: '/' }],
    users: users.map(({ name, password }) => ({
      name,
      password_hash: hashed(password),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: '',
    })),
    permissions: users.map(({ name, configure = '.*', write = '.*', read = '.*' }) => ({
      user: name,
      vhost: '/',
      configure,
      write,
      read,
    })),
  });
}

interface Ports {
  readonly stomp: number;
  readonly distribution: number;
  readonly mapper: number;
}

/** Writes the node's configuration into its directory. */
function writeFiles(
  directory: string,
  ports: Ports,
  { users, memory }: { readonly users: readonly RabbitUser[]; readonly memory: string },
): void {
  const file = (name: string, text: string): void => writeFileSync(join(directory, name), text);
  mkdirSync(join(directory, 'home'));
  linkPlugins(directory);
  file('enabled_plugins', '[rabbitmq_web_stomp].\n');
  // Names are looked up in this file, not by a helper process.
  file('inetrc', '{lookup, [file]}.\n{host, {127,0,0,1}, ["localhost"]}.\n');
  file('definitions.json', definitions(users));
  file(
    'rabbitmq.conf',
    [
      'listeners.tcp = none',
      'stomp.listeners.tcp = none',
      `web_stomp.tcp.listener = 127.0.0.1:${ports.stomp}`,
      `load_definitions = ${join(directory, 'definitions.json')}`,
      'log.console = true',
      'log.file = false',
      `vm_memory_high_watermark.absolute = ${memory}`,
      'disk_free_limit.absolute = 1MB',
    ].join('\n'),
  );
}

/** Plugins that the node has no use for: reading what they are takes a third of its start. */
const UNUSED =
  /^(rabbitmq_(?!prelaunch|stomp|web_stomp-)|prometheus|eetcd|gun|jose|base64url|amqp10_client|quantile)/;

/** A directory of plugins with those that are used. */
function linkPlugins(directory: string): void {
  const all = join(home as string, 'plugins');
  const own = join(directory, 'plugins');
  mkdirSync(own);
  for (const name of readdirSync(all)) if (!UNUSED.test(name)) symlinkSync(join(all, name), join(own, name));
}

function environment(directory: string, ports: Ports): NodeJS.ProcessEnv {
  const plugins = join(directory, 'plugins');
  return {
    PATH: process.env.PATH,
    HOME: join(directory, 'home'),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(ports.mapper),
    ERL_INETRC: join(directory, 'inetrc'),
    ERL_LIBS: plugins,
    RABBITMQ_PLUGINS_DIR: plugins,
    RABBITMQ_NODENAME: `dragoman-${ports.stomp}@localhost`,
    RABBITMQ_DIST_PORT: String(ports.distribution),
    RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: join(directory, 'no-such-file'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(directory, 'mnesia'),
    RABBITMQ_LOG_BASE: join(directory, 'log'),
    RABBITMQ_PID_FILE: join(directory, 'pid'),
  };
}

/** None of its threads spins while it waits. */
const nodeArguments = (schedulers: number): readonly string[] =>
  `-noinput -boot start_sasl -s rabbit boot +W w +S ${schedulers}:${schedulers} +SDio 1 +A 1 +sbwt none +sbwtdio none -start_epmd false`
    .split(' ')
    .concat('-kernel', 'inet_dist_use_interface', '{127,0,0,1}')
    .concat('-kernel', 'prevent_overlapping_partitions', 'false')
    .concat('-syslog', 'logger', '[]', '-syslog', 'syslog_error_logger', 'false');

/** Lines of output that an error message shows. */
const SHOWN_LINES = 30;

interface Running {
  readonly process: ChildProcess;
  /** The process and whatever it started have ended. */
  readonly ended: Promise<void>;
}

/** Starts a program; resolves when a line of its output has the words. */
async function run(
  command: string,
  parameters: readonly string[],
  { env, cwd, until }: { readonly env: NodeJS.ProcessEnv; readonly cwd: string; readonly until: string },
): Promise<Running> {
  const child = spawn(command, [...parameters], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const atExit = (): void => void child.kill('SIGKILL');
  process.once('exit', atExit);
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const lines: string[] = [];
  const hear = (line: string): void => {
    lines.push(line);
    if (lines.length > SHOWN_LINES) lines.shift();
    if (line.includes(until)) resolve();
  };
  createInterface(child.stdout).on('line', hear);
  createInterface(child.stderr).on('line', hear);
  child.once('error', reject);
  // Its children hold the other ends of the pipes: they are closed when the last one has gone.
  child.once('close', (code, signal) => {
    process.off('exit', atExit);
    reject(new Error(`${command} ended with ${code ?? signal}:\n${lines.join('\n')}`));
    end();
  });
  await ready;
  return { process: child, ended };
}

/** Starts a node; resolves when it takes connections. */
export async function startRabbit(options: RabbitOptions = {}): Promise<Rabbit> {
  if (!rabbitmqIsHere) throw new Error(`CI needs RabbitMQ: ${WITHOUT_RABBITMQ}`);
  const { users = [{ name: 'gateway', password: 'a password' }], resources = LITTLE } = options;
  const [first] = users;
  if (first === undefined) throw new Error('a broker needs a user');
  const directory = mkdtempSync(join(tmpdir(), 'dragoman-rabbitmq-'));
  const ports: Ports = { stomp: await freePort(), distribution: await freePort(), mapper: await freePort() };
  writeFiles(directory, ports, { users, memory: resources.memory });
  const env = environment(directory, ports);
  const mapper = await run('epmd', ['-d', '-address', '127.0.0.1', '-port', String(ports.mapper)], {
    env,
    cwd: directory,
    until: 'epmd running',
  });
  let node: Running | undefined;
  const start = async (): Promise<void> => {
    node = await run('erl', nodeArguments(resources.schedulers), {
      env,
      cwd: directory,
      until: 'Server startup complete',
    });
  };
  const end = async (running: Running | undefined, signal: NodeJS.Signals): Promise<void> => {
    running?.process.kill(signal);
    await running?.ended;
  };
  const dispose = async (): Promise<void> => {
    await end(node, 'SIGKILL');
    await end(mapper, 'SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    url: `ws://127.0.0.1:${ports.stomp}/ws`,
    user: first.name,
    password: first.password,
    start,
    stop: () => end(node, 'SIGTERM'),
    kill: () => end(node, 'SIGKILL'),
    pause: () => {
      node?.process.kill('SIGSTOP');
      while (node?.process.pid !== undefined && !isStopped(node.process.pid));
    },
    resume: () => void node?.process.kill('SIGCONT'),
    [Symbol.asyncDispose]: dispose,
  };
}

/** Whether every thread stands still: one that was running when the signal came goes on for a moment. */
function isStopped(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).every((task) => {
    const status = readFileSync(`${tasks}/${task}/stat`, 'utf8');
    return 'TtZX'.includes(status.charAt(status.lastIndexOf(')') + 2));
  });
}
