/** https and wss by the gateway itself, and certificates that change while connections last. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'dragoman-tls-'));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

function selfSigned(name: string): void {
  const files = ['-keyout', at(`${name}.key`), '-out', at(`${name}.crt`)];
  const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...options, ...files, '-subj', `/CN=${name}`], {
    stdio: 'ignore',
  });
}

beforeAll(() => {
  for (const name of ['first', 'second']) selfSigned(name);
});

/** Puts a pair in place as deployments do: each file by renaming. */
function install(certificate: string, key = certificate): void {
  copyFileSync(at(`${certificate}.crt`), at('new.crt'));
  copyFileSync(at(`${key}.key`), at('new.key'));
  renameSync(at('new.key'), at('server.key'));
  renameSync(at('new.crt'), at('server.crt'));
}

const secure = (watch = 'never', extra = '') =>
  startGateway({
    edit: (yaml) =>
      yaml
        .replace(
          'host: 127.0.0.1',
          `host: 127.0.0.1\n  tls: { certificate: ${at('server.crt')}, key: ${at('server.key')}, watch: ${watch} }`,
        )
        .concat(extra),
  });

/** The name on the certificate that a new connection sees. */
async function shownTo(gateway: TestGateway): Promise<string> {
  const { hostname: host, port } = new URL(gateway.http);
  const socket: TLSSocket = connect({ host, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

const login = async (gateway: TestGateway, user: string) => {
  const client = await connectRaw(await gateway.url('/ws/json', user), [], { rejectUnauthorized: false });
  expect(await client.nextJson()).toMatchObject({ type: 'auth_success' });
  return client;
};

describe('a gateway with a certificate', () => {
  it('speaks wss, and https on its other pages', async () => {
    install('first');
    await using gateway = await secure();
    expect(gateway.ws).toMatch(/^wss:/);
    await login(gateway, 'alice');
    expect(await shownTo(gateway)).toBe('first');
  });

  it('shows a new certificate to new connections when it is told to, and the old ones go on', async () => {
    install('first');
    await using gateway = await secure();
    const alice = await login(gateway, 'alice');
    install('second');
    expect(await shownTo(gateway)).toBe('first');
    expect(gateway.gateway.reloadCertificate()).toBe(true);
    expect(await shownTo(gateway)).toBe('second');
    await login(gateway, 'bob');
    alice.send('ping');
    expect(await alice.next()).toBe('pong');
  });

  it('sees by itself that its files have changed', async () => {
    install('first');
    await using gateway = await secure('100ms');
    const alice = await login(gateway, 'alice');
    install('second');
    await vi.waitUntil(async () => (await shownTo(gateway)) === 'second', { timeout: 10_000, interval: 20 });
    alice.send('ping');
    expect(await alice.next()).toBe('pong');
  });

  it('sees a change behind a link, as Kubernetes makes it', async () => {
    for (const kind of ['crt', 'key']) {
      rmSync(at(`server.${kind}`), { force: true });
      symlinkSync(at(`first.${kind}`), at(`server.${kind}`));
    }
    await using gateway = await secure('100ms');
    expect(await shownTo(gateway)).toBe('first');
    for (const kind of ['crt', 'key']) {
      symlinkSync(at(`second.${kind}`), at('link'));
      renameSync(at('link'), at(`server.${kind}`));
    }
    await vi.waitUntil(async () => (await shownTo(gateway)) === 'second', { timeout: 10_000, interval: 20 });
  });

  it('keeps the old certificate when the new one can not be used', async () => {
    install('first');
    await using gateway = await secure();
    install('second', 'first');
    expect(gateway.gateway.reloadCertificate()).toBe(false);
    writeFileSync(at('server.crt'), 'no certificate');
    expect(gateway.gateway.reloadCertificate()).toBe(false);
    rmSync(at('server.crt'));
    expect(gateway.gateway.reloadCertificate()).toBe(false);
    expect(await shownTo(gateway)).toBe('first');
    install('second');
    expect(gateway.gateway.reloadCertificate()).toBe(true);
    expect(await shownTo(gateway)).toBe('second');
  });

  it('does not start with a pair that does not fit', async () => {
    install('first', 'second');
    await expect(secure()).rejects.toThrow();
  });

  it('ends a socket that does not come to the end of its TLS handshake', async () => {
    install('first');
    await using gateway = await secure('never', '\nlimits: { admission: { handshake: 200ms } }\n');
    const socket = connectTcp(Number(new URL(gateway.http).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'close');
    const metrics = await gateway.gateway.metrics.metrics();
    expect(metrics).toContain('dragoman_handshake_timeouts_total 1');
  });

  it('is not kept from ending by a socket whose TLS handshake comes to its end after all others are gone', async () => {
    install('first');
    const gateway = await secure();
    const { hostname: host, port } = new URL(gateway.http);
    const late = connectTcp(Number(port), host);
    late.on('error', () => {});
    // Accepted after it.
    const other = connect({ host, port: Number(port), rejectUnauthorized: false });
    other.on('error', () => {});
    await once(other, 'secureConnect');
    const ended = once(other, 'close');
    const ending = gateway.stop();
    await ended;
    connect({ socket: late, rejectUnauthorized: false }).on('error', () => {});
    await ending;
  });
});
