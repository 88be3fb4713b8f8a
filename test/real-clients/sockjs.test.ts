/** STOMP and JSON through sockjs-client 1.6.1, unchanged, over each of its transports that runs in Node. */
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';
import { Awaited } from './awaited.ts';
import { SockJs, TRANSPORTS } from './sockjs-client.ts';
import { type Ending, modernStomp, oldStomp, type StompSocket } from './stomp-client.ts';
import { group, itHoldsTheConversation } from './stomp-conversation.ts';

const withToken = async (gateway: TestGateway, path: string, user: string): Promise<string> =>
  `${gateway.http}${path}?token=${await gateway.token(user)}`;

const overSockJs =
  (url: string, transports: string | readonly string[]): (() => StompSocket) =>
  () =>
    new SockJs(url, undefined, { transports });

describe.each(TRANSPORTS)('@stomp/stompjs 7 through sockjs-client over %s', (transport) => {
  itHoldsTheConversation(async (gateway, user) =>
    modernStomp(overSockJs(await withToken(gateway, '/ws/im', user), transport)),
  );

  it('logs in by the Authorization header of CONNECT', async () => {
    await using gateway = await startGateway();
    const headers = { Authorization: `Bearer ${await gateway.token('bob')}` };
    const bob = await modernStomp(overSockJs(`${gateway.http}/ws/im`, transport), { headers });
    expect(bob.connected['user-name']).toBe('bob');
  });

  it('gets ERROR Unauthorized and close 1002 for a bad token', async () => {
    await using gateway = await startGateway();
    const dialled = modernStomp(overSockJs(`${gateway.http}/ws/im?token=nonsense`, transport));
    await expect(dialled).rejects.toMatchObject({
      code: 1002,
      frame: { headers: { message: 'Unauthorized' } },
    });
  });

  it('beats in both directions', async () => {
    await using gateway = await startGateway();
    const url = await withToken(gateway, '/ws/im', 'alice');
    const alice = await modernStomp(overSockJs(url, transport), { heartBeat: [400, 400] });
    for (let beat = 0; beat < 3; beat++) {
      await alice.received.next((message) => message === '\n');
      await alice.sent.next((message) => message === '\n');
    }
    await alice.send('/app/chat.send', group('lobby', 'still here'));
  });
});

describe.each(TRANSPORTS)('stompjs 2.3.3 through sockjs-client over %s', (transport) => {
  itHoldsTheConversation(async (gateway, user) =>
    oldStomp(overSockJs(await withToken(gateway, '/ws/im', user), transport)),
  );
});

describe('the path of withSockJS()', () => {
  it('has /info', async () => {
    await using gateway = await startGateway();
    const response = await fetch(`${gateway.http}/ws/im/info`);
    expect(response.headers.get('cache-control')).toContain('no-store');
    expect(await response.json()).toEqual({
      websocket: true,
      origins: ['*:*'],
      cookie_needed: false,
      entropy: expect.any(Number),
    });
  });

  it('has a raw WebSocket at /websocket, for clients that know Spring', async () => {
    await using gateway = await startGateway();
    const url = await gateway.url('/ws/im/websocket', 'alice');
    const alice = await modernStomp(() => new WebSocket(url, 'v12.stomp') as unknown as StompSocket);
    const lobby = await alice.subscribe('/topic/group/lobby');
    await alice.send('/app/chat.send', group('lobby', 'raw'));
    expect((await lobby.received.next()).json()).toMatchObject({ content: 'raw' });
    await alice.disconnect();
  });

  it('is not there where the endpoint has no sockjs', async () => {
    await using gateway = await startGateway();
    expect((await fetch(`${gateway.http}/ws/json/info`)).status).toBe(404);
  });
});

/** The json dialect, which knows nothing of SockJS, over it. */
async function dialJson(url: string, transport: string) {
  const socket = new SockJs(url, undefined, { transports: transport });
  const received = new Awaited<unknown>();
  const { promise: ended, resolve: end } = Promise.withResolvers<Ending>();
  socket.onmessage = ({ data }) => received.push(JSON.parse(data));
  socket.onclose = ({ code, reason }) => {
    end({ code, reason });
    received.end(`closed with ${code} ${reason}`);
  };
  await new Promise<void>((opened) => {
    socket.onopen = opened;
  });
  return { received, ended, send: (frame: object) => socket.send(JSON.stringify(frame)) };
}

describe.each(TRANSPORTS)('the json dialect through sockjs-client over %s', (transport) => {
  const edit = (yaml: string): string =>
    yaml.replace('  - path: /ws/json\n', '  - path: /ws/json\n    sockjs: true\n');

  it('talks to a WebSocket client', async () => {
    await using gateway = await startGateway({ edit });
    const alice = await dialJson(await withToken(gateway, '/ws/json', 'alice'), transport);
    expect(await alice.received.next()).toEqual({ type: 'auth_success', data: { userId: 'alice' } });
    const bob = await connectRaw(await gateway.url('/ws/json', 'bob'));
    await bob.nextJson(({ type }) => type === 'auth_success');

    const data = { id: 'a1', fromId: 'alice', toId: 'bob', chatType: 'single', content: '你好 😀\n' };
    alice.send({ type: 'message', data });
    expect(await alice.received.next()).toEqual({ type: 'ack', data: { id: 'a1', status: 'success' } });
    expect(await bob.nextJson()).toMatchObject({ type: 'message', data });

    const answer = { id: 'b1', fromId: 'bob', toId: 'alice', chatType: 'single', content: 'hi' };
    bob.send({ type: 'message', data: answer });
    expect(await alice.received.next()).toMatchObject({ type: 'message', data: answer });
  });

  it('hears auth_error and close 4001 for a bad token', async () => {
    await using gateway = await startGateway({ edit });
    const alice = await dialJson(`${gateway.http}/ws/json?token=nonsense`, transport);
    expect(await alice.received.next()).toMatchObject({ type: 'auth_error' });
    expect((await alice.ended).code).toBe(4001);
  });
});
