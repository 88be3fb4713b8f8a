/** The STOMP dialect's client face against a broker that no one here wrote. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command, CommandOf } from '../../schemas/command.ts';
import type { Event, EventOf } from '../../schemas/event.ts';
import type { Target } from '../../schemas/model.ts';
import { Awaited } from '../real-clients/awaited.ts';
import type { Peer } from '../support/face.ts';
import {
  type Rabbit,
  rabbitmqIsHere,
  rabbitmqIsRequired,
  startRabbit,
  WITHOUT_RABBITMQ,
} from '../support/rabbitmq.ts';
import { connectToRabbit } from '../support/rabbitmq-peer.ts';

const isSkipped = !rabbitmqIsHere && !rabbitmqIsRequired;

// The runner's summary says only that tests were skipped, not why.
if (isSkipped) process.stderr.write(`RabbitMQ tests ${WITHOUT_RABBITMQ}\n`);

const LISTENER = { name: 'listener', password: 'another password', write: '^stomp-subscription-.*' };

let rabbit: Rabbit;
beforeAll(async () => {
  if (!isSkipped)
    rabbit = await startRabbit({ users: [{ name: 'gateway', password: 'a password' }, LISTENER] });
});
afterAll(() => rabbit?.[Symbol.asyncDispose]());

const group = (id: string): Target => ({ type: 'group', id });
const user = (id: string): Target => ({ type: 'user', id });

type Send = CommandOf<'send_message'>;
const message = (target: Target, content: string, more: Partial<Send> = {}): Send => ({
  type: 'send_message',
  target,
  content,
  contentType: 'text',
  ...more,
});

const says =
  (content: string) =>
  (event: Event): boolean =>
    event.type === 'message' && event.message.content === content;

const contents = (peer: Peer): readonly string[] =>
  peer.events.flatMap((event) => (event.type === 'message' ? event.message.content : []));

async function accepted(peer: Peer, command: Command): Promise<void> {
  expect(await peer.deliver(command)).toMatchObject({ ok: true });
}

/** At RabbitMQ a message is with the subscriber once a later one of the same sender is. */
async function hearsOnly(peer: Peer, last: string, expected: readonly string[]): Promise<void> {
  await peer.heard(says(last));
  expect(contents(peer)).toEqual(expected);
}

describe.skipIf(isSkipped)('at RabbitMQ', () => {
  it('two gateways in front of one broker understand each other', async () => {
    const alice = await connectToRabbit(rabbit, { user: 'alice' });
    const bob = await connectToRabbit(rabbit, { user: 'bob' });
    for (const peer of [alice, bob]) await accepted(peer, { type: 'subscribe', target: group('lobby') });

    const send = message(group('lobby'), '你好 😀\n"', {
      clientId: 'm-1',
      replyTo: 'm-0',
      contentType: 'image',
      attachment: { url: 'https://host/a.png', name: 'a.png', size: 3 },
      extensions: { stomp: { mentionedUserIds: ['bob'] } },
    });
    expect(await alice.deliver(send)).toMatchObject({
      ok: true,
      result: { type: 'stored', duplicate: false, message: { id: 'm-1', from: { id: 'alice' } } },
    });
    const { type: _, clientId: id, target: to, ...said } = send;
    const expected = { id, to, ...said, from: { namespace: 'main', id: 'alice', name: 'alice' } };
    expect(await bob.heard(says(send.content))).toMatchObject({ type: 'message', message: expected });
    const echo = await alice.heard(says(send.content));
    expect(echo).toMatchObject({ origin: 'c-1', message: expected });
    expect((echo as EventOf<'message'>).message.sentAt).toBeGreaterThan(0);

    await accepted(bob, { type: 'unsubscribe', target: group('lobby') });
    await accepted(alice, message(group('lobby'), 'unheard'));
    await accepted(alice, message(user('bob'), 'direct'));
    await hearsOnly(bob, 'direct', [send.content, 'direct']);
    for (const peer of [alice, bob]) await peer.close();
  });

  it('refuses a wrong password and a host that is not there', async () => {
    const refused = /closes: unauthenticated .*Bad CONNECT/;
    await expect(connectToRabbit(rabbit, { user: 'alice', passcode: 'wrong' })).rejects.toThrow(refused);
    await expect(connectToRabbit(rabbit, { user: 'alice', upstream: { host: 'none' } })).rejects.toThrow(
      refused,
    );
  });

  it('says what the broker does not allow, and promises nothing', async () => {
    const { name: login, password: passcode } = LISTENER;
    const alice = await connectToRabbit(rabbit, {
      user: 'alice',
      login,
      passcode,
      upstream: { users: null },
    });
    const outcome = await alice.deliver(message(group('lobby'), 'x'));
    expect(outcome.ok === false && outcome.error.code).toBe('upstream_unavailable');
    await expect(alice.heard(says('x'))).rejects.toThrow(/was closed with 1000 STOMP died/);
  });

  it('ends with the broker its own words where the broker has no such destination', async () => {
    const alice = await connectToRabbit(rabbit, { user: 'alice' });
    const target = { type: 'topic', id: '/no/such/place' } as const;
    const outcome = await alice.deliver({ type: 'subscribe', target });
    expect(outcome.ok).toBe(false);
    await expect(alice.heard(says('x'))).rejects.toThrow(/Unknown destination/);
  });

  it('keeps groups apart whose ids mean something to a broker', async () => {
    const ids = ['#', '*', 'a.*', 'a/b', 'a%2Fb', 'a.b', '你好', 'a:b\\c\n', '=23', ' ', '>'];
    const alice = await connectToRabbit(rabbit, { user: 'alice' });
    const bob = await connectToRabbit(rabbit, { user: 'b*b/#' });
    for (const id of ids) await accepted(alice, { type: 'subscribe', target: group(id) });
    for (const id of ['x', 'a.x', ...ids]) await accepted(bob, message(group(id), `to ${id}`));
    await hearsOnly(
      alice,
      'to >',
      ids.map((id) => `to ${id}`),
    );
    for (const event of alice.events) {
      if (event.type !== 'message') continue;
      expect(event.message).toMatchObject({ from: { id: 'b*b/#' }, content: `to ${event.message.to.id}` });
    }
    await accepted(alice, message(user('b*b/#'), 'direct'));
    await hearsOnly(bob, 'direct', ['direct']);
    for (const peer of [alice, bob]) await peer.close();
  });

  it('carries bodies of any kind and size whole', async () => {
    const queue = { type: 'queue', id: '/queue/bodies' } as const;
    const alice = await connectToRabbit(rabbit, { user: 'alice' });
    await accepted(alice, { type: 'subscribe', target: queue });
    const bodies = ['', '\n', 'a\0b\r\n', '😀'.repeat(50_000), Uint8Array.of(0, 255, 10, 0, 13)];
    for (const [index, body] of bodies.entries()) {
      const headers = [
        ['content-type', 'a/b'],
        ['number', `${index}`],
        ['odd:name', 'a:b\\c\nd\re'],
      ] as const;
      await accepted(alice, { type: 'relay', target: queue, name: 'SEND', headers, body, ephemeral: false });
      const event = await alice.heard(
        (heard) =>
          heard.type === 'relayed' &&
          heard.headers.some(([name, value]) => name === 'number' && value === `${index}`),
      );
      expect(event).toMatchObject({ target: queue, body, ephemeral: false });
      expect(new Map((event as EventOf<'relayed'>).headers)).toEqual(
        new Map([...headers, ['persistent', 'true']]),
      );
    }
    await alice.close();
  });

  it('gives an entry back by NACK and gets it again', async () => {
    const queue = { type: 'queue', id: '/queue/work' } as const;
    const alice = await connectToRabbit(rabbit, { user: 'alice' });
    await accepted(alice, { type: 'subscribe', target: queue });
    const relay = {
      type: 'relay',
      target: queue,
      name: 'SEND',
      headers: [],
      body: 'job',
      ephemeral: false,
    } as const;
    await accepted(alice, relay);
    const settle = (event: Event, isDone: boolean): Command => ({
      type: 'settle_delivery',
      deliveries: [
        { kind: 'queue', queue: queue.id, delivery: (event as EventOf<'relayed'>).delivery ?? '' },
      ],
      accepted: isDone,
    });
    const first = await alice.heard((event) => event.type === 'relayed');
    await accepted(alice, settle(first, false));
    const second = await alice.heard((event) => event.type === 'relayed' && event.redelivered === true);
    expect(second).toMatchObject({ body: 'job' });
    await accepted(alice, settle(second, true));
    await alice.close();
  });

  it('keeps a direct message until its recipient has taken it', async () => {
    const acknowledging = { acknowledge: 'client-individual' };
    const bob = await connectToRabbit(rabbit, { user: 'bob' });
    await accepted(bob, message(user('carol'), 'one'));
    await accepted(bob, message(user('carol'), 'two'));
    const away = await connectToRabbit(rabbit, { user: 'carol', upstream: acknowledging, takes: false });
    await away.heard(says('one'));
    await away.close();

    const carol = await connectToRabbit(rabbit, { user: 'carol', upstream: acknowledging });
    await hearsOnly(carol, 'two', ['one', 'two']);
    await carol.close();
    const again = await connectToRabbit(rabbit, { user: 'carol', upstream: acknowledging });
    await accepted(bob, message(user('carol'), 'three'));
    await hearsOnly(again, 'three', ['three']);
    for (const peer of [again, bob]) await peer.close();
  });

  it('is not disturbed by what others publish', async () => {
    const upstream = { acknowledge: 'client-individual' };
    const alice = await connectToRabbit(rabbit, { user: 'alice', upstream });
    await accepted(alice, { type: 'subscribe', target: group('open') });
    const other = await connectToRabbit(rabbit, { user: 'other' });
    const topic = { type: 'topic', id: '/topic/group.open' } as const;
    const forged = '{"id":"f","fromId":"bob","toId":"closed","chatType":"GROUP","content":"forged"}';
    for (const body of ['', 'tick', '{"price":1}', forged, Uint8Array.of(255)]) {
      await accepted(other, {
        type: 'relay',
        target: topic,
        name: 'SEND',
        headers: [],
        body,
        ephemeral: true,
      });
    }
    await accepted(other, message(group('open'), 'after'));
    await hearsOnly(alice, 'after', ['after']);
    for (const peer of [alice, other]) await peer.close();
  });

  it('sends and expects heart-beats, and notices a broker that stands still', async () => {
    const beats = new Awaited<number>();
    const alice = await connectToRabbit(rabbit, {
      user: 'alice',
      heartBeat: { outgoingMs: 200, incomingMs: 200 },
      onWire: (wire) => {
        if (wire.toString() === '\n') beats.push(beats.all.length);
      },
    });
    // The broker beats once a second at most, and ends a connection that is silent for twice as long.
    await beats.count(4);
    await accepted(alice, message(group('lobby'), 'still here'));
    rabbit.pause();
    try {
      await expect(alice.heard(says('never'))).rejects.toThrow(/closes: silence/);
    } finally {
      rabbit.resume();
    }
  });

  it('loses nothing that was acknowledged when the broker is killed', async () => {
    const bob = await connectToRabbit(rabbit, { user: 'bob' });
    const numbers = Array.from({ length: 50 }, (_, number) => `kept ${number}`);
    const early = await connectToRabbit(rabbit, { user: 'dave' });
    await early.close();
    await Promise.all(numbers.map((content) => accepted(bob, message(user('dave'), content))));
    await rabbit.kill();
    await expect(bob.heard(says('never'))).rejects.toThrow(/was closed with 1006/);
    await rabbit.start();
    const dave = await connectToRabbit(rabbit, { user: 'dave' });
    await hearsOnly(dave, 'kept 49', numbers);
    await dave.close();
  });
});
