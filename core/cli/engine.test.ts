import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const engine = join(import.meta.dirname, 'engine.ts');

it('tells the engine only what it knows: nothing is complained of', () => {
  const script = `(await import(${JSON.stringify(engine)})).tuneEngine();`;
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
});
