/**
 * The same dialect on both sides, in front of a service that is no Dragoman: it says what it likes. A client sees
 * of the gateway as little as can be.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { text, WIRES } from './service-wires.ts';

/** What it has received, and the connection to say something on. */
interface Service {
  readonly url: string;
  readonly received: readonly string[];
  /** The first message that satisfies the test, of those so far or to come. */
  heard(test: (wire: string) => boolean): Promise<string>;
  say(wire: string): void;
  stop(): Promise<void>;
}

/** `hello` is what it says first. */
async function startService(hello: string | undefined): Promise<Service> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  const received: string[] = [];
  const waiting = new Set<() => void>();
  let socket: WebSocket | undefined;
  server.on('connection', (connected) => {
    socket = connected;
    if (hello !== undefined) connected.send(hello);
    connected.on('message', (data) => {
      received.push(String(data));
      for (const look of waiting) look();
    });
  });
  const { port } = server.address() as { port: number };
  return {
    url: `ws://127.0.0.1:${port}/ws`,
    received,
    heard: (isIt) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = received.find(isIt);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    say: (wire) => socket?.send(wire),
    stop: () => {
      for (const client of server.clients) client.terminate();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const yamlFor = (
  dialect: string,
  url: string,
  identity = dialect === 'ourchat' ? 'integer' : 'string',
): string => `
store: memory
log: { level: silent }
listen: { port: 0 }
authenticators:
  demo: { type: static, tokens: { t-alice: alice } }
users: [{ id: alice, name: Alice, integer: 1 }, { id: bob, name: Bob, integer: 2 }]
groups: [{ id: lobby, members: [alice, bob] }]
endpoints:
  - path: /ws
    dialect: ${dialect}
    auth: demo
    limits: { rate: { perSecond: 10000, burst: 10000 } }
    upstream:
      url: ${url}
      dialect: ${dialect}
      identity: ${identity}
`;

describe.each(WIRES.map((wire) => [wire.dialect, wire] as const))('%s on both sides', (_dialect, wire) => {
  let service: Service;
  let gateway: TestGateway;
  let client: RawClient;

  beforeEach(async () => {
    service = await startService(wire.hello);
    gateway = await startGateway({ yaml: yamlFor(wire.dialect, service.url) });
    client = await connectRaw(`${gateway.ws}/ws?token=t-alice`);
    // An answer to anything shows that both sides are there.
    if (wire.hello !== undefined) await client.next();
    for (const [frame, answer] of wire.opening) {
      client.send(frame);
      await service.heard(() => true);
      service.say(answer);
      await client.next((received) => received.includes('oin') || received === answer);
    }
  });
  afterEach(async () => {
    // What the service has not answered it never will.
    await service.stop();
    client.terminate();
    await gateway.stop();
  });

  const counted = () => gateway.gateway.hub.endpoints[0]?.bridge?.upstream.metrics;

  test('a frame that needs no change arrives byte for byte as it was', async () => {
    const up = `  ${text(wire.up({}))}\n`;
    client.send(up);
    expect(await service.heard((heard) => heard.includes('hello'))).toBe(up);
    const down = text(wire.down({})).replace(':', ' : ');
    service.say(down);
    expect(await client.next((received) => received.includes('"hi"'))).toBe(down);
  });

  test('members that no codec knows are carried both ways', async () => {
    const extra = { seq: 7, trace: { id: 'abc', hops: [1, 'two', null] }, flag: false, nothing: null };
    client.send(wire.up(extra));
    expect(JSON.parse(await service.heard((heard) => heard.includes('hello')))).toEqual(wire.up(extra));
    service.say(text(wire.down(extra)));
    expect(await client.nextJson((frame) => text(frame).includes('"hi"'))).toEqual(wire.down(extra));
    expect(counted()?.carried).toBeGreaterThanOrEqual(1);
  });

  test('large numbers keep all their digits', async () => {
    const large = '7301234567890123456';
    client.send(text(wire.up({ seq: 'LARGE' })).replaceAll('"LARGE"', large));
    expect(await service.heard((heard) => heard.includes('hello'))).toContain(`"seq":${large}`);
    service.say(text(wire.down({ seq: 'LARGE' })).replaceAll('"LARGE"', large));
    expect(await client.next((received) => received.includes('"hi"'))).toContain(`"seq":${large}`);
  });

  test('frames that no codec knows pass as they are, and are counted', async () => {
    client.send(wire.unknown);
    await service.heard((heard) => heard === wire.unknown);
    service.say(` ${wire.unknown}`);
    await client.next((received) => received === ` ${wire.unknown}`);
    expect(counted()?.passed).toBe(2);
  });

  test('what is broken is refused in the words of the dialect and goes no further', async () => {
    for (const broken of [wire.broken, '{', '[]', '"text"']) {
      client.send(broken);
      expect(await client.next()).toMatch(wire.complaint);
    }
    client.send(wire.up({}));
    await service.heard((heard) => heard.includes('hello'));
    expect(service.received.filter((heard) => heard === wire.broken || heard === '{')).toEqual([]);
  });

  test('any further members arrive, whatever they are', async () => {
    let turn = 0;
    const known = new Set(KNOWN);
    const key = fc
      .string({ minLength: 1, maxLength: 8 })
      .filter((name) => !known.has(name) && name !== '__proto__');
    await fc.assert(
      fc.asyncProperty(fc.dictionary(key, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 }), async (made) => {
        const mark = `turn-${++turn}`;
        const extra = { ...(JSON.parse(text(made)) as object), mark };
        // A second message of the same id would be the same message.
        const numbered = (frame: object) => text(frame).replace(/"(m|s)-1"/, `"$1-${turn + 1}"`);
        client.send(numbered(wire.up(extra)));
        const arrived = await service.heard((heard) => heard.includes(`"${mark}"`));
        expect(JSON.parse(arrived)).toEqual(JSON.parse(numbered(wire.up(extra))));
        if (wire.echo !== undefined) service.say(numbered(wire.echo));
        service.say(numbered(wire.down(extra)));
        const shown = await client.next((received) => received.includes(`"${mark}"`));
        expect(JSON.parse(shown)).toEqual(JSON.parse(numbered(wire.down(extra))));
      }),
      { numRuns: 60 },
    );
  });
});

/** Members that these dialects give a meaning. */
const KNOWN = [
  'type data id fromId toId chatType content timestamp contentType replyTo imageUrl from_name from_avatar',
  'event channel from to auth name',
  'msgType textData dataType status msg resultBody roomNumber createTime extendFields members',
  'fromUserId toUserId fromNickname toNickname messageType userId nickname',
].flatMap((names) => names.split(' '));

test('an answer of the service is what the client is told, in its very words', async () => {
  const service = await startService(text({ type: 'auth_success', data: { userId: 'alice', level: 3 } }));
  const gateway = await startGateway({ yaml: yamlFor('json', service.url) });
  try {
    const client = await connectRaw(`${gateway.ws}/ws?token=t-alice`);
    await client.nextJson(({ type }) => type === 'auth_success');
    const [json] = WIRES;
    client.send(json?.up({}) ?? {});
    await service.heard((heard) => heard.includes('hello'));
    const ack = '{"type":"ack","data":{"id":"m-1","status":"success","serverId":7301234567890123456}}';
    service.say(ack);
    expect(await client.next(() => true)).toBe(ack);
    client.send(text(json?.up({}) ?? {}).replace('m-1', 'm-2'));
    await service.heard((heard) => heard.includes('m-2'));
    const refusal = '{"type":"error","data":{"message":"余额不足","messageId":"m-2","balance":0}}';
    service.say(refusal);
    expect(await client.next(() => true)).toBe(refusal);
  } finally {
    await service.stop();
    await gateway.stop();
  }
});

describe('people have other ids on the other side', () => {
  const extra = { seq: 7, trace: { id: 'abc', hops: [1, 'two', null] }, flag: false, nothing: null };
  const from = { id: '2', name: 'Bob' };
  const json = (data: object) => ({
    type: 'message',
    data: { id: 'm-1', chatType: 'single', ...data },
    ...extra,
  });
  const socket = (channel: string, data: object) => ({ event: 'message', channel, data, ...extra });
  const said = { content: 'hello', ...extra };

  test.each<{
    readonly dialect: string;
    readonly hello: object;
    readonly opening: object | undefined;
    /** As it is said, and as it is heard. */
    readonly up: readonly [object, object];
    readonly down: readonly [object, object];
  }>([
    {
      dialect: 'json',
      hello: { type: 'auth_success', data: { userId: '1' } },
      opening: undefined,
      up: [json({ fromId: 'alice', toId: 'bob', ...said }), json({ fromId: '1', toId: '2', ...said })],
      down: [json({ fromId: '2', toId: '1', ...said }), json({ fromId: 'bob', toId: 'alice', ...said })],
    },
    {
      dialect: 'socket',
      hello: { event: 'socket:connected', data: { socket_id: 's1' } },
      opening: { event: 'socket:subscribe', data: { channel: 'group:lobby' } },
      up: [
        socket('group:lobby', { id: 'm-1', ...said, from: { id: 'alice' } }),
        socket('group:lobby', { id: 'm-1', ...said }),
      ],
      down: [
        socket('group:lobby', { id: 'm-2', from: { ...from, mood: { now: 'fine' } }, timestamp: 1, ...said }),
        socket('group:lobby', {
          id: 'm-2',
          from: { id: 'bob', mood: { now: 'fine' } },
          timestamp: 1,
          ...said,
        }),
      ],
    },
  ])('what no codec knows of a $dialect frame is carried all the same', async (row) => {
    const service = await startService(text(row.hello));
    const gateway = await startGateway({ yaml: yamlFor(row.dialect, service.url, 'integer') });
    const client = await connectRaw(`${gateway.ws}/ws?token=t-alice`);
    await client.next();
    if (row.opening !== undefined) {
      client.send(row.opening);
      await service.heard((heard) => heard.includes('subscribe'));
      service.say(text({ event: 'socket:subscribed' }));
      await client.next((wire) => wire.includes('subscribed'));
    }
    client.send(row.up[0]);
    const up: unknown = JSON.parse(await service.heard((heard) => heard.includes('hello')));
    expect(up).toMatchObject(row.up[1]);
    service.say(text(row.down[0]));
    const down = await client.nextJson((frame) => text(frame).includes('"trace"'));
    expect(down).toMatchObject(row.down[1]);
    await service.stop();
    client.terminate();
    await gateway.stop();
  });

  test('nobody is named in other letters to a server that takes our word for who speaks', async () => {
    const service = await startService(text({ event: 'socket:connected', data: { socket_id: 's1' } }));
    const yaml = yamlFor('socket', service.url, 'integer').replace(
      'upstream:',
      'upstream:\n      auth: { token: t }',
    );
    const gateway = await startGateway({ yaml });
    const client = await connectRaw(`${gateway.ws}/ws?token=t-alice`);
    await client.next();
    client.send(socket('user:bob', { id: 'm-1', ...said, From: { id: 'bob' } }));
    const heard: unknown = JSON.parse(await service.heard((wire) => wire.includes('hello')));
    expect(heard).toMatchObject(socket('user:2', { id: 'm-1', ...said }));
    expect(heard).not.toHaveProperty('data.From');
    await service.stop();
    client.terminate();
    await gateway.stop();
  });
});
