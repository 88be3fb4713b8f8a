/**
 * Whatever happens to connections in the middle of messages to their group: each hears what it would hear if nothing
 * were told together, and what its peer has confirmed is the same.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Crowd, crowd, type Member, type MemberPlan } from './burst-test-kit.ts';

type Op =
  | { readonly kind: 'say'; readonly who: number; readonly content: string; readonly isByThem: boolean }
  | { readonly kind: 'say elsewhere' | 'whisper'; readonly who: number; readonly to: number }
  | { readonly kind: 'receive'; readonly who: number; readonly frame: string }
  | { readonly kind: 'squeeze'; readonly who: number; readonly room: number }
  | { readonly kind: OnOne; readonly who: number }
  | { readonly kind: OnAll };

const ON_ONE = ['join', 'leave', 'replay', 'ping', 'pong', 'flush', 'end', 'cut', 'retire'] as const;
type OnOne = (typeof ON_ONE)[number];
const ON_ALL = ['announce', 'end replays', 'end turn'] as const;
type OnAll = (typeof ON_ALL)[number];
const FRAMES = [
  'echo',
  'quiet',
  'key a',
  'key b',
  'key none',
  'break',
  'throw',
  '!',
  'ready',
  'close',
  'a|b',
];

const index = fc.nat({ max: 999 });
const contents = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('short', 'grüße 🦊', 'lossy') },
  { weight: 2, arbitrary: fc.constantFrom('x'.repeat(3000), 'x'.repeat(5500), 'y'.repeat(20_000)) },
  { weight: 1, arbitrary: fc.constantFrom('alone', 'mute', 'poison', 'poison-key') },
);
const kind = <Kind extends string>(...kinds: readonly Kind[]): fc.Arbitrary<Kind> =>
  fc.constantFrom(...kinds);
const ops: fc.Arbitrary<readonly Op[]> = fc.array(
  fc.oneof(
    {
      weight: 16,
      arbitrary: fc.record({ kind: kind('say'), who: index, content: contents, isByThem: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ kind: kind('say elsewhere', 'whisper'), who: index, to: index }) },
    { weight: 3, arbitrary: fc.record({ kind: kind('receive'), who: index, frame: kind(...FRAMES) }) },
    { weight: 1, arbitrary: fc.record({ kind: kind('squeeze'), who: index, room: fc.nat({ max: 12_000 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: kind(...ON_ONE), who: index }) },
    { weight: 2, arbitrary: fc.record({ kind: kind(...ON_ALL) }) },
  ),
  { minLength: 10, maxLength: 60 },
);
const plans: fc.Arbitrary<readonly MemberPlan[]> = fc.array(
  fc.record({
    user: fc.nat({ max: 14 }).map((number) => `user-${number}`),
    endpoint: fc.constantFrom(0 as const, 0 as const, 1 as const),
    kind: kind('websocket', 'websocket', 'sockjs'),
    key: fc.constantFrom('a', 'a', 'a', 'b', undefined),
    isLate: fc.nat({ max: 9 }).map((number) => number === 0),
  }),
  { minLength: 17, maxLength: 40 },
);

/** Peers that may take too little. When one of them is ended differs: what is told together is found too much later. */
const isSqueezable = (who: number, { members }: Crowd): boolean => (who % members.length) % 7 === 3;

function onOne(all: Crowd, what: OnOne, { connection }: Member): void {
  switch (what) {
    case 'join':
      if (!connection.isEnding) all.hub.attend(connection, all.group('g'));
      return;
    case 'leave':
      all.hub.unattendGroup(connection, all.group('g'));
      return;
    case 'replay':
      connection.deliveries.replay({ conversations: ['group:g'] });
      return;
    case 'ping':
      connection.whetherAlive(3_600_000, () => {});
      return;
    case 'pong':
      connection.pong();
      return;
    case 'flush':
      connection.flush();
      return;
    case 'end':
      connection.end('normal', 'bye');
      return;
    case 'cut':
      connection.closed(1006);
      return;
    case 'retire':
      connection.retire({ type: 'going_away', namespace: 'main', reason: 'shutting_down', afterMs: 0 });
      return;
    default:
      what satisfies never;
  }
}

async function happen(all: Crowd, op: Op): Promise<void> {
  switch (op.kind) {
    case 'say': {
      const author = all.member(op.who);
      const isByThem = op.isByThem && !isSqueezable(op.who, all) && !author.connection.isEnding;
      all.say(op.content, author.user, isByThem ? author : undefined);
      return;
    }
    case 'say elsewhere':
      all.say('elsewhere', all.member(op.who).user, undefined, { type: 'group', id: 'elsewhere' });
      return;
    case 'whisper':
      all.say('whisper', all.member(op.who).user, undefined, { type: 'user', id: all.member(op.to).user });
      return;
    case 'receive':
      all.member(op.who).receive(op.frame);
      return;
    case 'squeeze':
      if (isSqueezable(op.who, all)) all.member(op.who).transport.room = op.room;
      return;
    case 'announce':
      all.announce();
      return;
    case 'end replays':
      all.endReplays();
      return;
    case 'end turn':
      await all.endTurn();
      return;
    default:
      if (op.kind === 'ping' || op.kind === 'pong' || !isSqueezable(op.who, all))
        onOne(all, op.kind, all.member(op.who));
  }
}

async function run(members: readonly MemberPlan[], all: readonly Op[], isControl: boolean) {
  const one = crowd(members, isControl);
  try {
    // Some attend another group as well.
    for (const [at, { connection }] of one.members.entries()) {
      if (at % 3 === 0) one.hub.attend(connection, one.group('elsewhere'));
    }
    for (const op of all) await happen(one, op);
    await one.endTurn();
    one.endReplays();
    await one.endTurn();
    one.confirmAll();
    return {
      together: one.together(),
      members: one.members.map((member) => ({
        said: member.said(),
        calls: member.transport.calls.filter((call) => call.startsWith('close')),
        isOver: member.connection.isEnding,
        confirmed: one.confirmedBy(member),
      })),
      metrics: one.endpoints.map(({ metrics }) => ({
        framesOut: metrics.framesOut,
        bytesOut: metrics.bytesOut,
        held: metrics.held,
        events: [...metrics.events].sort(),
        errors: [...metrics.errors].sort(),
        closes: [...metrics.closes].sort(),
        losses: [...metrics.losses.all()].map(({ type, field, count }) => [type, field, count]).sort(),
      })),
    };
  } finally {
    one.stop();
  }
}

const SLOW = 'fault slow_consumer';
const begins = (longer: readonly string[], shorter: readonly string[]): void =>
  expect(longer.slice(0, shorter.length)).toEqual(shorter);

it('nobody can tell whether messages were told together', async () => {
  let together = 0;
  await fc.assert(
    fc.asyncProperty(plans, ops, async (members, all) => {
      const real = await run(members, all, false);
      const control = await run(members, all, true);
      together += real.together;
      expect(control.together).toBe(0);
      const cut = new Set(all.map((op) => (op.kind === 'cut' ? op.who % members.length : -1)));
      let areSame = cut.size === 0 || (cut.size === 1 && cut.has(-1));
      for (const [at, was] of real.members.entries()) {
        const should = control.members[at] as typeof was;
        expect(was.isOver).toBe(should.isOver);
        if (was.said.includes(SLOW)) {
          areSame = false;
          expect(should.said.at(-1)).toBe(SLOW);
          expect(was.said.at(-1)).toBe(SLOW);
          expect(was.calls).toEqual(should.calls);
          begins(was.said, should.said.slice(0, -1));
        } else if (cut.has(at)) {
          // What was not written yet is gone; how much that is depends on when the peer seemed slow.
          const [shorter, longer] =
            was.said.length < should.said.length ? [was.said, should.said] : [should.said, was.said];
          if (shorter[0] !== '') begins(longer, shorter);
        } else {
          expect(was.said).toEqual(should.said);
          expect(was.calls).toEqual(should.calls);
        }
        if (!was.isOver) expect(was.confirmed).toEqual(should.confirmed);
      }
      if (areSame) expect(real.metrics).toEqual(control.metrics);
    }),
    { numRuns: 150 },
  );
  // The model would prove nothing if there were nothing to tell apart.
  expect(together).toBeGreaterThan(500);
});
