/** A sixth dialect is one folder and one line: registered here only, it passes every suite and can be configured. */
import { describe, expect, it } from 'vitest';
import { dialects } from '../adapters/index.ts';
import { type ConfigResult, parseConfig } from '../core/config/load.ts';
import type { AnyDialect } from '../core/dialect.ts';
import { describeDialect } from './conformance/describe-dialect.ts';
import { describeMatrix } from './conformance/matrix-suite.ts';
import { toyDialect } from './fixtures/toy/index.ts';
import { vectors } from './fixtures/toy/vectors.ts';

const registry: readonly AnyDialect[] = [...dialects, toyDialect];

const YAML = `
authenticators:
  demo: { type: static, tokens: { t-alice: alice } }
users: [{ id: alice }]
endpoints:
  - { path: /ws/toy, dialect: toy, auth: demo, options: { motto: hello } }
`;

const configured = (known: readonly AnyDialect[]): ConfigResult =>
  parseConfig(YAML, { file: 'toy.yaml', dialects: known, environment: {} });

describeDialect(toyDialect, vectors, new URL('./fixtures/toy/', import.meta.url));

describeMatrix(registry, { room: 'it speaks of rooms only', toy: 'it has groups only' }, 'toy');

describe('a sixth dialect', () => {
  it('is unknown to the gateway without its line in the registry', () => {
    expect(dialects).not.toContain(toyDialect);
    expect(configured(dialects).problems?.map(({ path }) => path)).toEqual(['endpoints[0].dialect']);
  });

  it('is configured like the others, its options checked by its own schema', () => {
    const { config, problems } = configured(registry);
    expect(problems).toBeUndefined();
    expect(config?.endpoints).toMatchObject([{ dialect: 'toy', options: { motto: 'hello' } }]);
  });
});
