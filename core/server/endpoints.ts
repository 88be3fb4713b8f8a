/** Endpoints as a configuration describes them: made anew, or kept where their connections can stay. */
import type { Config, EndpointConfig } from '../../schemas/config.ts';
import type { Authenticators } from '../auth/authenticators.ts';
import { planOf } from '../config/plan.ts';
import type { AnyDialect } from '../dialect.ts';
import { Endpoint } from '../endpoint.ts';
import type { Hooks } from '../hooks/hooks.ts';
import type { Hub } from '../hub.ts';
import { upstreamIdentity, wireIdentity } from '../identity.ts';
import type { EndpointMetrics } from '../metrics.ts';
import type { MeteredEndpoint } from '../metrics-registry.ts';
import type { Outbound } from '../outbound/caller.ts';
import type { MeteredCaller } from '../outbound/metrics.ts';
import { Bridge } from '../upstream/bridge.ts';
import type { MeteredUpstream, UpstreamMetrics } from '../upstream/metrics.ts';
import { Upstream } from '../upstream/upstream.ts';
import type { ServedEndpoint } from './routes.ts';

export interface EndpointsParts {
  readonly hub: Hub;
  readonly hooks: Hooks;
  readonly authenticators: Authenticators;
  readonly dialects: readonly AnyDialect[];
  readonly outbound: Outbound;
}

/** The endpoints of a configuration: of those in force, the ones whose connections stay. Nothing is in force yet. */
export function endpointsFor(parts: EndpointsParts, config: Config): readonly ServedEndpoint[] {
  const { hub } = parts;
  const kept = new Set(
    planOf(hub.config, config)
      .filter(
        ({ subject, action }) => subject === 'endpoint' && (action === 'unchanged' || action === 'changed'),
      )
      .map(({ name }) => name),
  );
  return config.endpoints.map((own) => {
    const old = hub.endpoints.find(({ path }) => path === own.path);
    const isKept = old !== undefined && kept.has(own.path);
    return { config: own, endpoint: isKept ? old : makeEndpoint(parts, own, old) };
  });
}

/** What an endpoint takes over from its configuration while it is in use. */
export function putInForce({ hooks, authenticators }: EndpointsParts, served: ServedEndpoint): void {
  const { endpoint, config } = served;
  endpoint.reconfigure({
    config,
    authenticators: authenticators.of(namesOf(config)),
    screen: hooks.screenFor(config),
  });
}

const namesOf = ({ auth }: EndpointConfig): readonly string[] =>
  auth === 'none' || auth === 'upstream' ? [] : auth;

function makeEndpoint(parts: EndpointsParts, config: EndpointConfig, old: Endpoint | undefined): Endpoint {
  const { hub, authenticators, dialects } = parts;
  const dialect = dialectOf(dialects, config.dialect);
  // Behind a server everybody has a durable one before anybody is told of them (`upstream/numbers.ts`).
  const { identities } = hub;
  const shown = { integerOf: identities.shown.bind(identities), userOf: identities.userOf.bind(identities) };
  const numbered = config.upstream === undefined ? shown : identities;
  const identity = wireIdentity(config.identity, config.namespace, numbered);
  const endpoint = new Endpoint({
    config,
    dialect,
    identity,
    authenticators: authenticators.of(namesOf(config)),
    metrics: old?.dialect === dialect ? old.metrics : undefined,
  });
  endpoint.bridge = bridgeOf(parts, endpoint, old);
  return endpoint;
}

/** The bridge of an endpoint that stands in front of another server. */
function bridgeOf(
  { hub, dialects, outbound }: EndpointsParts,
  endpoint: Endpoint,
  old: Endpoint | undefined,
): Bridge | undefined {
  const { config, namespace } = endpoint;
  const { upstream } = config;
  if (upstream === undefined) return undefined;
  const dialect = dialectOf(dialects, upstream.dialect);
  const before = old?.bridge?.upstream;
  const server = new Upstream({
    endpoint: config,
    config: upstream,
    dialect,
    identity: upstreamIdentity(upstream.identity, namespace, hub.identities),
    metrics: before?.dialect === dialect ? before.metrics : undefined,
    outbound,
    now: () => hub.wheel.now(),
  });
  return new Bridge(hub, endpoint, server);
}

function dialectOf(dialects: readonly AnyDialect[], name: string): AnyDialect {
  const dialect = dialects.find(({ id }) => id === name);
  if (dialect === undefined) throw new Error(`no dialect ${name}`);
  return dialect;
}

/** An endpoint and those of its path that it has replaced count as one. */
export function meteredEndpoints(hub: Hub): Iterable<MeteredEndpoint> {
  const counted = new Map<EndpointMetrics, MeteredEndpoint>();
  for (const { path, dialect, metrics, connectionCount } of hub.serving) {
    const open = connectionCount + (counted.get(metrics)?.connectionCount ?? 0);
    counted.set(metrics, { path, dialect, metrics, connectionCount: open });
  }
  return counted.values();
}

export function meteredUpstreams(hub: Hub): Iterable<MeteredUpstream> {
  const counted = new Map<UpstreamMetrics, MeteredUpstream>();
  for (const { path, bridge } of hub.serving) {
    if (bridge === undefined || counted.has(bridge.upstream.metrics)) continue;
    counted.set(bridge.upstream.metrics, { path, upstream: bridge.upstream });
  }
  return counted.values();
}

/** Who asks for credentials at the servers behind, one for each path. */
export function meteredExchanges(hub: Hub): Iterable<MeteredCaller> {
  return hub.endpoints.flatMap(({ bridge }) => bridge?.upstream.exchange?.caller ?? []);
}
