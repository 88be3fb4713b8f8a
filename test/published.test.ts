/**
 * What is published says what the code does. After a change of a schema or of a table: `npm run schemas` writes the
 * files and the generated parts of the documents again.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dialects } from '../adapters/index.ts';
import { listedNumbers, numbersOfCode, unlistedNumbers } from './support/fixed-bounds.ts';
import { everyMetric } from './support/metric-catalogue.ts';
import {
  generatedPartsIn,
  publishedSchemas,
  type Schema,
  topLevelSections,
  withGeneratedParts,
} from './support/published.ts';

const HOME = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(HOME, path), 'utf8');
const DOCUMENTS = [
  'README.md',
  'docs/bridging.md',
  'docs/configuration.md',
  'docs/errors.md',
  'docs/limits.md',
  'docs/losses.md',
  'docs/metrics.md',
];

describe('schemas/published', () => {
  const schemas = publishedSchemas();

  it.each(Object.keys(schemas))('%s is what the code says', async (name) => {
    const text = `${JSON.stringify(schemas[name], null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(join(HOME, 'schemas/published', name));
  });

  it('has no other files', () => {
    expect(readdirSync(join(HOME, 'schemas/published')).sort()).toEqual(Object.keys(schemas).sort());
  });
});

describe('the documents', () => {
  it.each(DOCUMENTS)('%s has the tables that the code makes', async (path) => {
    await expect(withGeneratedParts(read(path))).toMatchFileSnapshot(join(HOME, path));
  });

  it('list every section of the configuration, the keys of a server behind and the options of every dialect', () => {
    const parts = generatedPartsIn(read('docs/configuration.md'));
    expect(parts).toEqual([
      ...topLevelSections().map((name) => `keys of ${name}`),
      'keys of upstream',
      ...dialects.map(({ id }) => `options of ${id}`),
    ]);
  });

  it('say what an acknowledgement is worth for every pair', () => {
    expect(generatedPartsIn(read('docs/bridging.md'))).toEqual(['acks of messages', 'acks of commands']);
  });

  it('list every error and every close reason', () => {
    expect(generatedPartsIn(read('docs/errors.md'))).toEqual(['errors', 'close codes']);
  });

  it('list every metric', () => {
    const document = withGeneratedParts(read('docs/metrics.md'));
    const listed = [...document.matchAll(/^\| `(\w+)` \| (?:counter|gauge|histogram|summary) \|/gm)];
    expect(listed.map(([, name]) => name).toSorted()).toEqual(everyMetric().map(({ name }) => name));
  });

  it('list every number of the code that bounds something and has no key', () => {
    expect(generatedPartsIn(read('docs/limits.md'))).toEqual([
      'fixed steps',
      'fixed waits',
      'fixed memories',
      'fixed sizes',
    ]);
    const known = [...listedNumbers(), ...unlistedNumbers()];
    expect(new Set(known).size).toBe(known.length);
    expect(known.toSorted()).toEqual([...numbersOfCode().keys()].toSorted());
  });

  it('list the losses of every dialect', () => {
    expect(generatedPartsIn(read('docs/losses.md'))).toEqual([
      'losses of pairs in numbers',
      ...dialects.map(({ id }) => `losses of ${id}`),
      'losses added by pairs',
    ]);
  });

  const union = (name: string): readonly string[] => {
    const schema = publishedSchemas()[name] as Schema & { readonly $defs?: Readonly<Record<string, Schema>> };
    const variants = (schema.oneOf ?? []).map((variant): Schema | undefined =>
      variant.$ref === undefined ? variant : schema.$defs?.[variant.$ref.replace('#/$defs/', '')],
    );
    return variants.map((variant) => String(variant?.properties?.type?.const));
  };

  it.each([
    ['Commands', 'command.json'],
    ['Administration', 'admin-command.json'],
    ['Events', 'event.json'],
    ['Results', 'result.json'],
  ])('docs/canonical-model.md names every type under "%s"', (heading, schema) => {
    const sections = read('docs/canonical-model.md').split(/^## /m);
    const section = sections.find((text) => text.startsWith(`${heading}\n`)) ?? '';
    const named = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, type]) => type);
    expect(named).toEqual(union(schema));
  });

  it('name every dialect in the README', () => {
    const readme = read('README.md');
    for (const { id } of dialects) expect(readme).toContain(`| \`${id}\``);
  });

  it('link to files that exist', () => {
    const files = [
      'README.md',
      'CONTRIBUTING.md',
      'CHANGELOG.md',
      ...readdirSync(join(HOME, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
      ...readdirSync(join(HOME, 'docs/decisions')).map((name) => `docs/decisions/${name}`),
    ];
    const broken = files.flatMap((file) =>
      [...read(file).matchAll(/\]\((?!https?:)([^)#\s]+)/g)]
        .map(([, target = '']) => join(file, '..', target))
        .filter((target) => {
          try {
            readdirSync(join(HOME, target));
            return false;
          } catch (error) {
            return (error as NodeJS.ErrnoException).code !== 'ENOTDIR';
          }
        })
        .map((target) => `${file}: ${target}`),
    );
    expect(broken).toEqual([]);
  });
});
