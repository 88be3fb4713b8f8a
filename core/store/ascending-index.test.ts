import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AscendingIndex } from './ascending-index.ts';

interface Item {
  readonly id: string;
  readonly number: number;
}

let made = 0;
const itemOf = (id: string): Item => ({ id, number: made++ });
const index = (): AscendingIndex<Item> => new AscendingIndex(({ id }) => id);

const id = fc.integer({ min: 0, max: 400 }).map(String);

it('finds exactly what a map would, whatever the order in which ids come and go', () => {
  const step = fc.record({ kind: fc.constantFrom('add', 'add', 'add', 'delete', 'oldest'), id });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const ids = index();
      const model = new Map<string, Item>();
      for (const { kind, id } of steps) {
        if (kind === 'add') {
          const replaced = model.get(id);
          const item = itemOf(id);
          ids.set(id, item);
          model.set(id, item);
          // Another has its place: nothing happens.
          if (replaced !== undefined) ids.delete(id, replaced);
        } else {
          const [oldest] = model.values();
          const item = kind === 'oldest' ? oldest : model.get(id);
          if (item === undefined) continue;
          ids.delete(item.id, item);
          model.delete(item.id);
        }
        expect(ids.size).toBe(model.size);
        expect(ids.get(id)).toBe(model.get(id));
      }
      for (const [known, item] of model) expect(ids.get(known)).toBe(item);
    }),
  );
});

it('keeps nothing of the many that went in the order in which they came', () => {
  const ids = index();
  const items = Array.from({ length: 10_000 }, (_, index) => itemOf(`m${index}`));
  for (const item of items) ids.set(item.id, item);
  for (const item of items.slice(0, 9000)) ids.delete(item.id, item);
  expect(ids.size).toBe(1000);
  expect(ids.get('m8999')).toBeUndefined();
  expect(ids.get('m9000')).toBe(items[9000]);
  for (const item of items.slice(9000)) ids.delete(item.id, item);
  expect(ids.size).toBe(0);
});
