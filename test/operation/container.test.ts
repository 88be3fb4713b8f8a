/**
 * The container without an engine: what the Containerfile copies and runs is done in a folder, with the installed
 * packages in place of a download, and the result is run as the image would run it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  copyOf,
  execForm,
  type Instruction,
  readContainerfile,
  type Stage,
  textsOf,
  variablesOf,
} from '../support/containerfile.ts';
import { metricsOf } from '../support/metrics.ts';
import { connectRaw } from '../support/raw-client.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'dragoman-container-'));
const stages = readContainerfile(readFileSync(join(root, 'Containerfile'), 'utf8'));
const image = stages.at(-1) as Stage;
const folderOf = (stage: Stage): string => join(folder, stage.name ?? 'image');
const data = join(folder, 'data');
const isRoot = process.getuid?.() === 0;
/** Of `node` in the official image. */
const NODE_UID = 1000;
const running = new Set<ChildProcess>();

const SECRETS = {
  JWT_SECRET: 'a secret that the login service shares with us',
  CHANNEL_KEY: 'a key that signs private channels',
  PUBLIC_ORIGIN: 'https://chat.example.com',
};

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
}

/** What `npm ci` lays down: with the packages for development, or without. They are all installed here. */
function install(where: string, withDevelopment: boolean): void {
  if (withDevelopment) {
    symlinkSync(join(root, 'node_modules'), join(where, 'node_modules'));
    return;
  }
  const { packages } = JSON.parse(readFileSync(join(where, 'package-lock.json'), 'utf8')) as Lock;
  for (const [path, { dev = false }] of Object.entries(packages)) {
    const isNeeded = path.startsWith('node_modules/') && !dev && existsSync(join(root, path));
    if (!isNeeded) continue;
    const nested = join(root, path, 'node_modules');
    cpSync(join(root, path), join(where, path), {
      recursive: true,
      filter: (source) => source !== nested,
    });
  }
}

function copy(stage: Stage, workdir: string, text: string): void {
  const { from, sources, target } = copyOf(text);
  const origin = stages.find(({ name }) => name !== undefined && name === from);
  if (from !== undefined && origin === undefined) throw new Error(`no stage ${from}`);
  const base = origin === undefined ? root : folderOf(origin);
  const isFolder = target.endsWith('/');
  for (const source of sources) {
    const path = join(base, source);
    const to = join(folderOf(stage), workdir, target, isFolder ? source : '');
    mkdirSync(dirname(to), { recursive: true });
    cpSync(path, to, { recursive: true });
  }
}

function run(stage: Stage, workdir: string, command: string): void {
  const cwd = join(folderOf(stage), workdir);
  if (command.startsWith('npm ci ')) {
    install(cwd, !command.includes('--omit=dev'));
  } else if (command.startsWith('npm run ')) {
    const { status, stdout, stderr } = spawnSync('npm', command.split(' ').slice(1), {
      cwd,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${command}:\n${stdout}${stderr}`);
  }
  // What is left changes the base image, of which there is nothing here.
}

function build(stage: Stage): void {
  let workdir = '/';
  const step: Readonly<Record<string, (instruction: Instruction) => void>> = {
    WORKDIR: ({ text }) => {
      workdir = text;
      mkdirSync(join(folderOf(stage), workdir), { recursive: true });
    },
    COPY: ({ text }) => copy(stage, workdir, text),
    RUN: ({ text }) => run(stage, workdir, text),
  };
  for (const instruction of stage.instructions) step[instruction.name]?.(instruction);
}

function freeze(path: string): void {
  if (lstatSync(path).isSymbolicLink()) return;
  const isFolder = lstatSync(path).isDirectory();
  if (isFolder) for (const name of readdirSync(path)) freeze(join(path, name));
  chmodSync(path, isFolder ? 0o555 : 0o444);
}

function thaw(path: string): void {
  chmodSync(path, 0o755);
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) thaw(join(path, entry.name));
}

const app = join(folderOf(image), textsOf(image, 'WORKDIR').at(-1) ?? '/');
const environment = Object.assign({}, ...textsOf(image, 'ENV').map(variablesOf)) as Readonly<
  Record<string, string>
>;

/** A command of the image: its Node is ours, its user `node`, its root read-only, its volume the data folder. */
function start([program, ...args]: readonly string[], env: NodeJS.ProcessEnv = {}) {
  if (program !== 'node') throw new Error(`the image runs ${program}`);
  const child = spawn(process.execPath, args, {
    cwd: app,
    // HOST: nobody but this machine may come in here. PORT: any free one.
    env: { ...environment, ...SECRETS, HOST: '127.0.0.1', PORT: '0', DRAGOMAN_DATA: data, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(isRoot ? { uid: NODE_UID, gid: NODE_UID } : {}),
  });
  running.add(child);
  const end = once(child, 'exit').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return { child, end };
}

async function outcome(command: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { child, end } = start(command, env);
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), end]);
  return { out, err, code };
}

const only = (name: string): string => {
  const [text, ...more] = textsOf(image, name);
  if (text === undefined || more.length > 0) throw new Error(`one ${name} is needed`);
  return text;
};
const entrypoint = execForm(only('ENTRYPOINT'));
const command = [...entrypoint, ...execForm(only('CMD'))];
const health = execForm(only('HEALTHCHECK').replace(/^.*? CMD /, ''));

/** The port, once the gateway says it in its log. */
async function portOf({ stdout }: ChildProcess): Promise<string> {
  let said = '';
  if (stdout === null) throw new Error('nothing is said');
  for await (const chunk of stdout.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    const [, port] = /"address":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(said) ?? [];
    if (port === undefined) continue;
    stdout.resume();
    return port;
  }
  throw new Error(`it ended before it listened: ${said}`);
}

beforeAll(() => {
  chmodSync(folder, 0o755);
  for (const stage of stages) build(stage);
  freeze(folderOf(image));
  mkdirSync(data, { mode: 0o700 });
  if (isRoot) chownSync(data, NODE_UID, NODE_UID);
}, 120_000);

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  thaw(folderOf(image));
  rmSync(folder, { recursive: true });
});

describe('the Containerfile', () => {
  it('builds on Node 24 alone, and copies what there is and what the context lets through', () => {
    expect(new Set(stages.map(({ base }) => base))).toEqual(
      new Set(['docker.io/library/node:24-bookworm-slim']),
    );
    const ignore = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    expect(ignore).toContain('*');
    const copied = stages
      .flatMap((stage) => textsOf(stage, 'COPY').map(copyOf))
      .filter(({ from }) => from === undefined)
      .flatMap(({ sources }) => sources);
    for (const source of copied) expect([source, existsSync(join(root, source))]).toEqual([source, true]);
    const allowed = ignore.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    expect(allowed.toSorted()).toEqual([...new Set(copied)].toSorted());
  });

  it('ends with a user, a volume of the data, and commands without a shell', () => {
    expect(only('USER')).toBe('node');
    expect(only('VOLUME')).toBe(environment.DRAGOMAN_DATA);
    expect(only('EXPOSE')).toBe(environment.PORT);
    expect(only('STOPSIGNAL')).toBe('SIGTERM');
    const names = image.instructions.map(({ name }) => name);
    expect(names.indexOf('USER')).toBeGreaterThan(names.lastIndexOf('RUN'));
    expect(textsOf(image, 'RUN').join()).toContain(
      `install -d -o node -g node -m 0700 ${environment.DRAGOMAN_DATA}`,
    );
  });

  it('has the packages that it needs and no tool to build with', () => {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    ) as {
      readonly dependencies: Readonly<Record<string, string>>;
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    const has = (name: string): boolean => existsSync(join(app, 'node_modules', name));
    expect(Object.keys(dependencies).filter((name) => !has(name))).toEqual([]);
    expect(Object.keys(devDependencies).filter(has)).toEqual([]);
    expect(readdirSync(app).toSorted()).toEqual(
      ['LICENSE', 'bin', 'config', 'dist', 'node_modules', 'package.json'].toSorted(),
    );
    const removed = textsOf(image, 'RUN').join();
    for (const tool of ['/usr/local/lib/node_modules', 'npm', 'npx', 'corepack', 'yarn'])
      expect(removed).toContain(tool);
  });
});

describe('the image', () => {
  it('checks the configuration that it has', async () => {
    const { out, code } = await outcome([...entrypoint, 'check', 'config/production.yaml']);
    expect({ out, code }).toEqual({ out: 'config/production.yaml: ok, 5 endpoints\n', code: 0 });
  });

  it('says what is missing, and does not start, without its secrets', async () => {
    const { err, code } = await outcome(command, { JWT_SECRET: undefined });
    expect(code).toBe(1);
    expect(err).toContain('JWT_SECRET');
  });

  it('runs as nobody special on a read-only root, is healthy, keeps what it acknowledges, and hears SIGTERM', async () => {
    const { child, end } = start(command);
    const errors = text(child.stderr);
    const port = await portOf(child);
    expect(await outcome(health, { PORT: port })).toEqual({ out: '', err: '', code: 0 });
    const alice = await connectRaw(`ws://127.0.0.1:${port}/im?token=${await tokenOf('alice')}`, [], {
      origin: SECRETS.PUBLIC_ORIGIN,
    });
    await alice.nextJson(({ type }) => type === 'auth_success');
    const sent = { id: 'm1', fromId: 'alice', toId: 'support', chatType: 'single', content: 'hello' };
    alice.send({ type: 'message', data: sent });
    expect(await alice.nextJson()).toEqual({ type: 'ack', data: { id: 'm1', status: 'success' } });
    await alice.close();
    const { value } = await metricsOf({ http: `http://127.0.0.1:${port}` });
    expect(value('dragoman_store_rows_total')).toBeGreaterThan(0);
    if (isRoot) expect(ownerOf(child.pid)).toBe(NODE_UID);
    expect(readdirSync(data).some((name) => lstatSync(join(data, name)).size > 0)).toBe(true);
    child.kill('SIGTERM');
    expect(await end).toBe(0);
    expect(await errors).toBe('');
    expect((await outcome(health, { PORT: port })).code).toBe(1);
  });
});

const ownerOf = (pid: number | undefined): number => lstatSync(`/proc/${pid}`).uid;

const tokenOf = (user: string): Promise<string> =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setIssuer('https://login.example.com')
    .setAudience('chat')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(SECRETS.JWT_SECRET));
