/** What docs/metrics.md lists. */
import { cell, code, table } from './markdown.ts';
import { everyMetric, type MetricKind } from './metric-catalogue.ts';

/** The tables of docs/metrics.md, by what their names begin with; all others are the gateway's or an endpoint's. */
const METRIC_GROUPS: Readonly<Record<string, RegExp>> = {
  'the store': /^dragoman_store_/,
  upstreams: /^dragoman_upstream_/,
  hooks: /^dragoman_hook_/,
  'the API': /^dragoman_api_/,
  'the process': /^(process|nodejs)_/,
};

function metricGroup({ name, labels }: MetricKind): string {
  const [named] = Object.entries(METRIC_GROUPS).find(([, names]) => names.test(name)) ?? [];
  return named ?? (labels.includes('endpoint') ? 'endpoints' : 'the gateway');
}

export const metricTables = (): Readonly<Record<string, () => string>> =>
  Object.fromEntries(
    ['the gateway', 'endpoints', ...Object.keys(METRIC_GROUPS)].map((group) => [
      `metrics of ${group}`,
      () =>
        table(
          ['metric', 'type', 'labels', 'what it is'],
          everyMetric()
            .filter((kind) => metricGroup(kind) === group)
            .map(({ name, type, labels, help }) => [
              code(name),
              type,
              labels.map(code).join(', '),
              cell(help),
            ]),
        ),
    ]),
  );
