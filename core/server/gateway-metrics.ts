/** Everything that `/metrics` shows of a gateway, in one registry. */
import type { Registry } from 'prom-client';
import type { Hooks } from '../hooks/hooks.ts';
import type { Hub } from '../hub.ts';
import { metricsRegistry } from '../metrics-registry.ts';
import { registerQueues } from '../queue-metrics.ts';
import type { RegisteredMetrics } from '../store/metrics.ts';
import { registerUpstreamMetrics } from '../upstream/metrics.ts';
import { meteredEndpoints, meteredExchanges, meteredUpstreams } from './endpoints.ts';
import { OperationMetrics } from './operation-metrics.ts';

export interface Metered {
  readonly hub: Hub;
  readonly hooks: Hooks;
  readonly storeHealth: () => { readonly ok: boolean };
  readonly storeMetrics: RegisteredMetrics | undefined;
  readonly draining: () => boolean;
  /** Sockets ended because no request came in time. */
  readonly timeouts: () => number;
}

export function gatewayMetrics({ hub, hooks, storeHealth, storeMetrics, draining, timeouts }: Metered): {
  readonly registry: Registry;
  readonly operation: OperationMetrics;
} {
  const registry = metricsRegistry(
    () => meteredEndpoints(hub),
    () => ({
      users: hub.directory.size,
      guests: hub.directory.guests,
      groups: hub.groups.size,
      timers: hub.wheel.size,
      addresses: hub.admission.addresses,
      bannedAddresses: hub.admission.banned,
      failingAddresses: hub.admission.failing,
      failuresForgotten: hub.admission.forgotten,
      handshakeTimeouts: timeouts(),
      guestsRefused: hub.directory.guestsRefused,
      guestIntegers: hub.identities.lent,
      guestIntegersForgotten: hub.identities.forgotten,
      storeHealthy: storeHealth().ok,
      ready: storeHealth().ok && !draining(),
      broker: hub.destinations.counts(),
    }),
  );
  hooks.metrics.register(registry, () => meteredExchanges(hub));
  registerUpstreamMetrics(registry, () => meteredUpstreams(hub));
  registerQueues(registry, () => hub.serving);
  storeMetrics?.register(registry);
  const operation = new OperationMetrics();
  operation.register(registry, {
    config: () => hub.config,
    isDraining: draining,
    leaving: () => [...hub.retired].reduce((sum, { connectionCount }) => sum + connectionCount, 0),
  });
  return { registry, operation };
}
