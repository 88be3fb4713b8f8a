/** What comes faster than it can be handled waits, in order; what waits is bounded, and reading pauses meanwhile. */
import { expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { clientFrame, shakeHands, TEXT } from '../support/raw-tcp.ts';
import { hears, messagesHeard, speakers } from '../support/speakers.ts';
import { chat, readStomp, stomp } from '../support/stomp-wire.ts';

const COUNT = 1_000;
const NUMBERS = Array.from({ length: COUNT }, (_, index) => String(index));

/** Room for a few messages only, but for any number of them a second. */
const edit = (yaml: string): string =>
  `${yaml}
limits:
  inbox: { messages: 4, bytes: 2KiB }
  inFlight: 4
  rate: { perSecond: 1000000, burst: 1000000 }
  admission: { commandsPerUser: { perSecond: 1000000, burst: 1000000 } }
`;

const pausesAt = ({ gateway }: TestGateway, path: string): number =>
  gateway.hub.endpoints.find((endpoint) => endpoint.path === path)?.metrics.pauses ?? 0;

it('a login and 1,000 messages in one go are all handled in order: json', async () => {
  await using gateway = await startGateway({ edit });
  const bob = await speakers.json.enter(gateway, 'bob');
  const alice = await shakeHands(`${gateway.ws}/ws/json`);
  const frames = [
    { type: 'auth', data: { token: await gateway.token('alice') } },
    ...NUMBERS.map((content) => ({
      type: 'message',
      data: { id: content, fromId: 'alice', toId: 'bob', chatType: 'single', content },
    })),
  ];
  alice.socket.write(
    Buffer.concat(frames.map((frame) => clientFrame(TEXT, Buffer.from(JSON.stringify(frame))))),
  );
  await hears(speakers.json, bob, String(COUNT - 1));
  await alice.next(({ payload }) => payload.includes(`"id":"${COUNT - 1}"`));
  expect(messagesHeard(speakers.json, bob).map(({ content }) => content)).toEqual(NUMBERS);
  const answers = alice.frames
    .filter(({ opcode }) => opcode === 1)
    .map(({ payload }) => JSON.parse(payload.toString()) as { type: string; data: { id?: string } });
  expect(answers.map(({ type, data }) => [type, data.id])).toEqual([
    ['auth_success', undefined],
    ...NUMBERS.map((id) => ['ack', id]),
  ]);
  expect(pausesAt(gateway, '/ws/json')).toBeGreaterThan(0);
  alice.socket.destroy();
});

it.each([
  ['one frame to a wire message', 1],
  ['many frames to a wire message', 250],
])('a login and 1,000 messages in one go are all handled in order: stomp, %s', async (_how, share) => {
  await using gateway = await startGateway({ edit });
  const bob = await speakers.json.enter(gateway, 'bob');
  const alice = await shakeHands(`${gateway.ws}/ws/im`);
  const token = await gateway.token('alice');
  const sends = NUMBERS.map((content) =>
    chat(
      'send',
      { messageId: content, toId: 'bob', chatType: 'SINGLE', msgType: 'TEXT', content },
      { receipt: content },
    ),
  );
  const messages = [
    stomp('CONNECT', { 'accept-version': '1.2', host: 'x', Authorization: `Bearer ${token}` }),
    ...Array.from({ length: COUNT / share }, (_, index) =>
      sends.slice(index * share, (index + 1) * share).join(''),
    ),
  ];
  alice.socket.write(Buffer.concat(messages.map((text) => clientFrame(TEXT, Buffer.from(text)))));
  await hears(speakers.json, bob, String(COUNT - 1));
  await alice.next(({ payload }) => payload.includes(`receipt-id:${COUNT - 1}\n`));
  expect(messagesHeard(speakers.json, bob).map(({ content }) => content)).toEqual(NUMBERS);
  const answers = alice.frames
    .filter(({ opcode }) => opcode === 1)
    .flatMap(({ payload }) => readStomp(payload.toString()) ?? []);
  expect(answers.map(({ command, headers }) => headers['receipt-id'] ?? command)).toEqual([
    'CONNECTED',
    ...NUMBERS,
  ]);
  expect(pausesAt(gateway, '/ws/im')).toBeGreaterThan(0);
  alice.socket.destroy();
});

it('a peer whose reading is paused is read again to its very last message, however slowly the store answers', async () => {
  await using gateway = await startGateway({ edit });
  const bob = await speakers.json.enter(gateway, 'bob');
  const alice = await speakers.json.enter(gateway, 'alice');
  for (let round = 0; round < 5; round++) {
    const before = messagesHeard(speakers.json, bob).length;
    for (let count = 0; count < 200; count++) {
      const content = `${round}-${count}`;
      speakers.json.say(alice, { user: 'alice', id: content, content });
    }
    await hears(speakers.json, bob, `${round}-199`);
    expect(messagesHeard(speakers.json, bob)).toHaveLength(before + 200);
  }
});
