/** A login that came with the upgrade and takes its time: the client is let in meanwhile, and much may happen. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { backendThat, type Told } from '../../core/auth/test-kit.ts';
import { storeLimits } from '../../core/cli/store.ts';
import { type DirectoryStore, MemoryDirectoryStore } from '../../core/store/directory.ts';
import { MemoryMessageStore } from '../../core/store/memory.ts';
import { MemoryIdentityMap } from '../../core/store/memory-identity.ts';
import { startGateway, testConfig } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';
import { clientFrame, TEXT } from '../support/raw-tcp.ts';
import { storedContents } from '../support/store-view.ts';

/** A backend that says who alice is when it is told to, and a gateway that asks it. */
async function slowlyAsked() {
  const { promise, resolve } = Promise.withResolvers<Told>();
  const backend = await backendThat(() => promise);
  const gateway = await startGateway({
    edit: (yaml) =>
      yaml
        .replace(
          /\n {2}demo:\n[\s\S]*?\n\n/,
          `\n  demo: { type: http, url: "${backend.url}", allowPrivate: true, timeout: 30s }\n\n`,
        )
        .replaceAll('auth: demo', 'auth: demo\n    credentials: { query: [token] }'),
  });
  return {
    gateway,
    answer: () => resolve({ body: { userId: 'alice', expiresAt: null } }),
    async [Symbol.asyncDispose]() {
      await gateway.stop();
      await backend[Symbol.asyncDispose]();
    },
  };
}

it('its handshake does not wait for the answer', async () => {
  await using slow = await slowlyAsked();
  const client = await connectRaw(`${slow.gateway.ws}/ws/json?token=t-1`);
  expect(client.received).toEqual([]);
  slow.answer();
  await client.nextJson(({ type }) => type === 'auth_success');
});

it('what came in one packet with the upgrade is handled after it, and answered in order', async () => {
  await using slow = await slowlyAsked();
  const { hostname, port } = new URL(slow.gateway.http);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  const said = async (words: string): Promise<void> => {
    while (!text.includes(words)) await once(socket, 'data');
  };
  const data = { id: 'm-1', fromId: 'alice', toId: 'lobby', chatType: 'group', content: 'early' };
  const head =
    `GET /ws/json?token=t-1 HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\n` +
    'Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
  const message = clientFrame(TEXT, Buffer.from(JSON.stringify({ type: 'message', data })));
  socket.write(Buffer.concat([Buffer.from(head), message]));
  await said('\r\n\r\n');
  expect(text).not.toContain('auth_success');
  slow.answer();
  await said('"ack"');
  expect(text).toMatch(/^HTTP\/1\.1 101 [\s\S]*"auth_success"[\s\S]*"ack"[\s\S]*"success"/);
  expect(await storedContents(slow.gateway)).toEqual(['early']);
  socket.destroy();
});

it('a token that is revoked while its user is made durable lets nobody in', async () => {
  const directory = new MemoryDirectoryStore();
  const asked = Promise.withResolvers<() => void>();
  const store: DirectoryStore = {
    entries: () => directory.entries(),
    save: (entries, done) => asked.resolve(() => directory.save(entries, done)),
  };
  await using gateway = await startGateway({
    store: {
      messages: new MemoryMessageStore({ limits: storeLimits(testConfig()) }),
      identities: new MemoryIdentityMap(),
      directory: store,
    },
  });
  const client = await connectRaw(await gateway.url('/ws/json', 'stranger'));
  const save = await asked.promise;
  gateway.gateway.hub.revokeUser('main', 'stranger');
  save();
  await client.nextJson(({ type }) => type === 'auth_error');
  expect(await client.closed).toMatchObject({ code: 4001 });
  expect(gateway.gateway.hub.connectionsOf('main', 'stranger')).toEqual([]);
});
