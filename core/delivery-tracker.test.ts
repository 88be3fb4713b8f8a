import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeliveryTracker } from './delivery-tracker.ts';
import type { ConfirmedRange } from './store/port.ts';

const range = (conversation: string, from: number, to: number): ConfirmedRange => ({
  namespace: 'main',
  user: 'bob',
  conversation,
  from,
  to,
});

const answer = (tracker: DeliveryTracker): readonly ConfirmedRange[] => tracker.answer('main', 'bob');
const accept = (tracker: DeliveryTracker, sequence: number): ConfirmedRange | undefined =>
  tracker.accept('main', 'bob', 'c', sequence);

describe('where pongs confirm', () => {
  it('a pong confirms what was sent before its ping, and nothing sent after it', () => {
    const tracker = new DeliveryTracker();
    tracker.sent('c', 4, 'live');
    tracker.sent('c', 5, 'live');
    tracker.sent('d', 1, 'live');
    expect(tracker.hasFresh).toBe(true);
    tracker.ask();
    expect(tracker.hasFresh).toBe(false);
    tracker.sent('c', 6, 'live');
    expect(answer(tracker)).toEqual([range('c', 4, 5), range('d', 1, 1)]);
    expect(answer(tracker)).toEqual([]);
    tracker.ask();
    expect(answer(tracker)).toEqual([range('c', 4, 6)]);
  });

  it('a pong that was not asked for confirms nothing', () => {
    const tracker = new DeliveryTracker();
    tracker.sent('c', 1, 'live');
    expect(answer(tracker)).toEqual([]);
  });

  it('a message between two that were sent needs no confirmation unless it was skipped', () => {
    const tracker = new DeliveryTracker();
    tracker.sent('c', 4, 'live');
    tracker.sent('c', 9, 'live');
    tracker.skipped('c');
    tracker.sent('c', 12, 'live');
    tracker.ask();
    expect(answer(tracker)).toEqual([range('c', 4, 9), range('c', 12, 12)]);
  });

  it('a replay that reaches back behind live messages is said whole, and confirmed only as far as it was said', () => {
    const tracker = new DeliveryTracker();
    for (const sequence of [10, 11, 12]) tracker.sent('c', sequence, 'live');
    tracker.sent('c', 1, 'replayed');
    expect([1, 2, 9, 10, 12].map((sequence) => tracker.hasSent('c', sequence))).toEqual([
      true,
      false,
      false,
      true,
      true,
    ]);
    tracker.ask();
    tracker.sent('c', 2, 'replayed');
    expect(answer(tracker)).toEqual([range('c', 10, 12), range('c', 1, 1)]);
  });

  it('several that go out at once come to what they come to one by one', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('sent' as const),
        gap: fc.integer({ min: 1, max: 3 }),
        count: fc.integer({ min: 1, max: 5 }),
      }),
      fc.record({
        kind: fc.constantFrom('acknowledged' as const, 'skipped' as const, 'ask' as const, 'answer' as const),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const [one, atOnce] = [new DeliveryTracker(), new DeliveryTracker()];
        let last = 0;
        for (const next of steps) {
          if (next.kind === 'sent') {
            const first = last + next.gap;
            last = first + next.count - 1;
            for (let sequence = first; sequence <= last; sequence++) one.sent('c', sequence, 'live');
            atOnce.sent('c', first, 'live', last);
            continue;
          }
          if (next.kind === 'acknowledged') last++;
          for (const tracker of [one, atOnce]) {
            if (next.kind === 'acknowledged') tracker.sent('c', last, 'acknowledged');
            else if (next.kind === 'skipped') tracker.skipped('c');
            else if (next.kind === 'ask') tracker.ask();
          }
          if (next.kind === 'answer') expect(answer(atOnce)).toEqual(answer(one));
          expect(atOnce.hasFresh).toBe(one.hasFresh);
        }
        for (const tracker of [one, atOnce]) tracker.ask();
        expect(answer(atOnce)).toEqual(answer(one));
      }),
    );
  });

  it('all conversations of a kind can be broken off at once', () => {
    const tracker = new DeliveryTracker();
    for (const conversation of ['direct:a', 'direct:b', 'group:c']) {
      tracker.sent(conversation, 1, 'live');
    }
    tracker.skippedAll('direct:');
    for (const conversation of ['direct:a', 'direct:b', 'group:c']) {
      tracker.sent(conversation, 3, 'live');
    }
    tracker.ask();
    expect(answer(tracker)).toEqual([
      range('direct:a', 1, 1),
      range('direct:a', 3, 3),
      range('direct:b', 1, 1),
      range('direct:b', 3, 3),
      range('group:c', 1, 3),
    ]);
  });

  it('what is confirmed and not continued is forgotten', () => {
    const tracker = new DeliveryTracker();
    for (let sequence = 1; sequence <= 1000; sequence++) {
      tracker.sent('c', 2 * sequence, 'live');
      tracker.skipped('c');
    }
    tracker.ask();
    answer(tracker);
    expect(tracker.size).toBe(0);
  });
});

describe('where the client acknowledges', () => {
  it('its ack confirms that message alone, once', () => {
    const tracker = new DeliveryTracker();
    for (const sequence of [1, 2, 3]) tracker.sent('c', sequence, 'acknowledged');
    expect(accept(tracker, 2)).toEqual(range('c', 2, 2));
    expect(accept(tracker, 2)).toBeUndefined();
    expect(accept(tracker, 4)).toBeUndefined();
    expect(tracker.accept('main', 'bob', 'other', 1)).toBeUndefined();
  });

  it('no pong confirms anything, nor asks for one', () => {
    const tracker = new DeliveryTracker();
    tracker.sent('c', 1, 'acknowledged');
    expect(tracker.hasFresh).toBe(false);
    tracker.ask();
    expect(answer(tracker)).toEqual([]);
  });

  it('a pong confirms other messages of the conversation without reaching over those that wait', () => {
    const tracker = new DeliveryTracker();
    tracker.sent('c', 1, 'live');
    tracker.sent('c', 2, 'acknowledged');
    tracker.sent('c', 3, 'live');
    tracker.ask();
    expect(answer(tracker)).toEqual([range('c', 1, 1), range('c', 3, 3)]);
  });

  it('a nack lets a replay send the message again, and leaves the others waiting', () => {
    const tracker = new DeliveryTracker();
    for (const sequence of [1, 2, 3]) tracker.sent('c', sequence, 'acknowledged');
    expect(tracker.refuse('c', 2)).toBe(true);
    expect(tracker.refuse('c', 2)).toBe(false);
    expect([1, 2, 3].map((sequence) => tracker.hasSent('c', sequence))).toEqual([true, false, true]);
    expect(accept(tracker, 1)).toEqual(range('c', 1, 1));
    expect(accept(tracker, 3)).toEqual(range('c', 3, 3));
  });

  it('those that wait are counted, however they come to wait no more', () => {
    const tracker = new DeliveryTracker();
    for (const sequence of [1, 2, 3, 3]) tracker.sent('c', sequence, 'acknowledged');
    tracker.sent('c', 4, 'live');
    expect(tracker.awaitedCount).toBe(3);
    accept(tracker, 1);
    accept(tracker, 1);
    expect(tracker.awaitedCount).toBe(2);
    tracker.noted('c', 1);
    tracker.refuse('c', 2);
    tracker.refuse('c', 2);
    expect(tracker.awaitedCount).toBe(1);
  });

  it('an accepted message counts as sent until the store has noted it', () => {
    const tracker = new DeliveryTracker();
    tracker.sent('c', 1, 'acknowledged');
    accept(tracker, 1);
    expect(tracker.hasSent('c', 1)).toBe(true);
    expect(tracker.refuse('c', 1)).toBe(false);
    tracker.noted('c', 1);
    expect([tracker.hasSent('c', 1), tracker.size]).toEqual([false, 0]);
  });
});

/** What may happen to one conversation of one connection; `next` is how far the conversation moves on. */
const Step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('live' as const), byDialect: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ do: 'own' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'fails' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('replay' as const), most: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'ping' as const }) },
  { weight: 3, arbitrary: fc.constant({ do: 'pong' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ack' as const), accepted: fc.boolean() }) },
);

describe('against a model that remembers every message', () => {
  it('confirms nothing that was not sent before the ping or acknowledged, and never says a message twice', () => {
    fc.assert(
      fc.property(fc.array(Step, { maxLength: 80 }), (steps) => {
        const tracker = new DeliveryTracker();
        /** Messages of others, by sequence: only these can be missed. */
        const missed = new Set<number>();
        const sent = new Set<number>();
        const waiting = new Set<number>();
        let received = new Set<number>();
        let pinged: Set<number> | undefined;
        let last = 0;
        const confirm = ({ from, to }: ConfirmedRange): void => {
          for (let sequence = from; sequence <= to; sequence++) {
            if (missed.has(sequence)) expect(received).toContain(sequence);
            missed.delete(sequence);
          }
        };
        const say = (sequence: number, replayed: boolean, byDialect: boolean): void => {
          expect(sent).not.toContain(sequence);
          sent.add(sequence);
          if (byDialect) waiting.add(sequence);
          tracker.sent('c', sequence, byDialect ? 'acknowledged' : replayed ? 'replayed' : 'live');
        };
        for (const step of steps) {
          switch (step.do) {
            case 'live':
              missed.add(++last);
              say(last, false, step.byDialect);
              break;
            case 'own':
              last++;
              break;
            case 'fails':
              missed.add(++last);
              tracker.skipped('c');
              break;
            case 'replay': {
              let most = step.most;
              for (const sequence of [...missed].sort((a, b) => a - b)) {
                if (tracker.hasSent('c', sequence)) continue;
                if (most-- === 0) break;
                say(sequence, true, false);
              }
              break;
            }
            case 'ping':
              pinged = new Set([...sent].filter((sequence) => !waiting.has(sequence)));
              tracker.ask();
              break;
            case 'pong':
              if (pinged === undefined) break;
              received = pinged;
              for (const confirmed of tracker.answer('main', 'bob')) confirm(confirmed);
              // All that the ping asked about is confirmed: nothing is held back either.
              for (const sequence of pinged) expect(missed).not.toContain(sequence);
              pinged = undefined;
              break;
            case 'ack': {
              const [sequence] = waiting;
              if (sequence === undefined) break;
              waiting.delete(sequence);
              if (step.accepted) {
                received = new Set([sequence]);
                const confirmed = tracker.accept('main', 'bob', 'c', sequence);
                expect(confirmed).toEqual(range('c', sequence, sequence));
                confirm(range('c', sequence, sequence));
                tracker.noted('c', sequence);
              } else {
                expect(tracker.refuse('c', sequence)).toBe(true);
                sent.delete(sequence);
              }
              break;
            }
            default:
              step satisfies never;
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
