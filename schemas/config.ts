/**
 * The configuration file: its schema as a function of the dialects, and its type.
 *
 * Parsed, every value is there: what the file leaves out has its default, an endpoint's that of its dialect
 * or of the top level. Durations are ms, sizes are bytes.
 */
import { z } from 'zod';
import { Api, type ApiConfig } from './config/api.ts';
import { Authenticators } from './config/authentication.ts';
import { checkConfig } from './config/checks.ts';
import {
  type BlockConfig,
  type BridgedGroupConfig,
  directoryShape,
  type GroupConfig,
  type UserConfig,
  withName,
} from './config/directory.ts';
import { Drain, type DrainConfig } from './config/drain.ts';
import {
  type CloseCodes,
  type ConfigDialect,
  endpointSchema,
  type ParsedEndpoint,
} from './config/endpoint.ts';
import { type HookConfig, Hooks } from './config/hooks.ts';
import { type ConnectionLimits, endpointLimits, Limits } from './config/limits.ts';
import { Listen } from './config/listen.ts';
import type { CheckContext } from './config/reading.ts';
import { upstreamSchema } from './config/upstream.ts';

export type { AdmissionLimits } from './config/admission.ts';
export type { ApiConfig, ApiKeyConfig, ApiLimits, ApiScope } from './config/api.ts';
export type {
  AuthenticatorConfig,
  HttpAuthenticatorConfig,
  JwtAuthenticatorConfig,
  StaticAuthenticatorConfig,
} from './config/authentication.ts';
export type { BlockConfig, BridgedGroupConfig, GroupConfig, UserConfig } from './config/directory.ts';
export type { DrainConfig } from './config/drain.ts';
export type { CloseCodes, ConfigDialect, SockjsConfig } from './config/endpoint.ts';
export type { HookConfig, HookEvent } from './config/hooks.ts';
export type { ConnectionLimits, Limits } from './config/limits.ts';
export type { ListenConfig, TlsConfig } from './config/listen.ts';
export type { ExchangeConfig, UpstreamAuthConfig, UpstreamConfig } from './config/upstream.ts';

/** An endpoint with all its defaults: `limits` are complete, `closeCodes` are the dialect's with the file's over them. */
export interface EndpointConfig extends Omit<ParsedEndpoint, 'limits' | 'closeCodes'> {
  readonly limits: ConnectionLimits;
  readonly closeCodes: CloseCodes;
}

const Log = z
  .strictObject({
    level: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
      .default('info')
      .describe('The least level written. Message contents appear at trace only.'),
    pretty: z
      .literal(['auto', true, false])
      .default('auto')
      .describe('Lines for people instead of JSON; "auto": on a terminal.'),
  })
  .readonly();

export interface Config {
  readonly listen: z.infer<typeof Listen>;
  readonly data: string;
  readonly store: 'embedded' | 'memory';
  readonly log: z.infer<typeof Log>;
  readonly authenticators: z.infer<typeof Authenticators>;
  readonly hooks: Readonly<Record<string, HookConfig>>;
  readonly users: readonly UserConfig[];
  readonly groups: readonly GroupConfig[];
  readonly blocks: readonly BlockConfig[];
  readonly bridgeGroups: readonly BridgedGroupConfig[];
  readonly limits: Limits;
  readonly drain: DrainConfig;
  readonly api: ApiConfig;
  readonly endpoints: readonly EndpointConfig[];
}

/**
 * The schema of the file for these dialects.
 *
 * @throws RangeError without a dialect
 */
export function configSchema(dialects: readonly ConfigDialect[]) {
  const upstream = upstreamSchema(dialects);
  const [first, ...others] = dialects.map((dialect) => endpointSchema(dialect, upstream));
  if (first === undefined) throw new RangeError('a configuration needs at least one dialect');
  const byId = new Map(dialects.map((dialect) => [dialect.id, dialect]));

  return z
    .strictObject({
      listen: Listen.prefault({}).describe('Where the gateway listens.'),
      data: z
        .string()
        .min(1)
        .default('./data')
        .describe('Directory for what the gateway keeps, relative to where it is started.'),
      store: z
        .enum(['embedded', 'memory'])
        .default('embedded')
        .describe(
          'Where messages are kept: "embedded" is a file in the data directory, on disk before anything is acknowledged; "memory" forgets at a restart.',
        ),
      log: Log.prefault({}).describe('What is written to standard output.'),
      authenticators: Authenticators,
      hooks: Hooks,
      ...directoryShape,
      limits: Limits.prefault({}).describe('Bounds, for all endpoints; each endpoint may set its own.'),
      drain: Drain.prefault({}).describe('How clients are asked to go.'),
      api: Api.prefault({}).describe("The business backend's HTTP API, under `/api/v1`: off without a key."),
      endpoints: z
        .array(z.discriminatedUnion('dialect', [first, ...others]))
        .min(1, { error: 'expected at least one endpoint' })
        .readonly()
        .describe('Where clients connect, one entry for each path.'),
    })
    .readonly()
    .superRefine(
      (value, refinement) => {
        // Taken before the first report: a reference that is wrong must not hide another check's finding.
        const faults = refinement.issues.map((issue) => issue.path ?? []);
        const context: CheckContext = {
          dialects: byId,
          sound: (path) => !faults.some((fault) => path.every((key, index) => fault[index] === key)),
          report: (path, message) => refinement.addIssue({ code: 'custom', path: [...path], message }),
        };
        checkConfig(value, context);
      },
      { when: () => true },
    )
    .transform((value): Config => {
      const endpoints = value.endpoints.map((endpoint): EndpointConfig => {
        const closeCodes = { ...byId.get(endpoint.dialect)?.defaults.closeCodes, ...endpoint.closeCodes };
        return Object.freeze({
          ...endpoint,
          limits: endpointLimits(value.limits, endpoint.limits),
          closeCodes: Object.freeze(closeCodes),
        });
      });
      return Object.freeze({
        ...value,
        users: Object.freeze(value.users.map(withName)),
        groups: Object.freeze(value.groups.map(withName)),
        endpoints: Object.freeze(endpoints),
      });
    });
}
