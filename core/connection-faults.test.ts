import { describe, expect, it } from 'vitest';
import type { Command } from '../schemas/command.ts';
import { GatewayError } from './errors.ts';
import { CLOSE, connect, DONE, READY, routed, say } from './test-kit.ts';

const LIST: Command = { type: 'list_users', group: 'g' };
const GONE = { type: 'going_away', namespace: 'main', reason: 'shutting_down', afterMs: 0 } as const;

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
        connection.deliveries.offer(GONE);
      },
    ],
    [
      'fanoutKey',
      { fanoutKey: broken, open: () => [READY] },
      ({ connection }: ReturnType<typeof connect>) => {
        connection.open();
        connection.deliveries.offer(GONE);
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
    connection.deliveries.offer(GONE);
    connection.deliveries.deliver(GONE);
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
