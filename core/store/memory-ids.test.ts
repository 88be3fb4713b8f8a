import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AscendingIds } from './memory-ids.ts';
import { Conversation, type Entry } from './memory-log.ts';

const conversation = new Conversation('main', 'group:lobby');

const entryOf = (id: string): Entry => ({
  message: {
    id,
    namespace: 'main',
    sequence: 1,
    from: { namespace: 'main', id: 'alice', name: 'Alice' },
    to: { type: 'group', id: 'lobby' },
    content: 'hi',
    contentType: 'text',
    sentAt: 0,
  },
  conversation,
  place: 1,
  bytes: 2,
  said: undefined,
  revoked: false,
  kept: true,
  next: undefined,
});

const id = fc.integer({ min: 0, max: 400 }).map((number) => String(number).padStart(4, '0'));

it('finds exactly what a map would, whatever the order in which ids come and go', () => {
  const step = fc.record({ kind: fc.constantFrom('add', 'add', 'add', 'delete', 'oldest'), id });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const ids = new AscendingIds();
      const model = new Map<string, Entry>();
      for (const { kind, id } of steps) {
        if (kind === 'add' && !model.has(id)) {
          const entry = entryOf(id);
          ids.add(entry);
          model.set(id, entry);
        } else if (kind !== 'add') {
          const [oldest] = model.values();
          const entry = kind === 'oldest' ? oldest : model.get(id);
          if (entry === undefined) continue;
          ids.delete(entry);
          model.delete(entry.message.id);
        }
        expect(ids.size).toBe(model.size);
        expect(ids.get(id)).toBe(model.get(id));
      }
      for (const [known, entry] of model) expect(ids.get(known)).toBe(entry);
    }),
  );
});

it('keeps nothing of the many that went in the order in which they came', () => {
  const ids = new AscendingIds();
  const entries = Array.from({ length: 10_000 }, (_, index) => entryOf(String(index).padStart(6, '0')));
  for (const entry of entries) ids.add(entry);
  for (const entry of entries.slice(0, 9000)) ids.delete(entry);
  expect(ids.size).toBe(1000);
  expect(ids.get('008999')).toBeUndefined();
  expect(ids.get('009000')).toBe(entries[9000]);
  for (const entry of entries.slice(9000)) ids.delete(entry);
  expect(ids.size).toBe(0);
});
