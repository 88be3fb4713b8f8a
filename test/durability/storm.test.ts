/** Thousands of clients come back at once: all are served, and whoever was there stays. Part of `npm run test:full`. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { readStomp, stomp as stompFrame } from '../support/stomp-wire.ts';
import { type Door, freshDirectory, isFull, startProcess } from './gateway-process.ts';
import { json, type Voice, voices } from './voices.ts';

const CLIENTS = isFull ? 5000 : 50;
const WITHIN_MS = isFull ? 5000 : 50;
const HEALTHY = isFull ? 50 : 5;
const HALLS = 50;

const healthyName = (index: number): string => `healthy-${index}`;
const names = (count: number, name: (index: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, index) => name(index));

/**
 * The healthy ones are in the lobby; the others have rooms of a size that a chat has, because in one room of a
 * thousand every arrival would be told to a thousand.
 */
const withHalls = (yaml: string): string =>
  yaml
    .replace(
      '\ngroups:\n',
      `${names(HEALTHY, (index) => `  - { id: ${healthyName(index)} }\n`).join('')}\ngroups:\n${names(HALLS, (index) => `  - { id: hall-${index}, open: true }\n`).join('')}`,
    )
    .replace('members: [alice, bob, carol, dave, erin]', (list) =>
      list.replace(']', `, ${names(HEALTHY, healthyName).join(', ')}]`),
    );

/** Comes in as an app does that starts: logged in, open to its own messages, and for `room` in a room. */
async function arrive(door: Door, voice: Voice, index: number): Promise<RawClient> {
  const user = nameOf(index);
  const url = async (path: string): Promise<string> => `${door.ws}${path}?token=${await door.token(user)}`;
  switch (voice.dialect) {
    case 'room': {
      const client = await connectRaw(await url('/ws/room'));
      const data = { from: { id: user }, roomNumber: `hall-${index % HALLS}` };
      client.send({ msgType: 2, textData: { dataType: 1, data } });
      await client.nextJson(({ msg }) => msg === 'Join successfully');
      return client;
    }
    case 'socket': {
      const client = await connectRaw(await url('/ws/socket'));
      client.send({ event: 'socket:subscribe', data: { channel: `user:${user}` } });
      await client.nextJson(({ event }) => event === 'socket:subscribed');
      return client;
    }
    case 'stomp': {
      const client = await connectRaw(await url('/ws/im'), 'v12.stomp');
      client.send(stompFrame('CONNECT', { 'accept-version': '1.2', host: 'x' }));
      client.send(stompFrame('SUBSCRIBE', { id: 'inbox', destination: '/user/queue/messages' }));
      client.send(stompFrame('SEND', { destination: '/app/chat.sync', receipt: 'synced' }, '{}'));
      await client.next((wire) => readStomp(wire)?.headers['receipt-id'] === 'synced');
      return client;
    }
    default:
      return voice.enter(door, user);
  }
}

const nameOf = (index: number): string => `storm-${index}`;
const voiceOf = (index: number): Voice => voices[index % voices.length] as Voice;
const indices = Array.from({ length: CLIENTS }, (_, index) => index);

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a reconnect storm', () => {
  it(
    `of ${CLIENTS} clients within ${WITHIN_MS} ms is served, and no healthy connection is lost`,
    async () => {
      const files = Number(execFileSync('sh', ['-c', 'ulimit -n']).toString());
      expect(files, 'open files allowed (ulimit -n)').toBeGreaterThan(CLIENTS + HEALTHY + 200);
      const gateway = await startProcess({ data: freshDirectory(), edit: withHalls });
      const healthy = await Promise.all(
        Array.from({ length: HEALTHY }, async (_, index) => {
          const voice = voiceOf(index);
          return { voice, client: await voice.enter(gateway, healthyName(index)) };
        }),
      );
      const alice = await json.enter(gateway, 'alice');

      // Everybody was here once, and left.
      for (let from = 0; from < CLIENTS; from += 250) {
        const some = indices.slice(from, from + 250);
        const clients = await Promise.all(some.map((index) => arrive(gateway, voiceOf(index), index)));
        for (const client of clients) client.terminate();
      }
      // Something came for them meanwhile.
      const receivers = indices.filter((index) => voiceOf(index).isPrivate);
      for (let from = 0; from < receivers.length; from += 100) {
        const left = new Set(receivers.slice(from, from + 100).map((index) => `for-${nameOf(index)}`));
        for (const content of left)
          json.say(alice, { user: 'alice', content, to: content.slice('for-'.length) });
        while (left.size > 0) left.delete(json.acknowledged(await alice.next(), 'alice') ?? '');
      }

      // The storm.
      let beats = 0;
      let served = 0;
      const clients = await Promise.all(
        indices.map(async (index) => {
          await later((index / CLIENTS) * WITHIN_MS);
          const voice = voiceOf(index);
          const client = await arrive(gateway, voice, index);
          const content = `for-${nameOf(index)}`;
          const isHere = client.received.some((wire) => voice.heard(wire)?.content === content);
          if (voice.isPrivate && !isHere) await client.next((wire) => voice.heard(wire)?.content === content);
          served += 1;
          if (served % (CLIENTS / 10) === 0) json.say(alice, { user: 'alice', content: `beat-${beats++}` });
          return client;
        }),
      );
      expect(clients.filter(({ socket }) => socket.readyState !== socket.OPEN)).toEqual([]);

      // Whoever was there all the time has heard all that was said, and is there still.
      expect(beats).toBe(10);
      for (const { voice, client } of healthy) {
        for (let beat = 0; beat < beats; beat += 1)
          await client.next((wire) => voice.heard(wire)?.content === `beat-${beat}`);
      }
      const lost = healthy.filter(({ client: { socket } }) => socket.readyState !== socket.OPEN);
      expect(lost).toEqual([]);
      for (const client of clients) client.terminate();
    },
    isFull ? 300_000 : 30_000,
  );
});
