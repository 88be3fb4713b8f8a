import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CLOSE_REASONS } from '../../schemas/config/endpoint.ts';
import { CLOSE_CODES, isLegalCloseCode } from '../close.ts';
import { configOf, dialects, GOOD, problemsOf } from './fixture.ts';
import { loadConfig, MAX_FILE_BYTES } from './load.ts';
import { formatProblem } from './problem.ts';
import { configWarnings } from './warnings.ts';

const endpointOf = (more: string) => {
  const [endpoint] = configOf(GOOD.replace('auth: demo', `auth: demo, ${more}`)).endpoints;
  if (endpoint === undefined) throw new Error('the fixture has an endpoint');
  return endpoint;
};

describe('a configuration', () => {
  it('has every top-level value', () => {
    const { endpoints, ...rest } = configOf(GOOD);
    expect(endpoints).toHaveLength(1);
    expect(rest).toEqual({
      listen: { host: '127.0.0.1', port: 8080, trustProxy: [] },
      data: './data',
      drain: { window: 5000, timeout: 20_000 },
      store: 'embedded',
      log: { level: 'info', pretty: 'auto' },
      authenticators: { demo: { type: 'static', tokens: { 't-alice': 'alice' }, development: false } },
      hooks: {},
      users: [
        { id: 'alice', name: 'alice', namespace: 'main' },
        { id: 'bob', name: 'bob', namespace: 'main' },
      ],
      groups: [
        {
          id: 'lobby',
          name: 'lobby',
          namespace: 'main',
          description: '',
          open: false,
          members: ['alice'],
          muted: [],
        },
      ],
      blocks: [],
      bridgeGroups: [],
      limits: {
        frame: 262_144,
        beforeLogin: { bytes: 8192, frames: 8, deadline: 10_000 },
        content: 10_000,
        inbox: { messages: 256, bytes: 1_048_576 },
        inFlight: 256,
        sendBuffer: 1_048_576,
        closeTimeout: 5000,
        rate: { perSecond: 50, burst: 100 },
        connections: 50_000,
        held: 1000,
        subscriptions: 2000,
        replayPage: 200,
        backlog: { messages: 1_000_000, bytes: 1_073_741_824, age: 2_592_000_000 },
        deduplication: { window: 2_592_000_000 },
        memory: 268_435_456,
        queue: { entries: 100_000, names: 10_000, prefetch: 100, ready: 1000, returned: 10_000 },
        admission: {
          connectionsPerAddress: 10_000,
          connectionsPerUser: 100,
          commandsPerUser: { perSecond: 200, burst: 400 },
          failedLogins: { attempts: 30, window: 60_000, ban: 60_000, addresses: 100_000 },
          handshake: 10_000,
          request: 30_000,
          keepAlive: 72_000,
          told: 64,
        },
        guests: 100_000,
        guestIntegers: { keep: 86_400_000, entries: 100_000 },
      },
      api: {
        keys: [],
        system: { id: 'system', name: 'System' },
        limits: {
          body: 262_144,
          rate: { perSecond: 100, burst: 200 },
          idempotency: { window: 86_400_000, entries: 10_000, bytes: 16_777_216 },
          page: 200,
        },
      },
    });
  });

  it('gives each endpoint the defaults of its dialect', () => {
    expect(endpointOf('anonymous: true')).toEqual({
      path: '/ws',
      dialect: 'full',
      namespace: 'main',
      auth: ['demo'],
      anonymous: true,
      credentials: { query: ['token'], cookie: [] },
      options: { lobby: 'lobby', channels: [], pingIntervalMs: 500, nested: { depth: 1 } },
      identity: 'integer',
      singleSession: true,
      heartbeat: { ping: 30_000, pongTimeout: 30_000, confirm: 1000, probe: 5000, silence: 90_000 },
      locale: 'zh-CN',
      limits: expect.objectContaining({ frame: 262_144, rate: { perSecond: 50, burst: 100 } }),
      origins: 'same',
      sockjs: false,
      closeCodes: { replaced: 1000, silence: 4100 },
      flushInterval: 0,
      presenceInterval: { base: 50, perThousand: 50 },
    });
  });

  it("puts an endpoint's own settings over those of its dialect", () => {
    expect(
      endpointOf(
        'heartbeat: { silence: never }, closeCodes: { silence: 4002 }, locale: en, identity: { prefix: "oc:" }, sockjs: true, origins: [HTTPS://Chat.Example:443/]',
      ),
    ).toMatchObject({
      heartbeat: { silence: null },
      closeCodes: { replaced: 1000, silence: 4002 },
      locale: 'en',
      identity: { prefix: 'oc:' },
      origins: ['https://chat.example'],
      sockjs: {
        heartbeat: 25_000,
        disconnectDelay: 5000,
        responseLimit: 131_072,
        sessions: 10_000,
      },
    });
  });

  it('gives an endpoint the limits of the top level where it has none of its own', () => {
    const text = GOOD.replace('auth: demo', 'auth: demo, limits: { content: 7, rate: { burst: 5 } }');
    const [endpoint] = configOf(
      `limits: { frame: 16KiB, content: 8, rate: { perSecond: 3 } }\n${text}`,
    ).endpoints;
    expect(endpoint?.limits).toMatchObject({ frame: 16_384, content: 7, rate: { perSecond: 3, burst: 5 } });
    expect(endpoint?.limits).not.toHaveProperty('backlog');
  });

  it('says "none" or lists the authenticators of an endpoint', () => {
    const text = `${GOOD}  - { path: /n, dialect: plain, auth: none, namespace: n }\n  - { path: /l, dialect: plain, auth: [demo] }\n`;
    expect(configOf(text).endpoints.map(({ auth }) => auth)).toEqual([['demo'], 'none', ['demo']]);
  });

  it('reads a time as epoch ms', () => {
    const text = GOOD.replace('id: lobby,', 'id: lobby, createdAt: 2025-01-31T09:00:00+08:00,');
    expect(configOf(text).groups[0]?.createdAt).toBe(Date.UTC(2025, 0, 31, 1));
  });

  it('uses an alias where it stands', () => {
    const text = `limits: { rate: &slow { perSecond: 1, burst: 2 } }\n${GOOD.replace('auth: demo', 'auth: demo, limits: { rate: *slow }')}`;
    expect(configOf(text).endpoints[0]?.limits.rate).toEqual({ perSecond: 1, burst: 2 });
  });

  it('is frozen', () => {
    const config = configOf(GOOD);
    for (const part of [
      config,
      config.limits,
      config.endpoints,
      config.endpoints[0]?.limits,
      config.users[0],
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe('close codes', () => {
  it('can be chosen for exactly the reasons that core knows', () => {
    expect(Object.keys(CLOSE_REASONS).sort()).toEqual(Object.keys(CLOSE_CODES).sort());
  });

  it('are legal where the configuration accepts them, and only there', () => {
    const codes = [999, 1000, 1003, 1004, 1006, 1007, 1014, 1015, 2999, 3000, 4999, 5000, 1000.5];
    for (const code of codes) {
      const text = GOOD.replace('auth: demo', `auth: demo, closeCodes: { normal: ${code} }`);
      expect(problemsOf(text).length === 0, `${code}`).toBe(Number.isInteger(code) && isLegalCloseCode(code));
    }
  });
});

describe('warnings', () => {
  const secret = `authenticators:\n  demo: { type: jwt, secret: ${'x'.repeat(32)}, development: true }\n`;
  const endpoint = 'endpoints:\n  - { path: /a, dialect: plain, auth: demo }\n';

  it('name a development secret and where it is accepted', () => {
    expect(configWarnings(configOf(secret + endpoint))).toEqual([
      'DEVELOPMENT SECRET: everybody can make themselves a token for the authenticator "demo" (accepted on /a); never use it in production',
    ]);
  });

  it('are louder where others can reach it', () => {
    expect(configWarnings(configOf(`listen: { host: 0.0.0.0 }\n${secret}${endpoint}`))[0]).toContain(
      'AND THE GATEWAY LISTENS ON 0.0.0.0',
    );
  });

  it('name endpoints without a login and with any origin', () => {
    const open = '  - { path: /b, dialect: plain, auth: none, namespace: n, origins: "*" }\n';
    expect(configWarnings(configOf(GOOD + open))).toEqual([
      '/b asks for no login: anybody may speak as anybody in namespace "n"',
      '/b may be used by any web page (origins: "*")',
    ]);
  });
});

describe('a configuration file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dragoman-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const load = (name: string, content?: string | Uint8Array) => {
    const file = join(folder, name);
    if (content !== undefined) writeFileSync(file, content);
    const { config, problems = [] } = loadConfig(file, dialects, {});
    return { config, lines: problems.map(formatProblem).map((line) => line.replace(folder, '')) };
  };

  it('is read', () => {
    expect(load('good.yaml', GOOD).config?.endpoints).toHaveLength(1);
  });

  it('may begin with a byte order mark', () => {
    expect(load('bom.yaml', `\ufeff${GOOD}`).lines).toEqual([]);
  });

  it.each([
    ['none.yaml', undefined, 'cannot be read: there is no such file'],
    ['.', undefined, 'cannot be read: it is a directory'],
    ['large.yaml', `#${'x'.repeat(MAX_FILE_BYTES)}`, `is larger than ${MAX_FILE_BYTES} bytes`],
    ['latin1.yaml', new Uint8Array([0x61, 0x3a, 0x20, 0xe9]), 'is not UTF-8 text'],
  ])('%s is refused', (name, content, reason) => {
    expect(load(name, content).lines).toEqual([`${name === '.' ? '' : `/${name}`}: ${reason}`]);
  });
});
