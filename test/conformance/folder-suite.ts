/** The folder of a dialect: the same files everywhere, options that are documented, values that core can use. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { isLegalCloseCode } from '../../core/close.ts';
import type { AnyDialect } from '../../core/dialect.ts';

const FILES = [
  'index.ts',
  'wire.ts',
  'codec.ts',
  'server.ts',
  'client.ts',
  'vectors.ts',
  'reference.ts',
  'PROTOCOL.md',
];

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly description?: string;
}

/** Every option, nested ones too, with its own name. */
function optionsOf(schema: Schema): readonly { readonly key: string; readonly schema: Schema }[] {
  const own = Object.entries(schema.properties ?? {});
  return [
    ...own.flatMap(([key, option]) => [{ key, schema: option }, ...optionsOf(option)]),
    ...(schema.items === undefined ? [] : optionsOf(schema.items)),
  ];
}

export function describeFolder(dialect: AnyDialect, folder: URL): void {
  const options = optionsOf(
    z.toJSONSchema(dialect.options, { io: 'input', unrepresentable: 'any' }) as Schema,
  );

  it.each(FILES)('has %s', (file) => {
    expect(existsSync(new URL(file, folder))).toBe(true);
  });

  it('is named after its dialect', () => {
    expect(folder.pathname.endsWith(`/${dialect.id}/`)).toBe(true);
    expect(dialect.id).toMatch(/^[a-z][a-z0-9_-]*$/);
  });

  it('names each option in PROTOCOL.md', () => {
    const page = readFileSync(new URL('PROTOCOL.md', folder), 'utf8');
    const named = ({ key }: { readonly key: string }) => new RegExp(`\`(?:[\\w.]+\\.)?${key}\\b`).test(page);
    expect(options.filter((option) => !named(option)).map(({ key }) => key)).toEqual([]);
  });

  it('describes each option in its schema', () => {
    const bare = options.filter(({ schema }) => schema.description === undefined);
    expect(bare.map(({ key }) => key)).toEqual([]);
  });

  it('needs no option and refuses one that it does not know', () => {
    expect(dialect.options.safeParse({}).success).toBe(true);
    expect(dialect.options.safeParse({ noSuchOption: 1 }).success).toBe(false);
  });

  it('closes with codes that a server may send', () => {
    const codes = Object.values(dialect.defaults.closeCodes);
    expect(codes.filter((code) => !isLegalCloseCode(code))).toEqual([]);
  });
}
