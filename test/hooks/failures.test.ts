/** A backend that is slow, fails, lies, is not there or leads elsewhere: the configuration says what follows. */
import { Writable } from 'node:stream';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { addressGuard } from '../../core/outbound/addresses.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { type HookReply, hookServer, listenOn, withHook } from '../support/hook-server.ts';
import { isStored, speakers } from '../support/speakers.ts';
import { storedContents } from '../support/store-view.ts';

const CLOSED = 'events: [before_message], onFailure: closed, retries: 0';
const OPEN = 'events: [before_message], onFailure: open, retries: 0';
const QUICK = 'timeout: 50ms, deadline: 100ms';
const forever = (): Promise<HookReply> => new Promise(() => {});
const words = { user: 'alice', id: 'm-1', content: 'hello' };

/** Log lines, as objects. */
function logged() {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  return { lines, log: pino({ level: 'info' }, sink) };
}

/** Alice says something and hears that the server behind can't be reached. */
async function isRefused(gateway: TestGateway): Promise<void> {
  const alice = await speakers.socket.enter(gateway, 'alice');
  speakers.socket.say(alice, words);
  expect(await alice.nextJson(({ event }) => event === 'error')).toMatchObject({
    data: { code: 'upstream_unavailable', messageId: 'm-1' },
  });
  expect(await storedContents(gateway)).toEqual([]);
  await alice.close();
}

async function isLetThrough(gateway: TestGateway): Promise<void> {
  const alice = await speakers.socket.enter(gateway, 'alice');
  speakers.socket.say(alice, words);
  await isStored(speakers.socket, alice, words);
  expect(await storedContents(gateway)).toEqual(['hello']);
  await alice.close();
}

const outcomes = async (gateway: TestGateway): Promise<readonly string[]> =>
  [
    ...(await gateway.gateway.metrics.metrics()).matchAll(/^dragoman_hook_outcomes_total\{(.*)\} (\d+)$/gm),
  ].map(([, labels = '', count]) => `${/outcome="(\w+)"/.exec(labels)?.[1]} ${count}`);

const bad: readonly [
  title: string,
  reply: () => HookReply | Promise<HookReply>,
  outcome: string,
  reason: string,
][] = [
  ['is slow', forever, 'timeout', 'no whole answer in time'],
  ['fails', () => ({ status: 500 }), 'status', 'the answer has status 500'],
  ['does not know the gateway', () => ({ status: 401 }), 'status', 'the answer has status 401'],
  ['hangs up', () => ({ hangUp: true }), 'unreachable', 'ECONNRESET'],
  [
    'redirects to a private address',
    () => ({ status: 307, headers: { location: 'http://169.254.169.254/latest/meta-data' } }),
    'redirect',
    'the answer is a redirect (307), which is not followed',
  ],
  ['answers nothing', () => ({ body: '' }), 'invalid_answer', 'the answer is empty'],
  ['answers no JSON', () => ({ body: '<html>hello' }), 'invalid_answer', 'the answer is not JSON'],
  ['answers no object', () => ({ body: [] }), 'invalid_answer', 'the answer: '],
  ['answers another action', () => ({ body: { action: 'maybe' } }), 'invalid_answer', 'action: '],
  [
    'refuses with a code that does not exist',
    () => ({ body: { action: 'refuse', code: 'because' } }),
    'invalid_answer',
    'code: is no error code of the gateway',
  ],
  [
    'refuses with the name of an inherited property',
    () => ({ body: { action: 'refuse', code: '__proto__' } }),
    'invalid_answer',
    'code: is no error code of the gateway',
  ],
  [
    'changes nothing',
    () => ({ body: { action: 'change' } }),
    'invalid_answer',
    'the answer: changes nothing',
  ],
  ['empties a message', () => ({ body: { action: 'change', content: '' } }), 'invalid_answer', 'content: '],
  [
    'breaks a character in two',
    () => ({ body: '{"action":"change","content":"\\ud800"}' }),
    'invalid_answer',
    'content: must be well-formed text',
  ],
  [
    'changes a message into one that is too long',
    () => ({ body: { action: 'change', content: 'x'.repeat(10_001) } }),
    'invalid_answer',
    'content: is longer than the endpoint allows (10000)',
  ],
  [
    'answers without end',
    () => ({ body: { action: 'allow', more: 'x'.repeat(200_000) } }),
    'too_large',
    'the answer is larger than 131072 bytes',
  ],
];

describe.each(bad)('a backend that %s', (_title, reply, outcome, reason) => {
  it('stops messages where the hook fails closed, and the log says why', async () => {
    const { lines, log } = logged();
    await using backend = await hookServer(reply);
    await using gateway = await startGateway({ edit: withHook(backend.url, `${CLOSED}, ${QUICK}`), log });
    await isRefused(gateway);
    expect(await outcomes(gateway)).toEqual([`${outcome} 1`]);
    const line = lines.find(({ msg }) => msg === 'a hook gave no usable answer');
    expect(line).toMatchObject({ hook: 'it', event: 'before_message', fault: outcome });
    expect(line?.reason).toContain(reason);
    expect(JSON.stringify(lines)).not.toContain('hello');
  });

  it('stops nothing where it fails open', async () => {
    await using backend = await hookServer(reply);
    await using gateway = await startGateway({ edit: withHook(backend.url, `${OPEN}, ${QUICK}`) });
    await isLetThrough(gateway);
  });
});

describe('a backend that is not there', () => {
  it('stops messages or not, as the hook says', async () => {
    const gone = await listenOn(() => {});
    await gone[Symbol.asyncDispose]();
    await using closed = await startGateway({ edit: withHook(gone.url, CLOSED) });
    await isRefused(closed);
    expect(await outcomes(closed)).toEqual(['unreachable 1']);
    await using open = await startGateway({ edit: withHook(gone.url, OPEN) });
    await isLetThrough(open);
  });
});

describe('a private address that is not allowed', () => {
  it.each([
    ['by its number', (url: string) => url],
    ['by a name', (url: string) => url.replace('127.0.0.1', 'localhost')],
    ['as IPv6', (url: string) => url.replace('127.0.0.1', '[::ffff:127.0.0.1]')],
  ])('is not asked %s', async (_title, urlOf) => {
    await using backend = await hookServer(() => ({ status: 204 }));
    await using gateway = await startGateway({
      edit: (yaml) => withHook(urlOf(backend.url), CLOSED)(yaml).replace('allowPrivate: true, ', ''),
    });
    await isRefused(gateway);
    expect(backend.requests).toEqual([]);
    expect(await outcomes(gateway)).toEqual(['address_refused 1']);
  });

  it('is not asked where a name leads to it later (DNS rebinding)', async () => {
    await using backend = await hookServer(() => ({ headers: { connection: 'close' }, status: 204 }));
    const { port } = new URL(backend.url);
    // The test server plays a public address: of the loopback network only 127.0.0.1 is one.
    let address = '127.0.0.1';
    let lookups = 0;
    await using gateway = await startGateway({
      edit: withHook(`http://hooks.example.com:${port}/`, CLOSED),
      addressGuard: () =>
        addressGuard(['127.0.0.1'], (_name, _options, done) => {
          lookups++;
          done(null, [{ address, family: 4 }]);
        }),
    });
    await isLetThrough(gateway);
    address = '127.0.0.2';
    const alice = await speakers.socket.enter(gateway, 'alice');
    speakers.socket.say(alice, { ...words, id: 'm-2' });
    expect(await alice.nextJson(({ event }) => event === 'error')).toMatchObject({
      data: { code: 'upstream_unavailable', messageId: 'm-2' },
    });
    expect(lookups).toBe(2);
    expect(backend.requests).toHaveLength(1);
    await alice.close();
  });
});

describe('a second attempt', () => {
  it('has the same id, another signature, and may succeed', async () => {
    await using backend = await hookServer(({ body }) => ({ status: body.attempt === 1 ? 503 : 204 }));
    await using gateway = await startGateway({
      edit: withHook(backend.url, CLOSED.replace('retries: 0', 'retries: 1')),
    });
    await isLetThrough(gateway);
    const [first, second] = backend.requests;
    expect(backend.requests).toHaveLength(2);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature']);
    expect([first?.body.attempt, second?.body.attempt]).toEqual([1, 2]);
  });

  it('is not made where it could not help', async () => {
    await using backend = await hookServer(() => ({ status: 400 }));
    await using gateway = await startGateway({
      edit: withHook(backend.url, CLOSED.replace('retries: 0', 'retries: 5')),
    });
    await isRefused(gateway);
    expect(backend.requests).toHaveLength(1);
  });
});

describe('the circuit breaker', () => {
  const settings = `${CLOSED}, breaker: { failures: 2, openFor: 10ms }`;

  it('spares a backend that fails, and finds out when it is well again', async () => {
    const { lines, log } = logged();
    let status = 500;
    await using backend = await hookServer(() => ({ status }));
    await using gateway = await startGateway({ edit: withHook(backend.url, settings), log });
    for (let count = 0; count < 2; count++) await isRefused(gateway);
    expect(lines.map(({ msg }) => msg)).toContain('the circuit breaker of a hook has opened');
    expect(await gateway.gateway.metrics.metrics()).toMatch(
      /dragoman_hook_breaker_state\{hook="it",state="(?:open|half_open)"\} [01]/,
    );
    status = 204;
    const alice = await speakers.socket.enter(gateway, 'alice');
    for (let count = 0; ; count++) {
      speakers.socket.say(alice, { ...words, id: `n-${count}` });
      const answer = await alice.nextJson(({ event }) => event === 'error' || event === 'ack');
      if (answer.event === 'ack') break;
      expect(answer).toMatchObject({
        data: { code: expect.stringMatching('upstream_unavailable|rate_limited') },
      });
    }
    expect(lines.map(({ msg }) => msg)).toContain('the circuit breaker of a hook has closed');
  });

  it('asks nothing while it is open', async () => {
    await using backend = await hookServer(() => ({ status: 500 }));
    await using gateway = await startGateway({ edit: withHook(backend.url, settings.replace('10ms', '1h')) });
    for (let count = 0; count < 5; count++) await isRefused(gateway);
    expect(backend.requests).toHaveLength(2);
    expect(await outcomes(gateway)).toEqual(['status 2', 'breaker_open 3']);
  });
});

it('more questions than may wait fail at once', async () => {
  await using backend = await hookServer(forever);
  await using gateway = await startGateway({
    edit: withHook(backend.url, `${CLOSED}, concurrency: 1, waiting: 0, timeout: 1min, deadline: 5min`),
  });
  const alice = await speakers.socket.enter(gateway, 'alice');
  speakers.socket.say(alice, words);
  await backend.count(1);
  const bob = await speakers.socket.enter(gateway, 'bob');
  speakers.socket.say(bob, { ...words, user: 'bob' });
  expect(await bob.nextJson(({ event }) => event === 'error')).toMatchObject({
    data: { code: 'upstream_unavailable' },
  });
  expect(await outcomes(gateway)).toEqual(['overloaded 1']);
  alice.terminate();
});
