/** The gateway as a process of its own is told to stop while clients talk. */
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { freshDirectory, type GatewayProcess, startProcess } from '../durability/gateway-process.ts';
import type { TestGateway } from '../support/gateway.ts';
import { metricsOf } from '../support/metrics.ts';
import type { RawClient } from '../support/raw-client.ts';
import { everySpeaker, messagesHeard, type Speaker, speakers } from '../support/speakers.ts';

const withWindow =
  (drain: string) =>
  (yaml: string): string =>
    yaml.replace('drain: { window: 0ms }', `drain: { ${drain} }`);

/** Clients need no more of a gateway than where it is. */
const asGateway = (gateway: GatewayProcess): TestGateway =>
  ({
    ...gateway,
    url: async (path: string, user: string) => `${gateway.ws}${path}?token=${await gateway.token(user)}`,
  }) as unknown as TestGateway;

/** Red from the signal on: asked until it says so. */
async function untilNotReady({ http }: GatewayProcess): Promise<unknown> {
  for (;;) {
    const answer = await fetch(`${http}/readyz`);
    const body: unknown = await answer.json();
    if (answer.status === 503) return body;
  }
}

/** How an upgrade is answered that is no more accepted. */
function refusal(url: string): Promise<{ status: number | undefined; retryAfter: string | undefined }> {
  const socket = new WebSocket(url);
  return new Promise((resolve, reject) => {
    socket.on('error', () => undefined);
    socket.once('open', () => reject(new Error('it was accepted')));
    socket.once('unexpected-response', (request, response) => {
      resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'] });
      request.destroy();
    });
  });
}

interface Talk {
  readonly user: string;
  /** The first of it is stored. */
  readonly begun: () => void;
}

/** Says one thing after the other, each once the one before is stored, until the connection ends. Gives what was stored. */
async function talk(speaker: Speaker, client: RawClient, { user, begun }: Talk): Promise<readonly string[]> {
  const stored: string[] = [];
  for (let number = 0; client.socket.readyState === client.socket.OPEN; number++) {
    const name = `${user} by ${speaker.dialect} ${number}`;
    const words = { user, id: name, content: name };
    speaker.say(client, words);
    try {
      await client.next((wire) =>
        speaker.acknowledges ? speaker.isAck(wire, words.id) : speaker.read(wire)?.content === words.content,
      );
    } catch {
      return stored;
    }
    stored.push(words.content);
    begun();
  }
  return stored;
}

describe('SIGTERM while clients of every dialect talk', () => {
  it('loses no acknowledged message; everybody hears 1012 within the window, nobody new gets in, and it exits with 0', async () => {
    const data = freshDirectory();
    const gateway = await startProcess({ data, edit: withWindow('window: 1s, timeout: 20s') });
    const users = ['alice', 'bob', 'carol', 'dave', 'frank'];
    const talkers = await Promise.all(
      everySpeaker.flatMap((speaker, index) =>
        [0, 1].map(async (shift) => {
          const user = users[(index + shift) % users.length] as string;
          // Whoever logs in twice at ourchat is replaced, and a room is joined once.
          const isOnce = speaker.dialect === 'ourchat' || speaker.dialect === 'room';
          if (isOnce && shift === 1) return undefined;
          return { speaker, client: await speaker.enter(asGateway(gateway), user), user };
        }),
      ),
    );
    const present = talkers.filter((talker) => talker !== undefined);
    const begun = present.map(() => Promise.withResolvers<void>());
    const said = present.map(({ speaker, client, user }, index) =>
      talk(speaker, client, { user, begun: () => begun[index]?.resolve() }),
    );
    await Promise.all(begun.map(({ promise }) => promise));
    gateway.signal('SIGTERM');
    expect(await untilNotReady(gateway)).toEqual({ status: 'draining' });
    expect((await metricsOf(gateway)).value('dragoman_draining')).toBe(1);
    const late = `${gateway.ws}/ws/json?token=${await gateway.token('erin')}`;
    expect(await refusal(late)).toEqual({ status: 503, retryAfter: '1' });
    const sockJs = await fetch(`${gateway.http}/ws/im/000/late/xhr`, { method: 'POST' });
    expect([sockJs.status, sockJs.headers.get('retry-after')]).toEqual([503, '1']);

    const codes = await Promise.all(present.map(async ({ client }) => (await client.closed).code));
    expect(new Set(codes)).toEqual(new Set([1012]));
    expect(await gateway.exited).toBe(0);
    const stored = new Set((await Promise.all(said)).flat());
    expect(stored.size).toBeGreaterThan(0);

    // Erin is a member and was away: she is told everything that is in the store.
    const again = await startProcess({ data });
    const erin = await speakers.json.enter(asGateway(again), 'erin');
    const missing = stored.difference(
      new Set(messagesHeard(speakers.json, erin).map(({ content }) => content)),
    );
    while (missing.size > 0) missing.delete(speakers.json.read(await erin.next())?.content ?? '');
    expect(await again.stop()).toBe(0);
  }, 60_000);
});

describe('a gateway that has to wait for its clients', () => {
  const PATIENT = 'window: 30min, timeout: 1h';

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('ends at once at a second signal: %s, exit code %i', async (second, code) => {
    const gateway = await startProcess({ data: freshDirectory(), edit: withWindow(PATIENT) });
    const alice = await speakers.json.enter(asGateway(gateway), 'alice');
    gateway.signal('SIGTERM');
    await untilNotReady(gateway);
    gateway.signal(second);
    expect(await gateway.exited).toBe(code);
    expect((await alice.closed).code).toBe(1006);
  });

  it('says all goodbyes at once at Ctrl-C', async () => {
    const gateway = await startProcess({ data: freshDirectory(), edit: withWindow(PATIENT) });
    const alice = await speakers.json.enter(asGateway(gateway), 'alice');
    gateway.signal('SIGINT');
    expect((await alice.closed).code).toBe(1012);
    expect(await gateway.exited).toBe(0);
  });

  it('waits for nobody longer than its timeout', async () => {
    const gateway = await startProcess({
      data: freshDirectory(),
      edit: (yaml) =>
        withWindow('window: 0ms, timeout: 100ms')(yaml).replace(
          'limits:\n',
          'limits:\n  closeTimeout: 10min\n',
        ),
    });
    const alice = await speakers.json.enter(asGateway(gateway), 'alice');
    alice.socket.pause();
    gateway.signal('SIGTERM');
    expect(await gateway.exited).toBe(0);
    alice.terminate();
  });

  it('keeps those who are to go later until then: they are served and acknowledged', async () => {
    const gateway = await startProcess({ data: freshDirectory(), edit: withWindow(PATIENT) });
    const alice = await speakers.json.enter(asGateway(gateway), 'alice');
    gateway.signal('SIGTERM');
    await untilNotReady(gateway);
    speakers.json.say(alice, { user: 'alice', id: 'm-1', content: 'still here' });
    await alice.next((wire) => speakers.json.isAck(wire, 'm-1'));
    await gateway.kill();
  });
});
