/** One connection's failure never reaches another [ARCHITECTURE, 4]. */
import { describe, expect, it } from 'vitest';
import { dialects } from '../../adapters/index.ts';
import type { AnyDialect } from '../../core/dialect.ts';
import type { Event } from '../../schemas/event.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';
import { clientFrame, shakeHands } from '../support/raw-tcp.ts';
import { everySpeaker, hears, isStored, type Speaker, speakers } from '../support/speakers.ts';

const isAbout = (content: string, event: Event): boolean =>
  event.type === 'message' && event.message.content === content;

/** The dialect with sessions that throw what is no GatewayError where a message says so. */
function fragile(dialect: AnyDialect): AnyDialect {
  return {
    ...dialect,
    server: (endpoint) => {
      const openFace = dialect.server(endpoint);
      return (connection) => {
        if (connection.credentials.some((it) => it.kind === 'token' && it.token === 'boom')) {
          throw new TypeError('boom in the making');
        }
        const { codec, session } = openFace(connection);
        const boom = (place: string): never => {
          throw new TypeError(`boom in ${place}`);
        };
        return {
          codec,
          session: {
            open: () => session.open(),
            receive: (frame) =>
              JSON.stringify(frame).includes('boom in receive') ? boom('receive') : session.receive(frame),
            deliver: (event) =>
              isAbout('boom in deliver', event) ? boom('deliver') : session.deliver(event),
            settle: (ref, outcome) =>
              outcome.ok &&
              outcome.result.type === 'stored' &&
              outcome.result.message.content === 'boom in settle'
                ? boom('settle')
                : session.settle(ref, outcome),
            fail: (error) => (error.code === 'frame_malformed' ? boom('fail') : session.fail(error)),
            expire: (timer) => session.expire(timer),
            fanoutKey: (event) =>
              isAbout('boom in fanoutKey', event) ? boom('fanoutKey') : session.fanoutKey?.(event),
          },
        };
      };
    },
  };
}

const registry = (id: string): readonly AnyDialect[] =>
  dialects.map((dialect) => (dialect.id === id ? fragile(dialect) : dialect));

/** Clients of the other dialects, all in the lobby; each hears what each says. */
async function company(gateway: TestGateway, without: string) {
  const others = everySpeaker.filter(({ dialect }) => dialect !== without);
  const users = ['bob', 'carol', 'dave', 'erin'];
  const seats = await Promise.all(
    others.map(async (speaker, index) => {
      const user = users[index] as string;
      return { speaker, user, client: await speaker.enter(gateway, user) };
    }),
  );
  return {
    seats,
    talk: async (round: string): Promise<void> => {
      for (const { speaker, user, client } of seats) {
        const words = { user, id: `${round}-${user}`, content: `${round} of ${user}` };
        speaker.say(client, words);
        await isStored(speaker, client, words);
        for (const listener of seats) {
          if (listener.user !== user) await hears(listener.speaker, listener.client, words.content);
        }
      }
    },
  };
}

/** How each dialect says that the fault is the gateway's. */
const INTERNAL: Readonly<Record<string, { readonly words: RegExp; readonly code: number }>> = {
  json: { words: /"type":"error".*服务器内部错误/, code: 1011 },
  room: { words: /"status":0.*服务器内部错误/, code: 1011 },
  socket: { words: /"code":"internal".*internal error/, code: 1011 },
  ourchat: { words: /"type":"ERROR".*服务器内部错误/, code: 1011 },
  stomp: { words: /^ERROR\n(.*\n)*.*internal error/, code: 1011 },
};

describe.each(everySpeaker)('a throw inside a session of $dialect', (speaker: Speaker) => {
  const { words, code } = INTERNAL[speaker.dialect] as { words: RegExp; code: number };

  it.each(['receive', 'settle', 'deliver', 'fanoutKey'])(
    'in %s ends that connection in the words of its dialect, and nobody else notices',
    async (place) => {
      await using gateway = await startGateway({ dialects: registry(speaker.dialect) });
      const { seats, talk } = await company(gateway, speaker.dialect);
      const alice = await speaker.enter(gateway, 'alice');
      await talk('before');
      const content = `boom in ${place}`;
      if (place === 'receive' || place === 'settle') {
        speaker.say(alice, { user: 'alice', id: 'boom', content });
      } else {
        const [other] = seats;
        other?.speaker.say(other.client, { user: other.user, id: 'boom', content });
        for (const listener of seats.slice(1)) await hears(listener.speaker, listener.client, content);
      }
      expect(await alice.closed).toMatchObject({ code });
      expect(alice.received.at(-1)).toMatch(words);
      if (place === 'settle') {
        for (const listener of seats) await hears(listener.speaker, listener.client, content);
      }
      await talk('after');
    },
  );
});

describe('a throw while an error is reported', () => {
  it('ends the connection without words, and nobody else notices', async () => {
    await using gateway = await startGateway({ dialects: registry('json') });
    const { talk } = await company(gateway, 'json');
    const alice = await speakers.json.enter(gateway, 'alice');
    alice.send('{');
    expect(await alice.closed).toEqual({ code: 1011, text: '服务器内部错误' });
    await talk('after');
  });
});

describe('a throw while a session is made', () => {
  it('ends the socket and leaves nothing behind', async () => {
    await using gateway = await startGateway({ dialects: registry('json') });
    const { talk } = await company(gateway, 'json');
    const { hub } = gateway.gateway;
    const timers = hub.wheel.size;
    const client = await connectRaw(`${gateway.ws}/ws/json?token=boom`);
    expect(await client.closed).toMatchObject({ code: 1011 });
    expect([hub.connections.size, hub.wheel.size]).toEqual([4, timers]);
    await talk('after');
  });

  it('is no end of the process either where the client breaks the protocol before it has closed', async () => {
    await using gateway = await startGateway({ dialects: registry('json') });
    const client = await shakeHands(`${gateway.ws}/ws/json?token=boom`);
    // Its reserved bits are set.
    client.socket.write(clientFrame(0xff, Buffer.alloc(0)));
    await client.closed;
    const alice = await speakers.json.enter(gateway, 'alice');
    alice.close();
  });
});
