import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../schemas/command.ts';
import { DONE } from '../commands/settlement.ts';
import { type Errand, Spool, sizeOf } from './spool.ts';

const errand = (bytes = 1): Errand => ({ command: { type: 'sync' }, bytes, at: 0, done: () => DONE });

describe('Spool', () => {
  it('gives back what it took, in order, and is empty afterwards', () => {
    const spool = new Spool({ commands: 3, bytes: 100, age: 10 });
    const all = [errand(), errand(), errand()];
    for (const each of all) expect(spool.push(each, 0)).toBe(true);
    expect(spool.takeAll()).toEqual(all);
    expect([spool.size, spool.bytes]).toEqual([0, 0]);
  });

  it('refuses over its number and over its bytes', () => {
    const few = new Spool({ commands: 1, bytes: 100, age: 10 });
    expect([few.push(errand(), 0), few.push(errand(), 0)]).toEqual([true, false]);
    const small = new Spool({ commands: 10, bytes: 5, age: 10 });
    expect([small.push(errand(3), 0), small.push(errand(3), 0), small.push(errand(2), 0)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('gives up what is too old, and only that', () => {
    const spool = new Spool({ commands: 10, bytes: 100, age: 10 });
    const [old, young] = [
      { ...errand(2), at: 0 },
      { ...errand(3), at: 5 },
    ];
    spool.push(old, 0);
    spool.push(young, 5);
    expect(spool.nextExpiry).toBe(10);
    expect(spool.expired(9)).toEqual([]);
    expect(spool.expired(10)).toEqual([old]);
    expect([spool.size, spool.bytes, spool.nextExpiry]).toEqual([1, 3, 15]);
  });

  it('is never over its bounds, loses nothing and counts its bytes', () => {
    const step = fc.record({ bytes: fc.integer({ min: 0, max: 8 }), wait: fc.integer({ min: 0, max: 6 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const spool = new Spool({ commands: 4, bytes: 16, age: 10 });
        let now = 0;
        let inside: Errand[] = [];
        for (const { bytes, wait } of steps) {
          now += wait;
          const late = spool.expired(now);
          inside = inside.filter((each) => !late.includes(each));
          const next = { ...errand(bytes), at: now };
          if (spool.push(next, now)) inside.push(next);
          expect(spool.size).toBeLessThanOrEqual(4);
          expect(spool.bytes).toBeLessThanOrEqual(16);
          expect(spool.bytes).toBe(inside.reduce((sum, each) => sum + each.bytes, 0));
        }
        expect(spool.takeAll()).toEqual(inside);
      }),
    );
  });
});

describe('sizeOf', () => {
  it('grows with the texts of a command', () => {
    const text = (content: string) =>
      ({ type: 'send_message', target: { type: 'group', id: 'g' }, content, contentType: 'text' }) as const;
    expect(sizeOf(text('12345')) - sizeOf(text(''))).toBe(5);
    expect(sizeOf({ type: 'send_batch', items: [text('12345'), text('')] })).toBeGreaterThan(
      sizeOf(text('12345')),
    );
    expect(sizeOf({ type: 'sync' })).toBeGreaterThan(0);
  });
});

describe('sizeOf', () => {
  const message = {
    type: 'send_message',
    target: { type: 'group', id: 'lobby' },
    content: '',
    contentType: 'text',
  } as const;
  const words = 'x'.repeat(10_000);

  it.each([
    ['content', { ...message, content: words }],
    ['an address', { ...message, attachment: { url: words } }],
    ['the name of a file', { ...message, attachment: { url: '/', name: words } }],
    ['what one dialect has', { ...message, extensions: { plain: { words } } }],
    [
      'headers',
      {
        type: 'relay',
        target: { type: 'topic', id: 't' },
        name: 'SEND',
        headers: [['h', words]],
        body: '',
        ephemeral: true,
      },
    ],
  ] satisfies [string, Command][])('counts %s', (_what, command) => {
    expect(sizeOf(command)).toBeGreaterThan(10_000);
    expect(sizeOf({ type: 'send_batch', items: [command] })).toBeGreaterThan(10_000);
  });
});
