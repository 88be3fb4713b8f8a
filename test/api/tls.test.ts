/** The API on an address of its own speaks https where the gateway does, with the same certificate. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, expect, test } from 'vitest';
import { apiYaml, startApiGateway } from '../support/api.ts';

const folder = mkdtempSync(join(tmpdir(), 'dragoman-api-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));
const [certificate, key] = ['server.crt', 'server.key'].map((name) => join(folder, name)) as [string, string];

function selfSigned(name: string): void {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const files = ['-keyout', key, '-out', certificate];
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-nodes', '-days', '2', ...files, '-subj', `/CN=${name}`],
    {
      stdio: 'ignore',
    },
  );
}

/** The status of a page and the name on the certificate that came with it. */
const ask = (url: string): Promise<readonly [number | undefined, string]> =>
  new Promise((resolve, reject) => {
    get(url, { rejectUnauthorized: false, agent: false }, (response) => {
      const { CN } = (response.socket as TLSSocket).getPeerCertificate().subject;
      response.resume();
      response.once('end', () => resolve([response.statusCode, String(CN)]));
    }).once('error', reject);
  });

test('the own listener has the certificate of the gateway, and the new one when it is told to', async () => {
  selfSigned('first');
  await using gateway = await startApiGateway({
    edit: (yaml) =>
      yaml.replace(
        'host: 127.0.0.1',
        `host: 127.0.0.1\n  tls: { certificate: ${certificate}, key: ${key}, watch: never }`,
      ),
    api: apiYaml('  listen: { port: 0 }\n'),
  });
  const { base } = gateway.api;
  expect(base).toMatch(/^https:/);
  expect(await ask(`${base}/api/docs`)).toEqual([200, 'first']);
  expect(await ask(`${base}/api/v1/namespaces/main/users`)).toEqual([401, 'first']);
  selfSigned('second');
  expect(gateway.gateway.reloadCertificate()).toBe(true);
  expect(await ask(`${base}/api/docs`)).toEqual([200, 'second']);
});
