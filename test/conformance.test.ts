/** Every dialect of the registry passes the same suite, and every folder of adapters is in the registry. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dialects } from '../adapters/index.ts';
import type { DialectVectors } from '../core/dialect-vectors.ts';
import { describeDialect } from './conformance/describe-dialect.ts';

const adapters = new URL('../adapters/', import.meta.url);

describe('the registry', () => {
  it('has one line for each folder of adapters', () => {
    const folders = readdirSync(adapters, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(dialects.map(({ id }) => id).toSorted()).toEqual(folders.map(({ name }) => name).toSorted());
  });
});

for (const dialect of dialects) {
  const { vectors } = (await import(`../adapters/${dialect.id}/vectors.ts`)) as { vectors: DialectVectors };
  describeDialect(dialect, vectors, new URL(`${dialect.id}/`, adapters));
}
