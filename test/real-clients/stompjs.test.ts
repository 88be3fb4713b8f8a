/** @stomp/stompjs 7 and stompjs 2.3.3, unchanged, against the shipped configuration over WebSocket. */
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { modernStomp, oldStomp, type StompSocket } from './stomp-client.ts';
import { group, itHoldsTheConversation, single } from './stomp-conversation.ts';

const LIBRARIES = [
  ['@stomp/stompjs 7', modernStomp, '1.2'],
  ['stompjs 2.3.3', oldStomp, '1.1'],
] as const;

/** Offers the subprotocols as @stomp/stompjs does where it opens the socket itself. */
function webSocket(url: string): () => StompSocket {
  return () => new WebSocket(url, ['v12.stomp', 'v11.stomp', 'v10.stomp']) as unknown as StompSocket;
}

const bare = ({ ws }: TestGateway): string => `${ws}/ws/im`;

describe.each(LIBRARIES)('%s over WebSocket', (_name, dial, version) => {
  itHoldsTheConversation(async (gateway, user) => dial(webSocket(await gateway.url('/ws/im', user))));

  it(`speaks STOMP ${version}`, async () => {
    await using gateway = await startGateway();
    const alice = await dial(webSocket(await gateway.url('/ws/im', 'alice')));
    expect(alice.connected.version).toBe(version);
  });

  it.each([
    ['Authorization', 'Bearer '],
    ['token', ''],
    ['userSig', ''],
    ['im_jwt', ''],
  ])('logs in by the header %s', async (name, scheme) => {
    await using gateway = await startGateway();
    const headers = { [name]: `${scheme}${await gateway.token('bob')}` };
    const bob = await dial(webSocket(bare(gateway)), { headers });
    expect(bob.connected['user-name']).toBe('bob');
  });

  it.each([
    ['a bad token in the URL', '?token=nonsense', {}],
    ['a bad token in the header', '', { Authorization: 'Bearer nonsense' }],
    ['no token', '', {}],
  ])('gets ERROR Unauthorized and close 1002 for %s', async (_why, query, headers) => {
    await using gateway = await startGateway();
    await expect(dial(webSocket(`${bare(gateway)}${query}`), { headers })).rejects.toMatchObject({
      code: 1002,
      message: expect.stringContaining('Unauthorized'),
      frame: { headers: { message: 'Unauthorized' } },
    });
  });

  it('is refused when its two tokens name different users', async () => {
    await using gateway = await startGateway();
    const headers = { Authorization: `Bearer ${await gateway.token('bob')}` };
    const url = await gateway.url('/ws/im', 'alice');
    await expect(dial(webSocket(url), { headers })).rejects.toMatchObject({ code: 1002 });
  });

  it('beats in both directions and stays while it is quiet', async () => {
    await using gateway = await startGateway();
    const alice = await dial(webSocket(await gateway.url('/ws/im', 'alice')), { heartBeat: [400, 400] });
    expect(alice.connected['heart-beat']).toBe('400,400');
    for (let beat = 0; beat < 3; beat++) {
      await alice.received.next((message) => message === '\n');
      await alice.sent.next((message) => message === '\n');
    }
    await alice.send('/app/chat.send', group('lobby', 'still here'));
  });

  it('is ended with 4002 when its heart-beats stop', async () => {
    await using gateway = await startGateway();
    let sever: (() => void) | undefined;
    const open = webSocket(await gateway.url('/ws/im', 'alice'));
    const quiet = (): StompSocket => {
      const socket = open();
      const send = socket.send.bind(socket);
      let severed = false;
      socket.send = (data) => {
        if (!severed || data !== '\n') send(data);
      };
      sever = () => {
        severed = true;
      };
      return socket;
    };
    const alice = await dial(quiet, { heartBeat: [400, 400] });
    await alice.sent.next((message) => message === '\n');
    sever?.();
    expect(await alice.errors.next()).toMatchObject({ headers: { message: 'silence' } });
    expect((await alice.ended).code).toBe(4002);
  });

  it('sends 100 messages in a row, each with its receipt, and they arrive in order', async () => {
    await using gateway = await startGateway();
    const [alice, bob] = await Promise.all(
      ['alice', 'bob'].map(async (user) => dial(webSocket(await gateway.url('/ws/im', user)))),
    );
    if (alice === undefined || bob === undefined) throw new Error('both are connected');
    const inbox = await bob.subscribe('/user/queue/messages');
    const contents = Array.from({ length: 99 }, (_, index) => `message ${index}`);
    await Promise.all(contents.map((content) => alice.send('/app/chat.send', single('bob', content))));
    await inbox.received.count(contents.length);
    expect(inbox.received.all.map((delivery) => delivery.json().content)).toEqual(contents);
  });
});

describe('@stomp/stompjs 7', () => {
  // Without surrogate pairs: the library would cut them in two.
  const long = '长 text '.repeat(1400);

  it('cuts large frames into several messages (splitLargeFrames)', async () => {
    await using gateway = await startGateway();
    const alice = await modernStomp(webSocket(await gateway.url('/ws/im', 'alice')), {
      settings: { splitLargeFrames: true, maxWebSocketChunkSize: 1000 },
    });
    const lobby = await alice.subscribe('/topic/group/lobby');
    const before = alice.sent.all.length;
    await alice.send('/app/chat.send', group('lobby', long));
    expect(alice.sent.all.length - before).toBeGreaterThan(8);
    expect((await lobby.received.next()).json()).toMatchObject({ content: long });
  });

  it('sends binary messages (forceBinaryWSFrames)', async () => {
    await using gateway = await startGateway();
    const alice = await modernStomp(webSocket(await gateway.url('/ws/im', 'alice')), {
      settings: { forceBinaryWSFrames: true },
    });
    const lobby = await alice.subscribe('/topic/group/lobby');
    await alice.send('/app/chat.send', group('lobby', long));
    expect(alice.sent.all.every((message) => message instanceof Uint8Array)).toBe(true);
    expect((await lobby.received.next()).json()).toMatchObject({ content: long });
  });

  it('gets a RECEIPT for its DISCONNECT, then close 1000', async () => {
    await using gateway = await startGateway();
    const alice = await modernStomp(webSocket(await gateway.url('/ws/im', 'alice')));
    await alice.disconnect();
    expect(alice.sent.all.at(-1)).toMatch(/^DISCONNECT\nreceipt:close-/);
    expect(alice.received.all.at(-1)).toMatch(/^RECEIPT\nreceipt-id:close-/);
    expect((await alice.ended).code).toBe(1000);
  });
});
