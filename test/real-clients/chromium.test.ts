/** A real browser: its own WebSocket, and the libraries of old pages in their browser bundles. */
import type * as Stomp from '@stomp/stompjs';
import pino from 'pino';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts';
import { Awaited } from './awaited.ts';
import {
  chromiumIsHere,
  chromiumIsRequired,
  launchChromium,
  openSite,
  type Site,
  WITHOUT_CHROMIUM,
} from './browser.ts';
import { type PageSocket, socketsOf } from './page-socket.ts';
import { type SockJs, TRANSPORTS } from './sockjs-client.ts';

const isSkipped = !chromiumIsHere && !chromiumIsRequired;

// The runner's summary says only that tests were skipped, not why.
if (isSkipped) process.stderr.write(`Chromium tests ${WITHOUT_CHROMIUM}\n`);

let browser: Browser;
beforeAll(async () => {
  if (!isSkipped) browser = await launchChromium();
});
afterAll(() => browser?.close());

/** A page of this site in a browsing context of its own. */
async function visit(site: Site) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${site.origin}/page`);
  return { page, open: await socketsOf(page), [Symbol.asyncDispose]: () => context.close() };
}

const address = async (site: Site | TestGateway, path: string, user: string): Promise<string> =>
  `${site.ws}${path}?token=${await tokenOf(user)}`;
let tokenOf: TestGateway['token'];

async function start(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { edit = (yaml) => yaml } = options;
  // A page that has closed between two polls is noticed when its session times out.
  const brief = (yaml: string): string => yaml.replace('sockjs: true', 'sockjs: { disconnectDelay: 1s }');
  const gateway = await startGateway({ ...options, edit: (yaml) => brief(edit(yaml)) });
  tokenOf = gateway.token;
  return gateway;
}

/** A log whose lines can be waited for. */
function logbook() {
  const lines = new Awaited<Record<string, unknown>>();
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { log, lines };
}

const ofType =
  (type: string) =>
  (frame: Record<string, unknown>): boolean =>
    frame.type === type;
const ofEvent =
  (event: string) =>
  (frame: Record<string, unknown>): boolean =>
    frame.event === event;

describe.skipIf(isSkipped)('in Chromium', () => {
  it('a page of the same origin speaks the json dialect', async () => {
    await using gateway = await start();
    await using site = await openSite(gateway.http);
    await using tab = await visit(site);
    const [alice, bob] = await logIn(tab.open, site);
    const data = { id: 'a1', fromId: 'alice', toId: 'bob', chatType: 'single', content: '你好 😀\n"' };
    await alice.send({ type: 'message', data });
    expect(await alice.json()).toEqual({ type: 'ack', data: { id: 'a1', status: 'success' } });
    expect(await bob.json(ofType('message'))).toMatchObject({ data: { ...data, from_name: 'Alice' } });

    const answer = { id: 'b1', fromId: 'bob', toId: 'lobby', chatType: 'group', content: 'hi, all' };
    await bob.send({ type: 'message', data: answer });
    expect(await alice.json(ofType('message'))).toMatchObject({ data: answer });
    await alice.send('ping');
    expect(await alice.received.next()).toBe('pong');
  });

  it('a page of the same origin speaks the socket dialect', async () => {
    await using gateway = await start();
    await using site = await openSite(gateway.http);
    await using tab = await visit(site);
    const alice = await tab.open(await address(site, '/ws/socket', 'alice'));
    const bob = await tab.open(await address(site, '/ws/socket', 'bob'));
    for (const socket of [alice, bob]) {
      expect(await socket.json()).toMatchObject({
        event: 'socket:connected',
        data: { socket_id: expect.any(String), heart: { interval: 30, timeout: 25 } },
      });
      await socket.send({ event: 'socket:subscribe', data: { channel: 'group:lobby' } });
      expect(await socket.json(({ event }) => event !== 'member_joined')).toEqual({
        event: 'socket:subscribed',
      });
    }
    await alice.send({ event: 'message', channel: 'group:lobby', data: { id: 'a1', content: 'hello' } });
    expect(await alice.json(ofEvent('ack'))).toMatchObject({ data: { id: 'a1', status: 'success' } });
    expect(await bob.json(ofEvent('message'))).toMatchObject({
      channel: 'group:lobby',
      data: { id: 'a1', from: { id: 'alice', name: 'Alice' }, content: 'hello' },
    });
    await bob.send({ event: 'socket:ping', data: { id: 7 } });
    expect(await bob.json(ofEvent('socket:pong'))).toEqual({ event: 'socket:pong', data: { reply: 7 } });
  });

  it('a page of another origin is refused, until the line that the log names is in the configuration', async () => {
    await using stranger = await openSite();
    const { log, lines } = logbook();
    let allow: string;
    {
      await using gateway = await start({ log });
      await using tab = await visit(stranger);
      const refused = await tab.open(await address(gateway, '/ws/json', 'alice'));
      expect(await refused.closed).toMatchObject({ code: 1006, wasClean: false });
      expect(refused.received.all).toEqual([]);
      const line = await lines.next();
      expect(line).toMatchObject({
        msg: expect.stringContaining('origin refused'),
        endpoint: '/ws/json',
        origin: stranger.origin,
      });
      allow = String(line.allow);
      expect(allow).toMatch(/^origins: \[/);
      expect(JSON.stringify(lines.all)).not.toContain(await gateway.token('alice'));
    }
    const edit = (yaml: string): string =>
      yaml.replace('  - path: /ws/json\n', `  - path: /ws/json\n    ${allow}\n`);
    await using gateway = await start({ edit, log });
    await using tab = await visit(stranger);
    const alice = await tab.open(await address(gateway, '/ws/json', 'alice'));
    expect(await alice.json()).toMatchObject({ type: 'auth_success' });
    const elsewhere = await tab.open(await address(gateway, '/ws/socket', 'alice'));
    expect((await elsewhere.closed).code).toBe(1006);
  });

  it('a page of another origin is refused by SockJS too, and allowed by configuration', async () => {
    await using stranger = await openSite();
    const { log, lines } = logbook();
    {
      await using gateway = await start({ log });
      await using tab = await visit(stranger);
      const url = `${gateway.http}/ws/im`;
      expect(await tab.page.evaluate(sockJsOutcome, { url, transport: 'xhr-streaming' })).toBe('closed 1002');
      expect(await lines.next()).toMatchObject({ endpoint: '/ws/im', origin: stranger.origin });
    }
    const edit = (yaml: string): string =>
      yaml.replace('  - path: /ws/im\n', `  - path: /ws/im\n    origins: ["${stranger.origin}"]\n`);
    await using gateway = await start({ edit });
    await using tab = await visit(stranger);
    for (const transport of TRANSPORTS) {
      const url = `${gateway.http}/ws/im`;
      expect(await tab.page.evaluate(sockJsOutcome, { url, transport })).toBe(`open ${transport}`);
    }
  });

  it('a page sees the close codes 4001, 4000 and 1012', async () => {
    await using gateway = await start();
    await using site = await openSite(gateway.http);
    await using tab = await visit(site);

    const stranger = await tab.open(`${site.ws}/ws/json?token=nonsense`);
    expect(await stranger.json()).toEqual({ type: 'auth_error', data: { message: '令牌无效或已过期' } });
    expect(await stranger.closed).toMatchObject({ code: 4001, wasClean: true });

    const first = await tab.open(await address(site, '/ws/json', 'alice'));
    await first.json(ofType('auth_success'));
    const second = await tab.open(await address(site, '/ws/json', 'alice'));
    await second.json(ofType('auth_success'));
    expect(await first.json(ofType('kick'))).toEqual({
      type: 'kick',
      data: { reason: '您的账号在其他设备登录' },
    });
    expect(await first.closed).toMatchObject({ code: 4000, wasClean: true });

    const listener = await tab.open(await address(site, '/ws/socket', 'bob'));
    await listener.json();
    await gateway.stop();
    expect(await second.closed).toMatchObject({ code: 1012, wasClean: true });
    expect(await listener.closed).toMatchObject({ code: 1012, wasClean: true });
  });

  it.each(['brokerURL', ...TRANSPORTS])('@stomp/stompjs holds a conversation over %s', async (way) => {
    await using gateway = await start();
    await using site = await openSite(gateway.http);
    await using tab = await visit(site);
    const origin = way === 'brokerURL' ? site.ws : site.origin;
    const urls = await Promise.all(
      ['alice', 'bob'].map(async (user) => `${origin}/ws/im?token=${await gateway.token(user)}`),
    );
    expect(await tab.page.evaluate(stompConversation, { way, urls })).toEqual({
      versions: ['1.2', '1.2'],
      heard: [
        ['alice', 'GROUP', 'hello, all 😀'],
        ['bob', 'SINGLE', '你好'],
      ],
      receipts: 2,
      closeCodes: [1000, 1000],
    });
  });
});

async function logIn(
  open: (url: string) => Promise<PageSocket>,
  site: Site,
): Promise<[alice: PageSocket, bob: PageSocket]> {
  const alice = await open(await address(site, '/ws/json', 'alice'));
  expect(await alice.json()).toEqual({ type: 'auth_success', data: { userId: 'alice' } });
  const bob = await open(await address(site, '/ws/json', 'bob'));
  expect(await bob.json()).toEqual({ type: 'auth_success', data: { userId: 'bob' } });
  return [alice, bob];
}

// --- in the page: these functions see nothing of this file but their arguments -------------------------------

interface PageLibraries {
  readonly StompJs: typeof Stomp;
  readonly SockJS: typeof SockJs;
}

/** Whether SockJS gets through, and how. */
function sockJsOutcome({ url, transport }: { url: string; transport: string }): Promise<string> {
  const { SockJS } = globalThis as unknown as PageLibraries;
  return new Promise((resolve) => {
    const socket = new SockJS(url, undefined, { transports: transport });
    socket.onopen = () => {
      resolve(`open ${socket.transport}`);
      socket.close();
    };
    socket.onclose = ({ code }: { readonly code: number }) => resolve(`closed ${code}`);
  });
}

/** The first user speaks to the group, the second answers in private; then both say goodbye. */
async function stompConversation({ way, urls }: { way: string; urls: string[] }) {
  const { StompJs, SockJS } = globalThis as unknown as PageLibraries;
  const closeCodes: number[] = [];
  const connect = (url: string): Promise<Stomp.Client> =>
    new Promise((resolve, reject) => {
      const client = new StompJs.Client({
        ...(way === 'brokerURL'
          ? { brokerURL: url }
          : { webSocketFactory: () => new SockJS(url, undefined, { transports: way }) }),
        reconnectDelay: 0,
        onConnect: () => resolve(client),
        onStompError: ({ body }) => reject(new Error(body)),
        onWebSocketClose: ({ code }: { readonly code: number }) => closeCodes.push(code),
      });
      client.activate();
    });
  const receipt = (client: Stomp.Client, ask: (headers: { receipt: string }) => void): Promise<void> =>
    new Promise((resolve) => {
      const id = `receipt-${Math.random()}`;
      client.watchForReceipt(id, () => resolve());
      ask({ receipt: id });
    });
  type Heard = readonly [from: string, chatType: string, content: string];
  const next = async (
    client: Stomp.Client,
    destination: string,
  ): Promise<{ readonly heard: Promise<Heard> }> => {
    let hear: (heard: Heard) => void;
    const heard = new Promise<Heard>((resolve) => {
      hear = resolve;
    });
    await receipt(client, (headers) =>
      client.subscribe(
        destination,
        ({ body }) => {
          const { fromId, chatType, content } = JSON.parse(body);
          hear([fromId, chatType, content]);
        },
        headers,
      ),
    );
    return { heard };
  };
  let receipts = 0;
  const say = async (client: Stomp.Client, body: object): Promise<void> => {
    await receipt(client, (headers) =>
      client.publish({ destination: '/app/chat.send', body: JSON.stringify(body), headers }),
    );
    receipts++;
  };

  const [alice, bob] = (await Promise.all(urls.map(connect))) as [Stomp.Client, Stomp.Client];
  const atBob = await next(bob, '/topic/group/lobby');
  const atAlice = await next(alice, '/user/queue/messages');
  const common = { appId: 'app', msgType: 'TEXT' };
  await say(alice, {
    ...common,
    messageId: 'm1',
    toId: 'lobby',
    chatType: 'GROUP',
    content: 'hello, all 😀',
  });
  await say(bob, { ...common, messageId: 'm2', toId: 'alice', chatType: 'SINGLE', content: '你好' });
  const heard = [await atBob.heard, await atAlice.heard];
  const versions = [alice.connectedVersion, bob.connectedVersion];
  await Promise.all([alice.deactivate(), bob.deactivate()]);
  return { versions, heard, receipts, closeCodes };
}
