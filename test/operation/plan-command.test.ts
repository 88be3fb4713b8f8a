/** An operator at work: `dragoman plan` against a running gateway and between files, and SIGHUP. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import {
  durableYaml,
  freshDirectory,
  type GatewayProcess,
  startProcess,
} from '../durability/gateway-process.ts';
import { API_SECRET, apiYaml } from '../support/api.ts';
import { testToken } from '../support/gateway.ts';
import { metricsOf } from '../support/metrics.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';

const LAUNCHER = join(import.meta.dirname, '../../bin/dragoman.mjs');

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as an operator does. */
function dragoman(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { env: { ...process.env, ...environment } });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    err += String(chunk);
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

async function enter({ ws }: GatewayProcess, path: string, user: string): Promise<RawClient> {
  return connectRaw(`${ws}${path}?token=${await testToken(user)}`);
}

/** Asks until so many reloads have ended so. */
async function untilReloaded(gateway: GatewayProcess, outcome: string, times: number): Promise<void> {
  for (;;) {
    const metrics = await metricsOf(gateway);
    if (metrics.value('dragoman_reloads_total', { outcome }) === times) return;
  }
}

it('plans against a running gateway, and SIGHUP does what was planned', async () => {
  const gateway = await startProcess({ data: freshDirectory(), edit: (yaml) => yaml + apiYaml() });
  const alice = await enter(gateway, '/ws/json', 'alice');
  const bob = await enter(gateway, '/ws/socket', 'bob');
  const old = readFileSync(gateway.file, 'utf8');
  const next = join(freshDirectory(), 'new.yaml');
  writeFileSync(
    next,
    old
      .replace(/ {2}- path: \/ws\/socket\n[\s\S]*?\n\n/, '')
      .replace('\nendpoints:', '\nendpoints:\n  - { path: /ws/new, dialect: json, auth: demo }'),
  );
  const asked = await dragoman(['plan', next], { DRAGOMAN_URL: gateway.http, DRAGOMAN_KEY: API_SECRET });
  expect(asked).toEqual({
    code: 0,
    err: '',
    out: [
      'endpoint /ws/new      added',
      'endpoint /ws/json     unchanged  1 connection stays',
      'endpoint /ws/room     unchanged  0 connections stay',
      'endpoint /ws/ourchat  unchanged  0 connections stay',
      'endpoint /ws/im       unchanged  0 connections stay',
      'endpoint /ws/socket   removed    1 connection asked to go',
      '2 changes, 1 connection asked to go',
      '',
    ].join('\n'),
  });

  writeFileSync(gateway.file, readFileSync(next));
  gateway.signal('SIGHUP');
  expect((await bob.closed).code).toBe(1012);
  await untilReloaded(gateway, 'reloaded', 1);
  const carol = await enter(gateway, '/ws/new', 'carol');
  await carol.nextJson(({ type }) => type === 'auth_success');

  writeFileSync(gateway.file, 'endpoints: nonsense\n');
  gateway.signal('SIGHUP');
  await untilReloaded(gateway, 'invalid', 1);
  alice.send('ping');
  await alice.next((wire) => wire === 'pong');
  expect(await gateway.stop()).toBe(0);
});

it('is told nothing of what the environment of the gateway holds', async () => {
  const held = 'planted/where-the-gateway-runs';
  vi.stubEnv('PLANTED', held);
  onTestFinished(() => void vi.unstubAllEnvs());
  const gateway = await startProcess({ data: freshDirectory(), edit: (yaml) => yaml + apiYaml() });
  const text = readFileSync(gateway.file, 'utf8');
  const plan = async (config: string): Promise<string> => {
    const response = await fetch(`${gateway.http}/api/v1/plan`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_SECRET}`, 'content-type': 'application/json' },
      body: JSON.stringify({ config }),
    });
    expect(response.status).toBe(200);
    return response.text();
  };
  const reference = `$\{PLANTED}`;
  const steps = await plan(text.replace('path: /ws/room', `path: "/x${reference}"`));
  expect(steps).toContain(`"name":"/x${reference}","action":"added"`);
  const problems = await plan(text.replace('auth: demo', `auth: "${reference}"`));
  expect(problems).toContain(`there is no authenticator \\"${reference}\\"`);
  for (const said of [steps, problems]) expect(said).not.toContain(held.slice(0, 8));
});

it('a SIGHUP while the gateway starts is one when it has started', async () => {
  const file = join(freshDirectory(), 'gateway.yaml');
  writeFileSync(file, durableYaml(freshDirectory()).replace(/^log: .*\n(?: {2}.*\n)*/m, ''));
  const child = spawn(process.execPath, [LAUNCHER, 'start', file], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve([code, signal])));
  const isReloaded = (said: string): boolean => said.includes('reload: the configuration is the same');
  let out = '';
  for await (const chunk of child.stdout) {
    // The first thing that it says, before the store is open.
    if (out === '') {
      expect(String(chunk)).toMatch(/DEVELOPMENT SECRET/);
      child.kill('SIGHUP');
    }
    const had = isReloaded(out);
    out += String(chunk);
    // A second one would end it at once.
    if (!had && isReloaded(out)) child.kill('SIGTERM');
  }
  expect(await ended).toEqual([0, null]);
});

it('plans between two files where no gateway runs', async () => {
  const directory = freshDirectory();
  const [old, next] = [join(directory, 'old.yaml'), join(directory, 'new.yaml')];
  const text = readFileSync(join(import.meta.dirname, '../../config/dragoman.yaml'), 'utf8');
  writeFileSync(old, text);
  writeFileSync(next, text.replace('dialect: stomp', 'dialect: stomp\n    singleSession: true'));
  const { code, out, err } = await dragoman(['plan', old, next]);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^endpoint \/ws\/im +changed +singleSession$/m);
  expect(out).toMatch(/^1 change\n$/m);

  writeFileSync(next, text.replace('data: ./data', 'data: ./elsewhere'));
  expect(await dragoman(['plan', old, next, '--json'])).toMatchObject({
    code: 2,
    err: 'a reload would be refused: only a restart changes all of this\n',
    out: expect.stringContaining('"name": "data"'),
  });

  writeFileSync(next, 'endpoints: []\n');
  expect(await dragoman(['plan', old, next])).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining(`${next}:1:12 endpoints: expected at least one endpoint`),
  });
});

it.each([
  [{}, /DRAGOMAN_KEY/],
  [
    { DRAGOMAN_KEY: API_SECRET, DRAGOMAN_URL: 'http://127.0.0.1:1' },
    /can not be asked: .*ECONNREFUSED|can not be asked: bad port/,
  ],
])('says why it can not ask: %j', async (environment, why) => {
  const file = join(import.meta.dirname, '../../config/dragoman.yaml');
  const { code, err, out } = await dragoman(['plan', file], environment);
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(why);
});
