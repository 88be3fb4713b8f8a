/** Rules of the house that the import checker cannot see. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { dialects } from '../adapters/index.ts';

const isTest = /\.test\.ts$|\/(test-kit|fixture|store-suite)\.ts$/;

test.each(['core', 'schemas'])('no dialect is known by name in %s/', (folder) => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file}`)
    .filter((file) => file.endsWith('.ts') && !isTest.test(file));
  expect(files.length).toBeGreaterThan(10);
  // `json`, `room` and `socket` are words of their own as well: as names of dialects they would be quoted.
  const names = dialects.map(({ id }) => id);
  const quoted = new RegExp(`['"\`](${names.join('|')})['"\`]`);
  const unmistakable = /\b(stomp|ourchat)\b/i;
  const found = files.filter((file) => {
    const text = readFileSync(file, 'utf8');
    return quoted.test(text) || unmistakable.test(text);
  });
  expect(found).toEqual([]);
});
