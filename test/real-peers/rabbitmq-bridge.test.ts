/** Old clients in front, RabbitMQ behind: the gateway's bridge to a broker that no one here wrote. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_YAML, startGateway, type TestGateway } from '../support/gateway.ts';
import {
  type Rabbit,
  rabbitmqIsHere,
  rabbitmqIsRequired,
  startRabbit,
  WITHOUT_RABBITMQ,
} from '../support/rabbitmq.ts';
import { connectToRabbit } from '../support/rabbitmq-peer.ts';
import type { RawClient } from '../support/raw-client.ts';
import { hears, isStored, messagesHeard, type Speaker, speakers, type Words } from '../support/speakers.ts';

const isSkipped = !rabbitmqIsHere && !rabbitmqIsRequired;

// The runner's summary says only that tests were skipped, not why.
if (isSkipped) process.stderr.write(`RabbitMQ tests ${WITHOUT_RABBITMQ}\n`);

let rabbit: Rabbit;
beforeAll(async () => {
  if (!isSkipped) rabbit = await startRabbit();
});
afterAll(() => rabbit?.[Symbol.asyncDispose]());

/** The default configuration with every endpoint a bridge to the broker, by one service account. */
function startBridge(settings = ''): Promise<TestGateway> {
  const upstream = `upstream:
      url: ${rabbit.url}
      dialect: stomp
      auth: { login: ${rabbit.user}, passcode: ${rabbit.password} }
      attend: [lobby]
      reconnect: { min: 10ms, max: 200ms }
      breaker: { failures: 1000 }
      spool: { commands: 5000, bytes: 4MiB }
      ${settings}
      options:
        upstream: { chat: false, groups: '/topic/group.{id}', users: '/queue/user.{id}', acknowledge: client-individual }`;
  return startGateway({
    yaml: `${DEFAULT_YAML}limits: { rate: { perSecond: 100000, burst: 100000 } }\n`.replaceAll(
      /^( {2}- path: .*\n {4}dialect: \w+)$/gm,
      `$1\n    ${upstream}`,
    ),
  });
}

interface Client {
  readonly user: string;
  readonly speaker: Speaker;
  readonly client: RawClient;
}

async function enter(gateway: TestGateway, speaker: Speaker, user: string): Promise<Client> {
  return { user, speaker, client: await speaker.enter(gateway, user) };
}

/** The clients that the old world has, each at a connection of its own to the broker. */
const everybody = (gateway: TestGateway): Promise<readonly Client[]> =>
  Promise.all([
    enter(gateway, speakers.json, 'alice'),
    enter(gateway, speakers.room, 'bob'),
    enter(gateway, speakers.ourchat, 'carol'),
  ]);

async function says({ user, speaker, client }: Client, content: string): Promise<void> {
  const words: Words = { user, id: content.replaceAll(' ', '-'), content };
  speaker.say(client, words);
  await isStored(speaker, client, words);
}

async function allHear(clients: readonly Client[], from: Client, content: string): Promise<void> {
  await says(from, content);
  for (const { speaker, client } of clients.filter((other) => other !== from)) {
    expect(await hears(speaker, client, content)).toEqual({ from: from.user, content });
  }
}

const countOf = ({ speaker, client }: Client, content: string): number =>
  messagesHeard(speaker, client).filter((heard) => heard.content === content).length;

describe.skipIf(isSkipped)('bridged to RabbitMQ', () => {
  it('json, room and ourchat clients talk to each other through the broker', async () => {
    await using gateway = await startBridge();
    await using other = await startBridge();
    const clients = [...(await everybody(gateway)), await enter(other, speakers.json, 'dave')];
    for (const client of clients) await allHear(clients, client, `${client.user} says 你好 😀`);
    for (const client of clients) {
      for (const { user } of clients) {
        const copies = user !== client.user || client.speaker.copy ? 1 : 0;
        expect(countOf(client, `${user} says 你好 😀`), `${client.user} of ${user}`).toBe(copies);
      }
    }
  });

  it('a direct message waits in the broker for its recipient', async () => {
    await using gateway = await startBridge();
    const alice = await enter(gateway, speakers.json, 'alice');
    const words = { user: 'alice', id: 'kept', content: 'when you are back' };
    speakers.json.tell?.(alice.client, 'carol', words);
    await isStored(speakers.json, alice.client, words);
    const carol = await enter(gateway, speakers.ourchat, 'carol');
    expect(await hears(speakers.ourchat, carol.client, words.content)).toEqual({
      from: 'alice',
      content: words.content,
    });
  });

  it('clients stay while the broker is killed and started again, and what they say meanwhile arrives', async () => {
    await using gateway = await startBridge();
    const clients = await everybody(gateway);
    const [alice, , carol] = clients as readonly [Client, Client, Client];
    await allHear(clients, alice, 'before');
    await rabbit.kill();
    const words = { user: 'alice', id: 'meanwhile', content: 'meanwhile' };
    speakers.json.tell?.(alice.client, 'carol', words);
    await rabbit.start();
    await isStored(speakers.json, alice.client, words);
    await hears(speakers.ourchat, carol.client, 'meanwhile');
    // A client's own message is stored when it is subscribed again.
    for (const client of clients) await says(client, `${client.user} is back`);
    for (const client of clients) await allHear(clients, client, `${client.user} again`);
    expect(countOf(carol, 'meanwhile')).toBe(1);
  });

  it('loses nothing that was acknowledged when the broker is killed under a stream', async () => {
    await using gateway = await startBridge();
    const { client: alice } = await enter(gateway, speakers.json, 'alice');
    const erin = await enter(gateway, speakers.json, 'erin');
    const ids = Array.from({ length: 1000 }, (_, number) => `streamed-${number}`);
    const stored = (): readonly string[] =>
      alice.received.flatMap((wire) => {
        const { type, data } = JSON.parse(wire) as { type: string; data: { id: string; status: string } };
        return type === 'ack' && data.status === 'success' ? data.id : [];
      });
    for (const id of ids) speakers.json.tell?.(alice, 'erin', { user: 'alice', id, content: id });
    await alice.next((wire) => speakers.json.isAck(wire, 'streamed-20'));
    await rabbit.kill();
    expect(stored().length).toBeLessThan(ids.length);
    await rabbit.start();
    const last = { user: 'alice', id: 'last', content: 'last' };
    speakers.json.tell?.(alice, 'erin', last);
    await isStored(speakers.json, alice, last);
    await hears(speakers.json, erin.client, 'last');
    const heard = messagesHeard(speakers.json, erin.client).map(({ content }) => content);
    expect(new Set(heard).size, 'nothing twice').toBe(heard.length);
    expect(stored().filter((id) => !heard.includes(id))).toEqual([]);
  });

  it('tells a client in its own words when the broker stands still, and goes on when it answers again', async () => {
    await using gateway = await startBridge('answerTimeout: 3s');
    const alice = await enter(gateway, speakers.json, 'alice');
    await says(alice, 'heard');
    rabbit.pause();
    try {
      speakers.json.say(alice.client, { user: 'alice', id: 'unanswered', content: 'unanswered' });
      const isAnswer = (frame: { data?: unknown }) => JSON.stringify(frame.data).includes('unanswered');
      const answer = await alice.client.nextJson((frame) => frame.type !== 'message' && isAnswer(frame));
      expect(answer).toMatchObject({ type: 'error', data: { messageId: 'unanswered' } });
    } finally {
      rabbit.resume();
    }
    await says(alice, 'heard again');
  });

  it('is not disturbed by bytes that others publish to a group', async () => {
    await using gateway = await startBridge();
    const clients = await everybody(gateway);
    const [alice] = clients as readonly [Client];
    const other = await connectToRabbit(rabbit, { user: 'other' });
    const target = { type: 'topic', id: '/topic/group.lobby' } as const;
    for (const body of [Uint8Array.of(255, 0, 10), 'no message']) {
      const relay = { type: 'relay', target, name: 'SEND', headers: [], body, ephemeral: true } as const;
      expect(await other.deliver(relay)).toMatchObject({ ok: true });
    }
    await other.close();
    await allHear(clients, alice, 'undisturbed');
    for (const { bridge } of gateway.gateway.hub.endpoints) {
      expect(bridge?.upstream.metrics.reconnected).toBe(0);
    }
  });
});
