import { describe, expect, it } from 'vitest';
import type { Command } from '../schemas/command.ts';
import { GatewayError } from './errors.ts';
import { connect, DONE, routed, say } from './test-kit.ts';

const JOIN: Command = { type: 'join_group', group: 'g', exclusive: false };
const LIST: Command = { type: 'list_users', group: 'g' };

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
