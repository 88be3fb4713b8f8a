import { describe, expect, it } from 'vitest';
import type { Command } from '../schemas/command.ts';
import { GatewayError } from './errors.ts';
import { CLOSE, connect, DONE, delivery, messageTo, READY, routed, say } from './test-kit.ts';

const JOIN: Command = { type: 'join_group', group: 'g', exclusive: false };
const LIST: Command = { type: 'list_users', group: 'g' };
const SMALL = 'sendBuffer: 4KiB, frame: 1KiB, beforeLogin: { bytes: 1KiB }';
const GONE = { type: 'going_away', namespace: 'main', reason: 'shutting_down', afterMs: 0 } as const;

describe('what a connection receives', () => {
  it('is handled in order, whatever wire messages the frames came in', () => {
    const { logIn, receive, said } = connect({ receive: (frame) => [say(frame)] });
    logIn();
    receive('a|b');
    receive('c');
    expect(said()).toEqual(['a', 'b', 'c']);
  });

  it('is a fault of its own where it cannot be read, after the frames before it', () => {
    const { logIn, receive, said } = connect({ receive: (frame) => [say(frame)] });
    logIn();
    receive('a|!|b');
    receive('c');
    expect(said()).toEqual(['a', 'fault frame_malformed', 'c']);
  });

  it('waits while an ordered command is unsettled, the rest of its own wire message included', () => {
    const { logIn, receive, said, submitted } = connect({
      receive: (frame) => (frame === 'join' ? [routed(1, JOIN)] : [say(frame)]),
      settle: (ref) => [say(`settled ${ref}`)],
    });
    logIn();
    receive('a|join|b');
    receive('c');
    expect(said()).toEqual(['a']);
    submitted[0]?.done(DONE);
    expect(said()).toEqual(['a', 'settled 1', 'b', 'c']);
  });

  it('waits until every ordered command of one frame is settled, in whatever order they are', () => {
    const { logIn, receive, said, submitted } = connect({
      receive: (frame) => (frame === 'joins' ? [routed(1, JOIN), routed(2, JOIN)] : [say(frame)]),
    });
    logIn();
    receive('joins|after');
    submitted[1]?.done(DONE);
    expect(said()).toEqual(['']);
    submitted[0]?.done(DONE);
    expect(said()).toEqual(['after']);
  });

  it('does not wait for other commands, up to the number that may be in flight', () => {
    const { logIn, receive, submitted } = connect(
      { receive: (frame) => [routed(Number(frame), LIST)] },
      { limits: 'inFlight: 2' },
    );
    logIn();
    receive('1|2|3');
    expect(submitted).toHaveLength(2);
    submitted[0]?.done(DONE);
    expect(submitted).toHaveLength(3);
  });

  it('pauses the transport when the inbox is full, and reads on when it is half empty', () => {
    const { logIn, receive, said, submitted, transport } = connect(
      { receive: (frame) => (frame === 'join' ? [routed(1, JOIN)] : [say(frame)]) },
      { limits: 'inbox: { messages: 4 }' },
    );
    logIn();
    for (const frame of ['join', 'a', 'b', 'c']) receive(frame);
    expect(transport.calls).toEqual([]);
    receive('d');
    receive('e');
    expect(transport.calls).toEqual(['pause']);
    submitted[0]?.done(DONE);
    expect(transport.calls).toEqual(['pause', 'resume']);
    expect(said()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it.each([
    ['bytes', 'x'.repeat(1025), 'bytes: 1KiB', 'frame_too_large', 1009],
    ['frames', 'a|b|c|d', 'frames: 3', 'unauthenticated', 4001],
  ])('is bounded in %s before login, and ends the connection beyond', (_what, text, limit, code, close) => {
    const { receive, said, transport } = connect(
      { receive: (frame) => [say(frame)] },
      { limits: `beforeLogin: { ${limit} }` },
    );
    receive(text);
    expect(said().at(-1)).toBe(`fault ${code}`);
    expect(transport.closedWith?.code).toBe(close);
  });

  it('is not counted against the frames before login where nothing comes of it, as of a heart-beat', () => {
    const { receive, said, transport } = connect(
      { receive: (frame) => (frame === 'beat' ? [] : [say(frame)]) },
      { limits: 'beforeLogin: { frames: 1 }' },
    );
    receive('beat|beat|beat|a');
    expect(said()).toEqual(['a']);
    expect(transport.closedWith).toBeUndefined();
  });

  it('counts before login if the session throws at it, and not if nothing comes of it', () => {
    const { receive, said } = connect(
      {
        receive: (frame) => {
          if (frame === 'bad') throw new GatewayError('field_missing');
          return [];
        },
      },
      { limits: 'beforeLogin: { frames: 2 }' },
    );
    receive('beat|beat|beat|beat|bad|beat|bad');
    expect(said()).toEqual(['fault field_missing', 'fault field_missing']);
    receive('bad');
    expect(said().at(-1)).toBe('fault unauthenticated');
  });

  it('is not counted against the bounds before login once the login before it has succeeded', () => {
    const { logIn, receive, said, submitted } = connect(
      { receive: (frame) => (frame === 'login' ? [routed(1, JOIN)] : [say(frame)]) },
      { limits: 'beforeLogin: { frames: 1, bytes: 1KiB }' },
    );
    receive('login');
    for (const frame of ['a', 'b', 'c'.repeat(2000)]) receive(frame);
    logIn();
    submitted[0]?.done(DONE);
    expect(said()).toEqual(['a', 'b', 'c'.repeat(2000)]);
  });
});

describe('what a session throws', () => {
  const broken = (): never => {
    throw new Error('secret');
  };

  it.each([
    ['open', { open: broken }, (kit: ReturnType<typeof connect>) => kit.connection.open()],
    ['receive', { receive: broken }, (kit: ReturnType<typeof connect>) => kit.receive('a')],
    [
      'deliver',
      { deliver: broken, open: () => [READY] },
      ({ connection }: ReturnType<typeof connect>) => {
        connection.open();
        connection.offer(GONE);
      },
    ],
    [
      'fanoutKey',
      { fanoutKey: broken, open: () => [READY] },
      ({ connection }: ReturnType<typeof connect>) => {
        connection.open();
        connection.offer(GONE);
      },
    ],
    [
      'settle',
      { settle: broken, receive: () => [routed(1, LIST)] },
      (kit: ReturnType<typeof connect>) => {
        kit.receive('a');
        kit.submitted[0]?.done(DONE);
      },
    ],
    [
      'expire',
      { expire: broken, open: () => [{ kind: 'timer', name: 't', afterMs: 10 } as const] },
      (kit: ReturnType<typeof connect>) => {
        kit.connection.open();
        kit.advance(50);
      },
    ],
  ])('in %s is an internal error of this connection, which ends', (_where, script, act) => {
    const kit = connect(script);
    kit.logIn();
    act(kit);
    expect(kit.said()).toEqual(['fault internal']);
    expect(kit.transport.closedWith).toEqual({ code: 1011, text: 'internal error' });
  });

  it('while it reports an error ends the connection all the same', () => {
    const { logIn, receive, transport } = connect({ receive: broken, fail: broken });
    logIn();
    receive('a|b');
    expect(transport.calls).toEqual(['close 1011']);
  });

  it('before there is a session leaves no timer behind', () => {
    const kit = connect({ face: broken });
    expect(() => kit.connection).toThrow('secret');
    expect(kit.wheel.size).toBe(0);
  });

  it('as an error that is not fatal leaves the connection open', () => {
    const { logIn, receive, said, transport } = connect({
      receive: (frame) => {
        if (frame === 'bad') throw new GatewayError('field_missing');
        return [say(frame)];
      },
    });
    logIn();
    receive('bad|good');
    expect(said()).toEqual(['fault field_missing', 'good']);
    expect(transport.closedWith).toBeUndefined();
  });
});

describe('a command', () => {
  it('is settled once, even if the router says so twice', () => {
    const { logIn, receive, said, submitted } = connect(
      { receive: (frame) => [routed(Number(frame), LIST)], settle: (ref) => [say(`settled ${ref}`)] },
      { limits: 'inFlight: 1' },
    );
    logIn();
    receive('1|2|3');
    submitted[0]?.done(DONE);
    submitted[0]?.done(DONE);
    expect(said()).toEqual(['settled 1']);
    expect(submitted).toHaveLength(2);
  });

  it('that is settled after the connection has ended is heard by nobody', () => {
    const { connection, logIn, receive, submitted, transport } = connect({
      receive: () => [routed(1, LIST)],
      settle: () => [say('late')],
    });
    logIn();
    receive('a');
    connection.end('normal', '');
    submitted[0]?.done(DONE);
    connection.flush();
    expect(transport.written).toEqual([]);
  });

  it('that fails fatally ends the connection even if the session forgets to', () => {
    const { logIn, receive, submitted, transport } = connect({ receive: () => [routed(1, LIST)] });
    logIn();
    receive('a');
    submitted[0]?.done({ ok: false, error: new GatewayError('token_expired') });
    expect(transport.closedWith?.code).toBe(4003);
  });
});

describe('after a close effect', () => {
  it('nothing that follows it is done, and nothing is received, delivered, timed or replayed', () => {
    const { connection, logIn, receive, said, submitted, transport, wheel, advance } = connect({
      open: () => [READY],
      receive: (frame) =>
        frame === 'end'
          ? [say('before'), CLOSE, say('after'), routed(1, LIST), { kind: 'timer', name: 't', afterMs: 10 }]
          : [say(frame)],
      deliver: () => [say('event')],
    });
    connection.open();
    logIn();
    receive('end|more');
    receive('more');
    connection.offer(GONE);
    connection.deliver(GONE);
    connection.fault(new GatewayError('muted'));
    connection.end('internal', 'again');
    connection.pong();
    expect(wheel.size).toBe(0);
    advance(60_000);
    expect(said()).toEqual(['before']);
    expect(submitted).toEqual([]);
    expect(transport.calls).toEqual(['close 1000']);
  });

  it('only the first reason counts', () => {
    const { endpoint, logIn, receive } = connect({
      receive: () => {
        throw new GatewayError('silence');
      },
      fail: () => [CLOSE],
    });
    logIn();
    receive('a');
    expect([...endpoint.metrics.closes]).toEqual([['normal', 1]]);
  });
});

describe('when the transport is gone', () => {
  it('no timer is left, and the host hears of it once', () => {
    const { connection, ends, logIn, wheel } = connect({
      open: () => [READY, { kind: 'timer', name: 'silence', afterMs: 90_000, restart: 'received' }],
    });
    connection.open();
    logIn();
    connection.whetherAlive(5000, () => {});
    connection.replaced();
    expect(wheel.size).toBeGreaterThan(0);
    connection.closed(1006);
    connection.closed(1006);
    connection.replaced();
    expect(wheel.size).toBe(0);
    expect(ends).toEqual([connection]);
  });

  it('whoever asked whether it is alive hears that it is not', () => {
    const { connection } = connect();
    const answers: boolean[] = [];
    connection.whetherAlive(5000, (alive) => answers.push(alive));
    connection.closed(1006);
    connection.whetherAlive(5000, (alive) => answers.push(alive));
    expect(answers).toEqual([false, false]);
  });
});

describe('whoever asks for a sign of life', () => {
  it.each([
    ['a pong', (kit: ReturnType<typeof connect>) => kit.connection.pong(), true],
    ['a message', (kit: ReturnType<typeof connect>) => kit.receive('a'), true],
    ['nothing', (kit: ReturnType<typeof connect>) => kit.advance(5010), false],
  ])('hears after %s: %j', (_what, act, expected) => {
    const kit = connect();
    kit.logIn();
    const answers: boolean[] = [];
    kit.connection.whetherAlive(5000, (alive) => answers.push(alive));
    expect(kit.transport.calls).toEqual(['ping']);
    act(kit);
    kit.advance(6000);
    expect(answers).toEqual([expected]);
  });
});

describe('output', () => {
  const chatty = {
    open: () => [READY],
    deliver: () => [say('x'.repeat(1000))],
    fail: (error: GatewayError) => [say(`fault ${error.code}`), say('y'.repeat(5000))],
  };

  it('that one turn makes is no sign of a slow peer, however much it is', () => {
    const { connection, said, transport } = connect(chatty, { limits: SMALL });
    connection.open();
    for (let count = 0; count < 100; count++) connection.offer(GONE);
    expect(said()).toHaveLength(100);
    expect(transport.closedWith).toBeUndefined();
  });

  it('that the peer does not take ends the connection as a slow consumer, told once, at the limit', () => {
    const { connection, endpoint, said, transport } = connect(chatty, { limits: SMALL });
    connection.open();
    transport.room = 0;
    for (let count = 0; count < 100; count++) connection.offer(GONE);
    expect(said().filter((text) => text.startsWith('x'))).toHaveLength(5);
    expect(said().filter((text) => text.startsWith('fault'))).toEqual(['fault slow_consumer']);
    expect(transport.closedWith?.code).toBe(4008);
    expect(endpoint.metrics.slowConsumers).toBe(1);
  });

  it('waits for the session to be ready, in order, and ends a connection for which too much waits', () => {
    const held = connect({ receive: () => [READY], deliver: () => [say('event')] }, { limits: 'held: 3' });
    held.logIn();
    for (let count = 0; count < 3; count++) held.connection.offer(GONE);
    expect(held.transport.written).toEqual([]);
    held.receive('a');
    expect(held.said()).toEqual(['event', 'event', 'event']);

    const flooded = connect({}, { limits: 'held: 3' });
    for (let count = 0; count < 4; count++) flooded.connection.offer(GONE);
    expect(flooded.transport.closedWith?.code).toBe(4008);
  });

  it('is encoded once for all connections that share a key', () => {
    const { connection, endpoint, said } = connect({
      open: () => [READY],
      fanoutKey: () => 'key',
      deliver: () => [say('shared'), { kind: 'lost', type: 'going_away', fields: ['afterMs'] }],
    });
    connection.open();
    const encodes = endpoint.metrics.encodes;
    connection.offer(GONE);
    connection.offer(GONE);
    expect(said()).toEqual(['shared', 'shared']);
    expect(endpoint.metrics.encodes).toBe(encodes + 1);
    expect([...endpoint.metrics.losses]).toEqual([['going_away afterMs', 2]]);
  });
});

describe('a delivery', () => {
  it('that throws is not confirmed by the pong after the next one', () => {
    const { connection, logIn, transport, advance } = connect({
      open: () => [READY],
      deliver: (event) => {
        if (event.type === 'message' && event.message.sequence === 2) throw new GatewayError('unsupported');
        return [say('m')];
      },
    });
    logIn();
    connection.open();
    for (const sequence of [1, 2, 3]) connection.offer(delivery(messageTo(sequence)));
    advance(2000);
    expect(transport.calls).toEqual(['ping']);
    const confirmed = connection.tracker.answer('main', 'bob').map(({ from, to }) => [from, to]);
    expect(confirmed).toEqual([
      [1, 1],
      [3, 3],
    ]);
  });

  it('is confirmed by the pong to a ping after it, and by none that nobody asked for', () => {
    const { connection, logIn, advance } = connect({ open: () => [READY], deliver: () => [say('m')] });
    logIn();
    connection.open();
    connection.offer(delivery(messageTo(1)));
    advance(2000);
    connection.pong(true);
    expect(connection.tracker.answer('main', 'bob')).toHaveLength(1);
  });

  it('may be acknowledged by the dialect even if nothing of it is missed by the user', async () => {
    const { connection, logIn } = connect({
      open: () => [READY],
      deliver: () => [{ ...say('m'), confirm: 'dialect' } as const],
    });
    logIn();
    connection.open();
    const own = messageTo(1, { from: { namespace: 'main', id: 'bob', name: 'Bob' } });
    connection.offer(delivery(own));
    const known = await new Promise((resolve) => {
      const conversation = 'direct:["bob","bob"]';
      expect(connection.acknowledge(conversation, 2, true, () => resolve('wrong'))).toBe(false);
      expect(connection.acknowledge(conversation, 1, true, () => resolve('done'))).toBe(true);
      expect(connection.acknowledge(conversation, 1, true, () => resolve('twice'))).toBe(false);
    });
    expect(known).toBe('done');
  });
});

describe('the login deadline', () => {
  it('ends a connection that has not logged in, and spares one that has', () => {
    const late = connect();
    late.advance(10_050);
    expect(late.said()).toEqual(['fault unauthenticated']);
    expect(late.transport.closedWith?.code).toBe(4001);
    const punctual = connect();
    punctual.logIn();
    punctual.advance(10_050);
    expect(punctual.transport.closedWith).toBeUndefined();
  });
});

it('a silent peer is ended without a word when its pong is overdue', () => {
  const { advance, endpoint, transport, wheel } = connect(
    {},
    { heartbeat: 'ping: 1s, pongTimeout: 500ms', limits: 'beforeLogin: { deadline: 1h }' },
  );
  advance(1600);
  expect(transport.calls).toEqual(['ping', 'terminate']);
  expect([...endpoint.metrics.closes]).toEqual([['silence', 1]]);
  expect(wheel.size).toBe(0);
});
