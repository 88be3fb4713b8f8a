import { describe, expect, it } from 'vitest';
import type { Event } from '../../schemas/event.ts';
import type { Target } from '../../schemas/model.ts';
import type { DeliveryPolicy } from '../dialect.ts';
import { UpstreamAttendance } from './attendance.ts';

const MEMBER: DeliveryPolicy = { attendance: 'membership', inbox: 'login', replay: 'login' };
const JOINER: DeliveryPolicy = { attendance: 'explicit', inbox: 'subscribe', replay: 'attend' };
const SYNCER: DeliveryPolicy = { ...JOINER, replay: 'sync' };

const messageTo = (to: Target): Event => ({
  type: 'message',
  namespace: 'main',
  message: {
    id: '1',
    namespace: 'main',
    sequence: 1,
    from: { namespace: 'main', id: 'bob', name: 'Bob' },
    to,
    content: 'hi',
    contentType: 'text',
    sentAt: 0,
  },
});
const LOBBY: Target = { type: 'group', id: 'lobby' };
const ALICE: Target = { type: 'user', id: 'alice' };

describe('at login', () => {
  const types = (client: DeliveryPolicy, server: DeliveryPolicy) =>
    new UpstreamAttendance(client, server)
      .atLogin(['lobby', 'staff', 'lobby'], 'alice')
      .map((command) => (command.type === 'join_group' ? command.group : command.type));

  it('joins and subscribes for a client that does not, at a server that wants it', () => {
    expect(types(MEMBER, JOINER)).toEqual(['lobby', 'staff', 'subscribe']);
  });

  it('asks for what was missed where the server gives it only then', () => {
    expect(types(MEMBER, SYNCER)).toEqual(['lobby', 'staff', 'subscribe', 'sync']);
  });

  it('asks for nothing for a client that asks itself, or of a server that needs none', () => {
    expect(types(JOINER, JOINER)).toEqual([]);
    expect(types(MEMBER, MEMBER)).toEqual([]);
  });

  it("joins the groups that are the client's own by its dialect", () => {
    const own = { ...MEMBER, attendAtLogin: ['hall'], roster: { group: 'yard', intervalMs: 1 } };
    const asked = new UpstreamAttendance(own, JOINER).atLogin([], undefined);
    expect(asked.map((command) => (command.type === 'join_group' ? command.group : ''))).toEqual([
      'hall',
      'yard',
    ]);
  });
});

describe('what a client hears', () => {
  it('is what it has joined, until it leaves', () => {
    const attendance = new UpstreamAttendance(JOINER, MEMBER);
    expect(attendance.hears(messageTo(LOBBY))).toBe(false);
    attendance.granted({ type: 'join_group', group: 'lobby', exclusive: false });
    expect(attendance.hears(messageTo(LOBBY))).toBe(true);
    expect(attendance.size).toBe(1);
    attendance.granted({ type: 'leave_group', group: 'lobby' });
    expect(attendance.hears(messageTo(LOBBY))).toBe(false);
    expect(attendance.size).toBe(0);
  });

  it('is its inbox once that is subscribed', () => {
    const attendance = new UpstreamAttendance(JOINER, MEMBER);
    expect(attendance.hears(messageTo(ALICE))).toBe(false);
    attendance.granted({ type: 'subscribe', target: ALICE });
    expect(attendance.hears(messageTo(ALICE))).toBe(true);
    attendance.granted({ type: 'unsubscribe', target: ALICE });
    expect(attendance.hears(messageTo(ALICE))).toBe(false);
  });

  it('is everything for a client that attends by membership', () => {
    const attendance = new UpstreamAttendance(MEMBER, JOINER);
    expect([LOBBY, ALICE].map((to) => attendance.hears(messageTo(to)))).toEqual([true, true]);
  });
});

describe('after a reconnection', () => {
  it('the same is attended again, in the same order, and what was missed is asked for', () => {
    const attendance = new UpstreamAttendance(JOINER, SYNCER);
    attendance.granted({ type: 'subscribe', target: ALICE });
    attendance.granted({ type: 'join_group', group: 'lobby', exclusive: false });
    attendance.granted({ type: 'join_group', group: 'staff', exclusive: false });
    attendance.granted({ type: 'leave_group', group: 'lobby' });
    expect(attendance.again.map(({ type }) => type)).toEqual(['subscribe', 'join_group', 'sync']);
  });
});

describe('what a server does for everybody', () => {
  it('is granted without asking it', () => {
    const attendance = new UpstreamAttendance(JOINER, MEMBER);
    expect(attendance.knownResult({ type: 'subscribe', target: ALICE })).toEqual({
      type: 'subscribed',
      target: ALICE,
    });
    expect(attendance.knownResult({ type: 'sync' })).toEqual({ type: 'synced', count: 0 });
    expect(attendance.knownResult({ type: 'subscribe', target: LOBBY })).toBeUndefined();
    expect(new UpstreamAttendance(JOINER, SYNCER).knownResult({ type: 'sync' })).toBeUndefined();
  });
});
