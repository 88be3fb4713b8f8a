/**
 * The wall clock jumps, forwards and back, as when somebody sets it or a time server corrects it. Only `Date` is
 * set here; sockets, timers and the monotonic clock are the real ones.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BASE } from '../../core/server/api/routes.ts';
import { makeReceiver } from '../../docs/examples/hook-receiver.mjs';
import { startApiGateway } from '../support/api.ts';
import { startGateway, type TestGateway, testToken } from '../support/gateway.ts';
import { HOOK_SECRET, hookServer, listenOn, withHook } from '../support/hook-server.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { isStored, speakers } from '../support/speakers.ts';

const START = Date.UTC(2026, 2, 1, 9);
const DAY = 86_400_000;
const JUMPS = [
  ['forwards', DAY],
  ['back', -DAY],
] as const;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START });
});
afterEach(() => {
  vi.useRealTimers();
});
const jump = (ms: number): void => {
  vi.setSystemTime(Date.now() + ms);
};

const enter = (gateway: TestGateway): Promise<RawClient> => speakers.json.enter(gateway, 'alice');
const say = (client: RawClient, id: string): void =>
  speakers.json.say(client, { user: 'alice', id, content: id });
const stored = (client: RawClient, id: string): Promise<unknown> =>
  isStored(speakers.json, client, { user: 'alice', id, content: id });

describe('the signature of a hook', () => {
  const CLOSED = 'events: [before_message], onFailure: closed, retries: 0';

  it.each(JUMPS)(
    'is good for a receiver whose clock jumps %s with the gateway, and none is a replay',
    async (_where, ms) => {
      const receive = makeReceiver(HOOK_SECRET, {
        handle: () => ({ action: 'allow' }),
        now: () => Date.now(),
      });
      await using backend = await listenOn((request, response) => void receive(request, response));
      await using gateway = await startGateway({ edit: withHook(backend.url, CLOSED) });
      const alice = await enter(gateway);
      for (const [index, by] of [0, ms, -ms].entries()) {
        jump(by);
        say(alice, `m-${index}`);
        await stored(alice, `m-${index}`);
      }
    },
  );

  it.each(JUMPS)(
    'is refused while the gateway alone is a day off (%s), and good again afterwards',
    async (_where, ms) => {
      const receive = makeReceiver(HOOK_SECRET, { handle: () => ({ action: 'allow' }), now: () => START });
      await using backend = await listenOn((request, response) => void receive(request, response));
      const edit = withHook(backend.url, `${CLOSED}, breaker: { failures: 100 }`);
      await using gateway = await startGateway({ edit });
      const alice = await enter(gateway);
      say(alice, 'm-1');
      await stored(alice, 'm-1');
      jump(ms);
      say(alice, 'm-2');
      await alice.nextJson(({ type, data }) => type === 'error' && JSON.stringify(data).includes('m-2'));
      jump(-ms);
      say(alice, 'm-3');
      await stored(alice, 'm-3');
    },
  );

  it('tells the time of each attempt, whatever it was at the one before', async () => {
    await using backend = await hookServer(({ body }) => {
      if (body.attempt === 1) jump(-DAY);
      return { status: body.attempt === 1 ? 503 : 204 };
    });
    await using gateway = await startGateway({
      edit: withHook(backend.url, CLOSED.replace('retries: 0', 'retries: 1')),
    });
    const alice = await enter(gateway);
    say(alice, 'm-1');
    await stored(alice, 'm-1');
    const times = backend.requests.map(({ headers }) => Number(headers['webhook-timestamp']) * 1000);
    expect(times).toEqual([START, START - DAY]);
  });
});

describe('a token that is good for an hour', () => {
  it.each(JUMPS)('keeps the connection that rests on it when the clock jumps %s', async (_where, ms) => {
    await using gateway = await startGateway();
    const alice = await enter(gateway);
    jump(ms);
    say(alice, 'm-1');
    await stored(alice, 'm-1');
    alice.send({ type: 'ping' });
    await alice.nextJson(({ type }) => type === 'pong');
    expect(alice.socket.readyState).toBe(alice.socket.OPEN);
  });

  it('lets in by what the clock says at the login', async () => {
    await using gateway = await startGateway();
    const token = await testToken('alice');
    const firstWord = async (): Promise<unknown> => {
      const client = await connectRaw(`${gateway.ws}/ws/json?token=${token}`);
      const { type } = await client.nextJson();
      client.terminate();
      return type;
    };
    expect(await firstWord()).toBe('auth_success');
    jump(DAY);
    expect(await firstWord()).toBe('auth_error');
    jump(-DAY);
    expect(await firstWord()).toBe('auth_success');
  });
});

describe('an Idempotency-Key', () => {
  it.each([
    ['forwards', 30 * DAY],
    ['back', -30 * DAY],
  ])('is known when the clock has jumped %s: its age is real time', async (_where, ms) => {
    await using gateway = await startApiGateway();
    const body = { from: 'alice', to: { type: 'group', id: 'lobby' }, content: 'once' };
    const send = () =>
      gateway.api.call('POST', `${BASE}/namespaces/main/messages`, {
        body,
        headers: { 'idempotency-key': 'k1' },
      });
    const first = await send();
    expect(first.status).toBe(200);
    jump(ms);
    const again = await send();
    expect(again.text).toBe(first.text);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });
});
