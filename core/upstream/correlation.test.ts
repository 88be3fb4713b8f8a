import { describe, expect, it, vi } from 'vitest';
import type { SendMessage } from '../../schemas/command.ts';
import type { Message } from '../../schemas/model.ts';
import { DONE } from '../commands/settlement.ts';
import { Correlation, Deliveries } from './correlation.ts';
import type { Errand } from './spool.ts';

const LOBBY = { type: 'group', id: 'lobby' } as const;

const errandOf = (command: Partial<SendMessage>): Errand => ({
  command: { type: 'send_message', target: LOBBY, content: 'hi', contentType: 'text', ...command },
  bytes: 1,
  at: 0,
  done: () => {},
});

const message = (more: Partial<Message> = {}): Message => ({
  id: 's-1',
  namespace: 'main',
  sequence: 1,
  from: { namespace: 'main', id: 'alice', name: 'Alice' },
  to: LOBBY,
  content: 'hi',
  contentType: 'text',
  sentAt: 0,
  ...more,
});

describe('Correlation', () => {
  it('gives each command a ref of its own and takes it once', () => {
    const asked = new Correlation();
    const [one, two] = [asked.add(errandOf({}), 1), asked.add(errandOf({}), 2)];
    expect(one.ref).not.toBe(two.ref);
    expect(asked.oldest?.[1].at).toBe(1);
    expect(asked.take(one.ref)).toBe(one.asked);
    expect(asked.take(one.ref)).toBeUndefined();
    expect([asked.size, asked.oldest?.[1].at]).toEqual([1, 2]);
    expect(asked.takeAll()).toEqual([two.asked]);
    expect(asked.size).toBe(0);
  });

  it("knows a copy by the sender's id, wherever the server shows it", () => {
    const asked = new Correlation();
    const { asked: sent } = asked.add(errandOf({ clientId: 'm-1' }), 0);
    expect(asked.sendOf(message({ clientId: 'm-1' }))).toBe(sent);
    expect(asked.sendOf(message({ id: 'm-1' }))).toBe(sent);
    expect(asked.sendOf(message({ clientId: 'm-2' }))).toBeUndefined();
    expect(asked.sendOf(message({ clientId: 'm-1', to: { type: 'group', id: 'other' } }))).toBeUndefined();
  });

  it('knows a copy without ids by its words, the first one first', () => {
    const asked = new Correlation();
    const { asked: first } = asked.add(errandOf({}), 0);
    const { asked: second } = asked.add(errandOf({}), 0);
    expect(asked.sendOf(message())).toBe(first);
    first.echo = message();
    expect(asked.sendOf(message())).toBe(second);
    expect(asked.sendOf(message({ content: 'other words' }))).toBeUndefined();
  });
});

describe('Deliveries', () => {
  it('settles a range of one conversation, each delivery once', () => {
    const deliveries = new Deliveries();
    const settles = [1, 2, 3].map((sequence) => {
      const settle = vi.fn();
      deliveries.add(message({ id: `s-${sequence}`, sequence }), settle);
      return settle;
    });
    deliveries.settle('group:other', 1, 3, DONE);
    deliveries.settle('group:lobby', 1, 2, DONE);
    deliveries.settle('group:lobby', 1, 2, DONE);
    expect(settles.map((settle) => settle.mock.calls.length)).toEqual([1, 1, 0]);
    expect(deliveries.size).toBe(1);
  });

  it('a message that comes again on a new connection is settled there', () => {
    const deliveries = new Deliveries();
    const [before, after] = [vi.fn(), vi.fn()];
    deliveries.add(message(), before);
    deliveries.orphan();
    expect(deliveries.adopt(message(), after)).toBe(true);
    expect(deliveries.adopt(message({ id: 's-2' }), after)).toBe(false);
    deliveries.settle('group:lobby', 1, 1, DONE);
    expect([before.mock.calls.length, after.mock.calls.length]).toEqual([0, 1]);
  });
});
