/** Sockets that asked for an upgrade and became no client: nobody speaks a dialect on them, and yet they have to go. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';

const upgradeTo = (path: string): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: gateway',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '\r\n',
  ].join('\r\n');

/** Asks for an upgrade, and does nothing more. Gives the socket once the answer has begun. */
async function upgrade(base: string, path: string): Promise<{ socket: Socket; head: string }> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  socket.write(upgradeTo(path));
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return { socket, head: chunk.toString() };
}

it.each(['/%zz', '/api/v1/namespaces/%zz/users'])('are ended after the refusal of %s', async (path) => {
  await using gateway = await startGateway();
  const { socket, head } = await upgrade(gateway.http, path);
  expect(head).toMatch(/^HTTP\/1\.1 400 /);
  await once(socket, 'close');
});

it.each(['/healthz', '/readyz', '/metrics', '/ws/im/info', '/nowhere'])(
  'are not upgraded at %s, where nobody would speak to them, and are ended',
  async (path) => {
    await using gateway = await startGateway();
    const { socket, head } = await upgrade(gateway.http, path);
    expect(head).toMatch(/^HTTP\/1\.1 404 /);
    expect(head).toMatch(/content-type: text\/plain/);
    await once(socket, 'close');
  },
);

it('do not keep a gateway from ending', async () => {
  const gateway = await startGateway();
  const { socket } = await upgrade(gateway.http, '/metrics');
  const ended = once(socket, 'close');
  await gateway[Symbol.asyncDispose]();
  await ended;
});

it.each(['/nowhere', '/%zz', '/healthz', '/metrics'])(
  'are not upgraded before a request for %s that came in the same write is answered',
  async (path) => {
    await using gateway = await startGateway();
    const { hostname, port } = new URL(gateway.http);
    const socket = connect(Number(port), hostname);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: gateway\r\n\r\n${upgradeTo('/ws/json')}`);
    let text = '';
    while (!text.includes('This is a WebSocket endpoint')) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      text += chunk.toString();
    }
    socket.destroy();
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual([expect.any(String), 'HTTP/1.1 426']);
    expect((await fetch(`${gateway.http}/healthz`)).status).toBe(200);
  },
);
