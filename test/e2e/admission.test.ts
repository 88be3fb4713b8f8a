/** Who may come in, and how often: each limit refuses in the dialect's words, is counted, and lets in again. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { limitExceeded, PATHS } from '../support/endings.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';
import { everySpeaker, isStored, speakers } from '../support/speakers.ts';
import { chat, connectStomp, nextCommand, stomp } from '../support/stomp-wire.ts';

const withAdmission = (admission: string, edit = (yaml: string) => yaml): Promise<TestGateway> =>
  startGateway({ edit: (yaml) => edit(yaml).concat(`\nlimits: { admission: ${admission} }\n`) });

const urlOf = (gateway: TestGateway, dialect: string, user: string): Promise<string> =>
  gateway.url(PATHS[dialect] ?? '', user);

async function metric(gateway: TestGateway, name: string, ...labels: readonly string[]): Promise<number> {
  const text = await (await fetch(`${gateway.http}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`dragoman_${name}`) && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** Waits until the gateway, too, knows that all connections are over. */
const isEmpty = ({ gateway }: TestGateway): Promise<unknown> =>
  vi.waitUntil(() => gateway.hub.connections.size === 0, { timeout: 10_000, interval: 1 });

describe.each(everySpeaker)('to a $dialect client', (speaker) => {
  const { dialect } = speaker;

  it('too many connections from its address are said, and one may come when another goes', async () => {
    await using gateway = await withAdmission('{ connectionsPerAddress: 1 }');
    const alice = await speaker.enter(gateway, 'alice');
    const refused = await connectRaw(await urlOf(gateway, dialect, 'bob'));
    expect(await refused.closed).toMatchObject({ code: 1008 });
    expect(refused.received).toEqual([limitExceeded(dialect, 'too many connections from this address')]);
    expect(
      await metric(gateway, 'limit_refusals_total', `dialect="${dialect}"`, 'connections_per_address'),
    ).toBe(1);
    const words = { user: 'alice', id: 'm-1', content: 'undisturbed' };
    speaker.say(alice, words);
    await isStored(speaker, alice, words);
    await alice.close();
    await isEmpty(gateway);
    await speaker.enter(gateway, 'bob');
  });

  it('too many connections of the endpoint are said', async () => {
    await using gateway = await startGateway({
      edit: (yaml) => yaml.concat('\nlimits: { connections: 1 }\n'),
    });
    const alice = await speaker.enter(gateway, 'alice');
    const refused = await connectRaw(await urlOf(gateway, dialect, 'bob'));
    expect(await refused.closed).toMatchObject({ code: 1008 });
    expect(refused.received).toEqual([limitExceeded(dialect, 'too many connections')]);
    await alice.close();
    await isEmpty(gateway);
    await speaker.enter(gateway, 'bob');
  });

  it('too many connections of its user are said, over all endpoints', async () => {
    await using gateway = await withAdmission('{ connectionsPerUser: 1 }');
    const elsewhere = dialect === 'socket' ? speakers.room : speakers.socket;
    const first = await elsewhere.enter(gateway, 'alice');
    const refused = await connectRaw(await urlOf(gateway, dialect, 'alice'));
    if (dialect === 'stomp') refused.send(stomp('CONNECT', { 'accept-version': '1.2', host: 'x' }));
    expect(await refused.closed).toMatchObject({ code: 1008 });
    expect(refused.received.at(-1)).toContain(
      dialect === 'socket' || dialect === 'stomp' ? 'limit_exceeded' : '超出服务限制',
    );
    expect(await metric(gateway, 'limit_refusals_total', 'connections_per_user')).toBe(1);
    await speaker.enter(gateway, 'bob');
    await first.close();
    await vi.waitUntil(() => gateway.gateway.hub.directory.find('main', 'alice')?.connections.size === 0);
    await speaker.enter(gateway, 'alice');
  });

  it('too many failed logins from its address are said, and it may try again after the ban', async () => {
    await using gateway = await withAdmission('{ failedLogins: { attempts: 3, window: 1min, ban: 400ms } }');
    const alice = await speaker.enter(gateway, 'alice');
    for (let n = 0; n < 3; n++) {
      const guess = await connectRaw(`${gateway.ws}${PATHS[dialect]}?token=guess-${n}`);
      if (dialect === 'stomp') guess.send(stomp('CONNECT', { 'accept-version': '1.2', host: 'x' }));
      await guess.closed;
    }
    const refused = await connectRaw(await urlOf(gateway, dialect, 'bob'));
    expect(await refused.closed).toMatchObject({ code: 1008 });
    expect(refused.received).toEqual([
      limitExceeded(dialect, 'too many failed logins from this address; try again later'),
    ]);
    expect(await metric(gateway, 'failed_logins_total', `dialect="${dialect}"`)).toBe(3);
    const words = { user: 'alice', id: 'm-1', content: 'undisturbed' };
    speaker.say(alice, words);
    await isStored(speaker, alice, words);
    await vi.waitUntil(() => !gateway.gateway.hub.admission.isBanned('127.0.0.1'), { interval: 5 });
    await speaker.enter(gateway, 'bob');
  });

  it('the login deadline is said', async () => {
    await using gateway = await startGateway({
      edit: (yaml) => yaml.concat('\nlimits: { beforeLogin: { deadline: 100ms } }\n'),
    });
    const client = await connectRaw(`${gateway.ws}${PATHS[dialect]}`);
    expect(await client.closed).toMatchObject({ code: dialect === 'stomp' ? 1002 : 4001 });
    expect(client.received.at(-1)).toMatch(/未认证|log in first|unauthenticated/);
  });
});

describe('commands', () => {
  const LIMITS = 'commandsPerUser: { perSecond: 5, burst: 3 }';
  const message = (id: string) => ({
    type: 'message',
    data: { id, fromId: 'alice', toId: 'lobby', chatType: 'group', content: id },
  });

  it('of one user over all connections are counted together, refused by json with the message id, and pass again', async () => {
    await using gateway = await withAdmission(`{ ${LIMITS} }`);
    const [json, im] = [await speakers.json.enter(gateway, 'alice'), await connectStomp(gateway, 'alice')];
    const bob = await speakers.json.enter(gateway, 'bob');
    const body = { messageId: 's-1', toId: 'lobby', chatType: 'GROUP', msgType: 'TEXT', content: 'x' };
    im.send(chat('send', body, { receipt: 'r-1' }));
    await nextCommand(im, 'RECEIPT', 'r-1');
    for (const id of ['m-1', 'm-2', 'm-3', 'm-4']) json.send(message(id));
    expect(await json.nextJson(({ type }) => type === 'error')).toEqual({
      type: 'error',
      data: { message: '消息发送过于频繁', messageId: expect.stringMatching(/^m-[34]$/) },
    });
    expect(await metric(gateway, 'limit_refusals_total', 'commands_per_user')).toBeGreaterThan(0);
    const words = { user: 'bob', id: 'b-1', content: 'not me' };
    speakers.json.say(bob, words);
    await isStored(speakers.json, bob, words);
    await vi.waitUntil(
      async () => {
        json.send(message('again'));
        const answer = await json.nextJson(({ data }) => JSON.stringify(data).includes('again'));
        return answer.type === 'ack';
      },
      { timeout: 10_000, interval: 50 },
    );
  });

  it('of one connection are refused apart from other connections', async () => {
    await using gateway = await startGateway({
      edit: (yaml) => yaml.concat('\nlimits: { rate: { perSecond: 1, burst: 2 } }\n'),
    });
    const alice = await speakers.json.enter(gateway, 'alice');
    for (const id of ['m-1', 'm-2', 'm-3']) alice.send(message(id));
    expect(await alice.nextJson(({ type }) => type === 'error')).toEqual({
      type: 'error',
      data: { message: '消息发送过于频繁', messageId: 'm-3' },
    });
    expect(await metric(gateway, 'limit_refusals_total', 'commands_per_connection')).toBe(1);
    expect(await metric(gateway, 'limit_refusals_total', 'commands_per_user')).toBe(0);
  });
});

it('a second login that replaces the first is no further connection', async () => {
  await using gateway = await withAdmission('{ connectionsPerUser: 1 }');
  const first = await speakers.json.enter(gateway, 'alice');
  await speakers.json.enter(gateway, 'alice');
  expect(await first.closed).toMatchObject({ code: 4000 });
});

describe('a socket', () => {
  const tcp = async (gateway: TestGateway): Promise<Socket> => {
    const socket = connect(Number(new URL(gateway.http).port), '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };

  it.each([
    ['says nothing', ''],
    ['does not come to the end of its request', 'GET /ws/json HTTP/1.1\r\nHost: x\r\nX-Slow: '],
  ])('that %s within the handshake deadline is ended', async (_title, said) => {
    await using gateway = await withAdmission('{ handshake: 200ms }');
    const client = await tcp(gateway);
    client.resume();
    client.write(said);
    await once(client, 'close');
    expect(await metric(gateway, 'handshake_timeouts_total')).toBe(1);
    await speakers.json.enter(gateway, 'alice');
  });

  it('of an address that asks far too often is refused before it opens', async () => {
    await using gateway = await withAdmission('{ connectionsPerAddress: 1 }');
    const upgrade = async (): Promise<string> => {
      const client = await tcp(gateway);
      client.write(
        'GET /ws/json HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
      );
      const [data] = (await once(client, 'data')) as [Buffer];
      return data.toString('latin1').slice(9, 12);
    };
    // These answer no close frame, and so stay until they are ended.
    for (let n = 0; n < 65; n++) expect(await upgrade()).toBe('101');
    expect(await upgrade()).toBe('429');
    for (const connection of gateway.gateway.hub.connections) connection.terminate();
    await isEmpty(gateway);
    expect(await upgrade()).toBe('101');
    for (const connection of gateway.gateway.hub.connections) connection.terminate();
  });
});

describe('behind a proxy', () => {
  const from = (gateway: TestGateway, user: string, address: string) =>
    gateway
      .url('/ws/json', user)
      .then((url) => connectRaw(url, [], { headers: { 'x-forwarded-for': address } }));
  const trusting = (yaml: string) =>
    yaml.replace('host: 127.0.0.1', 'host: 127.0.0.1\n  trustProxy: [127.0.0.0/8, 10.0.0.0/8]');

  it('that is trusted, addresses are those of the clients', async () => {
    await using gateway = await withAdmission('{ connectionsPerAddress: 1 }', trusting);
    for (const [user, address] of [
      ['alice', '203.0.113.1'],
      ['bob', '203.0.113.2, 10.1.2.3'],
      ['carol', '2001:db8::1'],
    ] as const) {
      expect(await (await from(gateway, user, address)).nextJson()).toMatchObject({ type: 'auth_success' });
    }
    // What a client itself puts in front is not believed.
    const refused = await from(gateway, 'dave', '198.51.100.1, 203.0.113.1');
    expect(await refused.closed).toMatchObject({ code: 1008 });
  });

  it('that is not, nobody is believed', async () => {
    await using gateway = await withAdmission('{ connectionsPerAddress: 1 }');
    await from(gateway, 'alice', '203.0.113.1');
    const refused = await from(gateway, 'bob', '203.0.113.2');
    expect(await refused.closed).toMatchObject({ code: 1008 });
  });

  it('that passes on nonsense, the address is the proxy’s', async () => {
    await using gateway = await withAdmission('{ connectionsPerAddress: 1 }', trusting);
    const alice = await from(gateway, 'alice', 'x'.repeat(500));
    expect(await alice.nextJson()).toMatchObject({ type: 'auth_success' });
    const [connection] = gateway.gateway.hub.connections;
    expect(connection?.remoteAddress).toBe('127.0.0.1');
  });
});
