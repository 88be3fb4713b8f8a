/** An endpoint's server at run time: its configuration joined with its dialect, and what its clients' links share. */

import type { Command } from '../../schemas/command.ts';
import type { EndpointConfig, UpstreamConfig } from '../../schemas/config.ts';
import type { Event } from '../../schemas/event.ts';
import { Breaker } from '../circuit-breaker.ts';
import type { AnyDialect, ConnectionContext, DeliveryPolicy, Face, WireIdentity } from '../dialect.ts';
import type { Outbound } from '../outbound/caller.ts';
import { Exchange } from './exchange.ts';
import { upstreamLogins } from './login.ts';
import { UpstreamMetrics } from './metrics.ts';
import { Tellings } from './tellings.ts';
import { addressForLog } from './url-template.ts';

export interface UpstreamParts {
  readonly endpoint: EndpointConfig;
  readonly config: UpstreamConfig;
  /** The server's. */
  readonly dialect: AnyDialect;
  readonly identity: WireIdentity;
  /** Those of the one that it replaces, so that they are counted on. */
  readonly metrics?: UpstreamMetrics | undefined;
  /** With what an exchange asks; undefined: nobody is asked, and there must be none. */
  readonly outbound?: Outbound | undefined;
  /** Monotonic ms. */
  now(): number;
}

export class Upstream {
  readonly config: UpstreamConfig;
  readonly dialect: AnyDialect;
  readonly identity: WireIdentity;
  readonly policy: DeliveryPolicy;
  readonly metrics: UpstreamMetrics;
  readonly breaker: Breaker;
  /** Of `upstream.auth.exchange`. */
  readonly exchange: Exchange | undefined;
  readonly logins: ReturnType<typeof upstreamLogins>;
  /** For the log: nothing of a client's. */
  readonly address: string;
  /** What the last wire messages read as. */
  readonly tellings: Tellings;
  /** Whether one codec serves all connections, which therefore has no memory. Known from the second one on. */
  sharesCodec = false;
  readonly openFace: (connection: ConnectionContext) => Face<unknown, Command, Event>;

  constructor({ endpoint, config, dialect, identity, metrics, outbound, now }: UpstreamParts) {
    this.metrics = metrics ?? new UpstreamMetrics();
    this.config = config;
    this.tellings = new Tellings(config.limits, () => this.metrics.textsForgotten++);
    this.dialect = dialect;
    this.identity = identity;
    this.policy = dialect.policy(config.options);
    this.breaker = new Breaker(config.breaker, undefined, now);
    this.exchange =
      outbound !== undefined && typeof config.auth === 'object' && 'exchange' in config.auth
        ? new Exchange(config.auth.exchange, endpoint.path, outbound)
        : undefined;
    this.logins = upstreamLogins(config, dialect.loginBy, this.exchange);
    this.address = addressForLog(config.url);
    const open = dialect.client({
      path: endpoint.path,
      namespace: endpoint.namespace,
      authentication: config.auth === 'none' || config.auth === 'claim' ? 'none' : 'required',
      options: config.options,
      locale: config.locale,
      limits: { frame: config.limits.frame, content: Number.MAX_SAFE_INTEGER },
      heartbeat: { silenceMs: config.heartbeat.silence },
    });
    let first: unknown;
    this.openFace = (connection) => {
      const face = open(connection);
      this.sharesCodec = face.codec === first;
      first ??= face.codec;
      return face;
    };
  }
}
