import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Inbox } from './inbox.ts';

const bytes = (length: number): Uint8Array => new Uint8Array(length);

it('gives messages back in the order in which they came, whatever the pushes and shifts between', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (pushes) => {
      const inbox = new Inbox({ messages: 1000, bytes: 1_000_000 });
      const model: Uint8Array[] = [];
      for (const push of pushes) {
        if (push) {
          const data = bytes(3);
          inbox.push(data, true);
          model.push(data);
        } else {
          expect(inbox.shift()?.data).toBe(model.shift());
        }
      }
      while (model.length > 0) expect(inbox.shift()?.data).toBe(model.shift());
      expect(inbox.shift()).toBeUndefined();
    }),
  );
});

it('is full at its number of messages, and roomy again at half of it', () => {
  const inbox = new Inbox({ messages: 4, bytes: 1000 });
  for (let index = 0; index < 4; index++) {
    expect(inbox.isFull).toBe(false);
    inbox.push(bytes(1), false);
  }
  expect(inbox.isFull).toBe(true);
  inbox.shift();
  expect([inbox.isFull, inbox.isRoomy]).toEqual([false, false]);
  inbox.shift();
  expect(inbox.isRoomy).toBe(true);
});

it('is full at its number of bytes, and roomy again at half of them', () => {
  const inbox = new Inbox({ messages: 100, bytes: 10 });
  inbox.push(bytes(5), false);
  expect([inbox.isFull, inbox.isRoomy]).toEqual([false, true]);
  inbox.push(bytes(5), false);
  expect([inbox.isFull, inbox.isRoomy]).toEqual([true, false]);
  inbox.shift();
  expect([inbox.isFull, inbox.isRoomy]).toEqual([false, true]);
});

it('forgets everything when it is cleared', () => {
  const inbox = new Inbox({ messages: 1, bytes: 10 });
  inbox.push(bytes(20), false);
  inbox.clear();
  expect([inbox.isFull, inbox.isRoomy, inbox.shift()]).toEqual([false, true, undefined]);
});
