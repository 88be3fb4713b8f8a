/** The receiver of docs/hooks.md, word for word: it takes what the gateway says and refuses what others say. */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeReceiver } from '../../docs/examples/hook-receiver.mjs';
import { startGateway } from '../support/gateway.ts';
import { HOOK_SECRET, withHook } from '../support/hook-server.ts';
import { hears, isStored, speakers } from '../support/speakers.ts';
import { storedContents } from '../support/store-view.ts';

interface Caught {
  readonly headers: Record<string, string>;
  readonly body: string;
}

type Receiver = ReturnType<typeof makeReceiver>;

async function serve(receive: Receiver) {
  const server = createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const seconds = (): number => Math.floor(Date.now() / 1000);

/** A request as the gateway would make it, but for the changes. */
function signed(changes: { id?: string; at?: number | string; body?: string; secret?: string } = {}): Caught {
  const { id = 'msg_1', at = seconds(), secret = HOOK_SECRET } = changes;
  const body = changes.body ?? '{"type":"presence","attempt":1,"data":{}}';
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': `v1,${signature}`,
  };
  return { headers, body };
}

const send = async (url: string, { headers, body }: Caught): Promise<readonly [number, string]> => {
  const response = await fetch(url, { method: 'POST', headers, body });
  return [response.status, await response.text()];
};

it('is the code of the guide', () => {
  const read = (path: string) => readFileSync(join(import.meta.dirname, '../../docs', path), 'utf8');
  expect(read('hooks.md')).toContain(`\`\`\`js\n${read('examples/hook-receiver.mjs')}\`\`\`\n`);
});

it.each(['', 'whsec_', 'whsec_not/long'])('does not begin with a secret that is none: %j', (secret) => {
  expect(() => makeReceiver(secret)).toThrow(/HOOK_SECRET/);
});

describe('what the gateway says', () => {
  it('is heard: messages are let through, changed and refused', async () => {
    await using server = await serve(makeReceiver(HOOK_SECRET));
    await using gateway = await startGateway({
      edit: withHook(server.url, 'events: [before_message, after_message, presence], onFailure: closed'),
    });
    const bob = await speakers.json.enter(gateway, 'bob');
    const alice = await speakers.socket.enter(gateway, 'alice');
    const say = (id: string, content: string) => speakers.socket.say(alice, { user: 'alice', id, content });
    say('m-1', 'a casino for you');
    expect(await alice.nextJson(({ event }) => event === 'error')).toMatchObject({
      data: { code: 'forbidden', message: 'not allowed: no advertising', messageId: 'm-1' },
    });
    say('m-2', 'damn');
    await hears(speakers.json, bob, '****');
    say('m-3', 'hello');
    await isStored(speakers.socket, alice, { user: 'alice', id: 'm-3', content: 'hello' });
    expect(await storedContents(gateway)).toEqual(['****', 'hello']);
  });

  it('is heard after the secret was changed', async () => {
    const old = `whsec_${Buffer.from('the key that was used until now!').toString('base64')}`;
    await using server = await serve(makeReceiver(old));
    await using gateway = await startGateway({
      edit: (yaml) =>
        withHook(
          server.url,
          'events: [before_message], onFailure: closed',
        )(yaml).replace(`secret: "${HOOK_SECRET}"`, `secret: ["${HOOK_SECRET}", "${old}"]`),
    });
    const alice = await speakers.json.enter(gateway, 'alice');
    const words = { user: 'alice', id: 'm-1', content: 'hello' };
    speakers.json.say(alice, words);
    await isStored(speakers.json, alice, words);
  });

  it('is refused when somebody sends it again, and was acted on once', async () => {
    const caught: Caught[] = [];
    let heard = 0;
    const receive = makeReceiver(HOOK_SECRET, {
      handle: () => {
        heard++;
        return { action: 'allow' };
      },
    });
    await using target = await serve(receive);
    // Somebody in between who keeps what passes.
    await using tap = await serve(async (request: IncomingMessage, response: ServerResponse) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
      const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
      caught.push({ headers, body });
      const [status, text] = await send(target.url, { headers, body });
      response.writeHead(status).end(text);
    });
    await using gateway = await startGateway({
      edit: withHook(tap.url, 'events: [before_message], onFailure: closed'),
    });
    const alice = await speakers.json.enter(gateway, 'alice');
    const words = { user: 'alice', id: 'm-1', content: 'hello' };
    speakers.json.say(alice, words);
    await isStored(speakers.json, alice, words);
    const [message] = caught as [Caught];
    expect(await send(target.url, message)).toEqual([409, 'replayed']);
    expect(heard).toBe(1);
  });
});

describe('a forgery', () => {
  const good = signed();
  const forgeries: readonly [title: string, request: Caught][] = [
    ['without headers', { headers: {}, body: good.body }],
    ['without a signature', { ...good, headers: { ...good.headers, 'webhook-signature': '' } }],
    ['with another body', { ...good, body: good.body.replace('presence', 'absence') }],
    ['with another id', { ...good, headers: { ...good.headers, 'webhook-id': 'msg_2' } }],
    [
      'with another time',
      { ...good, headers: { ...good.headers, 'webhook-timestamp': String(seconds() + 1) } },
    ],
    ['by another key', signed({ secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}` })],
    ['of another version', { ...good, headers: { ...good.headers, 'webhook-signature': 'v2,AAAA' } }],
    ['of half a signature', { ...good, headers: { ...good.headers, 'webhook-signature': 'v1,AAAA' } }],
  ];

  it.each(forgeries)('%s is refused', async (_title, request) => {
    await using server = await serve(makeReceiver(HOOK_SECRET));
    expect(await send(server.url, request)).toEqual([401, 'forged']);
    expect(await send(server.url, good)).toEqual([204, '']);
  });

  it.each([
    ['too old', seconds() - 301],
    ['from the future', seconds() + 302],
    ['of no time', 'yesterday'],
    ['of a number that is no time', '1e9'],
  ])('%s is refused, signed or not', async (_title, at) => {
    await using server = await serve(makeReceiver(HOOK_SECRET));
    expect(await send(server.url, signed({ at }))).toEqual([401, 'too old']);
  });
});

describe('a repeat', () => {
  it('of an attempt gets the same answer, and is acted on once', async () => {
    let heard = 0;
    await using server = await serve(
      makeReceiver(HOOK_SECRET, { handle: () => ({ action: 'change', content: `${++heard}` }) }),
    );
    const answer = [200, '{"action":"change","content":"1"}'];
    for (const attempt of [1, 2, 3]) {
      const body = `{"type":"before_message","attempt":${attempt},"data":{}}`;
      expect(await send(server.url, signed({ body }))).toEqual(answer);
    }
    expect(heard).toBe(1);
  });

  it('of one that failed is tried again', async () => {
    let heard = 0;
    await using server = await serve(
      makeReceiver(HOOK_SECRET, {
        handle: () => {
          if (++heard === 1) throw new Error('the database is away');
          return { action: 'allow' };
        },
      }),
    );
    const attempt = (count: number) =>
      signed({ body: `{"type":"before_message","attempt":${count},"data":{}}` });
    expect(await send(server.url, attempt(1))).toEqual([500, '']);
    expect(await send(server.url, attempt(2))).toEqual([200, '{"action":"allow"}']);
  });

  it('is forgotten with its time', async () => {
    let now = Date.now();
    const request = signed();
    await using server = await serve(makeReceiver(HOOK_SECRET, { now: () => now }));
    expect(await send(server.url, request)).toEqual([204, '']);
    expect(await send(server.url, request)).toEqual([409, 'replayed']);
    now += 301_000;
    expect(await send(server.url, request)).toEqual([401, 'too old']);
  });
});

it('a request that is too large is refused', async () => {
  await using server = await serve(makeReceiver(HOOK_SECRET));
  const [status] = await send(server.url, signed({ body: 'x'.repeat(1024 * 1024 + 1) })).catch(
    () => [413] as const,
  );
  expect(status).toBe(413);
});
