import { describe, expect, it } from 'vitest';
import { GatewayError } from './errors.ts';
import { connect, delivery, messageTo, READY, say } from './test-kit.ts';

const SMALL = 'sendBuffer: 4KiB, frame: 1KiB, beforeLogin: { bytes: 1KiB }';
const GONE = { type: 'going_away', namespace: 'main', reason: 'shutting_down', afterMs: 0 } as const;

describe('output', () => {
  const chatty = {
    open: () => [READY],
    deliver: () => [say('x'.repeat(1000))],
    fail: (error: GatewayError) => [say(`fault ${error.code}`), say('y'.repeat(5000))],
  };

  it('that one turn makes is no sign of a slow peer, however much it is', () => {
    const { connection, said, transport } = connect(chatty, { limits: SMALL });
    connection.open();
    for (let count = 0; count < 100; count++) connection.deliveries.offer(GONE);
    expect(said()).toHaveLength(100);
    expect(transport.closedWith).toBeUndefined();
  });

  it('that the peer does not take ends the connection as a slow consumer, told once, at the limit', () => {
    const { connection, endpoint, said, transport } = connect(chatty, { limits: SMALL });
    connection.open();
    transport.room = 0;
    for (let count = 0; count < 100; count++) connection.deliveries.offer(GONE);
    expect(said().filter((text) => text.startsWith('x'))).toHaveLength(5);
    expect(said().filter((text) => text.startsWith('fault'))).toEqual(['fault slow_consumer']);
    expect(transport.closedWith?.code).toBe(4008);
    expect(endpoint.metrics.slowConsumers).toBe(1);
  });

  it('waits for the session to be ready, in order, and ends a connection for which too much waits', () => {
    const held = connect({ receive: () => [READY], deliver: () => [say('event')] }, { limits: 'held: 3' });
    held.logIn();
    for (let count = 0; count < 3; count++) held.connection.deliveries.offer(GONE);
    expect(held.transport.written).toEqual([]);
    held.receive('a');
    expect(held.said()).toEqual(['event', 'event', 'event']);

    const flooded = connect({}, { limits: 'held: 3' });
    for (let count = 0; count < 4; count++) flooded.connection.deliveries.offer(GONE);
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
    connection.deliveries.offer(GONE);
    connection.deliveries.offer(GONE);
    expect(said()).toEqual(['shared', 'shared']);
    expect(endpoint.metrics.encodes).toBe(encodes + 1);
    expect([...endpoint.metrics.losses.all()]).toMatchObject([
      { type: 'going_away', field: 'afterMs', count: 2 },
    ]);
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
    for (const sequence of [1, 2, 3]) connection.deliveries.offer(delivery(messageTo(sequence)));
    advance(2000);
    expect(transport.calls).toEqual(['ping']);
    const confirmed = connection.deliveries.tracker.answer('main', 'bob').map(({ from, to }) => [from, to]);
    expect(confirmed).toEqual([
      [1, 1],
      [3, 3],
    ]);
  });

  it('is confirmed by the pong to a ping after it, and by none that nobody asked for', () => {
    const { connection, logIn, advance } = connect({ open: () => [READY], deliver: () => [say('m')] });
    logIn();
    connection.open();
    connection.deliveries.offer(delivery(messageTo(1)));
    advance(2000);
    connection.pong(true);
    expect(connection.deliveries.tracker.answer('main', 'bob')).toHaveLength(1);
  });

  it('may be acknowledged by the dialect even if nothing of it is missed by the user', async () => {
    const { connection, logIn } = connect({
      open: () => [READY],
      deliver: () => [{ ...say('m'), confirm: 'dialect' } as const],
    });
    logIn();
    connection.open();
    const own = messageTo(1, { from: { namespace: 'main', id: 'bob', name: 'Bob' } });
    connection.deliveries.offer(delivery(own));
    const known = await new Promise((resolve) => {
      const conversation = 'direct:["bob","bob"]';
      expect(connection.deliveries.acknowledge(conversation, 2, true, () => resolve('wrong'))).toBe(false);
      expect(connection.deliveries.acknowledge(conversation, 1, true, () => resolve('done'))).toBe(true);
      expect(connection.deliveries.acknowledge(conversation, 1, true, () => resolve('twice'))).toBe(false);
    });
    expect(known).toBe('done');
  });
});
