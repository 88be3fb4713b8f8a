/** One link on a clock that only the test moves: how long it waits before it tries again, and for what it does not wait. */
import pino from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { dialects } from '../../adapters/index.ts';
import type { Outcome } from '../../core/dialect.ts';
import type { GatewayError } from '../../core/errors.ts';
import { wireIdentity } from '../../core/identity.ts';
import { MemoryIdentityMap } from '../../core/store/memory-identity.ts';
import { TimerWheel, type WheelTimer } from '../../core/timer-wheel.ts';
import { Link } from '../../core/upstream/link.ts';
import { Upstream } from '../../core/upstream/upstream.ts';
import type { SendMessage } from '../../schemas/command.ts';
import { testConfig } from '../support/gateway.ts';
import { jsonWords, type ScriptedServer, startScriptedServer } from './false-server.ts';
import { until } from './faults-kit.ts';

/** A wheel that tells what was asked of it. */
class ToldWheel extends TimerWheel {
  readonly asked: number[] = [];

  override arm(afterMs: number, fire: () => void): WheelTimer {
    this.asked.push(afterMs);
    return super.arm(afterMs, fire);
  }
}

function linkTo(
  server: ScriptedServer,
  { random = 1, keys = '' }: { readonly random?: number; readonly keys?: string },
) {
  const config = testConfig({
    yaml: `authenticators: { demo: { type: static, tokens: { t: alice } } }
users: [{ id: alice }]
endpoints:
  - path: /ws
    dialect: json
    auth: demo
    upstream:
      url: ${server.ws}
      dialect: json
      ${keys}
`,
  });
  const endpoint = config.endpoints[0];
  const dialect = dialects.find(({ id }) => id === 'json');
  if (endpoint?.upstream === undefined || dialect === undefined) throw new Error('no upstream');
  let now = 0;
  const wheel = new ToldWheel(10, () => now);
  const upstream = new Upstream({
    endpoint,
    config: endpoint.upstream,
    dialect,
    identity: wireIdentity('string', 'main', new MemoryIdentityMap()),
    now: () => now,
  });
  const ends: GatewayError[] = [];
  const events: string[] = [];
  let ups = 0;
  const link = new Link({
    upstream,
    applicant: {
      endpoint: '/ws',
      user: { namespace: 'main', id: 'alice', name: 'Alice' },
      credentials: [{ kind: 'token', token: 't' }],
    },
    namespace: 'main',
    wheel,
    log: pino({ level: 'silent' }),
    closeTimeoutMs: 1000,
    now: () => 0,
    newId: () => crypto.randomUUID(),
    random: () => random,
    client: {
      id: 'c-1',
      policy: dialect.policy(dialect.options.parse({})),
      sharesWords: false,
      isCongested: false,
      prepare: () => undefined,
      up: () => ups++,
      event: (event) => events.push(event.type),
      news: (event) => events.push(event.type),
      answer: (_received, _ok, say) => say(),
      passes: () => false,
      pass: () => {},
      lost: () => {},
      pump: () => {},
      ended: (error) => ends.push(error),
    },
  });
  onTestFinished(() => {
    link.close();
    wheel.stop();
  });
  return {
    link,
    wheel,
    upstream,
    ends,
    events,
    isUp: () => until(() => ups === 1),
    advance: (ms: number): void => {
      for (const end = now + ms; now < end; ) {
        now = Math.min(end, now + 10);
        wheel.turn();
      }
    },
  };
}

const letIn = () =>
  startScriptedServer({
    said: (socket, { type }) => {
      if (type === 'auth') jsonWords.letIn(socket, 'alice');
    },
  });

const message = (content: string): SendMessage => ({
  type: 'send_message',
  target: { type: 'user', id: 'bob' },
  content,
  contentType: 'text',
  clientId: content,
});

/** Delays before each try, while every connection is lost as soon as it is there. */
async function delays(random: number): Promise<readonly number[]> {
  const server = await letIn();
  const { link, wheel, upstream, advance, isUp } = linkTo(server, {
    random,
    keys: 'reconnect: { min: 100ms, max: 1s, giveUpAfter: 1h }',
  });
  link.start();
  await isUp();
  const waits: number[] = [];
  for (let turn = 1; turn <= 6; turn++) {
    const from = wheel.asked.length;
    for (const socket of server.sockets) socket.terminate();
    // Not for the moment without a connection: a wait of nothing may be over before it is looked at.
    await until(() => wheel.asked.length > from);
    const [wait = -1] = wheel.asked.slice(from);
    waits.push(wait);
    advance(Math.max(10, wait));
    await until(() => upstream.metrics.reconnected === turn);
  }
  return waits;
}

it('doubles the time before each try up to the most, and each is random between nothing and that', async () => {
  expect(await delays(1)).toEqual([100, 200, 400, 800, 1000, 1000]);
  expect(await delays(0.5)).toEqual([50, 100, 200, 400, 500, 500]);
  expect(await delays(0)).toEqual([0, 0, 0, 0, 0, 0]);
});

it('begins with short times again after a connection that lasted', async () => {
  const server = await letIn();
  const { link, wheel, upstream, advance, isUp } = linkTo(server, {
    keys: 'reconnect: { min: 100ms, max: 1s, giveUpAfter: 1h }',
  });
  link.start();
  await isUp();
  for (const expected of [100, 200, 100]) {
    // The third one lasts for longer than the longest wait.
    if (expected === 100 && upstream.metrics.reconnected > 0) advance(1010);
    const from = wheel.asked.length;
    const { reconnected } = upstream.metrics;
    for (const socket of server.sockets) socket.terminate();
    await until(() => upstream.metrics.connected === 0);
    expect(wheel.asked[from]).toBe(expected);
    advance(expected);
    await until(() => upstream.metrics.reconnected === reconnected + 1);
  }
});

it('never waits for longer than the client is kept', async () => {
  const server = await letIn();
  const { link, wheel, upstream, advance, isUp, ends } = linkTo(server, {
    keys: 'reconnect: { min: 1min, max: 1h, giveUpAfter: 5s }\n      breaker: { failures: 1, openFor: 1h }',
  });
  link.start();
  await isUp();
  upstream.breaker.enter()?.failed();
  const from = wheel.asked.length;
  for (const socket of server.sockets) socket.terminate();
  await until(() => upstream.metrics.connected === 0);
  expect(wheel.asked[from]).toBe(5000);
  advance(4990);
  expect(ends).toEqual([]);
  advance(20);
  await until(() => ends.length === 1);
  expect(ends[0]).toMatchObject({ code: 'upstream_unavailable', fatal: 'upstream_unavailable' });
  expect(wheel.size).toBe(0);
});

it('asks each overdue command alone as long as the server answers others', async () => {
  const server = await letIn();
  const { link, upstream, advance, isUp } = linkTo(server, { keys: 'answerTimeout: 1s' });
  link.start();
  await isUp();
  const outcomes = new Map<string, Outcome>();
  const ask = (content: string): void =>
    link.submit(message(content), (outcome) => outcomes.set(content, outcome));
  ask('m0');
  advance(500);
  ask('m1');
  const [socket] = server.sockets;
  if (socket === undefined) throw new Error('not connected');
  jsonWords.ack(socket, 'm1');
  await until(() => outcomes.has('m1'));
  advance(490);
  expect(outcomes.has('m0')).toBe(false);
  advance(20);
  expect(outcomes.get('m0')).toMatchObject({
    ok: false,
    error: { code: 'upstream_unavailable', messageId: 'm0' },
  });
  expect(upstream.metrics).toMatchObject({ unanswered: 1, connected: 1 });
  // Nothing at all from here on: as good as gone.
  ask('m2');
  advance(1010);
  expect(outcomes.get('m2')).toMatchObject({ ok: false });
  expect([...upstream.metrics.failures]).toEqual([['no_answer', 1]]);
});

it('settles each command exactly once, whatever ends', async () => {
  const server = await letIn();
  const { link, upstream, advance, isUp, wheel } = linkTo(server, {
    keys: 'spool: { commands: 2, age: 2s }\n      reconnect: { min: 10s, max: 10s, giveUpAfter: 1min }',
  });
  link.start();
  await isUp();
  const settled: Record<string, Outcome[]> = {};
  const ask = (content: string): void => {
    const outcomes: Outcome[] = [];
    settled[content] = outcomes;
    link.submit(message(content), (outcome) => outcomes.push(outcome));
  };
  ask('under way');
  for (const socket of server.sockets) socket.terminate();
  await until(() => upstream.metrics.connected === 0);
  ask('expires');
  advance(1000);
  ask('abandoned');
  ask('refused');
  expect(Object.values(settled).map(({ length }) => length)).toEqual([1, 0, 0, 1]);
  advance(1010);
  expect(settled.expires).toHaveLength(1);
  link.close();
  expect(Object.values(settled).map(({ length }) => length)).toEqual([1, 1, 1, 1]);
  const details = Object.values(settled).map(([outcome]) =>
    outcome?.ok === false ? outcome.error.detail : '',
  );
  // Only of the first one nobody knows.
  expect(details).toEqual([
    'no answer came; it may or may not have been done',
    undefined,
    undefined,
    undefined,
  ]);
  expect(wheel.size).toBe(0);
  ask('too late');
  expect(settled['too late']).toHaveLength(1);
});

it('says at once that a command can not be said', async () => {
  const server = await letIn();
  const { link, isUp } = linkTo(server, {});
  link.start();
  await isUp();
  const outcomes: Outcome[] = [];
  const overlay = (): never => {
    throw new Error('no words');
  };
  link.submit(message('unspeakable'), (outcome) => outcomes.push(outcome), { overlay, bytes: 0 });
  expect(outcomes).toMatchObject([{ ok: false, error: { code: 'internal' } }]);
});
