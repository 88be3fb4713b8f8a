/** A backend that does everything wrong at once, and sockets that end: every message is answered once, nothing falls over. */

import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { type HookReply, hookServer, withHook } from '../support/hook-server.ts';
import { isStored, speakers } from '../support/speakers.ts';
import { storedContents } from '../support/store-view.ts';

const CLIENTS = ['alice', 'bob', 'carol', 'dave', 'erin'];
const MESSAGES = 40;

const WRONG: readonly HookReply[] = [
  { status: 500 },
  { status: 302, headers: { location: 'http://10.0.0.1/' } },
  { body: '{' },
  { body: { action: 'refuse', code: 'no_such_code' } },
  { hangUp: true },
  { status: 204 },
  { body: { action: 'change', content: 'changed' } },
  { body: { action: 'refuse', code: 'internal' } },
];

it('a backend that fails in every way at once harms nobody', async () => {
  let turn = 0;
  await using backend = await hookServer(() => WRONG[turn++ % WRONG.length] ?? {});
  await using gateway = await startGateway({
    edit: withHook(
      backend.url,
      'events: [before_message, after_message, presence], onFailure: closed, concurrency: 4, queue: { entries: 8 }, breaker: { failures: 3, openFor: 10ms }, keep: 100ms, drain: 0ms',
    ),
  });
  const clients = await Promise.all(CLIENTS.map((user) => speakers.socket.enter(gateway, user)));
  await Promise.all(
    clients.map(async (client, index) => {
      const user = CLIENTS[index] as string;
      const expected = new Set<string>();
      for (let count = 0; count < MESSAGES; count++) {
        const id = `${user}-${count}`;
        expected.add(id);
        speakers.socket.say(client, { user, id, content: id });
      }
      while (expected.size > 0) {
        const { data } = await client.nextJson(({ event }) => event === 'ack' || event === 'error');
        const { id, messageId } = data as { readonly id?: string; readonly messageId?: string };
        expect(expected.delete(id ?? messageId ?? '')).toBe(true);
      }
    }),
  );
  const acknowledged = clients.flatMap(({ received }) => received.filter((text) => text.includes('"ack"')));
  expect(await storedContents(gateway)).toHaveLength(acknowledged.length);
  expect((await fetch(`${gateway.http}/healthz`)).status).toBe(200);
  expect((await fetch(`${gateway.http}/readyz`)).status).toBe(200);
});

it('clients that go while the backend is asked leave nothing behind', async () => {
  await using backend = await hookServer(async () => {
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    return { status: 204 };
  });
  await using gateway = await startGateway({
    edit: withHook(backend.url, 'events: [before_message], onFailure: open'),
  });
  const asked = 30;
  for (let count = 0; count < asked; count++) {
    const client = await speakers.json.enter(gateway, 'alice');
    speakers.json.say(client, { user: 'alice', id: `m-${count}`, content: `${count}` });
    if (count % 2 === 0) client.terminate();
    else await client.close();
  }
  const bob = await speakers.json.enter(gateway, 'bob');
  const words = { user: 'bob', id: 'last', content: 'last' };
  speakers.json.say(bob, words);
  await isStored(speakers.json, bob, words);
  expect(gateway.gateway.hub.connections.size).toBe(1);
});

it('a socket that the backend has closed meanwhile is no failure', async () => {
  const sockets = new Set<Socket>();
  let answered = 0;
  // Answers the first request of each connection and ends the connection at the second.
  const server = createServer((socket) => {
    sockets.add(socket);
    let isUsed = false;
    socket.on('error', () => {});
    socket.on('data', () => {
      if (isUsed) {
        socket.resetAndDestroy();
        return;
      }
      isUsed = true;
      answered++;
      socket.write('HTTP/1.1 204 No Content\r\nconnection: keep-alive\r\n\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await using gateway = await startGateway({
    edit: withHook(url, 'events: [before_message], onFailure: closed, retries: 0, concurrency: 1'),
  });
  const alice = await speakers.json.enter(gateway, 'alice');
  for (const id of ['m-1', 'm-2', 'm-3']) {
    const words = { user: 'alice', id, content: id };
    speakers.json.say(alice, words);
    await isStored(speakers.json, alice, words);
  }
  expect(answered).toBe(3);
  for (const socket of sockets) socket.destroy();
  server.close();
});
