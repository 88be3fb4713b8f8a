/** Whatever a hostile client sends costs that client its connection at most. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { goldenLines } from '../support/golden.ts';
import type { RawClient } from '../support/raw-client.ts';
import { BINARY, clientFrame, shakeHands, TEXT } from '../support/raw-tcp.ts';
import { everySpeaker, hears, isStored } from '../support/speakers.ts';
import { readStomp, type StompWire } from '../support/stomp-wire.ts';

const PATHS = ['/ws/json', '/ws/room', '/ws/socket', '/ws/ourchat', '/ws/im', '/ws/im/000/session/websocket'];
const ROUNDS = 60;

const golden = goldenLines()
  .filter(({ direction }) => direction === 'c2s')
  .map(({ wire }) => wire);

/** A golden frame of any dialect with a part cut out, repeated or replaced. */
const mangled = fc
  .tuple(fc.constantFrom(...golden), fc.nat(400), fc.nat(40), fc.string({ unit: 'binary', maxLength: 8 }))
  .map(([wire, from, length, put]) => wire.slice(0, from) + put + wire.slice(from + length));

const payload = fc.oneof(
  fc.constantFrom(...golden).map((text) => Buffer.from(text)),
  mangled.map((text) => Buffer.from(text)),
  fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom(
      `{"type":"message","data":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      '{"__proto__":{"type":"auth"},"type":"constructor"}',
      `CONNECT\ncontent-length:99999999999999999999\n\n\0`,
      `SEND\n${'a:b\n'.repeat(100)}\n\0`,
      '\0\n\r\0\0',
      '["a",["b"]]',
    )
    .map((text) => Buffer.from(text)),
);

/** Bytes after the handshake: mostly frames, some with odd first bytes, some no frames at all. */
const traffic = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: payload.map((bytes) => clientFrame(TEXT, bytes)) },
    { weight: 1, arbitrary: payload.map((bytes) => clientFrame(BINARY, bytes)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.nat(255), payload)
        .map(([first, bytes]) => clientFrame(first, bytes.subarray(0, 125))),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)) },
  ),
  { minLength: 1, maxLength: 12 },
);

let gateway: TestGateway;
const seats: {
  readonly speaker: (typeof everySpeaker)[number];
  readonly client: RawClient;
  readonly user: string;
}[] = [];

beforeAll(async () => {
  gateway = await startGateway({ edit: (yaml) => `${yaml}\nlimits: { closeTimeout: 50ms }\n` });
  for (const [index, speaker] of everySpeaker.entries()) {
    const user = ['alice', 'bob', 'carol', 'dave', 'erin'][index] as string;
    seats.push({ speaker, user, client: await speaker.enter(gateway, user) });
  }
});
afterAll(() => gateway.stop());

/** Everybody says something that everybody else hears. */
async function everybodyTalks(round: string): Promise<void> {
  for (const { speaker, client, user } of seats) {
    const words = { user, id: `${round} ${user}`, content: `${round} by ${user}` };
    speaker.say(client, words);
    await isStored(speaker, client, words);
    for (const other of seats)
      if (other.user !== user) await hears(other.speaker, other.client, words.content);
  }
}

describe.each(PATHS)('random bytes and frames at %s', (path) => {
  it.each(['with a login', 'without'])('%s cost nobody else anything', async (login) => {
    const token = await gateway.token('frank');
    const url = `${gateway.ws}${path}${login === 'without' ? '' : `?token=${token}`}`;
    const { connections } = gateway.gateway.hub;
    for (const [round, parts] of fc.sample(traffic, { numRuns: ROUNDS, seed: 7 }).entries()) {
      const { socket, closed } = await shakeHands(url);
      for (const part of parts) socket.write(part);
      if (round % 3 === 0) socket.resetAndDestroy();
      else socket.end();
      await closed;
      if (round % 20 === 0) await everybodyTalks(`${path} ${login} ${round}`);
    }
    await everybodyTalks(`${path} ${login} at last`);
    while (connections.size > seats.length) await new Promise((resolve) => setImmediate(resolve));
    const errors = seats.flatMap(({ client }) => client.received).map((wire) => readStomp(wire));
    expect(errors.filter((frame): frame is StompWire => frame?.command === 'ERROR')).toEqual([]);
  });
});

it('whatever was sent, no fault was taken for one of the gateway itself', () => {
  const internal = gateway.gateway.hub.endpoints.map(({ path, metrics }) => [
    path,
    metrics.errors.get('internal') ?? 0,
  ]);
  expect(internal).toEqual(internal.map(([path]) => [path, 0]));
});
