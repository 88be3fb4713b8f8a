import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

const BESIDE = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

it('is given schemas that are schemas, by every dialect and for both faces', () => {
  // In a process of its own: every schema is compiled once, as its adapter is loaded or an endpoint is opened.
  const program = `
    import { Ajv } from 'ajv';
    const strict = new Ajv({ strict: true, allowUnionTypes: true, logger: false });
    const { compile } = Ajv.prototype;
    let compiled = 0;
    const faults = [];
    Ajv.prototype.compile = function (schema, ...rest) {
      compiled += 1;
      if (strict.validateSchema(schema) !== true) faults.push(strict.errorsText());
      return compile.call(this, schema, ...rest);
    };
    const { jsonCodec } = await import(${BESIDE('../core/json-wire.ts')});
    const { dialects } = await import(${BESIDE('../adapters/index.ts')});
    for (const dialect of dialects) {
      const endpoint = {
        path: '/', namespace: 'default', authentication: 'required', options: dialect.options.parse({}),
        locale: 'en', limits: { frame: 65536, content: 10000 }, heartbeat: { silenceMs: null },
      };
      dialect.server(endpoint);
      dialect.client(endpoint);
    }
    const sound = { compiled, faults: [...faults] };
    jsonCodec({ kindOf: () => 'a', schemas: { a: { type: 'string', minLength: -1 } } });
    process.stdout.write(JSON.stringify({ sound, unsound: faults.length }));
  `;
  const output = execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '--eval', program], {
    encoding: 'utf8',
    cwd: new URL('..', import.meta.url),
  });
  const { sound, unsound } = JSON.parse(output) as {
    readonly sound: { readonly compiled: number; readonly faults: readonly string[] };
    readonly unsound: number;
  };
  expect(sound.faults).toEqual([]);
  expect(sound.compiled).toBeGreaterThan(60);
  // It would have been seen.
  expect(unsound).toBe(1);
});
