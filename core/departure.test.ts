import { describe, expect, it } from 'vitest';
import type { Event } from '../schemas/event.ts';
import { connect, DONE, messageTo, READY, routed, say } from './test-kit.ts';

const GOODBYE: Event = { type: 'going_away', namespace: 'main', reason: 'shutting_down', afterMs: 0 };

const chatty = () =>
  connect(
    {
      open: () => [READY],
      receive: (frame) => [
        say(`heard ${frame}`),
        routed(Number(frame), { type: 'sync', target: { type: 'user', id: 'alice' } }),
      ],
      settle: (ref) => [say(`settled ${ref}`)],
      deliver: (event) => [say(event.type)],
    },
    { limits: 'closeTimeout: 2s' },
  );

describe('a connection that is to retire', () => {
  it('settles what was accepted, takes nothing new, then says goodbye and ends', () => {
    const { connection, logIn, receive, said, submitted, transport } = chatty();
    connection.open();
    logIn();
    receive('1|2');
    connection.retire(GOODBYE);
    receive('3');
    submitted[1]?.done(DONE);
    expect(said()).toEqual(['heard 1', 'heard 2', 'settled 2']);
    expect(transport.closedWith).toBeUndefined();
    submitted[0]?.done(DONE);
    expect(said()).toEqual(['heard 1', 'heard 2', 'settled 2', 'settled 1', 'going_away']);
    expect(transport.closedWith?.code).toBe(1012);
    expect(submitted).toHaveLength(2);
  });

  it('goes at once where nothing is in flight, or where nobody can wait', () => {
    const idle = chatty();
    idle.connection.open();
    idle.connection.retire(GOODBYE);
    expect(idle.said()).toEqual(['going_away']);
    expect(idle.transport.closedWith?.code).toBe(1012);
    const busy = chatty();
    busy.connection.open();
    busy.logIn();
    busy.receive('1');
    busy.connection.retire(GOODBYE, true);
    busy.submitted[0]?.done(DONE);
    expect(busy.said()).toEqual(['heard 1', 'going_away']);
    expect(busy.transport.calls).toEqual(['close 1012']);
  });
});

describe('a connection that another has replaced', () => {
  it('is told what it is told, hears nothing, and is ended when its time is up', () => {
    const { advance, connection, endpoint, logIn, receive, said, transport } = chatty();
    connection.open();
    logIn();
    connection.replaced();
    receive('1');
    connection.deliveries.offer({ type: 'message', namespace: 'main', message: messageTo(1) });
    expect(said()).toEqual(['message']);
    expect(endpoint.metrics.wireMessagesIn).toBe(0);
    advance(1900);
    connection.replaced();
    expect(transport.closedWith).toBeUndefined();
    advance(110);
    expect(transport.closedWith?.code).toBe(4000);
  });
});
