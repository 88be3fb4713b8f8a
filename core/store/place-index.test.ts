import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PlaceIndex } from './place-index.ts';

/** Ids by places that ascend, with some that are forgotten. */
class Under {
  readonly ids: string[] = [];
  readonly index = new PlaceIndex((place) => {
    const id = this.ids[place];
    if (id === undefined || !this.there.has(place)) throw new Error(`nothing is at ${place}`);
    return id;
  });
  readonly there = new Set<number>();
  /** What a map would hold. */
  readonly model = new Map<string, number>();

  add(id: string): void {
    const place = this.ids.push(id) - 1;
    this.there.add(place);
    this.index.set(id, place);
    this.model.set(id, place);
  }

  delete(id: string, place: number): void {
    this.index.delete(id, place);
    this.there.delete(place);
    if (this.model.get(id) === place) this.model.delete(id);
  }
}

const id = fc.integer({ min: 0, max: 400 }).map(String);

it('finds exactly what a map would, whatever the order in which ids come and go', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), id }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('delete', 'stray'), id }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('oldest', 'newest', 'some'), id }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const under = new Under();
      const { index, model } = under;
      for (const { kind, id } of steps) {
        if (kind === 'add') {
          const before = model.get(id);
          under.add(id);
          // Another has its place: nothing happens to that. What was forgotten of it is not found again.
          if (before !== undefined) under.delete(id, before);
        } else if (kind === 'some') {
          // A run of places at a time, as when memory is made free.
          const places = [...model.values()].sort((one, other) => one - other);
          const from = places[Math.floor(places.length / 3)];
          if (from === undefined) continue;
          const to = from + 5;
          for (const [known, place] of model) if (place >= from && place <= to) index.delete(known, place);
          index.deleteOrdered(from, to);
          for (const [known, place] of [...model]) if (place >= from && place <= to) model.delete(known);
          for (let place = from; place <= to; place++) under.there.delete(place);
        } else {
          const known = [...model].sort(([, one], [, other]) => one - other);
          const found =
            kind === 'oldest'
              ? known[0]
              : kind === 'newest'
                ? known.at(-1)
                : ([id, model.get(id) ?? -1] as const);
          if (found === undefined || found[1] < 0) continue;
          const [name, place] = found;
          if (kind === 'stray') {
            index.delete(name, place);
            index.setStray(name, place);
          } else under.delete(name, place);
        }
        expect(index.size).toBe(model.size);
        expect(index.get(id)).toBe(model.get(id));
      }
      for (const [known, place] of model) expect(index.get(known)).toBe(place);
    }),
    { numRuns: 300 },
  );
});

it('gives an id back to its earlier holder when the later one is taken back', () => {
  const under = new Under();
  under.add('a');
  under.add('b');
  under.add('a');
  expect(under.index.get('a')).toBe(2);
  under.index.delete('a', 2);
  expect(under.index.get('a')).toBe(0);
});

it('keeps nothing of the many that went in the order in which they came', () => {
  const under = new Under();
  const count = 10_000;
  for (let number = 0; number < count; number++) under.add(`m${number}`);
  for (let place = 0; place < 9000; place++) under.delete(`m${place}`, place);
  expect(under.index.size).toBe(1000);
  expect(under.index.get('m8999')).toBeUndefined();
  expect(under.index.get('m9000')).toBe(9000);
  for (let place = 9000; place < count; place++) under.delete(`m${place}`, place);
  expect(under.index.size).toBe(0);
});
