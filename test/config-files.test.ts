/** The configuration files that ship with Dragoman run as they are. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dialects } from '../adapters/index.ts';
import { loadConfig } from '../core/config/load.ts';
import { formatProblem } from '../core/config/problem.ts';
import type { Environment } from '../core/config/substitute.ts';
import { configWarnings } from '../core/config/warnings.ts';
import { configJsonSchema } from '../schemas/publish.ts';
import { startGateway, testToken } from './support/gateway.ts';
import { connectRaw } from './support/raw-client.ts';

/** Of the tests' gateway. */
const SECRET = 'a-secret-for-tests-that-is-long-enough';

const PRODUCTION: Environment = {
  JWT_SECRET: 'a secret that the login service shares with us',
  CHANNEL_KEY: 'a key that signs private channels',
  PUBLIC_ORIGIN: 'https://chat.example.com',
};

function load(name: string, environment: Environment) {
  const { config, problems = [] } = loadConfig(`config/${name}`, dialects, environment);
  if (config === undefined) throw new Error(problems.map(formatProblem).join('\n'));
  return config;
}

describe('config/dragoman.yaml', () => {
  const config = load('dragoman.yaml', {});

  it('serves each dialect at its path, SockJS beside STOMP', () => {
    expect(config.endpoints.map(({ path, dialect }) => [path, dialect])).toEqual([
      ['/ws/json', 'json'],
      ['/ws/room', 'room'],
      ['/ws/socket', 'socket'],
      ['/ws/ourchat', 'ourchat'],
      ['/ws/im', 'stomp'],
    ]);
    expect(config.endpoints.map(({ sockjs }) => sockjs !== false)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  it('asks for a token everywhere', () => {
    for (const { auth, anonymous, credentials } of config.endpoints) {
      expect({ auth, anonymous, credentials }).toEqual({
        auth: ['demo'],
        anonymous: false,
        credentials: { query: ['token'], cookie: [] },
      });
    }
  });

  it('knows six users, of whom frank belongs to nothing', () => {
    expect(config.users.map(({ id, name, integer }) => [id, name, integer])).toEqual([
      ['alice', 'Alice', 1],
      ['bob', 'Bob', 2],
      ['carol', 'Carol', 3],
      ['dave', 'Dave', 4],
      ['erin', 'Erin', 5],
      ['frank', 'Frank', 6],
    ]);
    expect(config.groups).toMatchObject([
      { id: 'lobby', open: true, members: ['alice', 'bob', 'carol', 'dave', 'erin'] },
      { id: 'staff', open: false, members: ['alice', 'bob'] },
    ]);
  });

  it('listens on this machine only, on 8080 or PORT, and keeps its data in ./data', () => {
    expect(config.listen).toMatchObject({ host: '127.0.0.1', port: 8080 });
    expect(load('dragoman.yaml', { PORT: '4711' }).listen).toMatchObject({ host: '127.0.0.1', port: 4711 });
    expect(config.data).toBe('./data');
  });

  it('warns of its secret', () => {
    expect(configWarnings(config)).toEqual([expect.stringContaining('DEVELOPMENT SECRET')]);
  });
});

describe('config/production.yaml', () => {
  it('takes its secrets from the environment and warns only of the endpoint for visitors', () => {
    const config = load('production.yaml', PRODUCTION);
    expect(config.authenticators.accounts).toMatchObject({ secret: PRODUCTION.JWT_SECRET });
    expect(configWarnings(config)).toEqual([expect.stringContaining('/help asks for no login')]);
  });

  it('names each secret that is missing, with its place', () => {
    const { problems = [] } = loadConfig('config/production.yaml', dialects, {});
    const missing = problems.map(({ message }) => /variable (\w+) is not set/.exec(message)?.[1]);
    expect(new Set(missing)).toEqual(new Set(Object.keys(PRODUCTION)));
    for (const { line, column } of problems) expect(line * column).toBeGreaterThan(1);
  });
});

describe('config/bridge.yaml', () => {
  it('has a server behind each endpoint, by default the gateway of config/dragoman.yaml', () => {
    const config = load('bridge.yaml', {});
    expect(config.listen).toMatchObject({ host: '127.0.0.1', port: 8081 });
    expect(config.endpoints.map(({ path, dialect, upstream }) => [path, dialect, upstream?.url])).toEqual([
      ['/ws/json', 'json', 'ws://127.0.0.1:8080/ws/json'],
      ['/ws/room', 'room', 'ws://127.0.0.1:8080/ws/im'],
      ['/ws/ourchat', 'ourchat', 'ws://127.0.0.1:8080/ws/room'],
    ]);
    expect(configWarnings(config)).toEqual([expect.stringContaining('DEVELOPMENT SECRET')]);
  });

  it('lets clients of all its endpoints talk to each other through that gateway', async () => {
    await using hub = await startGateway();
    const yaml = readFileSync('config/bridge.yaml', 'utf8')
      .replace(/port: .*/, 'port: 0')
      .replace(/secret: .*/, `secret: ${SECRET}`)
      .replaceAll(/\$\{UPSTREAM:-[^}]*\}/g, hub.ws)
      .concat('\nlog: { level: silent }\n');
    await using bridge = await startGateway({ yaml });
    const connect = async (path: string, user: string) =>
      connectRaw(`${bridge.ws}${path}?token=${await testToken(user)}`);
    const alice = await connect('/ws/json', 'alice');
    await alice.nextJson(({ type }) => type === 'auth_success');
    const bob = await connect('/ws/room', 'bob');
    bob.send({ msgType: 2, textData: { dataType: 1, data: { roomNumber: 'lobby' } } });
    await bob.next((text) => text.includes('Join successfully'));
    const dave = await connect('/ws/ourchat', 'dave');
    await dave.next((text) => text.includes('"USER_LIST"'));

    dave.send({ type: 'CHAT', fromUserId: 4, content: 'hello from afar', messageType: 'GROUP' });
    for (const hearer of [alice, bob, dave]) await hearer.next((text) => text.includes('hello from afar'));
    for (const client of [alice, bob, dave]) await client.close();
  });
});

describe('the JSON Schema for editors', () => {
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(configJsonSchema(dialects));

  it.each(['dragoman.yaml', 'production.yaml', 'bridge.yaml'])(
    'accepts config/%s as it is written',
    (name) => {
      const value: unknown = parse(readFileSync(`config/${name}`, 'utf8'));
      expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
    },
  );
});
