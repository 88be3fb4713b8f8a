import { describe, expect, it } from 'vitest';
import type { Event } from '../schemas/event.ts';
import type { Message } from '../schemas/model.ts';
import { GatewayError } from './errors.ts';
import { MemoryMessageStore } from './store/memory.ts';
import type { MissedPage, MissedQuery, StoreCallback } from './store/port.ts';
import { connect, delivery, messageTo, READY, STORE_LIMITS, say } from './test-kit.ts';

const BOB = { namespace: 'main', id: 'bob', name: 'Bob' };
const SMALL = 'frame: 1KiB, beforeLogin: { bytes: 1KiB }, sendBuffer: 4KiB';

/** A store whose pages of missed messages are answered when the test says so. */
class PagedStore extends MemoryMessageStore {
  readonly asked: { readonly query: MissedQuery; readonly answer: StoreCallback<MissedPage> }[] = [];

  constructor() {
    super({ limits: STORE_LIMITS });
  }

  override missed(query: MissedQuery, answer: StoreCallback<MissedPage>): void {
    this.asked.push({ query, answer });
  }

  /** Answers the oldest question. */
  page(messages: readonly Message[], next?: string): MissedQuery {
    const question = this.asked.shift();
    if (question === undefined) throw new Error('nothing was asked');
    question.answer({ ok: true, value: { messages, next } });
    return question.query;
  }
}

const told = (event: Event): string => {
  if (event.type !== 'message') return event.type;
  const { sequence, to } = event.message;
  return `${to.type === 'group' ? to.id : 'direct'} ${sequence}${event.replayed === true ? ' again' : ''}`;
};

function fixture(limits = '') {
  const store = new PagedStore();
  const kit = connect({ open: () => [READY], deliver: (event) => [say(told(event))] }, { limits, store });
  kit.logIn();
  kit.connection.open();
  return { ...kit, connection: kit.connection, store };
}

const many = (from: number, to: number, changes: Partial<Message> = {}): readonly Message[] =>
  Array.from({ length: to - from + 1 }, (_, index) => messageTo(from + index, changes));
const inGroup = (id: string): Partial<Message> => ({ to: { type: 'group', id } });

describe('a replay', () => {
  it('says what was missed page by page, then what came live meanwhile, each message once', () => {
    const { connection, store, said } = fixture();
    connection.deliveries.replay({});
    connection.deliveries.offer(delivery(messageTo(4)));
    expect(store.page(many(1, 2), 'p1').after).toBeUndefined();
    connection.deliveries.offer(delivery(messageTo(5)));
    expect(store.page(many(3, 4)).after).toBe('p1');
    expect(said()).toEqual([
      'direct 1 again',
      'direct 2 again',
      'direct 3 again',
      'direct 4 again',
      'direct 5',
    ]);
  });

  it('says all that was missed before the live messages that this connection has had already', () => {
    const { connection, store, said } = fixture();
    for (const message of many(4, 5)) connection.deliveries.offer(delivery(message));
    connection.deliveries.replay({});
    store.page(many(1, 5));
    expect(said()).toEqual(['direct 4', 'direct 5', 'direct 1 again', 'direct 2 again', 'direct 3 again']);
  });

  it('lets events overtake it that concern no message', () => {
    const { connection, store, said } = fixture();
    connection.deliveries.replay({});
    connection.deliveries.offer({
      type: 'going_away',
      namespace: 'main',
      reason: 'disconnected',
      afterMs: 0,
    });
    store.page(many(1, 1));
    expect(said()).toEqual(['going_away', 'direct 1 again']);
  });

  it("puts the user's own messages from elsewhere, which nobody misses, where they belong in the order", () => {
    const { connection, store, said } = fixture();
    connection.deliveries.replay({});
    connection.deliveries.offer(delivery(messageTo(2, { from: BOB, to: { type: 'user', id: 'alice' } })));
    connection.deliveries.offer(delivery(messageTo(3)));
    store.page([messageTo(1), messageTo(3)]);
    expect(said()).toEqual(['direct 1 again', 'direct 2', 'direct 3 again']);
  });

  it('stands still while the peer does not read, and goes on when it does', () => {
    const { connection, store, said, transport } = fixture(SMALL);
    transport.room = 0;
    connection.deliveries.replay({});
    store.page(many(1, 200));
    const before = said().length;
    expect(before).toBeLessThan(100);
    expect(transport.closedWith).toBeUndefined();
    transport.room = Number.POSITIVE_INFINITY;
    transport.bufferedBytes = 0;
    connection.drain();
    expect(said()).toHaveLength(200);
  });

  it('waits for the client that acknowledges by itself, a bounded number of messages ahead of it, even if it acknowledges all at once', () => {
    const store = new PagedStore();
    const { connection, logIn, said } = connect(
      {
        open: () => [READY],
        deliver: (event) => [{ ...say(told(event)), confirm: 'dialect' } as const],
      },
      { limits: 'held: 20', store },
    );
    logIn();
    connection.open();
    connection.deliveries.replay({});
    store.page(many(1, 10), 'p1');
    store.page(many(11, 20));
    expect(said()).toHaveLength(10);
    const conversation = 'direct:["alice","bob"]';
    for (let sequence = 1; sequence <= 10; sequence++) {
      expect(connection.deliveries.acknowledge(conversation, sequence, true, () => {})).toBe(true);
    }
    expect(said()).toHaveLength(20);
  });

  it('that fails is reported, and what waited is said', () => {
    const { connection, store, said } = fixture();
    connection.deliveries.replay({});
    connection.deliveries.offer(delivery(messageTo(9)));
    store.asked.shift()?.answer({ ok: false, error: new GatewayError('store_unavailable') });
    expect(said()).toEqual(['fault store_unavailable', 'direct 9']);
  });

  it('that is answered after the connection has ended says nothing', () => {
    const { connection, store, transport } = fixture();
    connection.deliveries.replay({});
    connection.end('normal', '');
    store.page(many(1, 3), 'more');
    connection.drain();
    expect(transport.written).toEqual([]);
    expect(store.asked).toEqual([]);
  });
});

describe('replays one after another', () => {
  it('read one page at a time each, and tell how many messages they said', () => {
    const { connection, store, said } = fixture();
    const counts: unknown[] = [];
    const count = (outcome: unknown): void => {
      counts.push(outcome);
    };
    connection.deliveries.replay({ conversations: ['group:a'] }, count);
    connection.deliveries.replay({ conversations: ['group:b'] }, count);
    expect(store.asked).toHaveLength(1);
    expect(store.page(many(1, 2, inGroup('a'))).conversations).toEqual(['group:a']);
    expect(store.page(many(1, 1, inGroup('b'))).conversations).toEqual(['group:b']);
    expect(counts).toEqual([
      { ok: true, result: { type: 'synced', count: 2 } },
      { ok: true, result: { type: 'synced', count: 1 } },
    ]);
    expect(said()).toEqual(['a 1 again', 'a 2 again', 'b 1 again']);
  });

  it('that are asked for in answer to the one before read once too', () => {
    const { connection, store } = fixture();
    connection.deliveries.replay({}, () => connection.deliveries.replay({ groups: [] }));
    store.page([]);
    expect(store.asked).toHaveLength(1);
    expect(store.page([]).groups).toEqual([]);
    expect(store.asked).toEqual([]);
  });
});

describe('when more comes live during a replay than may wait', () => {
  it('what the replay comes to anyway is let go and read again: all is said, in order, once', () => {
    const { connection, store, said } = fixture('held: 10');
    connection.deliveries.replay({});
    for (const message of many(3, 20)) connection.deliveries.offer(delivery(message));
    store.page(many(1, 2));
    store.page(many(3, 20));
    expect(said().map((text) => Number(text.split(' ')[1]))).toEqual(
      many(1, 20).map(({ sequence }) => sequence),
    );
  });

  it('what is let go is not confirmed by what is said after it', () => {
    const { connection, store } = fixture('held: 10');
    for (const message of many(1, 2)) connection.deliveries.offer(delivery(message));
    connection.deliveries.replay({});
    for (const message of many(3, 14)) connection.deliveries.offer(delivery(message));
    // The reading of what was let go fails; what came last is said live.
    store.page([]);
    store.asked.shift()?.answer({ ok: false, error: new GatewayError('store_unavailable') });
    connection.deliveries.tracker.ask();
    const ranges = connection.deliveries.tracker.answer('main', 'bob').map(({ from, to }) => [from, to]);
    expect(ranges).toEqual([
      [1, 2],
      [14, 14],
    ]);
  });

  it('what the replay does not come to is kept, and the connection ends if that is too much', () => {
    const kept = fixture('held: 10');
    kept.connection.deliveries.replay({ conversations: ['group:a'] });
    for (const message of many(1, 4, inGroup('b'))) kept.connection.deliveries.offer(delivery(message));
    for (const message of many(1, 7, inGroup('a'))) kept.connection.deliveries.offer(delivery(message));
    kept.store.page([]);
    kept.store.page(many(1, 7, inGroup('a')));
    expect(kept.said().filter((text) => text.startsWith('b'))).toEqual(['b 1', 'b 2', 'b 3', 'b 4']);
    expect(kept.said()).toHaveLength(11);

    const flooded = fixture('held: 10');
    flooded.connection.deliveries.replay({ conversations: ['group:a'] });
    for (const message of many(1, 11, inGroup('b'))) flooded.connection.deliveries.offer(delivery(message));
    expect(flooded.transport.closedWith?.code).toBe(4008);
  });
});
