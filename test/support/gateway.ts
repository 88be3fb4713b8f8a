/** A whole gateway for tests: the real server on a free loopback port, with a configuration given as YAML. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import pino, { type Logger } from 'pino';
import { dialects as registered } from '../../adapters/index.ts';
import { storeLimits } from '../../core/cli/store.ts';
import { parseConfig } from '../../core/config/load.ts';
import { formatProblem } from '../../core/config/problem.ts';
import type { AnyDialect } from '../../core/dialect.ts';
import { Gateway, type GatewayParts } from '../../core/server/gateway.ts';
import type { ConfigSource } from '../../core/server/reload.ts';
import { type DirectoryStore, MemoryDirectoryStore } from '../../core/store/directory.ts';
import { MemoryMessageStore } from '../../core/store/memory.ts';
import { MemoryIdentityMap } from '../../core/store/memory-identity.ts';
import type { RegisteredMetrics } from '../../core/store/metrics.ts';
import type { IdentityMap, MessageStore } from '../../core/store/port.ts';
import type { Config } from '../../schemas/config.ts';

const SECRET = 'a-secret-for-tests-that-is-long-enough';

/** The shipped default configuration, on a free port, in memory, with the tests' secret. */
export const DEFAULT_YAML = readFileSync(join(import.meta.dirname, '../../config/dragoman.yaml'), 'utf8')
  .replace(/port: .*/, 'port: 0')
  .replace(/secret: .*/, `secret: ${SECRET}`)
  .concat('\nstore: memory\nlog: { level: silent }\n');

export interface TestGateway {
  readonly gateway: Gateway;
  readonly config: Config;
  /** `ws://127.0.0.1:<port>` and `http://127.0.0.1:<port>`. */
  readonly ws: string;
  readonly http: string;
  /** A token for the user, good for an hour. */
  token(user: string, claims?: Record<string, unknown>): Promise<string>;
  /** `ws://…<path>?token=…` */
  url(path: string, user: string): Promise<string>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TestGatewayOptions {
  /** The whole configuration; by default `DEFAULT_YAML`. */
  readonly yaml?: string;
  /** Applied to the text of the configuration, for small changes. */
  readonly edit?: (yaml: string) => string;
  readonly dialects?: readonly AnyDialect[];
  readonly store?: {
    readonly messages: MessageStore;
    readonly identities: IdentityMap;
    readonly directory?: DirectoryStore;
    readonly health?: () => { readonly ok: boolean; readonly error?: string };
    readonly metrics?: RegisteredMetrics;
  };
  /** By default nothing is logged. */
  readonly log?: Logger;
  /** Where a reload finds the configuration. */
  readonly source?: ConfigSource;
  /** Where hooks may connect to. */
  readonly addressGuard?: NonNullable<GatewayParts['addressGuard']>;
}

export function testConfig(options: TestGatewayOptions = {}): Config {
  const { yaml = DEFAULT_YAML, edit = (text) => text, dialects = registered } = options;
  const { config, problems } = parseConfig(edit(yaml), { file: 'test.yaml', dialects, environment: {} });
  if (config === undefined) throw new Error(problems.map(formatProblem).join('\n'));
  return config;
}

export function testToken(user: string, claims: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(SECRET));
}

export async function startGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const config = testConfig(options);
  const { dialects = registered } = options;
  const store: NonNullable<TestGatewayOptions['store']> = options.store ?? {
    messages: new MemoryMessageStore({ limits: storeLimits(config) }),
    identities: new MemoryIdentityMap(),
  };
  const gateway = await Gateway.create({
    config,
    dialects,
    store: store.messages,
    identities: store.identities,
    directoryStore: store.directory ?? new MemoryDirectoryStore(),
    storeHealth: store.health ?? (() => ({ ok: true })),
    storeMetrics: store.metrics,
    log: options.log ?? pino({ level: config.log.level }),
    ...(options.source === undefined ? {} : { source: options.source }),
    ...(options.addressGuard === undefined ? {} : { addressGuard: options.addressGuard }),
  });
  const http = await gateway.listen();
  const ws = http.replace(/^http/, 'ws');
  const stop = async (): Promise<void> => {
    await gateway.close();
    if (options.store === undefined) await store.messages.close();
  };
  return {
    gateway,
    config,
    ws,
    http,
    token: testToken,
    url: async (path, user) => `${ws}${path}?token=${await testToken(user)}`,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
