/** A login and what follows it, sent without waiting: nothing is lost, nothing overtakes the login. */
import { expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { hears, roomFrame, type Speaker, speakers } from '../support/speakers.ts';
import { stomp } from '../support/stomp-wire.ts';
import { storedContents } from '../support/store-view.ts';

type Frames = (token: string) => readonly (string | object)[];

const says = (id: string, content: string) => ({ user: 'alice', id, content });

/** What the speaker would send, collected instead. */
function frameOf(speaker: Speaker, id: string, content: string): string | object {
  const sent: (string | object)[] = [];
  const sink = { send: (message: string | object) => sent.push(message) } as unknown as RawClient;
  speaker.say(sink, says(id, content));
  return sent[0] as string | object;
}

const cases: readonly [string, Speaker, string, Frames][] = [
  ['json by its auth frame', speakers.json, '/ws/json', (token) => [{ type: 'auth', data: { token } }]],
  ['json by the URL', speakers.json, '/ws/json?token=', () => []],
  ['room', speakers.room, '/ws/room?token=', () => [roomFrame(2, 1, { roomNumber: 'lobby' })]],
  [
    'socket',
    speakers.socket,
    '/ws/socket?token=',
    () => [{ event: 'socket:subscribe', data: { channel: 'group:lobby' } }],
  ],
  ['ourchat', speakers.ourchat, '/ws/ourchat?token=', () => []],
  [
    'stomp by its CONNECT frame',
    speakers.stomp,
    '/ws/im',
    (token) => [stomp('CONNECT', { 'accept-version': '1.2', host: 'x', Authorization: `Bearer ${token}` })],
  ],
  [
    'stomp by the URL',
    speakers.stomp,
    '/ws/im?token=',
    () => [stomp('CONNECT', { 'accept-version': '1.2', host: 'x' })],
  ],
];

/** Opens a socket and sends everything in one piece, before the server has said a word. */
async function sendAtOnce(
  gateway: TestGateway,
  path: string,
  token: string,
  frames: readonly (string | object)[],
) {
  const url = `${gateway.ws}${path}${path.endsWith('=') ? token : ''}`;
  const client = await connectRaw(url);
  const { _socket: stream } = client.socket as unknown as { _socket: { cork(): void; uncork(): void } };
  stream.cork();
  for (const frame of frames) client.send(frame);
  stream.uncork();
  return client;
}

it.each(cases)(
  '%s: login and messages in one go are handled in order',
  async (_title, speaker, path, login) => {
    await using gateway = await startGateway();
    const bob = await speakers.json.enter(gateway, 'bob');
    const token = await gateway.token('alice');
    const frames = [...login(token), frameOf(speaker, 'm-1', 'first'), frameOf(speaker, 'm-2', 'second')];
    await sendAtOnce(gateway, path, token, frames);
    expect(await hears(speakers.json, bob, 'second')).toEqual({ from: 'alice', content: 'second' });
    expect(await storedContents(gateway)).toEqual(['first', 'second']);
  },
);

it.each(cases)('%s: what follows a bad login is not handled', async (_title, speaker, path, login) => {
  await using gateway = await startGateway();
  const frames = [...login('forged'), frameOf(speaker, 'm-1', 'first'), frameOf(speaker, 'm-2', 'second')];
  const client = await sendAtOnce(gateway, path, 'forged', frames);
  expect((await client.closed).code).toBeGreaterThanOrEqual(1002);
  expect(await storedContents(gateway)).toEqual([]);
});
