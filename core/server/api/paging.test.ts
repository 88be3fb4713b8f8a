import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pageAfter } from './paging.ts';

const identity = (id: string): string => id;

test('a page has the least ids after the one before, whatever the order they come in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 })),
      fc.integer({ min: 1, max: 8 }),
      async (ids, limit) => {
        const seen: string[] = [];
        let after: string | undefined;
        do {
          const page = await pageAfter(ids, identity, { after, limit });
          expect(page.items.length).toBeLessThanOrEqual(limit);
          seen.push(...page.items);
          after = page.next;
        } while (after !== undefined);
        expect(seen).toEqual(ids.toSorted((left, right) => (left < right ? -1 : 1)));
      },
    ),
  );
});

test('a long list lets others have their turn', async () => {
  const ids = Array.from({ length: 20_000 }, (_, index) => String(index));
  let turns = 0;
  const count = (): void => {
    turns++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  await pageAfter(ids, identity, { after: undefined, limit: 10 });
  clearImmediate(timer);
  expect(turns).toBeGreaterThanOrEqual(3);
});
