/** What the vectors can't say: times, shared state, and the two faces together. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConnectionContext, Effect } from '../../core/dialect.ts';
import { ERROR_CODES } from '../../core/session-kit.ts';
import type { Event } from '../../schemas/event.ts';
import { apply, connectionFor, endpointFor, faceOf } from '../../test/support/drive.ts';
import { ERROR_NUMBERS, errorCodeOf, errorNumberOf } from './error-codes.ts';
import { ourchatDialect as dialect } from './index.ts';
import { isTimeZone, LocalTime } from './local-time.ts';
import {
  AT,
  alice,
  bob,
  charlie,
  connection,
  direct,
  eve,
  identity,
  lobby,
  loggedIn,
  message,
  messageEvent,
  presence,
  userList,
} from './vectors-support.ts';

const VARIANTS = ['ourchat', 'ourchat_2'] as const;
const optionsOf = (variant: string) => ({ endpoint: { options: { variant } } });

/** Several server faces of one endpoint, logged in. */
function clientsOf(variant: string, ...users: readonly (typeof alice)[]) {
  const open = dialect.server(endpointFor(dialect, { options: { variant } }));
  return users.map((user) => {
    const face = open(connectionFor({ ...connection, id: user.id }));
    apply(face, { open: true });
    apply(face, { settle: 1, outcome: loggedIn(user) });
    return face;
  });
}

/** The values that our client's face makes of what our server's face says. */
function through(variant: string, ...events: readonly unknown[]): unknown[] {
  const [server] = clientsOf(variant, alice);
  const client = faceOf(dialect, 'client', { ...optionsOf(variant), connection });
  apply(client, { open: true });
  const effects = (event: unknown) => (server ? apply(server, { deliver: event }) : []);
  return events.flatMap(effects).flatMap((effect: Effect<unknown, unknown>) => {
    if (effect.kind !== 'send' || server === undefined) return [];
    return apply(client, { wire: server.codec.encode(effect.frame) }).flatMap((heard) =>
      heard.kind === 'route' ? [heard.value] : [],
    );
  });
}

describe('the examples of the source', () => {
  const golden = readFileSync(new URL('../../test/golden/ourchat.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; direction: string; wire: string });

  it.each(golden)('$id is read, and a server frame written again as it was', ({ direction, wire }) => {
    const { codec } = faceOf(dialect, direction === 'c2s' ? 'server' : 'client');
    const frames = [...codec.decode(wire)];
    expect(frames).toHaveLength(1);
    if (direction === 's2c')
      expect(JSON.parse(String(codec.encode(frames[0])))).toMatchObject(JSON.parse(wire));
  });
});

describe.each(VARIANTS)('both faces of %s', (variant) => {
  it('understand each other about chat, presence and lists', () => {
    const heard = through(
      variant,
      messageEvent(message()),
      messageEvent(direct({ from: bob, to: { type: 'user', id: 'alice' } })),
      presence(bob, true),
      presence(charlie, false),
      userList([alice, bob], [charlie]),
    );
    expect(heard).toMatchObject([
      { type: 'message', message: { from: alice, to: { type: 'group', id: 'lobby' }, sentAt: AT } },
      { type: 'message', message: { from: bob, to: { type: 'user', id: 'alice' }, content: 'Hello, Bob!' } },
      presence(bob, true),
      presence(charlie, false),
      userList([alice, bob], [charlie]),
    ]);
  });

  it('carry any well-formed content unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (content) => {
        const [heard] = through(variant, messageEvent(message({ content })));
        expect(heard).toMatchObject({ message: { content } });
      }),
    );
  });
});

describe('a private message', () => {
  it('gets the name of its recipient from a list that any session of the endpoint was shown', () => {
    const [first, second] = clientsOf('ourchat', alice, alice);
    if (first === undefined || second === undefined) throw new Error('no faces');
    apply(first, { deliver: userList([bob], []) });
    expect(apply(second, { deliver: messageEvent(direct()) })).toMatchObject([
      { kind: 'send', frame: { toNickname: 'Bob' } },
    ]);
  });
});

describe('the fan-out key', () => {
  const keys = (variant: string, event: Event, ...users: readonly (typeof alice)[]) =>
    clientsOf(variant, ...users).map(({ session }) => session.fanoutKey?.(event));

  it.each(VARIANTS)('is shared by all but the origin for lobby chat [%s]', (variant) => {
    const event = messageEvent(message(), 'alice');
    expect(keys(variant, event, alice, bob, charlie)).toEqual([undefined, 'chat', 'chat']);
  });

  it.each([
    ['private chat', messageEvent(direct())],
    ['another group', messageEvent(message({ to: { type: 'group', id: 'staff' } }))],
    ['a sender without an integer', messageEvent(message({ from: eve }))],
    ['presence of a user without an integer', presence(eve, true)],
    ['the list of another group', userList([alice], [], { ...lobby, id: 'staff' })],
    ['an event that is lost', { type: 'group_dissolved', namespace: 'main', group: lobby, at: AT }],
  ] satisfies [string, Event][])('is absent for %s', (_, event) => {
    expect(keys('ourchat', event, alice)).toEqual([undefined]);
  });

  it('leaves out the subject of a change of presence', () => {
    expect(keys('ourchat', presence(bob, true), alice, bob)).toEqual(['system', undefined]);
  });

  it('is one for the lists of ourchat, and tells apart lists of ourchat_2 that name other changes', () => {
    expect(keys('ourchat', userList([alice], []), alice, bob)).toEqual(['user_list', 'user_list']);
    const clients = clientsOf('ourchat_2', alice, bob);
    const keysNow = () => clients.map(({ session }) => session.fanoutKey?.(userList([alice], [])));
    expect(new Set(keysNow()).size).toBe(2);
    for (const client of clients) apply(client, { deliver: presence(charlie, true, AT + 1) });
    expect(new Set(keysNow()).size).toBe(1);
  });

  it.each(VARIANTS)('goes with one send, the same for all who share it [%s]', (variant) => {
    const clients = clientsOf(variant, alice, bob);
    for (const event of [
      messageEvent(message({ from: charlie })),
      presence(charlie, true, AT + 1),
      userList([bob], []),
    ]) {
      const [one, other] = clients.map((face) => ({
        key: face.session.fanoutKey?.(event),
        effects: apply(face, { deliver: event }),
      }));
      expect(one?.key).toBeDefined();
      expect(one).toEqual(other);
      expect(one?.effects).toHaveLength(1);
    }
  });
});

describe('ids', () => {
  it.each(['1.5', '01', 'abc', '', '9007199254740992', 'Infinity', ' 1'])(
    'that are no exact integer are not said: %s',
    (wireId) => {
      const broken: Partial<ConnectionContext> = { identity: { ...identity, toWire: () => wireId } };
      const face = faceOf(dialect, 'server', { connection: { ...connection, ...broken } });
      expect(apply(face, { deliver: messageEvent(message()) })).toEqual([
        { kind: 'lost', type: 'message', fields: ['message.from'] },
      ]);
    },
  );
});

describe('error numbers', () => {
  const numbers = Object.values(ERROR_NUMBERS);

  it('are one for each code, from 1001 to 1099, never two the same', () => {
    expect(Object.keys(ERROR_NUMBERS).toSorted()).toEqual([...ERROR_CODES].toSorted());
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.every((number) => number >= 1001 && number <= 1099)).toBe(true);
  });

  it('lead back to their codes', () => {
    for (const code of ERROR_CODES) expect(errorCodeOf(errorNumberOf(code))).toBe(code);
    expect(errorCodeOf(1)).toBeUndefined();
    expect(errorNumberOf('toString')).toBe(1099);
  });

  it('are listed in PROTOCOL.md as they are here', () => {
    const text = readFileSync(new URL('./PROTOCOL.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| (1\d{3}) \| `(\w+)` \|/gm)].map(([, number, code]) => [
      code,
      Number(number),
    ]);
    expect(Object.fromEntries(rows)).toEqual(ERROR_NUMBERS);
  });
});

describe('local times', () => {
  it.each([
    ['Asia/Shanghai', '2025-12-14T10:30:00'],
    ['UTC', '2025-12-14T02:30:00'],
    ['America/St_Johns', '2025-12-13T23:00:00'],
  ])('are written in %s without a fraction', (zone, text) => {
    expect(new LocalTime(zone).format(AT + 999)).toBe(text);
    expect(new LocalTime(zone).parse(text)).toBe(AT);
  });

  it('say midnight as 00 and not as 24', () => {
    expect(new LocalTime('UTC').format(0)).toBe('1970-01-01T00:00:00');
  });

  it('are read in summer and in winter', () => {
    const time = new LocalTime('Europe/Berlin');
    expect(time.parse('2025-07-01T12:00:00')).toBe(Date.UTC(2025, 6, 1, 10));
    expect(time.parse('2025-01-01T12:00:00')).toBe(Date.UTC(2025, 0, 1, 11));
  });

  it('lead back to the second, in any zone that keeps its clocks', () => {
    const times = ['Asia/Shanghai', 'UTC', 'Asia/Kathmandu', 'Pacific/Kiritimati'].map(
      (zone) => new LocalTime(zone),
    );
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1996, 0), max: Date.UTC(9998, 0) }), (epochMs) => {
        for (const time of times) {
          expect(time.parse(time.format(epochMs))).toBe(Math.floor(epochMs / 1000) * 1000);
        }
      }),
    );
  });

  it('stay writable for any number a message may carry', () => {
    const time = new LocalTime('Pacific/Kiritimati');
    expect(time.format(Number.MAX_SAFE_INTEGER)).toBe('9999-12-31T14:00:00');
    expect(time.format(-1)).toBe(time.format(0));
  });

  it.each([
    '',
    '2025-12-14',
    '2025-13-14T10:30:00',
    '2025-12-14T25:30:00',
    '0000-01-01T00:00:00',
    '1969-12-31T00:00:00',
  ])('that are none, or before 1970, are refused: %s', (text) => {
    expect(new LocalTime('UTC').parse(text)).toBeNull();
  });
});

describe('options', () => {
  const parse = (options: unknown) => dialect.options.safeParse(options).success;

  it('have a default each', () => {
    expect(dialect.options.parse({})).toEqual({
      variant: 'ourchat',
      lobby: 'lobby',
      lobbyAttendance: 'members',
      timeZone: 'Asia/Shanghai',
      offline: 'store',
      rosterIntervalMs: 500,
    });
  });

  it.each([
    { variant: 'ourchat_3' },
    { timeZone: 'Mars/Olympus' },
    { lobby: '' },
    { offline: 'drop' },
    { rosterIntervalMs: -1 },
    { rosterInterval: 1 },
  ])('refuse %j', (options) => {
    expect(parse(options)).toBe(false);
  });

  it('set the policy: lobby, roster, and who attends', () => {
    const policy = (options: unknown) => dialect.policy(dialect.options.parse(options));
    expect(policy({})).toEqual({
      attendance: 'membership',
      inbox: 'login',
      replay: 'login',
      groups: ['lobby'],
      roster: { group: 'lobby', intervalMs: 500 },
    });
    expect(policy({ lobby: 'hall', lobbyAttendance: 'everyone', rosterIntervalMs: 0 })).toMatchObject({
      attendAtLogin: ['hall'],
      groups: ['hall'],
      roster: { group: 'hall', intervalMs: 0 },
    });
  });

  it('know time zones by the names of the system', () => {
    expect(isTimeZone('Europe/Berlin')).toBe(true);
    expect(isTimeZone('')).toBe(false);
  });
});

describe('hostile clients', () => {
  it.each(VARIANTS)('get frames or a GatewayError from any JSON [%s]', (variant) => {
    const { codec } = faceOf(dialect, 'server', optionsOf(variant));
    const [session] = clientsOf(variant, alice);
    const kind = fc.constantFrom('CHAT', 'chat', 'ERROR', 'error', 'requestUserList');
    const odd = fc.oneof(fc.jsonValue(), fc.double(), fc.maxSafeInteger());
    const frame = fc.record(
      {
        type: kind,
        fromUserId: odd,
        senderId: odd,
        toUserId: odd,
        receiverId: odd,
        content: odd,
        messageType: odd,
        code: odd,
        message: odd,
      },
      { requiredKeys: ['type'] },
    );
    fc.assert(
      fc.property(frame, (value) => {
        try {
          for (const decoded of codec.decode(JSON.stringify(value))) session?.session.receive(decoded);
        } catch (error) {
          expect(error).toMatchObject({ name: 'GatewayError' });
        }
      }),
    );
  });
});
