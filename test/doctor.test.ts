/** `dragoman doctor` at gateways that are well: it passes them, disturbs nobody, and says when it can't look. */
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test, vi } from 'vitest';
import { dialects } from '../adapters/index.ts';
import { CHECKS, type CheckName } from '../core/doctor/finding.ts';
import { examine, failuresOf, folder, of, write, YAML } from './support/doctor.ts';
import { startGateway, type TestGateway } from './support/gateway.ts';
import { between, missedBy, storedContents } from './support/store-view.ts';

describe('a gateway in good health', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ yaml: YAML });
    return gateway.stop;
  });

  it('passes with tokens and users that the doctor makes itself', async () => {
    const report = await examine(gateway.http);
    expect(failuresOf(report)).toEqual([]);
    expect(report.code).toBe(0);
    const passed = new Set(
      report.findings.filter(({ result }) => result === 'pass').map(({ check }) => check),
    );
    const elsewhere: CheckName[] = ['certificate', 'upstream'];
    expect([...passed].sort()).toEqual(
      (Object.keys(CHECKS) as CheckName[]).filter((check) => !elsewhere.includes(check)).sort(),
    );
  });

  it('leaves nobody behind, and nothing in groups that nobody named', async () => {
    const before = await storedContents(gateway);
    await examine(gateway.http, { user: 'alice', peerUser: 'bob' });
    await vi.waitUntil(() => gateway.gateway.hub.connections.size === 0);
    expect(await storedContents(gateway)).toEqual(before);
    expect(await storedContents(gateway, between('alice', 'bob'))).not.toHaveLength(0);
    for (const user of ['alice', 'bob']) expect(await missedBy(gateway, user)).toEqual([]);
  });

  it('passes in each dialect with a group and users who are in it', async () => {
    const report = await examine(gateway.http, { user: 'alice', peerUser: 'bob', group: 'lobby' });
    expect(failuresOf(report)).toEqual([]);
    for (const { id } of dialects) {
      for (const check of ['send', 'receive'] as const) {
        const finding = report.findings.find((found) => found.dialect === id && found.check === check);
        expect(finding, `${id} ${check}`).toMatchObject({ result: 'pass' });
      }
    }
  });

  it('tells numbers on the wire by the configuration', async () => {
    const report = await examine(gateway.http, { user: 'alice', peerUser: 'bob', endpoint: '/ws/ourchat' });
    expect(of(report, 'receive')).toMatchObject({ result: 'pass' });
    expect(of(report, 'duplicate')).toMatchObject({ result: 'skip' });
  });

  it('is looked at with a token that it is given, and with a second connection of the same user', async () => {
    const yaml = YAML.replace('development: true', 'development: false');
    const token = await gateway.token('alice');
    const report = await examine(gateway.http, { yaml, token, endpoint: '/ws/im' });
    expect(failuresOf(report)).toEqual([]);
    expect(of(report, 'send')).toMatchObject({ result: 'pass' });
  });

  it('is told of a second user who is not let in', async () => {
    const report = await examine(gateway.http, { peerToken: 'not-a-token', endpoint: '/ws/json' });
    expect(failuresOf(report)).toMatchObject([
      { check: 'receive', remedy: expect.stringContaining('--peer-token') },
    ]);
  });

  it('is not logged in to as somebody whom nobody named, where the secret is no development secret', async () => {
    const yaml = YAML.replace('development: true', 'development: false');
    const report = await examine(gateway.http, { yaml, endpoint: '/ws/json' });
    expect(failuresOf(report)).toEqual([]);
    expect(of(report, 'login')).toMatchObject({ result: 'skip', remedy: expect.stringContaining('--user') });
    expect(of(report, 'receive')).toMatchObject({ result: 'skip' });
  });

  it('gets a table that people can read', async () => {
    const { out, code } = await examine(gateway.http, { json: false, endpoint: '/ws/json' });
    expect(code).toBe(0);
    expect(out).toContain('\n/ws/json  json\n');
    expect(out).toMatch(/\n {2}ok {4}receive {6}once and unchanged, after [\d.]+ ms\n/);
    expect(out).toMatch(/\n\d+ passed, 0 failed, \d+ skipped\n$/);
    expect(out).not.toContain('eyJ');
  });
});

test('endpoints without login, with encryption and in front of another server pass too', async () => {
  const key = randomBytes(32).toString('base64');
  const yaml = YAML.replace(
    'dialect: socket\n    auth: demo',
    `dialect: socket\n    auth: demo\n    encryption: { active: 2, keys: { 2: "${key}" } }`,
  ).replace('endpoints:', 'endpoints:\n  - { path: /visit, dialect: json, auth: none, namespace: visitors }');
  await using gateway = await startGateway({ yaml });
  const report = await examine(gateway.http, { yaml });
  expect(failuresOf(report)).toEqual([]);
  expect(
    report.findings.filter(({ check, result }) => check === 'receive' && result === 'pass'),
  ).toHaveLength(4);
});

describe('a gateway with TLS', () => {
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): unknown => execFileSync('openssl', args, { stdio: 'ignore' });
  const NEW_KEY = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=localhost',
  ];
  const secure = (name: string) =>
    startGateway({
      edit: (yaml) =>
        yaml.replace(
          'host: 127.0.0.1',
          `host: 127.0.0.1\n  tls: { certificate: ${at(`${name}.crt`)}, key: ${at(`${name}.key`)} }`,
        ),
    });
  beforeAll(() => {
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1'];
    openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      ...names,
      '-days',
      '30',
      '-keyout',
      at('good.key'),
      '-out',
      at('good.crt'),
    );
    openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      ...names,
      '-days',
      '3',
      '-keyout',
      at('soon.key'),
      '-out',
      at('soon.crt'),
    );
    openssl('req', '-new', ...NEW_KEY, '-keyout', at('old.key'), '-out', at('old.csr'));
    const sign = ['-req', '-in', at('old.csr'), '-signkey', at('old.key')];
    openssl('x509', ...sign, '-days', '-1', '-out', at('old.crt'));
  });

  it.each([
    ['old', /expired on/, /renew/],
    ['good', /not trusted/, /--ca/],
  ])('shows no login where the certificate is %s and %s', async (name, reason, remedy) => {
    await using gateway = await secure(name);
    const report = await examine(gateway.http, { endpoint: '/ws/json' });
    expect(report.findings).toMatchObject([
      {
        check: 'certificate',
        result: 'fail',
        reason: expect.stringMatching(reason),
        remedy: expect.stringMatching(remedy),
      },
      { check: 'upgrade', result: 'skip' },
    ]);
  });

  it('passes where its authority is trusted', async () => {
    await using gateway = await secure('good');
    const report = await examine(gateway.http, { endpoint: '/ws/im', ca: at('good.crt') });
    expect(failuresOf(report)).toEqual([]);
    expect(of(report, 'certificate')).toMatchObject({ result: 'pass' });
    expect(of(report, 'receive')).toMatchObject({ result: 'pass' });
  });

  it('is told that its certificate expires soon', async () => {
    await using gateway = await secure('soon');
    const report = await examine(gateway.http, { endpoint: '/ws/json', ca: at('soon.crt') });
    expect(failuresOf(report)).toMatchObject([{ check: 'certificate', reason: /expires in [23] days/ }]);
    expect(of(report, 'receive')).toMatchObject({ result: 'pass' });
  });
});

test('the command ends with 1 and says why, where it is wrong', async () => {
  await expect(examine('ftp://example.com', { json: false })).resolves.toMatchObject({ code: 1 });
  await expect(examine('http://127.0.0.1:1', { endpoint: '/nowhere', json: false })).resolves.toMatchObject({
    code: 1,
  });
  await expect(examine('http://127.0.0.1:1', { timeout: 'soon', json: false })).resolves.toMatchObject({
    code: 1,
  });
});

test('the process ends by itself, with the exit code of the findings', async () => {
  await using gateway = await startGateway();
  const main = join(import.meta.dirname, '../main.ts');
  const run = (url: string): Promise<{ readonly code: number; readonly out: string }> =>
    new Promise((resolve) => {
      const args = [main, 'doctor', url, '--config', write(YAML), '--endpoint', '/ws/json'];
      execFile(process.execPath, args, (error, out) =>
        resolve({ code: error === null ? 0 : Number(error.code), out }),
      );
    });
  expect(await run(gateway.ws)).toMatchObject({ code: 0, out: expect.stringContaining('0 failed') });
  expect(await run('http://127.0.0.1:1')).toMatchObject({
    code: 1,
    out: expect.stringContaining('FAIL  health'),
  });
});

test('the documentation explains each check', () => {
  const text = readFileSync(join(import.meta.dirname, '../docs/doctor.md'), 'utf8');
  for (const [check, meaning] of Object.entries(CHECKS))
    expect(text).toContain(`| \`${check}\` | ${meaning}`);
});
