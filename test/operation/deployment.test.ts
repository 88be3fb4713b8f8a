/** compose.yaml and the systemd unit agree with the image, the configuration and each other. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dialects } from '../../adapters/index.ts';
import { loadConfig } from '../../core/config/load.ts';
import { bodyLimitOf } from '../../core/server/sockjs/index.ts';
import { DATABASE_FILE } from '../../core/store/sqlite-database.ts';
import { readContainerfile, type Stage, textsOf, variablesOf } from '../support/containerfile.ts';

const read = (path: string): string => readFileSync(path, 'utf8');
const image = readContainerfile(read('Containerfile')).at(-1) as Stage;
const environment: Readonly<Record<string, string>> = Object.assign(
  {},
  ...textsOf(image, 'ENV').map(variablesOf),
);

/** Variables of the configuration: those that it can't do without, and all. */
const production = read('config/production.yaml').replaceAll(/^\s*#.*$/gm, '');
const variables = [...production.matchAll(/\$\{(\w+)(:-)?/g)];
const all = new Set(variables.map(([, name = '']) => name));
const required = new Set(
  variables.filter(([, , fallback]) => fallback === undefined).map(([, name = '']) => name),
);

const SECRETS = {
  JWT_SECRET: 'a secret that the login service shares with us',
  CHANNEL_KEY: 'a key that signs private channels',
  PUBLIC_ORIGIN: 'https://chat.example.com',
};

function configured(env: Readonly<Record<string, string>>) {
  const { config } = loadConfig('config/production.yaml', dialects, { ...SECRETS, ...env });
  if (config === undefined) throw new Error('the configuration is wrong');
  return config;
}

describe('compose.yaml', () => {
  const compose = parse(read('compose.yaml')) as {
    readonly services: {
      readonly dragoman: {
        readonly build: { readonly context: string; readonly dockerfile: string };
        readonly image: string;
        readonly environment: Readonly<Record<string, string>>;
        readonly volumes: readonly string[];
        readonly ports: readonly string[];
        readonly tmpfs: readonly string[];
        readonly stop_grace_period: string;
        readonly read_only: boolean;
        readonly cap_drop: readonly string[];
        readonly security_opt: readonly string[];
        readonly networks: readonly string[];
        readonly ulimits: { readonly nofile: { readonly soft: number; readonly hard: number } };
      };
    };
    readonly networks: Readonly<
      Record<string, { readonly ipam: { readonly config: readonly { readonly subnet: string }[] } }>
    >;
    readonly volumes: Readonly<Record<string, unknown>>;
  };
  const { dragoman } = compose.services;

  it('builds the image, under the version of the package', () => {
    const { version } = JSON.parse(read('package.json')) as { readonly version: string };
    expect(dragoman.build).toEqual({ context: '.', dockerfile: 'Containerfile' });
    expect(dragoman.image).toBe(`dragoman:${version}`);
  });

  it('gives every variable that the configuration needs, none that it does not have, and writes down no secret', () => {
    const given = Object.keys(dragoman.environment);
    expect([...all, 'NODE_ENV']).toEqual(expect.arrayContaining(given));
    expect(given).toEqual(expect.arrayContaining([...required]));
    for (const name of required) expect(dragoman.environment[name]).toMatch(new RegExp(`^\\$\\{${name}:\\?`));
  });

  it('keeps the data in a volume and everything else unchangeable', () => {
    const [volume] = textsOf(image, 'VOLUME');
    expect(dragoman.volumes).toEqual([`data:${volume}`]);
    expect(compose.volumes).toHaveProperty('data');
    expect(environment.DRAGOMAN_DATA).toBe(volume);
    expect(dragoman.read_only).toBe(true);
    expect(dragoman.tmpfs.map((mount) => mount.split(':')[0])).toEqual(['/tmp']);
    expect(dragoman.cap_drop).toEqual(['ALL']);
    expect(dragoman.security_opt).toEqual(['no-new-privileges:true']);
  });

  it('publishes the port of the image to this machine alone, and believes the proxy that comes by its network', () => {
    expect(dragoman.ports).toEqual([`127.0.0.1:${environment.PORT}:${textsOf(image, 'EXPOSE')[0]}`]);
    const subnets = dragoman.networks.flatMap((name) => compose.networks[name]?.ipam.config ?? []);
    const config = configured({ ...environment, TRUST_PROXY: dragoman.environment.TRUST_PROXY ?? '' });
    expect(config.listen).toMatchObject({ host: '0.0.0.0', port: Number(environment.PORT) });
    expect(config.listen.trustProxy).toEqual(subnets.map(({ subnet }) => subnet));
    expect(config.data).toBe(environment.DRAGOMAN_DATA);
  });

  it('leaves time for the goodbyes, and files for the connections', () => {
    const { drain, endpoints } = configured({});
    expect(Number.parseInt(dragoman.stop_grace_period, 10) * 1000).toBeGreaterThanOrEqual(
      drain.timeout + 10_000,
    );
    const { soft, hard } = dragoman.ulimits.nofile;
    const most = endpoints.reduce((sum, { limits }) => sum + limits.connections, 0);
    expect([soft >= Math.min(most, 65_536), soft]).toEqual([true, hard]);
  });
});

describe('deploy/systemd/dragoman.service', () => {
  const unit = read('deploy/systemd/dragoman.service');
  const settings = unit
    .split('\n')
    .filter((line) => line.includes('=') && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
  const values = (key: string): readonly string[] =>
    settings.filter(([name]) => name === key).map(([, value]) => value);
  const value = (key: string): string | undefined => values(key)[0];

  it('starts what the package has, reloads by SIGHUP and stops by SIGTERM, with time for the goodbyes', () => {
    const { bin } = JSON.parse(read('package.json')) as { readonly bin: { readonly dragoman: string } };
    expect(value('ExecStart')).toBe(
      `/usr/bin/node /opt/dragoman/${bin.dragoman} start /etc/dragoman/dragoman.yaml`,
    );
    expect(value('ExecReload')).toBe('/bin/kill -HUP $MAINPID');
    expect([value('KillSignal'), value('KillMode'), value('Type')]).toEqual(['SIGTERM', 'mixed', 'exec']);
    const { drain } = configured({});
    expect(Number(value('TimeoutStopSec')) * 1000).toBeGreaterThanOrEqual(drain.timeout + 10_000);
    expect(Number(value('LimitNOFILE'))).toBeGreaterThanOrEqual(65_536);
  });

  it('gives what the configuration asks for, and takes the secrets from a file', () => {
    const given = variablesOf(value('Environment') ?? '');
    expect([...all, 'NODE_ENV']).toEqual(expect.arrayContaining(Object.keys(given)));
    for (const name of required) expect(given).not.toHaveProperty(name);
    expect(value('EnvironmentFile')).toBe('/etc/dragoman/environment');
    expect(given.DRAGOMAN_DATA).toBe(`/var/lib/${value('StateDirectory')}`);
    expect(value('WorkingDirectory')).toBe(given.DRAGOMAN_DATA);
    expect(configured(given)).toMatchObject({
      data: given.DRAGOMAN_DATA,
      listen: { host: '127.0.0.1', port: 8080 },
    });
  });

  it('lets the process write nothing but its data', () => {
    for (const [key, wanted] of [
      ['DynamicUser', 'yes'],
      ['ProtectSystem', 'strict'],
      ['ProtectHome', 'yes'],
      ['PrivateTmp', 'yes'],
      ['NoNewPrivileges', 'yes'],
      ['CapabilityBoundingSet', ''],
    ] as const)
      expect([key, value(key)]).toEqual([key, wanted]);
    // Node compiles while it runs.
    expect(value('MemoryDenyWriteExecute')).toBeUndefined();
    expect(values('ReadWritePaths')).toEqual([]);
  });

  const folder = mkdtempSync(join(tmpdir(), 'dragoman-unit-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const analyze = (...args: readonly string[]) => spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  const isThere = analyze('--version').status === 0;

  it.skipIf(!isThere)(
    isThere
      ? 'is a unit to systemd, and exposed little'
      : 'is a unit to systemd: systemd-analyze is not installed here',
    () => {
      // The program has to be there to be verified; ours is elsewhere.
      const file = join(folder, 'dragoman.service');
      writeFileSync(file, unit.replace('/usr/bin/node', process.execPath));
      const { status, stdout, stderr } = analyze('verify', '--man=no', file);
      expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
      expect(analyze('security', '--offline=true', '--threshold=20', '--no-pager', file).status).toBe(0);
    },
  );
});

describe('docs/deploying.md', () => {
  const document = read('docs/deploying.md');

  it('lists the variables of the configuration', () => {
    const table = document.slice(document.indexOf('| variable |'), document.indexOf('`dragoman check'));
    const listed = [...table.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, name]) => name);
    expect(listed.toSorted()).toEqual([...all].toSorted());
  });

  it('has the paths, the database and the body limit right', () => {
    expect(document).toContain(`\`${DATABASE_FILE}\``);
    for (const path of ['compose.yaml', 'deploy/systemd/dragoman.service', 'config/production.yaml'])
      expect(document).toContain(`(../${path})`);
    const { endpoints } = configured({});
    const largest = Math.max(...endpoints.map(({ limits, sockjs }) => (sockjs === false ? 0 : limits.frame)));
    const [, mebibytes = '0'] = /client_max_body_size (\d+)m;/.exec(document) ?? [];
    expect(Number(mebibytes) * 1024 * 1024).toBeGreaterThanOrEqual(bodyLimitOf({ frame: largest }));
  });

  it('runs the container as compose does', () => {
    const [, run = ''] = /^docker run --detach ([\s\S]*?) dragoman$/m.exec(document) ?? [];
    for (const option of [
      '--read-only',
      '--cap-drop ALL',
      '--security-opt no-new-privileges',
      '--tmpfs /tmp',
      `--volume dragoman-data:${environment.DRAGOMAN_DATA}`,
      `--publish 127.0.0.1:${environment.PORT}:${environment.PORT}`,
      '--stop-timeout 35',
    ])
      expect(run).toContain(option);
  });
});
