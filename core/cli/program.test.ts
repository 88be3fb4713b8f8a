import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jwtVerify } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import type { Config } from '../../schemas/config.ts';
import { dialects } from '../config/fixture.ts';
import { CommandFailure } from './failure.ts';
import { type ProgramParts, runProgram, type StartContext } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'dragoman-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SECRET = 'x'.repeat(32);
const write = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const ENDPOINT = 'endpoints: [{ path: /a, dialect: plain, auth: demo }]\n';
const good = write(
  'good.yaml',
  `authenticators:
  fixed: { type: static, tokens: { t-alice: alice } }
  demo: { type: jwt, secret: ${SECRET}, audience: chat, issuer: me, development: true }
users: [{ id: alice, name: Alice }]
${ENDPOINT}`,
);
const bad = write('bad.yaml', `lisen: {}\nlisten: { port: x }\n${ENDPOINT}`);
const fixed = write(
  'fixed.yaml',
  `authenticators: { demo: { type: static, tokens: { t-alice: alice } } }\nusers: [{ id: alice }]\n${ENDPOINT}`,
);

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly started: readonly (readonly [Config, StartContext])[];
}

async function run(args: readonly string[], parts: Partial<ProgramParts> = {}): Promise<Run> {
  let out = '';
  let err = '';
  const started: [Config, StartContext][] = [];
  const code = await runProgram(
    {
      version: '1.2.3',
      dialects,
      environment: {},
      defaultConfig: good,
      start: async (config, context) => {
        started.push([config, context]);
      },
      demo: async () => {},
      explain: async () => {},
      translate: async () => {},
      losses: async () => {},
      doctor: async () => {},
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      ...parts,
    },
    args,
  );
  return { code, out, err, started };
}

describe('dragoman check', () => {
  it('says that a good file is good, and what is dangerous in it', async () => {
    expect(await run(['check', good])).toMatchObject({
      code: 0,
      out: `${good}: ok, 1 endpoint\n`,
      err: expect.stringContaining('warning: DEVELOPMENT SECRET'),
    });
  });

  it('prints every error with its place, then their number', async () => {
    expect(await run(['check', bad])).toMatchObject({
      code: 1,
      out: '',
      err: [
        `${bad}:1:1 lisen: unknown key, did you mean "listen"? allowed: listen, data, store, log, authenticators, hooks, users, groups, blocks, bridgeGroups, limits, drain, api, endpoints`,
        `${bad}:2:17 listen.port: expected a whole number from 0 to 65535, not "x"`,
        `${bad}:3:47 endpoints[0].auth: there is no authenticator "demo"; "authenticators" is empty`,
        `3 problems in ${bad}`,
        '',
      ].join('\n'),
    });
  });

  it('names a file that is not there', async () => {
    const file = join(folder, 'none.yaml');
    expect(await run(['check', file])).toMatchObject({
      code: 1,
      err: `${file}: cannot be read: there is no such file\n1 problem in ${file}\n`,
    });
  });

  it('needs a file', async () => {
    expect(await run(['check'])).toMatchObject({
      code: 1,
      err: expect.stringContaining("argument 'config'"),
    });
  });
});

describe('dragoman start', () => {
  it('hands the configuration and its warnings over', async () => {
    const { code, started } = await run(['start']);
    expect(code).toBe(0);
    expect(started).toHaveLength(1);
    expect(started[0]?.[0].endpoints[0]?.path).toBe('/a');
    expect(started[0]?.[1]).toMatchObject({ file: good, warnings: [expect.stringContaining('DEVELOPMENT')] });
  });

  it('starts nothing with a broken configuration', async () => {
    expect(await run(['start', bad])).toMatchObject({
      code: 1,
      started: [],
      err: expect.stringContaining('3 problems'),
    });
  });

  it('prints why it could not start, without a stack', async () => {
    const start = async () => {
      throw new CommandFailure('port 80 is taken', 3);
    };
    expect(await run(['start'], { start })).toMatchObject({ code: 3, err: 'port 80 is taken\n' });
  });

  it('ends with 1 on a fault of ours', async () => {
    const demo = async () => {
      throw new TypeError('oh');
    };
    expect(await run(['demo'], { demo })).toMatchObject({
      code: 1,
      err: expect.stringContaining('TypeError: oh'),
    });
  });
});

describe('dragoman token', () => {
  const verify = (token: string) => jwtVerify(token.trim(), new TextEncoder().encode(SECRET));

  it('prints a token and nothing else', async () => {
    const { code, out, err } = await run(['token', 'alice']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const { payload, protectedHeader } = await verify(out);
    expect(protectedHeader).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(payload).toEqual({
      sub: 'alice',
      aud: 'chat',
      iss: 'me',
      iat: expect.any(Number),
      exp: (payload.iat ?? 0) + 86_400,
    });
  });

  it('takes a time to live and a name', async () => {
    const { payload } = await verify((await run(['token', 'alice', '--ttl', '90s', '--name', 'A.'])).out);
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(90);
    expect(payload.name).toBe('A.');
  });

  it('warns of a user whom the configuration does not list, and makes the token', async () => {
    const { code, out, err } = await run(['token', 'zed']);
    expect({ code, err }).toEqual({
      code: 0,
      err: 'warning: the configuration does not list a user "zed"\n',
    });
    expect((await verify(out)).payload.sub).toBe('zed');
  });

  it('gives the static token of a user', async () => {
    expect(await run(['token', 'alice', '--config', fixed])).toMatchObject({ code: 0, out: 't-alice\n' });
    expect(await run(['token', 'alice', '--authenticator', 'fixed'])).toMatchObject({ out: 't-alice\n' });
  });

  it.each([
    [['alice', '--ttl', 'soon'], '--ttl must be a duration of a second or more'],
    [['alice', '--ttl', '0'], '--ttl must be a duration of a second or more'],
    [['alice', '--authenticator', 'x'], 'there is no authenticator "x"; the configuration has: fixed, demo'],
    [['bob', '--config', fixed], 'is a fixed list and has no token of "bob"'],
    [[''], 'the user id must be 1 to 256 characters'],
    [['alice', '--config', bad], '3 problems in'],
  ])('refuses %j', async (args, reason) => {
    expect(await run(['token', ...args])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining(reason),
    });
  });
});

describe('dragoman', () => {
  it('prints the JSON Schema of the configuration', async () => {
    const { code, out } = await run(['schema']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ title: 'Dragoman configuration', type: 'object' });
  });

  it('runs the demo', async () => {
    let shown = 0;
    const demo = async () => {
      shown++;
    };
    expect(await run(['demo'], { demo })).toMatchObject({ code: 0 });
    expect(shown).toBe(1);
  });

  it('prints its version and its commands', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, out: '1.2.3\n' });
    const { out } = await run(['--help']);
    for (const command of ['start', 'check', 'schema', 'token', 'demo'])
      expect(out).toContain(`  ${command} `);
  });

  it('suggests a command', async () => {
    expect(await run(['chekc'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('Did you mean check?'),
    });
  });
});
