/** The metrics that a gateway has, and what `/metrics` says. */
import type { MetricObject, Registry } from 'prom-client';
import { storeLimits } from '../../core/cli/store.ts';
import { metricsRegistry } from '../../core/metrics-registry.ts';
import { OutboundMetrics } from '../../core/outbound/metrics.ts';
import { registerQueues } from '../../core/queue-metrics.ts';
import { Idempotency } from '../../core/server/api/idempotency.ts';
import { ApiMetrics } from '../../core/server/api/metrics.ts';
import { OperationMetrics } from '../../core/server/operation-metrics.ts';
import { MemoryMessageStore } from '../../core/store/memory.ts';
import { MemoryStoreMetrics } from '../../core/store/memory-metrics.ts';
import { StoreMetrics } from '../../core/store/metrics.ts';
import { registerUpstreamMetrics } from '../../core/upstream/metrics.ts';
import { testConfig } from './gateway.ts';

export interface MetricKind {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly labels: readonly string[];
  readonly help: string;
}

/** What a registry holds, by name. */
export function kindsIn(registry: Registry): readonly MetricKind[] {
  const all = registry.getMetricsAsArray() as unknown as readonly (MetricObject & {
    readonly labelNames?: readonly string[];
    readonly constructor: { readonly name: string };
  })[];
  return all
    .map((metric) => ({
      name: metric.name,
      type: metric.constructor.name.toLowerCase() as MetricKind['type'],
      labels: [...(metric.labelNames ?? [])],
      help: metric.help,
    }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** Every metric that a gateway can have: with the durable store, hooks, an API and servers behind it. */
export function everyMetric(): readonly MetricKind[] {
  const registry = metricsRegistry(
    () => [],
    () => ({
      users: 0,
      guests: 0,
      groups: 0,
      timers: 0,
      addresses: 0,
      bannedAddresses: 0,
      failingAddresses: 0,
      failuresForgotten: 0,
      handshakeTimeouts: 0,
      guestsRefused: 0,
      guestIntegers: 0,
      guestIntegersForgotten: 0,
      storeHealthy: true,
      ready: true,
      broker: { topics: 0, queues: 0, ready: 0, unacknowledged: 0, returned: 0, forgotten: 0 },
    }),
  );
  const config = testConfig();
  const memory = new MemoryMessageStore({ limits: storeLimits(config) });
  registerQueues(registry, () => []);
  registerUpstreamMetrics(registry, () => []);
  new OutboundMetrics().register(registry);
  new StoreMetrics(() => 0).register(registry);
  new MemoryStoreMetrics(() => memory.usage()).register(registry);
  new ApiMetrics().register(registry, new Idempotency(config.api.limits.idempotency, () => 0));
  new OperationMetrics().register(registry, {
    config: () => config,
    isDraining: () => false,
    leaving: () => 0,
  });
  return kindsIn(registry);
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** The samples of the text format. @throws on a line that is none */
export function samplesIn(text: string): readonly Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = '', value = ''] = LINE.exec(line) ?? [];
      if (name === '') throw new Error(`not a sample: ${line}`);
      return {
        name,
        labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, key, text]) => [key, text ?? ''])),
        value: Number(value),
      };
    });
}

/** The sum of a metric over the samples that have these labels; undefined where there are none. */
export function sumOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}

export async function scrape(http: string): Promise<readonly Sample[]> {
  const response = await fetch(`${http}/metrics`);
  return samplesIn(await response.text());
}
