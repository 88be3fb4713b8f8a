/** Clients of one server are told the same, mostly: it is read once for all of them, and no one gets what is another's. */
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { WebSocket } from 'ws';
import type { TestGateway } from '../support/gateway.ts';
import type { RawClient } from '../support/raw-client.ts';
import { everySpeaker, messagesHeard, type Speaker } from '../support/speakers.ts';
import { bridgePath, startBridge } from './bridge-kit.ts';
import { jsonMessage, jsonWords, startScriptedServer } from './false-server.ts';

const json = everySpeaker.find(({ dialect }) => dialect === 'json') as Speaker;
const USERS = ['alice', 'bob', 'carol'] as const;

interface Seat {
  readonly client: RawClient;
  /** The server's end. */
  readonly server: WebSocket;
}

async function seats(speaker: Speaker): Promise<{
  readonly seats: readonly Seat[];
  readonly gateway: TestGateway;
}> {
  let number = 0;
  const servers: WebSocket[] = [];
  const server = await startScriptedServer({
    opened: (socket) => {
      servers.push(socket);
      jsonWords.letIn(socket, USERS[number++] as string);
    },
  });
  const gateway = await startBridge({ server: server.ws, pairs: [[speaker.dialect, 'json']] });
  onTestFinished(() => gateway.stop());
  const all: Seat[] = [];
  for (const [index, user] of USERS.entries()) {
    const client = await speaker.enter(gateway, user, bridgePath(speaker.dialect, 'json'));
    all.push({ client, server: servers[index] as WebSocket });
  }
  return { seats: all, gateway };
}

const endpointOf = ({ gateway }: TestGateway) => {
  const [endpoint] = gateway.hub.endpoints;
  const upstream = endpoint?.bridge?.upstream.metrics;
  if (endpoint === undefined || upstream === undefined) throw new Error('no bridge');
  return { metrics: endpoint.metrics, upstream };
};

test('what all are told is read and encoded once, and reaches each of them word for word, in order', async () => {
  const { seats: all, gateway } = await seats(json);
  const { metrics, upstream } = endpointOf(gateway);
  const [encodes, framesIn] = [metrics.encodes, upstream.framesIn];
  const said = Array.from({ length: 40 }, (_, index) => jsonMessage(`news ${index}`, 'dave'));
  for (const { server } of all) for (const text of said) server.send(text);
  for (const { client } of all) {
    for (const text of said) expect(await client.next()).toBe(text);
  }
  expect(metrics.encodes - encodes).toBe(said.length);
  expect(upstream.framesIn - framesIn).toBe(said.length * all.length);
  expect(upstream.events.get('message')).toBe(said.length * all.length);
});

test('of one dialect or another, in whatever order and however often they are told it, each hears its own', async () => {
  // Some to everybody and some to one; with one name and other words; without a time; of no known kind.
  const named = (content: string, id: string) =>
    jsonMessage(content, 'dave').replace(/"id":"[^"]*"/, `"id":"${id}"`);
  const undated = (content: string) => jsonMessage(content, 'dave').replace(/,"timestamp":\d+/, '');
  const pool = [
    ...['one', 'two', 'three', 'four', 'five'].map((content) => jsonMessage(content, 'dave')),
    ...['six, said so', 'six, said otherwise'].map((content) => named(content, 'six')),
    undated('seven'),
  ];
  const idOf = (text: string): string => (JSON.parse(text) as { data: { id: string } }).data.id;
  const contentOf = (text: string): string =>
    (JSON.parse(text) as { data: { content: string } }).data.content;
  const { seats: all, gateway } = await seats(json);
  const heard = all.map(() => new Set<string>());
  let round = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat({ max: all.length - 1 }), fc.constantFrom(...pool)), { maxLength: 60 }),
      async (told) => {
        const end = `the end of ${++round}`;
        const suffix = (text: string) =>
          text.replaceAll(/"(id|content)":"([^"]*)"/g, `"$1":"$2 in ${round}"`);
        for (const [seat, text] of told) all[seat]?.server.send(suffix(text));
        for (const [index, { server, client }] of all.entries()) {
          server.send(jsonMessage(end, 'dave'));
          const expected = told
            .filter(([seat]) => seat === index)
            .map(([, text]) => suffix(text))
            .filter((text) => !heard[index]?.has(idOf(text)) && heard[index]?.add(idOf(text)));
          for (const text of expected) expect(contentOf(await client.next())).toBe(contentOf(text));
          expect(contentOf(await client.next())).toBe(end);
        }
      },
    ),
    { numRuns: 60 },
  );
  expect(endpointOf(gateway).upstream.duplicates).toBeGreaterThan(0);
});

test('what no codec knows comes in its turn between them', async () => {
  const { seats: all } = await seats(json);
  const novelty = '{"type":"novelty","data":{"n":1}}';
  const said = [jsonMessage('first', 'dave'), novelty, jsonMessage('second', 'dave'), novelty];
  for (const { server } of all) for (const text of said) server.send(text);
  for (const { client } of all) {
    for (const text of said) expect(await client.next()).toBe(text);
  }
});

test('what a client has said on another connection it hears, as the others do', async () => {
  const { seats: all } = await seats(json);
  const own = jsonMessage('mine', 'alice');
  const next = jsonMessage('and then', 'dave');
  for (const { server } of all) for (const text of [own, next]) server.send(text);
  const [alice, ...others] = all;
  for (const { client } of others) {
    expect(await client.next()).toBe(own);
    expect(await client.next()).toBe(next);
  }
  // Said on another connection of hers: nothing of it waits for an answer here.
  expect(await alice?.client.next()).toBe(own);
  expect(await alice?.client.next()).toBe(next);
});

test.each(
  everySpeaker
    .filter(({ dialect }) => dialect !== 'json')
    .map((speaker) => [speaker.dialect, speaker] as const),
)('clients of %s are told in their own words, each message once', async (_dialect, speaker) => {
  const { seats: all } = await seats(speaker);
  const contents = Array.from({ length: 20 }, (_, index) => `news ${index}`);
  const said = contents.map((content) => jsonMessage(content, 'dave'));
  const end = jsonMessage('the end', 'dave');
  for (const { server } of all) for (const text of [...said, ...said, end]) server.send(text);
  for (const { client } of all) {
    await client.next((text) => text.includes('the end'));
    const heard = messagesHeard(speaker, client).map(({ content }) => content);
    expect(heard).toEqual([...contents, 'the end']);
  }
});
