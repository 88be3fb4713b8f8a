/** 10,000 connections come and go, in all dialects and in every way, and leave nothing behind. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { clientFrame, shakeHands, TEXT } from '../support/raw-tcp.ts';
import { roomFrame } from '../support/speakers.ts';
import { stomp } from '../support/stomp-wire.ts';

const BATCHES = 40;
const BATCH = 250;
const USERS = 50;
/** What one leaked connection holds is several kilobytes: were each leaked, it would be many times this. */
const GROWTH_BYTES = 12 * 1024 * 1024;

const edit = (yaml: string): string =>
  `${yaml.replaceAll('auth: demo\n', 'auth: demo\n    singleSession: false\n')}
limits: { admission: { connectionsPerAddress: 1000000, connectionsPerUser: 1000000 } }
`;

let gateway: TestGateway;
let collectGarbage: () => void;
const tokens: string[] = [];

beforeAll(async () => {
  setFlagsFromString('--expose-gc');
  collectGarbage = runInNewContext('gc') as () => void;
  gateway = await startGateway({ edit });
  for (let user = 0; user < USERS; user++) tokens.push(await gateway.token(`user-${user}`));
});
afterAll(() => gateway.stop());

interface Visit {
  readonly path: string;
  /** What it says after the handshake. */
  readonly says: readonly string[];
  /** Bytes that show that it has been heard. */
  readonly until: string;
}

const VISITS: readonly Visit[] = [
  { path: '/ws/json', says: ['ping'], until: 'pong' },
  {
    path: '/ws/room',
    says: [JSON.stringify(roomFrame(2, 1, { roomNumber: 'lobby' }))],
    until: 'members',
  },
  {
    path: '/ws/socket',
    says: ['news', 'group:lobby'].map((channel) =>
      JSON.stringify({ event: 'socket:subscribe', data: { channel } }),
    ),
    until: 'socket:subscribed',
  },
  { path: '/ws/ourchat', says: [], until: 'USER_LIST' },
  {
    path: '/ws/im',
    says: [
      stomp('CONNECT', { 'accept-version': '1.2', host: 'x', 'heart-beat': '10000,10000' }),
      stomp('SUBSCRIBE', { id: '1', destination: '/topic/group/lobby' }),
      stomp('SUBSCRIBE', { id: '2', destination: '/user/queue/messages', receipt: 'r' }),
    ],
    until: 'receipt-id:r\n',
  },
];

/** Comes, does what a client does first, and leaves: by a close frame, by the end of the stream, or without a word. */
async function visit(number: number): Promise<void> {
  const { path, says, until } = VISITS[number % VISITS.length] as Visit;
  const token = tokens[number % USERS] as string;
  const client = await shakeHands(`${gateway.ws}${path}?token=${token}`);
  client.socket.write(Buffer.concat(says.map((text) => clientFrame(TEXT, Buffer.from(text)))));
  await client.next(({ payload }) => payload.includes(until));
  if (number % 3 === 0) client.socket.write(clientFrame(0x88, Buffer.from([0x03, 0xe8])));
  else if (number % 3 === 1) client.socket.end();
  else client.socket.resetAndDestroy();
  await client.closed;
}

/** Handles of the process by kind, without those that belong to the tests' own machinery. */
function handles(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return { sockets: counts.TCPSocketWrap ?? 0, servers: counts.TCPServerWrap ?? 0 };
}

/** Everything that a connection could be left in. */
function remains(): object {
  const { hub } = gateway.gateway;
  const users = tokens.map((_, user) => hub.directory.find('main', `user-${user}`));
  const lobby = hub.groups.find('main', 'lobby');
  return {
    connections: hub.connections.size,
    ofEndpoints: hub.endpoints.map(({ connections }) => connections.size),
    timers: hub.wheel.size,
    guests: hub.directory.guests,
    ofUsers: users.reduce((sum, record) => sum + (record?.connections.size ?? 0), 0),
    groups: hub.groups.size,
    attending: lobby?.attending.size,
    ofLobby: lobby?.connections.size,
    handles: handles(),
  };
}

it('10,000 connections open and close without a leak', { timeout: 60_000 }, async () => {
  const { hub } = gateway.gateway;
  const before = remains();
  expect(before).toMatchObject({ connections: 0, timers: 0, attending: 0, ofLobby: 0 });
  let heapBefore = 0;
  for (let batch = 0; batch < BATCHES; batch++) {
    const visits = Array.from({ length: BATCH }, (_, index) => visit(batch * BATCH + index));
    await Promise.all(visits);
    await hub.empty();
    await new Promise((resolve) => setImmediate(resolve));
    expect(remains()).toMatchObject({ ...before, timers: expect.any(Number) });
    if (batch === 4) {
      collectGarbage();
      heapBefore = process.memoryUsage().heapUsed;
    }
  }
  const opened = hub.endpoints.map(({ metrics }) => metrics.connectionsOpened);
  expect(opened).toEqual(VISITS.map(() => (BATCHES * BATCH) / VISITS.length));
  // A roster that is still due is the endpoint's, not a connection's.
  while (hub.wheel.size > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(remains()).toEqual(before);
  collectGarbage();
  expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(GROWTH_BYTES);
});
