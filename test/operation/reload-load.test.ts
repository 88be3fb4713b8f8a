/** Reloads while clients talk: on endpoints that did not change no socket and no message is lost, and none comes twice. */
import { expect, it } from 'vitest';
import { SockJs } from '../real-clients/sockjs-client.ts';
import { modernStomp } from '../real-clients/stomp-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { type ReloadableGateway, startReloadable } from '../support/reload.ts';
import { messagesHeard, speakers } from '../support/speakers.ts';

const { json, room } = speakers;
/** Messages of each sender while a reload is under way; at least one reload for each of them. */
const MESSAGES = 60;
const LIMITS = `limits:
  rate: { perSecond: 1000000, burst: 1000000 }
  admission: { commandsPerUser: { perSecond: 1000000, burst: 1000000 } }
`;
const withSockJs = (text: string): string =>
  text.replace('  - path: /ws/json\n', '  - path: /ws/json\n    sockjs: true\n');

/** Someone who writes to the lobby, each message after the one before is acknowledged. */
interface Writer {
  readonly user: string;
  say(content: string): Promise<void>;
  /** Resolves once this has been heard. */
  hears(content: string): Promise<unknown>;
  /** Contents of all messages heard so far. */
  heard(): readonly string[];
  /** The code with which the connection ended, if it has. */
  readonly code: () => number | undefined;
}

async function overWebSocket(gateway: ReloadableGateway, user: string): Promise<Writer> {
  const client = await json.enter(gateway, user);
  return { user, ...writing(client) };
}

function writing(client: RawClient): Omit<Writer, 'user'> {
  let code: number | undefined;
  void client.closed.then((end) => {
    code = end.code;
  });
  return {
    code: () => code,
    hears: (content) => client.next((wire) => json.read(wire)?.content === content),
    heard: () => messagesHeard(json, client).map(({ content }) => content),
    async say(content) {
      const user = content.split(' ', 1)[0] ?? '';
      json.say(client, { user, id: content, content });
      await client.next((wire) => json.isAck(wire, content));
    },
  };
}

async function overHttp(gateway: ReloadableGateway, user: string, transports: string): Promise<Writer> {
  const url = `${gateway.http}/ws/im?token=${await gateway.token(user)}`;
  const peer = await modernStomp(() => new SockJs(url, undefined, { transports }));
  const lobby = await peer.subscribe('/topic/group/lobby');
  let code: number | undefined;
  void peer.ended.then((end) => {
    code = end.code;
  });
  return {
    user,
    code: () => code,
    hears: (content) => lobby.received.next((delivery) => delivery.json().content === content),
    heard: () => lobby.received.all.map((delivery) => String(delivery.json().content)),
    say: (content) =>
      peer.send('/app/chat.send', {
        appId: 'app',
        messageId: content,
        toId: 'lobby',
        chatType: 'GROUP',
        msgType: 'TEXT',
        content,
      }),
  };
}

/** Changes that touch every endpoint but the two that are talked on. */
const CHANGES: readonly ((text: string) => string)[] = [
  (text) => text.replace('\nendpoints:', '\nendpoints:\n  - { path: /ws/new, dialect: json, auth: demo }'),
  (text) => text.replace('dialect: room\n', 'dialect: room\n    locale: en\n'),
  (text) => text.replace('\n  - { path: /ws/new, dialect: json, auth: demo }', ''),
  (text) => text.replace('dialect: ourchat\n', 'dialect: ourchat\n    limits: { held: 17 }\n'),
  (text) => text.replace('    locale: en\n', ''),
  (text) => text.replace('    limits: { held: 17 }\n', ''),
];

it('WebSocket and SockJS-over-HTTP clients of unchanged endpoints lose neither socket nor message', async () => {
  await using gateway = await startReloadable({ edit: (text) => withSockJs(`${text}\n${LIMITS}`) });
  const writers = await Promise.all([
    overWebSocket(gateway, 'alice'),
    overWebSocket(gateway, 'bob'),
    overHttp(gateway, 'carol', 'xhr-streaming'),
    overHttp(gateway, 'dave', 'xhr-polling'),
    overHttp(gateway, 'erin', 'eventsource'),
  ]);
  let reloads = 0;
  let writing = writers.length;
  let number = 0;
  const write = async ({ user, say }: Writer): Promise<void> => {
    for (; number < MESSAGES * writers.length || reloads < CHANGES.length; number++)
      await say(`${user} ${number}`);
    writing--;
  };
  const said = writers.map(write);
  // Somebody of the endpoint that is replaced comes back each time, so that there is somebody to go.
  while (writing > 0 || reloads < CHANGES.length) {
    const passer = await room.enter(gateway, 'frank').catch(() => undefined);
    const change = CHANGES[reloads % CHANGES.length] as (text: string) => string;
    expect((await gateway.change(change)).outcome).toBe('reloaded');
    reloads++;
    passer?.terminate();
  }
  await Promise.all(said);
  // The last word comes back to its own author too, and after everything else.
  await writers[4]?.say('erin last');
  await Promise.all(writers.map(({ hears }) => hears('erin last')));

  const everything = writers[4]?.heard() ?? [];
  expect(new Set(everything).size).toBe(everything.length);
  expect(everything.length).toBeGreaterThanOrEqual(MESSAGES * writers.length);
  for (const { user, heard, code } of writers) {
    expect([user, code()]).toEqual([user, undefined]);
    // The json dialect gives nobody their own messages back.
    const others = (content: string): boolean => !content.startsWith(`${user} `);
    expect(heard().filter(others)).toEqual(everything.filter(others));
  }
}, 60_000);
