import { describe, expect, it, vi } from 'vitest';
import type { EventOf } from '../../schemas/event.ts';
import { type Telling, Tellings } from './tellings.ts';

const LIMITS = { texts: 512, textLength: 4096 };
const told = (tellings: Tellings, text: string): Telling => tellings.add(text, Buffer.from(text), [text]);

const event: EventOf<'message'> = {
  type: 'message',
  namespace: 'main',
  message: {
    id: 's-1',
    namespace: 'main',
    sequence: 1,
    from: { namespace: 'main', id: 'alice', name: 'Alice' },
    to: { type: 'group', id: 'lobby' },
    content: 'hi',
    contentType: 'text',
    sentAt: 0,
  },
};

describe('Tellings', () => {
  it('recognises a wire message by all of its bytes', () => {
    const telling = told(new Tellings(LIMITS), 'grüße');
    const chunk = Buffer.from('xgrüßey');
    expect(telling.is(chunk, 1, chunk.length - 1)).toBe(true);
    expect(telling.is(chunk, 1, chunk.length)).toBe(false);
    expect(telling.is(chunk, 0, chunk.length - 2)).toBe(false);
    expect(telling.is(Buffer.from('grüßE'), 0, 7)).toBe(false);
  });

  it('keeps its own copy of the bytes', () => {
    const bytes = Buffer.from('as it was');
    const telling = new Tellings(LIMITS).add('as it was', bytes, []);
    bytes.fill(0);
    expect(telling.is(Buffer.from('as it was'), 0, 9)).toBe(true);
  });

  it('leads from one to what came after it, the newest guess first', () => {
    const tellings = new Tellings(LIMITS);
    const [one, two, three] = ['one', 'two', 'three'].map((text) => told(tellings, text)) as [
      Telling,
      Telling,
      Telling,
    ];
    tellings.follows(undefined, one);
    tellings.follows(one, two);
    expect(one.next).toBe(two);
    tellings.follows(one, three);
    expect(one.next).toBe(three);
  });

  it('forgets the oldest, and what is forgotten holds nothing', () => {
    const tellings = new Tellings(LIMITS);
    const first = told(tellings, 'first');
    tellings.follows(first, told(tellings, 'second'));
    for (let index = 0; index < 600; index++) told(tellings, `news ${index}`);
    expect(tellings.get('first')).toBeUndefined();
    expect(tellings.get('news 599')).toBeDefined();
    expect(first.next).toBeUndefined();
    tellings.follows(first, told(tellings, 'another'));
    expect(first.next).toBeUndefined();
  });

  it('keeps as many as may be, none where none may, and says how often one made room', () => {
    const forgot = vi.fn();
    const tellings = new Tellings({ texts: 2, textLength: 10 }, forgot);
    for (const text of ['one', 'two', 'three']) told(tellings, text);
    expect(['one', 'two', 'three'].map((text) => tellings.get(text)?.text)).toEqual([
      undefined,
      'two',
      'three',
    ]);
    expect(forgot).toHaveBeenCalledTimes(1);
    expect(told(new Tellings({ texts: 0, textLength: 10 }), 'one').isKept).toBe(false);
  });

  it('does not keep what is long', () => {
    expect(new Tellings(LIMITS).keeps('x'.repeat(1000))).toBe(true);
    expect(new Tellings(LIMITS).keeps('x'.repeat(10_000))).toBe(false);
  });

  it('makes of a message one that nobody can change, with a sequence that no client has of its own', () => {
    const tellings = new Tellings(LIMITS);
    const received = { wire: 'text', frame: {} };
    const [one, two] = [tellings.newsOf(event, received), tellings.newsOf(event, received)];
    expect(one.event.message).toEqual({ ...event.message, sequence: expect.any(Number) });
    expect(one.event.message.sequence).toBeGreaterThan(2 ** 40);
    expect(two.event.message.sequence).toBeGreaterThan(one.event.message.sequence);
    expect([Object.isFrozen(one.event), Object.isFrozen(one.event.message)]).toEqual([true, true]);
    expect(two.key).toBe(one.key);
  });
});
