/** The package as it is published: packed, unpacked where it will live, and run from there. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRaw } from './support/raw-client.ts';

const root = resolve(import.meta.dirname, '..');
const { dependencies, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly version: string;
};
const folder = mkdtempSync(join(tmpdir(), 'dragoman-package-'));
const installed = join(folder, 'node_modules', 'dragoman');
const CONFIG = 'node_modules/dragoman/config/dragoman.yaml';
const running = new Set<ChildProcess>();

/** What the build reads. It runs on a copy, so that it disturbs nobody who works in this tree. */
const SOURCES = ['adapters', 'bin', 'config', 'core', 'main.ts', 'package.json', 'schemas'];
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json'];

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}:\n${stdout}${stderr}`);
}

beforeAll(() => {
  const source = join(folder, 'source');
  for (const name of [...SOURCES, ...SETTINGS]) {
    cpSync(join(root, name), join(source, name), { recursive: true });
  }
  // `npm run typecheck` has checked the types, which takes three times as long as all the rest of a build.
  const settings = join(source, 'tsconfig.build.json');
  const unchecked = readFileSync(settings, 'utf8').replace('"outDir"', '"noCheck": true, "outDir"');
  expect(unchecked).toContain('"noCheck"');
  writeFileSync(settings, unchecked);
  symlinkSync(join(root, 'node_modules'), join(source, 'node_modules'));
  run('npm', ['pack', '--pack-destination', folder], source);
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (archive === undefined) throw new Error('nothing was packed');
  mkdirSync(installed, { recursive: true });
  run('tar', ['-xzf', join(folder, archive), '-C', installed, '--strip-components=1'], folder);
  // Its dependencies and no others, as an install would place them.
  for (const name of Object.keys(dependencies)) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
}, 120_000);

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** Runs the installed command in the folder that it was installed in. */
function dragoman(...args: readonly string[]) {
  const child = spawn(process.execPath, [join(installed, 'bin', 'dragoman.mjs'), ...args], {
    cwd: folder,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const end = once(child, 'exit').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return { child, end };
}

async function outcome(...args: readonly string[]) {
  const { child, end } = dragoman(...args);
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), end]);
  return { out, err, code };
}

describe('the package', () => {
  it('holds the build, the examples and the launcher, and nothing that only tests need', () => {
    const files = readdirSync(installed, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(installed.length + 1));
    expect(files).toEqual(
      expect.arrayContaining([
        'package.json',
        'bin/dragoman.mjs',
        'config/dragoman.yaml',
        'dist/main.js',
        'dist/core/store/sqlite-worker.js',
      ]),
    );
    expect(files.filter((file) => /\.ts$|\.test\.|vectors|fixture|-suite\.|test-kit/.test(file))).toEqual([
      'dist/core/dialect-vectors.js',
    ]);
  });

  it('tells its version', async () => {
    expect(await outcome('--version')).toEqual({ out: `${version}\n`, err: '', code: 0 });
  });

  it('checks a configuration', async () => {
    const { out, code } = await outcome('check', CONFIG);
    expect({ out, code }).toEqual({ out: `${CONFIG}: ok, 5 endpoints\n`, code: 0 });
  });

  it('starts, stores what it acknowledges beside it, and stops in good order', async () => {
    const { out: token } = await outcome('token', 'alice');
    const { child, end } = dragoman('start');
    const address = await listening(child);
    const alice = await connectRaw(`${address}/ws/json?token=${token.trim()}`);
    await alice.nextJson(({ type }) => type === 'auth_success');
    const data = { id: 'm1', fromId: 'alice', toId: 'bob', chatType: 'single', content: 'hello' };
    alice.send({ type: 'message', data });
    expect(await alice.nextJson()).toEqual({ type: 'ack', data: { id: 'm1', status: 'success' } });
    expect(existsSync(join(folder, 'data'))).toBe(true);
    child.kill('SIGTERM');
    expect((await alice.closed).code).toBe(1012);
    expect(await end).toBe(0);
  });
});

/** The base URL for WebSockets, once the gateway says it. */
async function listening({ stdout, stderr }: ReturnType<typeof dragoman>['child']): Promise<string> {
  let said = '';
  stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  for await (const chunk of stdout.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    const [, port] = /listens on http:\/\/127\.0\.0\.1:(\d+)\s/.exec(said) ?? [];
    if (port !== undefined) {
      stdout.resume();
      return `ws://127.0.0.1:${port}`;
    }
  }
  throw new Error(`it ended before it listened: ${said}`);
}
